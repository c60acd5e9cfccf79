"""`readiness plan`."""

from __future__ import annotations

import click

from readiness import clock
from readiness.cli.arguments import examples, format_option, stack_argument
from readiness.cli.common import cost_of_plan, plan_of, project_option, project_root


@click.command(epilog=examples("plan staging", "plan prod --format json > plan.json"))
@stack_argument
@format_option("text", "json", "markdown")
@click.option("--summary", is_flag=True, help="Print only the summary at the beginning of the text and Markdown forms.")
@project_option
def plan(stack: str, form: str, summary: bool, project: str | None) -> None:
    """Print every resource that the program declares.

    It needs no engine, credentials or network. First comes a summary: counts by kind, what pages, cost, what
    `pulumi up` refuses, and warnings.
    """
    from readiness.plan.offline_plan import plan_json
    from readiness.plan.render_cost import cost_data, cost_line, cost_markdown, cost_text
    from readiness.plan.render_plan import plan_markdown, plan_summary, plan_summary_markdown, plan_text
    from readiness.rules.stack import check_stack, require_settings
    from readiness.settings.unwatched import alert_gaps, gap_line

    if summary and form == "json":
        raise click.UsageError("--summary has no JSON form. Omit --summary or --format json")
    root = project_root(project)
    declared = plan_of(root, stack)
    checked = check_stack(root, stack)
    settings = require_settings(checked)
    cost = cost_of_plan(root, declared, settings)
    if form == "json":
        click.echo(plan_json(declared, cost=cost_data(cost)), nl=False)
        return
    not_watched = [gap_line(gap) for gap in alert_gaps(settings)]
    if summary:
        render = plan_summary_markdown if form == "markdown" else plan_summary
    else:
        render = plan_markdown if form == "markdown" else plan_text
    text = render(declared, cost_line(cost), not_watched, checked.problems)
    if not summary:
        text += (cost_markdown if form == "markdown" else cost_text)(cost, clock.today())
    click.echo(text, nl=False)
