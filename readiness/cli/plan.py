"""`readiness plan`."""

from __future__ import annotations

import click

from readiness import clock
from readiness.cli.arguments import examples, stack_argument
from readiness.cli.common import cost_of_plan, plan_of, project_option, project_root, settings_of


@click.command(epilog=examples("plan staging", "plan prod --format json > plan.json"))
@stack_argument
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@project_option
def plan(stack: str, form: str, project: str | None) -> None:
    """Print every resource that the program declares, without engine, credentials or network."""
    from readiness.plan.offline_plan import plan_json
    from readiness.plan.render_cost import cost_data, cost_line, cost_markdown, cost_text
    from readiness.plan.render_plan import plan_markdown, plan_text
    from readiness.settings.unwatched import alert_gaps, gap_line

    root = project_root(project)
    declared = plan_of(root, stack)
    settings = settings_of(root, stack)
    cost = cost_of_plan(root, declared, settings)
    if form == "json":
        click.echo(plan_json(declared, cost=cost_data(cost)), nl=False)
        return
    not_watched = [gap_line(gap) for gap in alert_gaps(settings)]
    render, render_cost = (plan_markdown, cost_markdown) if form == "markdown" else (plan_text, cost_text)
    click.echo(render(declared, cost_line(cost), not_watched) + render_cost(cost, clock.today()), nl=False)
