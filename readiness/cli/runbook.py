"""`readiness runbook`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from readiness.cli.common import project_option, project_root, settings_of_every_stack

if TYPE_CHECKING:
    from readiness.finding import Finding


@click.command()
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail when the file is not up to date.")
@project_option
def runbook(only_check: bool, project: str | None) -> None:
    """Write docs/runbook.md from the alert catalogue and the settings of every stack."""
    from readiness.alerts.runbook import RUNBOOK_PATH, runbook_text
    from readiness.files import text_of, write_whole
    from readiness.finding import RefusedError

    root = project_root(project)
    path = root / RUNBOOK_PATH
    text, current = runbook_text(settings_of_every_stack(root)), text_of(path)
    if not only_check:
        write_whole(path, text)
        click.echo(f"{'unchanged' if current == text else 'wrote'} {RUNBOOK_PATH}")
        return
    if current != text:
        raise RefusedError(_out_of_date(current))
    click.echo(f"ok {RUNBOOK_PATH}")


def _out_of_date(current: str) -> Iterator[Finding]:
    """What is wrong with a runbook that is not the one to be written: each alert that leads nowhere, then the rest."""
    from readiness.alerts.runbook import RUNBOOK_PATH, missing_sections
    from readiness.finding import Finding

    messages = ["is missing or empty"]
    if current.strip():
        missing = missing_sections(current)
        messages = [f"has no section for {name}, to which its alert links" for name in missing]
        messages.append("is not what the settings say")
    for message in messages:
        yield Finding(
            rule_id="document-out-of-date",
            file=RUNBOOK_PATH,
            message=message,
            hint="Run `readiness runbook` and commit it",
        )
