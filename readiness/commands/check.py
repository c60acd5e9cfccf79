"""`readiness check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness.commands.common import plan_of, report

if TYPE_CHECKING:
    from readiness.problems import Problem


@click.command()
@click.argument("stacks", nargs=-1, metavar="[STACK]...")
@click.option("--plan", "with_plan", is_flag=True, help="Check the plans as well: policy rules and API contracts.")
@click.option(
    "--workflows",
    type=click.Path(path_type=Path),
    help="`.github/workflows` of a checkout, for the record.",
)
def check(stacks: tuple[str, ...], with_plan: bool, workflows: Path | None) -> None:
    """Check the settings of the stacks (all of them by default) and print every problem at once."""
    from readiness import clock
    from readiness.checks import check_stack
    from readiness.problems import errors_only
    from readiness.project_checks import check_project
    from readiness.settings.stack_files import find_project_root
    from readiness.settings.stack_names import stack_names

    root = find_project_root(Path.cwd())
    every = stack_names(root)
    names = list(dict.fromkeys(stacks)) or every
    if not names:
        raise click.ClickException("no Pulumi.<stack>.yaml beside Pulumi.yaml: nothing to check. Create one.")
    checked = check_project(root, every, workflows, now=clock.now())
    failed = False
    reported: set[Problem] = set()
    for stack in names:
        problems = list((checked[stack] if stack in checked else check_stack(root, stack)).problems)
        if with_plan and not errors_only(problems):
            problems += _plan_problems(root, stack)
        # A mistake in Pulumi.yaml is one of every stack.
        report(dict.fromkeys(problem for problem in problems if problem not in reported))
        reported.update(problems)
        if errors_only(problems):
            failed = True
        else:
            click.echo(f"ok {stack}")
    if failed:
        sys.exit(1)


def _plan_problems(root: Path, stack: str) -> list[Problem]:
    from readiness.review.plan_problems import plan_problems

    return plan_problems(root, plan_of(stack))
