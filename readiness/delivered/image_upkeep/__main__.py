"""The commands: `promote`, `report`, `serving`, `gate`, `findings`, `issues`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..apis import ApiError, Apis
from ..http_client import Answer, send
from .cloud_run import StateError, serving_images
from .findings import report_findings
from .gate import Rules, judge, lint, reason_to_stop, verdict_lines
from .issues import track
from .known_exploited import CatalogueError, read_catalogue
from .promote import promote
from .report import report
from .say import annotate, say, summarise
from .settings import PATH, Settings, read_settings
from .vulnerabilities import Finding, ReportError, read_report


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One run of a command with its arguments, at `now`, an instant in UTC."""

    given: argparse.Namespace
    settings: Settings
    apis: Apis
    environment: Mapping[str, str]
    now: datetime

    def reports(self) -> dict[str, list[Finding]]:
        """Findings by service. Raises ReportError for an image without a report, because it was not scanned."""
        found: dict[str, list[Finding]] = {}
        for image in json.loads(self.environment["IMAGES"]):
            found.setdefault(image["service"], []).extend(read_report(self.given.reports / f"{image['name']}.json"))
        return found


def main(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    now: datetime,
    settings: Settings | None = None,
    send_once: Callable[..., Answer] = send,
) -> int:
    """Runs a command at `now`, an instant in UTC.

    Returns 0 for success; 1 if the command failed or the gate stops, with an annotation that says why.
    """
    given = _parser().parse_args(arguments)
    settings = settings or read_settings(PATH)
    apis = Apis(
        project=settings.project,
        log=settings.log,
        repository=environment.get("GITHUB_REPOSITORY", ""),
        github_token=environment.get("GITHUB_TOKEN", ""),
        google_token=environment.get("GOOGLE_OAUTH_ACCESS_TOKEN", ""),
        webhook=environment.get("SLACK_WEBHOOK_URL", ""),
        send_once=send_once,
    )
    try:
        return COMMANDS[given.command](Job(given=given, settings=settings, apis=apis, environment=environment, now=now))
    except (ApiError, StateError, ReportError) as error:
        annotate("error", f"{given.command}: {error}")
        return 1


def _promote(job: Job) -> int:
    summarise(promote(job.apis, job.settings, dry_run=job.given.dry_run), job.environment)
    return 0


def _report(job: Job) -> int:
    lines, payload = report(job.apis, job.settings, job.now, count_only=job.given.count_only)
    summarise(lines, job.environment)
    if payload["over_limit"] == "yes" or payload["by_others"]:
        annotate("warning", "More versions were deleted than expected, or not by the cleanup: see the summary")
    return 0


def _serving(job: Job) -> int:
    images = serving_images(job.apis, job.settings.region, job.settings.services)
    with open(job.given.output, "a", encoding="utf-8") as file:
        file.write(f"images={json.dumps(images)}\n")
    for image in images:
        say(f"{image['service']} serves {image['image']}")
    return 0


def _gate(job: Job) -> int:
    findings = [finding for path in job.given.reports for finding in read_report(path)]
    accepted, today = job.settings.accepted, job.now.date()
    for problem in lint(accepted, None, today):
        annotate("warning", problem)
    exploited, unknown = _exploited(job)
    rules = Rules(block_unfixed_critical=job.settings.block_unfixed_critical, exploited=exploited or frozenset())
    verdict = judge(findings, accepted, today, rules)
    lines = [*verdict_lines(verdict, job.given.what, rules), *([unknown] if unknown else [])]
    summarise(lines, job.environment)
    for line in lines:
        say(line)
    for finding in verdict.blocking:
        annotate("error", f"{finding.id} in {finding.package} {finding.version}: {reason_to_stop(finding, rules)}")
    stops_unknown = bool(unknown) and job.settings.known_exploited_unreachable == "block"
    if unknown:
        annotate("error" if stops_unknown else "warning", unknown)
    return 1 if verdict.blocking or stops_unknown else 0


def _exploited(job: Job) -> tuple[frozenset[str] | None, str]:
    """The ids of vulnerabilities that are known to be exploited, or None and why they are not known."""
    source = getattr(job.given, "known_exploited", None) or job.settings.known_exploited_catalogue
    if not source:
        return None, "It is not known whether a vulnerability is exploited: no catalogue is set"
    try:
        return read_catalogue(source, job.apis.send_once), ""
    except CatalogueError as error:
        return None, f"It is not known whether a vulnerability is exploited: {error}"


def _findings(job: Job) -> int:
    found, today = job.reports(), job.now.date()
    exploited, unknown = _exploited(job)
    lines, _ = report_findings(job.apis, job.settings, found, today, exploited)
    summarise([*lines, *(["", unknown] if unknown else [])], job.environment)
    for problem in lint(job.settings.accepted, [finding for some in found.values() for finding in some], today):
        annotate("warning", problem)
    if unknown:
        annotate("warning", unknown)
    return 0


def _issues(job: Job) -> int:
    done = track(job.apis, job.reports(), job.settings.accepted, job.now.date())
    for line in done:
        say(line)
    summarise(["## Issues", "", *(f"- {line}" for line in done or ["nothing to do"])], job.environment)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="image_upkeep", description="Maintains the images of production.")
    commands = parser.add_subparsers(dest="command", required=True)
    tags = commands.add_parser("promote", help="tag the serving images and the rollback targets")
    tags.add_argument("--dry-run", action="store_true")
    weekly = commands.add_parser("report", help="report which images the cleanup deleted")
    weekly.add_argument("--count-only", action="store_true")
    matrix = commands.add_parser("serving", help="list the serving images, for a matrix")
    matrix.add_argument("--output", type=Path, required=True)
    gate = commands.add_parser("gate", help="fail for a critical vulnerability, or one that is known to be exploited")
    gate.add_argument("--what", required=True, help="what was scanned")
    gate.add_argument("--known-exploited", type=Path, help="the catalogue as a file, instead of its address")
    gate.add_argument("reports", type=Path, nargs="+")
    for name, help_ in (("findings", "log the vulnerabilities"), ("issues", "open one issue for each vulnerability")):
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
