"""The commands: `promote`, `report`, `serving`, `gate`, `findings`, `issues`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from .cloud_run import StateError
from .findings import report_findings
from .gate import judge, lint, verdict_lines
from .issues import Tracker, track
from .promote import promote
from .report import report
from .rest import Rest, RestError
from .say import annotate, say, summarise
from .serving import serving_images
from .settings import PATH, Settings, read_settings
from .vulnerabilities import Finding, ReportError, read_report

Environment = Mapping[str, str]


def main(arguments: Sequence[str], environment: Environment, now: datetime, settings: Settings | None = None) -> int:
    """Runs a command at `now`, an instant in UTC.

    0: it did what it is for; 1: it did not, or the gate is closed, and why is an annotation.
    """
    given = _parser().parse_args(arguments)
    try:
        return COMMANDS[given.command](given, settings or read_settings(PATH), environment, now)
    except (RestError, StateError, ReportError) as error:
        annotate("error", f"{given.command}: {error}")
        return 1


def _promote(given: argparse.Namespace, settings: Settings, environment: Environment, now: datetime) -> int:
    summarise(promote(_google(environment), settings, dry_run=given.dry_run), environment)
    return 0


def _report(given: argparse.Namespace, settings: Settings, environment: Environment, now: datetime) -> int:
    webhook = environment.get("SLACK_WEBHOOK_URL", "")
    lines, payload = report(_google(environment), settings, now, count_only=given.count_only, webhook=webhook)
    summarise(lines, environment)
    if payload["over_limit"] == "yes" or payload["by_others"]:
        annotate("warning", "More was deleted than expected, or by somebody else than the cleanup: see the summary")
    return 0


def _serving(given: argparse.Namespace, settings: Settings, environment: Environment, now: datetime) -> int:
    images = serving_images(_google(environment), settings)
    with open(given.output, "a", encoding="utf-8") as file:
        file.write(f"images={json.dumps(images)}\n")
    for image in images:
        say(f"{image['service']} serves {image['image']}")
    return 0


def _gate(given: argparse.Namespace, settings: Settings, environment: Environment, now: datetime) -> int:
    findings = [finding for path in given.reports for finding in read_report(path)]
    today = now.date()
    for problem in lint(settings.accepted, None, today):
        annotate("warning", problem)
    verdict = judge(findings, settings.accepted, today)
    lines = verdict_lines(verdict, given.what)
    summarise(lines, environment)
    for line in lines:
        say(line)
    for finding in verdict.blocking:
        annotate("error", f"{finding.id} in {finding.package} {finding.version}: fixed in {finding.fixed}")
    return 1 if verdict.blocking else 0


def _findings(given: argparse.Namespace, settings: Settings, environment: Environment, now: datetime) -> int:
    found = _reports(given.reports, json.loads(environment["IMAGES"]))
    today = now.date()
    lines, _ = report_findings(_google(environment), settings, found, today)
    summarise(lines, environment)
    for problem in lint(settings.accepted, [finding for some in found.values() for finding in some], today):
        annotate("warning", problem)
    return 0


def _issues(given: argparse.Namespace, settings: Settings, environment: Environment, now: datetime) -> int:
    found = _reports(given.reports, json.loads(environment["IMAGES"]))
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    rest = Rest(token=environment.get("GITHUB_TOKEN", ""), headers=headers)
    tracker = Tracker(rest=rest, url=f"{settings.urls.github}/repos/{environment['GITHUB_REPOSITORY']}")
    done = track(tracker, found, settings.accepted, now.date())
    for line in done:
        say(line)
    summarise(["## Issues", "", *(f"- {line}" for line in done or ["nothing to do"])], environment)
    return 0


def _reports(folder: Path, images: Sequence[Mapping[str, str]]) -> dict[str, list[Finding]]:
    """Findings by service. Raises ReportError where the report of one image is missing: not scanned is not clean."""
    found: dict[str, list[Finding]] = {}
    for image in images:
        found.setdefault(image["service"], []).extend(read_report(folder / f"{image['name']}.json"))
    return found


def _google(environment: Environment) -> Rest:
    return Rest(token=environment.get("GOOGLE_OAUTH_ACCESS_TOKEN", ""))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="image_upkeep", description="Looks after the images of production.")
    commands = parser.add_subparsers(dest="command", required=True)
    tags = commands.add_parser("promote", help="tag what serves and what it would be rolled back to")
    tags.add_argument("--dry-run", action="store_true")
    weekly = commands.add_parser("report", help="report what cleanup deleted")
    weekly.add_argument("--count-only", action="store_true")
    matrix = commands.add_parser("serving", help="list the images that serve, for a matrix")
    matrix.add_argument("--output", type=Path, required=True)
    gate = commands.add_parser("gate", help="stop on a critical vulnerability that has a fix")
    gate.add_argument("--what", required=True, help="what was scanned")
    gate.add_argument("reports", type=Path, nargs="+")
    for name, help_ in (("findings", "log what is vulnerable"), ("issues", "one issue for each vulnerability")):
        commands.add_parser(name, help=help_).add_argument("--reports", type=Path, required=True)
    return parser


COMMANDS = {
    "promote": _promote,
    "report": _report,
    "serving": _serving,
    "gate": _gate,
    "findings": _findings,
    "issues": _issues,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ, datetime.now(UTC)))
