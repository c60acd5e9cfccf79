"""`readiness preview`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness import clock
from readiness.cli.arguments import examples, stack_argument
from readiness.cli.common import (
    cost_of_plan,
    plan_of,
    project_option,
    project_root,
    refuse_foreign_hosts,
    refuse_unlocked_plugins,
    report,
)

if TYPE_CHECKING:
    from readiness.settings.model import Settings


@click.command(epilog=examples("preview staging", "preview prod --json-to preview-prod.json"))
@stack_argument
@click.option(
    "--json-to",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write what the real preview would do, without any value, to this file, for `readiness diff --preview`.",
)
@project_option
def preview(stack: str, json_to: Path | None, project: str | None) -> None:
    """Run `pulumi preview`, or print the offline plan.

    The preview needs the Pulumi CLI and credentials. Without them, it says what is missing and plans offline.
    """
    from readiness.cli.new_stack import choose_backend, require_stack
    from readiness.live.pulumi_cli import MISSING_PASSPHRASE, missing_for_preview
    from readiness.plan.render_cost import cost_line, cost_text
    from readiness.plan.render_plan import plan_text
    from readiness.rules.project import check_in_project
    from readiness.rules.stack import require_settings
    from readiness.settings.stack_files import read_stack
    from readiness.settings.unwatched import alert_gaps, gap_line

    root = project_root(project)
    checked = check_in_project(root, stack)
    settings = require_settings(checked)
    stack_file = root / read_stack(root, stack).file
    missing = choose_backend(missing_for_preview(dict(os.environ), stack_file=stack_file), settings)
    # A stack that does not exist comes before its passphrase: another provider needs none.
    if MISSING_PASSPHRASE in missing:
        if not require_stack(root, stack, settings, missing):
            sys.exit(1)
        missing = missing_for_preview(dict(os.environ), stack_file=stack_file)
    if not missing:
        refuse_foreign_hosts(root, stack)
        refuse_unlocked_plugins(root, stack)
        status = _real_preview(root, stack, settings)
        if json_to is not None:
            _write_json(root, stack, json_to)
        sys.exit(1 if status else 0)
    declared = plan_of(root, stack)
    # The real one shows these among its diagnostics.
    report(checked.problems, err=True)
    click.echo("No real preview, because something is missing:")
    for what in missing:
        click.echo(f"  - {what}")
    click.echo("The offline plan of the same program instead:\n")
    not_watched = [gap_line(gap) for gap in alert_gaps(settings)]
    cost = cost_of_plan(root, declared, settings)
    text = plan_text(declared, cost_line(cost), not_watched, checked.problems) + cost_text(cost, clock.today())
    click.echo(text, nl=False)
    if json_to is not None:
        raise click.ClickException(f"{json_to}: not written, because there is no real preview. Set up what is missing.")


def _write_json(root: Path, stack: str, file: Path) -> None:
    """Asks the engine once more: it prints for people or for programs, and never both."""
    from readiness.files import write_whole
    from readiness.live.engine_preview import UncheckedError, preview_json

    try:
        text = preview_json(root, stack)
    except UncheckedError as error:
        raise click.ClickException(f"{file}: not written: {error}") from None
    write_whole(file, text)


def _real_preview(root: Path, stack: str, settings: Settings) -> int:
    """The exit status of the real preview; once more where somebody had a missing stack created."""
    from readiness.cli.new_stack import require_stack
    from readiness.live.new_stack import Presence, stack_presence
    from readiness.live.pulumi_cli import run_preview

    status = run_preview(root, stack)
    # Asked only after a failure: the question takes a second.
    if status == 0 or stack_presence(root, stack)[0] is not Presence.ABSENT:
        return status
    return run_preview(root, stack) if require_stack(root, stack, settings, []) else 1
