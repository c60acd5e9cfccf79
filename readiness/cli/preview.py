"""`readiness preview`."""

from __future__ import annotations

import os
import sys

import click

from readiness.cli.arguments import examples, stack_argument
from readiness.cli.common import cost_of_plan, plan_of, project_option, project_root, refuse_foreign_hosts, report


@click.command(epilog=examples("preview staging", "preview prod --project infrastructure"))
@stack_argument
@project_option
def preview(stack: str, project: str | None) -> None:
    """Run `pulumi preview`, or print the offline plan.

    The preview needs the Pulumi CLI and credentials. Without them, it says what is missing and plans offline.
    """
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
        sys.exit(1 if run_preview(root, stack) else 0)
    declared = plan_of(root, stack)
    # The real one shows these among its diagnostics.
    report(checked.problems, err=True)
    click.echo("No real preview, because something is missing:")
    for what in missing:
        click.echo(f"  - {what}")
    click.echo("The offline plan of the same program instead:\n")
    not_watched = [gap_line(gap) for gap in alert_gaps(settings)]
    click.echo(plan_text(declared, cost_line(cost_of_plan(root, declared, settings)), not_watched), nl=False)
