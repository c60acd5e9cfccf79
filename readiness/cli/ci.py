"""`readiness ci`: steps of workflows. They run on a CI runner and read its environment variables."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from readiness.cli.arguments import examples, stack_argument
from readiness.cli.common import (
    head_commit,
    no_stack,
    project_option,
    project_root,
    settings_of,
    settings_of_every_stack,
    this_repository,
)
from readiness.cli.overview import WholeSummaries


@click.group(cls=WholeSummaries)
def ci() -> None:
    """Run the steps of the workflows that apply the stacks."""


@ci.command(epilog=examples("ci stacks", 'ci stacks >> "$GITHUB_OUTPUT"'))
@project_option
def stacks(project: str | None) -> None:
    """Print the stacks of the project for a workflow.

    The line `stacks=[...]` is for GITHUB_OUTPUT.
    """
    from readiness.settings.stack_names import stack_names

    names = stack_names(project_root(project))
    if not names:
        raise no_stack("list")
    click.echo(f"stacks={json.dumps(names)}")


@ci.command(epilog=examples("ci scope", 'ci scope >> "$GITHUB_OUTPUT"'))
@project_option
def scope(project: str | None) -> None:
    """Print the stacks that this run of a workflow applies.

    The line `stacks=[...]` is for GITHUB_OUTPUT. Notices give the reasons for the other stacks.
    """
    from readiness.live.apply_run import missing_variables, scope_of
    from readiness.live.github_api import GitHubError

    root = project_root(project)
    if missing := missing_variables(os.environ):
        reason = f"these variables are not set: {', '.join(missing)}"
        _notice(f"Nothing is applied, because {reason}. The script of `readiness bootstrap` sets them.")
        click.echo("stacks=[]")
        return
    environments = {stack: settings.environment.name for stack, settings in settings_of_every_stack(root)}
    by_hand = os.environ.get("GITHUB_EVENT_NAME") == "workflow_dispatch"
    try:
        found = scope_of(this_repository(os.environ), root, environments, head_commit(root), everything=by_hand)
    except GitHubError as error:
        raise click.ClickException(f"the applied commits cannot be read: {error}") from None
    for notice in found.notices:
        _notice(notice)
    click.echo(f"stacks={json.dumps(found.stacks)}")


@ci.command(epilog=examples("ci begin prod", "ci begin staging --project infrastructure"))
@stack_argument
@project_option
def begin(stack: str, project: str | None) -> None:
    """Refuse to apply a commit that is unapproved or too old.

    A commit is too old if a newer one is already applied. The command prints the commit and who approved it.
    """
    from readiness.live.apply_run import approvals, commit_line, last_applied, refuse_another_commit
    from readiness.live.github_api import GitHubError

    root = project_root(project)
    environment = settings_of(root, stack).environment.name
    approved, run = _variable("GITHUB_SHA"), _variable("GITHUB_RUN_ID")
    github = this_repository(os.environ)
    head = head_commit(root)
    try:
        refuse_another_commit(root, last_applied(github, environment), head=head, approved=approved)
        line = commit_line(stack, head, approvals(github, run, environment))
    except GitHubError as error:
        raise click.ClickException(f"{head} is not applied, because its approval cannot be read: {error}") from None
    _notice(line)
    summarize(f"{line}\n\n")


@ci.command(epilog=examples("ci report", 'ci report >> "$GITHUB_STEP_SUMMARY"'))
def report() -> None:
    """Open, update or close the issue about failed applies.

    The environment variable NEEDS contains the `toJSON(needs)` of the workflow.
    """
    from readiness.live.apply_report import applied_jobs, close_failure, failed_jobs, failure_text, report_failure
    from readiness.live.github_api import GitHubError

    needs, commit = _variable("NEEDS"), _variable("GITHUB_SHA")
    server = os.environ.get("GITHUB_SERVER_URL") or "https://github.com"
    run_url = f"{server}/{_variable('GITHUB_REPOSITORY')}/actions/runs/{_variable('GITHUB_RUN_ID')}"
    github = this_repository(os.environ)
    try:
        failed, applied = failed_jobs(needs), applied_jobs(needs)
        if failed:
            done = report_failure(github, failure_text(failed, commit=commit, run_url=run_url))
        elif applied:
            done = close_failure(github, f"Commit {commit} is applied: {run_url}")
        else:
            done = "nothing ran"
    except ValueError:
        raise click.ClickException("NEEDS is not the JSON of GitHub's `needs`. Set it to `toJSON(needs)`.") from None
    except GitHubError as error:
        raise click.ClickException(f"the issue is not updated: {error}") from None
    click.echo(f"issue: {done}")


def summarize(text: str) -> None:
    """Adds the text to the summary page of the workflow run, if there is one."""
    if file := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(file).open("a", encoding="utf-8") as summary:
            summary.write(text)


def _notice(text: str) -> None:
    """Prints a notice on stderr, because stdout goes to GITHUB_OUTPUT. The runner reads commands from both."""
    click.echo(f"::notice::{text.replace('%', '%25')}", err=True)


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise click.ClickException(f"{name} is not set. Run this in a workflow, or set it.")
    return value
