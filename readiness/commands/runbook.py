"""`readiness runbook`."""

from __future__ import annotations

from pathlib import Path

import click

from readiness.commands.common import settings_of


@click.command()
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail when the file is not up to date.")
def runbook(only_check: bool) -> None:
    """Write docs/runbook.md from the alert catalogue and the settings of every stack."""
    from readiness.alerting.runbook import RUNBOOK_PATH, missing_sections, runbook_text
    from readiness.settings.stack_files import find_project_root, stack_names

    root = find_project_root(Path.cwd())
    text = runbook_text([(stack, settings_of(root, stack)) for stack in stack_names(root)])
    path = root / RUNBOOK_PATH
    current = path.read_text(encoding="utf-8") if path.is_file() else ""
    if not only_check:
        from readiness.files import write_whole

        write_whole(path, text)
        click.echo(f"{'unchanged' if current == text else 'wrote'} {RUNBOOK_PATH}")
        return
    for name in missing_sections(current):
        click.echo(f"{RUNBOOK_PATH}: no section for {name}, to which its alert links", err=True)
    if current != text:
        raise click.ClickException(
            f"{RUNBOOK_PATH} is not what the settings say. Run `readiness runbook` and commit it."
        )
    click.echo(f"ok {RUNBOOK_PATH}")
