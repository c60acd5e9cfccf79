"""`readiness up`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from readiness.cli.arguments import examples, stack_argument
from readiness.cli.common import (
    head_commit,
    on_ci_runner,
    plan_of,
    project_option,
    project_root,
    refuse_foreign_hosts,
    refuse_unlocked_plugins,
    settings_to_apply,
)

if TYPE_CHECKING:
    from readiness.live.engine_preview import Difference
    from readiness.live.google_api import Google
    from readiness.plan.offline_plan import Plan

Resources = Sequence[Mapping[str, Any]]


@click.command(
    context_settings={"ignore_unknown_options": True}, epilog=examples("up staging", "up prod --yes --parallel 4")
)
@stack_argument
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PULUMI_UP_ARGUMENTS]...")
@click.option("--yes", is_flag=True, help="Apply without asking. With CI=true it never asks.")
@click.option("--summary", is_flag=True, help="Add what changed to the page of the workflow run (GITHUB_STEP_SUMMARY).")
@project_option
def up(stack: str, arguments: tuple[str, ...], yes: bool, summary: bool, project: str | None) -> None:
    """Apply STACK, then check that nothing is left to change.

    It runs `pulumi up --refresh`, then a refreshed preview that must show no change, and looks for resources that exist
    twice.
    """
    from readiness.cli.ci import summarize
    from readiness.cli.new_stack import choose_backend, require_stack
    from readiness.live.apply_report import applied_markdown
    from readiness.live.google_api import Google
    from readiness.live.pulumi_cli import MISSING_PASSPHRASE, missing_for_preview, run_apply, stack_state
    from readiness.plan.plan_file import SecretMask, plan_from
    from readiness.settings.stack_files import read_stack

    root = project_root(project)
    settings = settings_to_apply(root, stack)
    refuse_foreign_hosts(root, stack)
    config = read_stack(root, stack)
    stack_file = root / config.file
    missing = choose_backend(missing_for_preview(dict(os.environ), stack_file=stack_file), settings)
    # A missing stack is reported before a missing passphrase, because another secrets provider needs none.
    if MISSING_PASSPHRASE in missing and not require_stack(root, stack, settings, missing):
        sys.exit(1)
    if missing := missing_for_preview(dict(os.environ), stack_file=stack_file):
        click.echo("error: nothing is applied, because something is missing:", err=True)
        for what in missing:
            click.echo(f"  - {what}", err=True)
        sys.exit(1)
    plan = _checked_plan(root, stack)
    refuse_unlocked_plugins(root, stack)
    if not require_stack(root, stack, settings, missing):
        sys.exit(1)

    def google() -> Google:
        """A new client for each phase: its time limit begins with the call, and an apply takes minutes."""
        return Google.from_environment(os.environ, project=settings.project, provider_values=config.values)

    assume_yes = yes or on_ci_runner()
    _restore_deleted_buckets(google, plan.resources, assume_yes=assume_yes)
    read_plan = plan_from(plan.as_dict(), file=stack, secrets=SecretMask())
    before = stack_state(root, stack) if summary else None
    wrong = run_apply(root, stack, assume_yes=assume_yes, arguments=arguments, plan=read_plan)
    if summary:
        after = stack_state(root, stack)
        summarize(applied_markdown(stack, head_commit(root), before, after, succeeded=wrong is None))
    if wrong is not None:
        click.echo(f"error: {wrong}", err=True)
        sys.exit(1)
    _look_for_doubles(root, stack, google, plan.resources)


def _checked_plan(root: Path, stack: str) -> Plan:
    """The offline plan. Raises RefusedError with everything that `check --plan` refuses, before the apply begins."""
    from readiness.finding import RefusedError
    from readiness.plan.plan_problems import plan_problems

    plan = plan_of(root, stack)
    if problems := plan_problems(root, plan):
        raise RefusedError(problems)
    return plan


def _restore_deleted_buckets(google: Callable[[], Google], resources: Resources, *, assume_yes: bool) -> None:
    """Restores declared log buckets that are deleted, because Google refuses an update of a deleted bucket.

    Ends the command if the user declines or Google refuses. If it is not known whether a bucket is deleted, the apply
    continues, and fails at a deleted bucket.
    """
    from readiness.live.google_api import GoogleError
    from readiness.live.google_login import LoginError
    from readiness.live.soft_deletion import deleted_buckets, restore

    try:
        client = google()
        found = deleted_buckets(client, resources)
    except (GoogleError, LoginError) as error:
        click.echo(f"warning: it is not known whether a declared log bucket is deleted: {error}", err=True)
        return
    for bucket in found:
        click.echo(f"The log bucket {bucket.bucket} is deleted, and Google refuses updates of it. It can be restored.")
        if not assume_yes and not click.confirm("Restore it, with its entries?"):
            _end_with_command("nothing is applied. To restore the bucket yourself, run:", bucket.command)
        try:
            restore(client, bucket)
        except GoogleError as error:
            _end_with_command(f"nothing is applied: {error}. With the rights for it, run:", bucket.command)
        click.echo(f"The log bucket {bucket.bucket} is restored, with its entries.")


def _end_with_command(message: str, command: str) -> NoReturn:
    """Ends the command with 1. The shell command is on a separate line, for copying."""
    click.echo(f"error: {message}\n  {command}", err=True)
    sys.exit(1)


def _look_for_doubles(root: Path, stack: str, google: Callable[[], Google], resources: Resources) -> None:
    """Prints how the apply ended. Ends the command with 1 if a declared resource exists twice."""
    from readiness.live.engine_preview import Change
    from readiness.live.google_login import LoginError
    from readiness.live.pulumi_cli import UnreadableStateError, exported_state
    from readiness.live.undeclared import noun_of, undeclared_resources

    doubles: list[Difference] = []
    try:
        found = undeclared_resources(google(), resources, exported_state(root, stack).get("resources") or [])
        not_known = list(found.not_checked)
        doubles = [difference for difference in found.differences if difference.change is Change.DOUBLE]
    except (UnreadableStateError, LoginError) as error:
        not_known = [f"whether something exists twice: {error}"]
    if doubles:
        click.echo(f"error: {stack} is applied, but these resources exist twice:", err=True)
        for double in doubles:
            click.echo(f"  - {noun_of(double.type)} {double.live}: {double.resource}", err=True)
            click.echo(f"    {double.hint}", err=True)
        click.echo("This happens if the answer to an update was lost.", err=True)
    for reason in not_known:
        click.echo(f"warning: it is not known {reason}", err=True)
    if doubles:
        sys.exit(1)
    agree = "program and state agree" if not_known else "program, state and live resources agree"
    click.echo(f"{stack} is applied: {agree}.")
