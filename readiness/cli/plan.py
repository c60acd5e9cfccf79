"""`readiness plan`."""

from __future__ import annotations

from pathlib import Path

import click

from readiness.cli.common import plan_of, settings_of


@click.command()
@click.argument("stack")
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
def plan(stack: str, form: str) -> None:
    """Print every resource that the program declares, without engine, credentials or network."""
    from readiness.plan.cost import cost_line
    from readiness.plan.offline_plan import plan_json
    from readiness.plan.render_plan import plan_markdown, plan_text
    from readiness.settings.stack_files import find_project_root

    declared = plan_of(stack)
    if form == "json":
        click.echo(plan_json(declared), nl=False)
        return
    cost = cost_line(declared, settings_of(find_project_root(Path.cwd()), stack).prices)
    click.echo((plan_markdown if form == "markdown" else plan_text)(declared, cost), nl=False)
