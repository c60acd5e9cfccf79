"""`readiness plan`."""

from __future__ import annotations

import click

from readiness.cli.arguments import examples, stack_argument
from readiness.cli.common import plan_of, project_option, project_root, settings_of


@click.command(epilog=examples("plan staging", "plan prod --format json > plan.json"))
@stack_argument
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@project_option
def plan(stack: str, form: str, project: str | None) -> None:
    """Print every resource that the program declares, without engine, credentials or network."""
    from readiness.plan.cost import cost_line
    from readiness.plan.offline_plan import plan_json
    from readiness.plan.render_plan import plan_markdown, plan_text
    from readiness.settings.unwatched import alert_gaps, gap_line

    root = project_root(project)
    declared = plan_of(root, stack)
    if form == "json":
        click.echo(plan_json(declared), nl=False)
        return
    settings = settings_of(root, stack)
    cost, not_watched = cost_line(declared, settings.prices), [gap_line(gap) for gap in alert_gaps(settings)]
    click.echo((plan_markdown if form == "markdown" else plan_text)(declared, cost, not_watched), nl=False)
