"""`readiness drift`."""

from __future__ import annotations

import os
import sys

import click

from readiness.cli.arguments import examples, stack_argument
from readiness.cli.common import (
    project_option,
    project_root,
    refuse_foreign_hosts,
    settings_of,
    this_repository,
)
from readiness.cli.progress import progress


@click.command(epilog=examples("drift prod", "drift prod --issue"))
@stack_argument
@click.option("--issue", is_flag=True, help="Open, update or close the stack's issue in GITHUB_REPOSITORY.")
@click.option("--format", "form", type=click.Choice(["markdown", "json"]), default="markdown", show_default=True)
@project_option
def drift(stack: str, issue: bool, form: str, project: str | None) -> None:
    """Compare the live resources with what STACK declares.

    It runs a refreshed preview, and asks GitHub who has to approve a deployment.
    """
    from readiness.live.drift import UncheckedError, close_drift, drift_json, drift_markdown, find_drift, report_drift
    from readiness.live.github_api import GitHub, GitHubError
    from readiness.live.pulumi_cli import missing_for_preview
    from readiness.settings.stack_files import read_stack

    root = project_root(project)
    settings = settings_of(root, stack)
    refuse_foreign_hosts(root, stack)
    missing = missing_for_preview(dict(os.environ), stack_file=root / read_stack(root, stack).file)
    if missing:
        raise click.ClickException("not checked, because something is missing: " + "; ".join(missing))
    github = GitHub.from_environment(os.environ, owner=settings.github_owner, repository=settings.repository.name)
    # Asked first: a refreshed preview takes minutes.
    here = this_repository(os.environ) if issue else None
    try:
        with progress(f"previewing {stack} with a refresh, which takes minutes"):
            found = find_drift(root, stack, settings, github)
        if here is not None:
            done = report_drift(here, stack, drift_markdown(stack, found)) if found else close_drift(here, stack)
            click.echo(f"issue: {done}", err=form == "json")
    except (UncheckedError, GitHubError) as error:
        raise click.ClickException(f"stack {stack} is not checked: {error}") from None
    if form == "json":
        click.echo(drift_json(stack, found), nl=False)
        sys.exit(1 if found else 0)
    if found:
        click.echo(drift_markdown(stack, found), nl=False)
        sys.exit(1)
    click.echo(f"{stack}: the live resources are as declared")
