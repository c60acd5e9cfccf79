"""`readiness drift`."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import click

from readiness.cli.arguments import examples, stack_argument
from readiness.cli.common import (
    plan_of,
    project_option,
    project_root,
    refuse_foreign_hosts,
    refuse_unlocked_plugins,
    settings_of,
    this_repository,
)
from readiness.cli.progress import progress

if TYPE_CHECKING:
    from readiness.live.drift import Drift
    from readiness.live.github_api import GitHub


@click.command(epilog=examples("drift prod", "drift prod --issue"))
@stack_argument
@click.option("--issue", is_flag=True, help="Open, update or close the stack's issue in GITHUB_REPOSITORY.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@project_option
def drift(stack: str, issue: bool, form: str, project: str | None) -> None:
    """Compare the live resources with what STACK declares.

    It names every changed resource, then live resources that nobody declares, and asks GitHub who has to approve a
    deployment.
    """
    from readiness.live.drift import drift_json, drift_markdown, find_drift
    from readiness.live.engine_preview import UncheckedError
    from readiness.live.github_api import GitHub, GitHubError
    from readiness.live.google_api import Google
    from readiness.live.pulumi_cli import missing_for_preview
    from readiness.settings.stack_files import read_stack

    root = project_root(project)
    settings = settings_of(root, stack)
    refuse_foreign_hosts(root, stack)
    config = read_stack(root, stack)
    missing = missing_for_preview(dict(os.environ), stack_file=root / config.file)
    if missing:
        raise click.ClickException("not checked, because something is missing: " + "; ".join(missing))
    github = GitHub.from_environment(os.environ, owner=settings.github_owner, repository=settings.repository.name)
    refuse_unlocked_plugins(root, stack, warn=False)
    # GITHUB_TOKEN may be one for the application's repository alone, which cannot write issues here.
    own_token = os.environ.get("ISSUE_TOKEN")
    issue_environment = {**os.environ, **({"GITHUB_TOKEN": own_token} if own_token else {})}
    if issue:
        # Refused before the preview, which takes minutes, where no repository is named.
        this_repository(issue_environment)
    resources = plan_of(root, stack).resources

    def google() -> Google:
        return Google.from_environment(os.environ, project=settings.project, provider_values=config.values)

    try:
        with progress(f"previewing {stack} with a refresh, which takes minutes"):
            found = find_drift(root, stack, settings, github, google=google, resources=resources)
        if issue:
            # A new client: the time limit of a client begins when it is made.
            done = _report_in_issue(this_repository(issue_environment), stack, found)
            click.echo(f"issue: {done}", err=form == "json")
    except (UncheckedError, GitHubError) as error:
        raise click.ClickException(f"stack {stack} is not checked: {error}") from None
    if form == "json":
        click.echo(json.dumps(drift_json(stack, found), indent=2, ensure_ascii=False))
    elif found or found.not_checked:
        click.echo(drift_markdown(stack, found), nl=False)
    else:
        click.echo(f"{stack}: the live resources are as declared")
        for thing in found.beside:
            click.echo(f"  beside it, for information: {thing}")
    sys.exit(1 if found or found.not_checked else 0)


def _report_in_issue(here: GitHub, stack: str, found: Drift) -> str:
    """What was done with the stack's issue. What is not known closes none. Raises GitHubError."""
    from readiness.live.drift import MAX_ISSUE_CHARACTERS, close_drift, drift_markdown, report_drift

    if found:
        return report_drift(here, stack, drift_markdown(stack, found, max_characters=MAX_ISSUE_CHARACTERS))
    if found.not_checked:
        return "left as it is, because not everything could be checked"
    return close_drift(here, stack)
