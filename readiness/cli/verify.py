"""`readiness verify`."""

from __future__ import annotations

import os
import sys
from functools import partial

import click

from readiness import clock
from readiness.cli.arguments import WholeNumber, examples, format_option, stack_argument
from readiness.cli.common import plan_of, project_option, project_root, settings_of, settings_of_every_stack
from readiness.cli.progress import end_progress, show_progress


@click.command(epilog=examples("verify prod", "verify staging --smoke --format json"))
@stack_argument
@format_option("table", "json", "markdown")
@click.option("--allow-degraded", is_flag=True, help="Accept the degraded answer that the settings declare harmless.")
@click.option(
    "--smoke", is_flag=True, help="Also log in with a test account, and upload, list and delete a small file."
)
@click.option(
    "--timeout-seconds",
    type=WholeNumber(1, 12),
    default=10,
    show_default=True,
    help="The time limit for all checks together, in seconds.",
)
@project_option
def verify(stack: str, form: str, allow_degraded: bool, smoke: bool, timeout_seconds: int, project: str | None) -> None:
    """Check after a deployment that STACK works as declared.

    It compares the live resources with the resources that STACK declares. It fails if a check fails.
    """
    from readiness.live.application import Account
    from readiness.live.application_documents import application_documents, delivers_documents
    from readiness.live.rehearsal import CHECK as REHEARSAL
    from readiness.live.rehearsal import REHEARSALS, rehearsal_rows
    from readiness.live.rows import Outcome, count
    from readiness.live.verify import report
    from readiness.live.verify.run import Access, Check, checks_of, run_checks
    from readiness.live.web import Deadline
    from readiness.settings.stack_files import read_stack
    from readiness.times import instant_text

    started = clock.monotonic_seconds()
    root = project_root(project)
    settings = settings_of(root, stack)
    if smoke and not any(service.smoke for service in settings.services):
        message = f"--smoke: no service of {stack} has `smoke` in its settings, so there is nothing to try"
        raise click.ClickException(f"{message}. Write the paths of a login and an upload there, or leave --smoke out")
    files = read_stack(root, stack)
    access = Access(
        os.environ,
        project=settings.project,
        provider_values=files.values,
        owner=settings.github_owner,
        repository=settings.repository.name,
    )
    checks = checks_of(
        settings,
        plan_of(root, stack),
        access,
        allow_degraded=allow_degraded,
        with_smoke=smoke,
        account=Account.from_environment(os.environ, "READINESS_SMOKE"),
        now=clock.now(),
        documents=(lambda: application_documents(settings_of_every_stack(root)))
        if delivers_documents(settings)
        else None,
    )
    rehearsed = partial(
        rehearsal_rows,
        REHEARSALS.path(root / files.file, stack),
        stack,
        settings.runbook.max_rehearsal_age_days,
        clock.now(),
    )
    checks.append(Check(REHEARSAL, stack, lambda _: rehearsed()))
    rows = run_checks(
        checks, Deadline.after(timeout_seconds, since=started, now_seconds=clock.monotonic_seconds), done=_progress
    )
    end_progress()
    summary = report.verification_summary(rows, clock.monotonic_seconds() - started)
    checked_at = instant_text(clock.now())
    if form == "json":
        text = report.verification_json(stack, rows, checked_at=checked_at)
    elif form == "markdown":
        text = report.verification_markdown(stack, rows, summary, checked_at=checked_at)
    else:
        text = report.verification_table(rows, summary)
    click.echo(text, nl=False)
    if count(rows, Outcome.FAIL):
        sys.exit(1)


def _progress(finished: int, total: int) -> None:
    show_progress(f"checked {finished} of {total}")
