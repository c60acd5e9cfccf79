"""`readiness check`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness.cli.arguments import complete_folders, examples, format_option, stacks_argument
from readiness.cli.common import no_stack, plan_of, print_findings, project_option, project_root, report
from readiness.cli.progress import progress

if TYPE_CHECKING:
    from readiness.finding import Finding


@click.command(epilog=examples("check", "check prod --plan --format sarif"))
@stacks_argument
@click.option("--plan", "with_plan", is_flag=True, help="Also check the plans: policy rules and API contracts.")
@click.option(
    "--workflows",
    metavar="DIR",
    shell_complete=complete_folders,
    type=click.Path(path_type=Path),
    help="The `.github/workflows` of a checkout of the application, to compare with the record of `checks-honest`.",
)
@format_option("text", "json", "sarif")
@project_option
def check(stacks: tuple[str, ...], with_plan: bool, workflows: Path | None, form: str, project: str | None) -> None:
    """Check the settings, and print every problem at once.

    It checks all stacks unless you name some.
    """
    from readiness.finding import RefusedError, errors_only

    failed = False
    # A mistake in Pulumi.yaml is a problem of every stack, and is reported once.
    reported: dict[Finding, None] = {}
    try:
        for stack, problems in _of_each_stack(project, stacks, workflows, with_plan=with_plan):
            new = dict.fromkeys(problem for problem in problems if problem not in reported)
            reported |= new
            stack_failed = bool(errors_only(problems))
            failed = failed or stack_failed
            if form == "text":
                report(new, err=True)
                if not stack_failed:
                    click.echo(f"ok {stack}")
    except RefusedError as refusal:
        if form == "text":
            raise
        failed = True
        reported |= dict.fromkeys(refusal.problems)
    if form != "text":
        print_findings(list(reported), form, tool="readiness check")
    if failed:
        sys.exit(1)


def _of_each_stack(
    project: str | None, stacks: tuple[str, ...], workflows: Path | None, *, with_plan: bool
) -> Iterator[tuple[str, list[Finding]]]:
    """The stacks with their findings. Raises RefusedError if the project or a plan cannot be read."""
    from readiness import clock
    from readiness.finding import errors_only
    from readiness.rules.project import check_project
    from readiness.rules.stack import check_stack
    from readiness.settings.stack_names import stack_names

    root = project_root(project)
    every = stack_names(root)
    names = list(dict.fromkeys(stacks)) or every
    if not names:
        raise no_stack("check")
    checked = check_project(root, every, workflows, now=clock.now())
    for stack in names:
        problems = list((checked[stack] if stack in checked else check_stack(root, stack)).problems)
        if with_plan and not errors_only(problems):
            with progress(f"planning {stack}"):
                problems += _plan_problems(root, stack)
        yield stack, problems


def _plan_problems(root: Path, stack: str) -> list[Finding]:
    from readiness.plan.plan_problems import plan_problems

    return plan_problems(root, plan_of(root, stack))
