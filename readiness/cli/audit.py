"""`readiness audit`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness import clock
from readiness.cli.arguments import Day, WholeNumber, complete_stacks, examples, format_option
from readiness.cli.common import no_stack, project_option, project_root, settings_of
from readiness.cli.progress import end_progress, show_progress

if TYPE_CHECKING:
    from readiness.audit.live_project import LiveProject
    from readiness.audit.report import AuditRow
    from readiness.live.google_login import LoginError
    from readiness.live.rows import Row
    from readiness.settings.model import Settings

# The limit for all checks of one address. Uploads of 31 MiB and the calls of every operation take longest.
URL_SECONDS = 240.0


@click.command(
    epilog=examples("audit --stack prod --gitleaks gitleaks.sarif", "audit --url https://app.example.com --format json")
)
@click.option(
    "--stack",
    "stacks",
    multiple=True,
    metavar="STACK",
    shell_complete=complete_stacks,
    help="Check the services of this stack only. Repeatable.  [default: all]",
)
@format_option("markdown", "json", "sarif")
@click.option(
    "--prowler-output",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Output of Prowler: OCSF JSON or CSV.",
)
@click.option(
    "--gitleaks",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Output of gitleaks: SARIF. No secret is printed.",
)
@click.option(
    "--compare-secrets", is_flag=True, help="Check whether stacks share a secret. Reads the secrets, and prints none."
)
@click.option(
    "--url",
    "urls",
    multiple=True,
    metavar="URL",
    help="Send test requests to this address of the application. Repeatable.  [default: none]",
)
@click.option(
    "--upload-limit-mb",
    type=WholeNumber(1, 100),
    default=30,
    show_default=True,
    help="The largest upload that the application accepts, in MB.",
)
@click.option("--date", "day", type=Day(), help="The day from which due dates count.  [default: today]")
@project_option
def audit(
    stacks: tuple[str, ...],
    form: str,
    prowler_output: Path | None,
    gitleaks: Path | None,
    compare_secrets: bool,
    urls: tuple[str, ...],
    upload_limit_mb: int,
    day: date | None,
    project: str | None,
) -> None:
    """Check every line of the security audit.

    It fails when a line fails. For a line that cannot be checked, it prints the steps to check it by hand.
    """
    from readiness.audit.checklist import DUE_DAYS, read_record
    from readiness.audit.report import PAGE_PATH, Result, audit_rows, count, step_values
    from readiness.settings.stack_names import stack_names

    today = day or clock.today()
    if date.max - today < timedelta(days=max(DUE_DAYS.values())):
        raise click.ClickException(f"--date {today} is too late for a calendar. Write an earlier day")
    root = project_root(project)
    names = list(dict.fromkeys(stacks)) or stack_names(root)
    if not names:
        raise no_stack("audit")
    settings = [settings_of(root, name) for name in names]
    _require_addresses(urls)
    show_progress("checking the files, Google Cloud and the addresses")
    files = {**_of_prowler(prowler_output, settings[0].project), **_of_gitleaks(gitleaks)}
    live = _live_project(root, names, settings)
    found = {
        **files,
        **_of_google(live, settings, compare_secrets=compare_secrets),
        **_of_urls(urls, settings, upload_limit_mb, live),
    }
    end_progress()
    page_exists = (root / PAGE_PATH).is_file()
    rows = audit_rows(found, read_record(root), step_values(settings), page_exists=page_exists)
    click.echo(_text(rows, form, today), nl=False)
    if count(rows, Result.FAIL):
        sys.exit(1)


def _require_addresses(urls: Sequence[str]) -> None:
    from readiness.live.application import is_address

    for url in urls:
        if not is_address(url):
            raise click.ClickException(f"--url: {url!r} is not an http or https address. Write it as https://HOST/PATH")


def _live_project(root: Path, names: Sequence[str], settings: Sequence[Settings]) -> LiveProject | LoginError:
    """The live Google project, or the error of a missing login."""
    from readiness.audit.live_project import LiveProject
    from readiness.live.google_api import Google
    from readiness.live.google_login import LoginError
    from readiness.settings.stack_files import read_stack

    values = read_stack(root, names[0]).values
    try:
        google = Google.from_environment(os.environ, project=settings[0].project, provider_values=values)
    except LoginError as missing:
        return missing
    return LiveProject(google, region=settings[0].region)


def _of_google(
    live: LiveProject | LoginError, settings: Sequence[Settings], *, compare_secrets: bool
) -> dict[str, list[Row]]:
    from readiness.audit.google_checks import GOOGLE_CHECKS, google_evidence
    from readiness.live.rows import not_checked

    if isinstance(live, Exception):
        return {name: [not_checked(name, "", str(live))] for name in GOOGLE_CHECKS}
    return google_evidence(live, settings, compare_secrets=compare_secrets)


def _of_prowler(file: Path | None, project: str) -> dict[str, list[Row]]:
    from readiness.audit.checklist import audit_lines
    from readiness.audit.prowler_output import read_prowler_output

    wanted = [check for line in audit_lines() for check in line.prowler]
    return {} if file is None else read_prowler_output(file, wanted, project=project)


def _of_gitleaks(file: Path | None) -> dict[str, list[Row]]:
    from readiness.audit.gitleaks_output import GITLEAKS, read_gitleaks_output
    from readiness.live.rows import not_checked

    if file is None:
        return {GITLEAKS: [not_checked(GITLEAKS, "", "no --gitleaks was given")]}
    return {GITLEAKS: read_gitleaks_output(file)}


def _of_urls(
    urls: Sequence[str], settings: Sequence[Settings], upload_limit_mb: int, live: LiveProject | LoginError
) -> dict[str, list[Row]]:
    from readiness.audit.black_box import BLACK_BOX_CHECKS, black_box_evidence, paths_of
    from readiness.live.application import Account, Visitor
    from readiness.live.rows import not_checked
    from readiness.live.web import Deadline

    if not urls:
        return {name: [not_checked(name, "", "no --url was given")] for name in BLACK_BOX_CHECKS}
    visitors = [
        Visitor(
            url=url,
            paths=paths_of(url, settings),
            deadline=Deadline.after(URL_SECONDS),
            account=Account.from_environment(os.environ, "READINESS_SMOKE"),
            other=Account.from_environment(os.environ, "READINESS_AUDIT_OTHER"),
            upload_limit_mb=upload_limit_mb,
            places={} if isinstance(live, Exception) else live.places(),
        )
        for url in urls
    ]
    return black_box_evidence(visitors)


def _text(rows: Sequence[AuditRow], form: str, today: date) -> str:
    from readiness.audit import report

    if form == "json":
        return report.audit_json(rows, today=today)
    if form == "sarif":
        return report.audit_sarif(rows, today=today)
    return f"# Security audit\n\n{report.audit_markdown(rows, today=today)}"
