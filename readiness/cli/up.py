"""`readiness up`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness.cli.arguments import examples, stack_argument
from readiness.cli.common import (
    plan_of,
    project_option,
    project_root,
    refuse_foreign_hosts,
    settings_to_apply,
)

if TYPE_CHECKING:
    from readiness.plan.plan_file import ReadPlan


@click.command(
    context_settings={"ignore_unknown_options": True}, epilog=examples("up staging", "up prod --yes --parallel 4")
)
@stack_argument
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PULUMI_UP_ARGUMENTS]...")
@click.option("--yes", is_flag=True, help="Apply without asking. With CI=true it never asks.")
@project_option
def up(stack: str, arguments: tuple[str, ...], yes: bool, project: str | None) -> None:
    """Apply STACK, then check that nothing is left to change.

    It runs `pulumi up --refresh`, then a refreshed preview that must show no change.
    """
    from readiness.cli.new_stack import choose_backend, require_stack
    from readiness.live.pulumi_cli import MISSING_PASSPHRASE, missing_for_preview, run_apply
    from readiness.settings.stack_files import read_stack

    root = project_root(project)
    settings = settings_to_apply(root, stack)
    refuse_foreign_hosts(root, stack)
    stack_file = root / read_stack(root, stack).file
    missing = choose_backend(missing_for_preview(dict(os.environ), stack_file=stack_file), settings)
    # A stack that does not exist comes before its passphrase: another provider needs none.
    if MISSING_PASSPHRASE in missing and not require_stack(root, stack, settings, missing):
        sys.exit(1)
    if missing := missing_for_preview(dict(os.environ), stack_file=stack_file):
        click.echo("Nothing is applied, because something is missing:", err=True)
        for what in missing:
            click.echo(f"  - {what}", err=True)
        sys.exit(1)
    plan = _checked_plan(root, stack)
    if not require_stack(root, stack, settings, missing):
        sys.exit(1)
    in_ci = os.environ.get("CI", "").lower() in ("1", "true")
    wrong = run_apply(root, stack, assume_yes=yes or in_ci, arguments=arguments, plan=plan)
    if wrong is not None:
        click.echo(f"error: {wrong}", err=True)
        sys.exit(1)
    click.echo(f"{stack} is applied: program, state and live things agree.")


def _checked_plan(root: Path, stack: str) -> ReadPlan:
    """The offline plan. Raises RefusedError with what `check --plan` refuses: a second, before minutes of an apply."""
    from readiness.finding import RefusedError
    from readiness.plan.plan_file import SecretMask, plan_from
    from readiness.plan.plan_problems import plan_problems

    plan = plan_of(root, stack)
    if problems := plan_problems(root, plan):
        raise RefusedError(problems)
    return plan_from(plan.as_dict(), file=stack, secrets=SecretMask())
