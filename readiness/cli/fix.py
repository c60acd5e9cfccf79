"""`readiness fix`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from readiness.cli.arguments import complete_folders, complete_stacks, examples, format_option
from readiness.cli.common import print_json, project_option, project_root, report, settings_of_every_stack

if TYPE_CHECKING:
    from readiness.fix.fixes import Outcome, Run


@click.command(epilog=examples("fix --repository ../shop", "fix --repository ../shop --only health-check --write"))
@click.option(
    "--repository",
    metavar="DIR",
    shell_complete=complete_folders,
    help="A checkout of the application's repository. Required without `--list`.",
)
@click.option("--only", multiple=True, metavar="NAME", help="One fix by its name. Repeatable.  [default: all]")
@click.option(
    "--stack",
    "stacks",
    multiple=True,
    metavar="STACK",
    shell_complete=complete_stacks,
    help="Fix the deployment workflows of this stack only. Repeatable.",
)
@click.option("--write", is_flag=True, help="Write the files. Without it, the command only shows the diff.")
@click.option("--list", "list_only", is_flag=True, help="List the fixes with a description, and end.")
@format_option("text", "json")
@project_option
def fix(
    repository: str | None,
    only: tuple[str, ...],
    stacks: tuple[str, ...],
    write: bool,
    list_only: bool,
    form: str,
    project: str | None,
) -> None:
    """Edit a checkout of the application's repository.

    It fixes the health check, steps that hide failures, missing gates and the migration.
    """
    from readiness.finding import Severity
    from readiness.fix.checkout import open_checkout
    from readiness.fix.fixes import Run, apply_fixes

    root = project_root(project)
    checkout = None if repository is None else open_checkout(repository)
    settings = dict(settings_of_every_stack(root))
    if wrong := [stack for stack in stacks if stack not in settings]:
        raise click.ClickException(f"--stack: there is no stack {wrong[0]}. Write one of: {', '.join(settings)}.")
    if checkout is None:
        if list_only:
            _list_without_checkout()
            return
        raise click.UsageError("--repository is missing: name a checkout of the application's repository")
    run = Run(checkout=checkout, settings=settings, stacks=frozenset(stacks or settings))
    if list_only:
        _list(run)
        return
    outcomes = apply_fixes(run, only)
    uncommitted = checkout.uncommitted()
    diff = checkout.diff()
    if write and diff:
        checkout.write()
    if form == "json":
        print_json(_document(run, outcomes, diff, write, uncommitted))
    else:
        _show(outcomes, diff)
        _say_what_comes_next(run, outcomes, diff, write, uncommitted)
    if any(finding.severity is Severity.ERROR for outcome in outcomes for finding in outcome.findings):
        raise SystemExit(1)


def _list(run: Run) -> None:
    from readiness.fix.fixes import honest_step_names

    _print_fixes(honest_step_names(run))


def _list_without_checkout() -> None:
    """Lists the fixes by kind. Only a checkout contains the steps that hide failures."""
    from readiness.fix.honest_steps import PREFIX

    _print_fixes([f"{PREFIX}:STEP"])
    click.echo("`--repository DIR --list` names the steps.")


def _print_fixes(honest_steps: list[str]) -> None:
    from readiness.fix.fixes import FIXES, HONEST_STEP

    rows = [(name, what) for name, (_, what) in FIXES.items()]
    rows[1:1] = [(name, HONEST_STEP) for name in honest_steps]
    width = max(len(name) for name, _ in rows)
    for name, what in rows:
        click.echo(f"{name:{width}}  {what}")


def _show(outcomes: list[Outcome], diff: str) -> None:
    width = max(len(outcome.name) for outcome in outcomes)
    for outcome in outcomes:
        click.echo(f"{outcome.name:{width}}  {outcome.status:17}  {', '.join(outcome.files)}".rstrip())
    if diff:
        click.echo(f"\n{diff}")
    # A file that cannot be read stops several fixes. It is reported once.
    report(dict.fromkeys(finding for outcome in outcomes for finding in outcome.findings), err=True)


def _say_what_comes_next(
    run: Run, outcomes: list[Outcome], diff: str, write: bool, uncommitted: tuple[str, ...]
) -> None:
    for path in uncommitted:
        click.echo(f"warning: {path} has uncommitted changes: `git diff` shows them with this change", err=True)
    count = len(run.checkout.changed)
    if not diff:
        is_refused = any(outcome.status == "refused" for outcome in outcomes)
        click.echo("nothing was changed" if is_refused else "nothing to change")
    elif write:
        click.echo(f"Wrote {count} {'file' if count == 1 else 'files'}. `git diff` in the checkout shows the change.")
    else:
        click.echo("Nothing was written. Add `--write` to write the change, or `--only NAME` for one fix at a time.")
    for line in next_steps(run, outcomes, write):
        click.echo(f"next: {line}")


def next_steps(run: Run, outcomes: list[Outcome], written: bool) -> list[str]:
    """The next steps: fix one step that hides failures after the other, and verify a stack after each."""
    from readiness.fix.fixes import honest_step_names
    from readiness.fix.honest_steps import PREFIX

    changed = [outcome.name for outcome in outcomes if outcome.status == "changes"]
    if not changed:
        return []
    first = next((stack for stack, settings in run.settings.items() if not settings.owns_shared_resources), None)
    verify = f"readiness verify {first or next(iter(run.settings))}"
    honest = [name for name in changed if name.startswith(f"{PREFIX}:")]
    if len(honest) > 1 and not written:
        lines = [f"open one pull request for each step, in this order, and run `{verify}` after each"]
        return [*lines, *(_command(run, name) for name in honest)]
    merged = f"merge it, wait for the deployment, then run `{verify}`"
    following = [name for name in honest_step_names(run) if name not in changed][:1] if honest else []
    return [merged, *(_command(run, name) for name in following)]


def _command(run: Run, name: str) -> str:
    folder = shlex.quote(str(run.checkout.folder))
    return f"readiness fix --repository {folder} --only {shlex.quote(name)} --write"


def _document(
    run: Run, outcomes: list[Outcome], diff: str, write: bool, uncommitted: tuple[str, ...]
) -> dict[str, Any]:
    from readiness.finding_formats import finding_rows

    return {
        "repository": str(run.checkout.folder),
        "written": write and bool(diff),
        "fixes": [
            {
                "name": outcome.name,
                "status": outcome.status,
                "files": list(outcome.files),
                "findings": finding_rows(outcome.findings),
            }
            for outcome in outcomes
        ],
        "uncommitted": list(uncommitted),
        "diff": diff,
        "next": next_steps(run, outcomes, write),
    }
