"""`readiness preview`."""

from __future__ import annotations

import os
import sys

import click

from readiness.cli.common import (
    cost_of_plan,
    plan_of,
    project_option,
    project_root,
    refuse_foreign_hosts,
    refuse_unlocked_plugins,
    report,
)


@click.command()
@click.argument("stack")
@project_option
def preview(stack: str, project: str | None) -> None:
    """Run the real `pulumi preview` where CLI and credentials are found, else say what is missing and plan offline."""
    from readiness.live.pulumi_cli import missing_for_preview, run_preview
    from readiness.plan.render_cost import cost_line
    from readiness.plan.render_plan import plan_text
    from readiness.rules.project import check_in_project
    from readiness.rules.stack import require_settings
    from readiness.settings.stack_files import read_stack
    from readiness.settings.unwatched import alert_gaps, gap_line

    root = project_root(project)
    checked = check_in_project(root, stack)
    settings = require_settings(checked)
    missing = missing_for_preview(dict(os.environ), stack_file=root / read_stack(root, stack).file)
    if not missing:
        refuse_foreign_hosts(root, stack)
        refuse_unlocked_plugins(root, stack)
        sys.exit(run_preview(root, stack))
    declared = plan_of(root, stack)
    # The real one shows these among its diagnostics.
    report(checked.problems, err=True)
    click.echo("No real preview, because something is missing:")
    for what in missing:
        click.echo(f"  - {what}")
    click.echo("The offline plan of the same program instead:\n")
    not_watched = [gap_line(gap) for gap in alert_gaps(settings)]
    click.echo(plan_text(declared, cost_line(cost_of_plan(root, declared, settings)), not_watched), nl=False)
