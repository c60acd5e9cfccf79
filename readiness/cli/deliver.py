"""`readiness deliver`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from readiness.cli.arguments import examples, stack_argument
from readiness.cli.common import (
    plan_of,
    project_option,
    project_root,
    report,
    settings_of_every_stack,
    settings_to_apply,
)
from readiness.cli.progress import progress

if TYPE_CHECKING:
    from readiness.finding import Finding
    from readiness.live.delivery import Delivery
    from readiness.settings.model import Settings


@click.command(epilog=examples("deliver prod --dry-run", "deliver prod --overwrite .github/dependabot.yml"))
@stack_argument
@click.option("--dry-run", is_flag=True, help="Show what it would do. For a public repository, this needs no token.")
@click.option(
    "--overwrite", multiple=True, metavar="PATH", help="Replace this file even if somebody edited it. Repeatable."
)
@click.option("--again", is_flag=True, help="Open a pull request even if the last one was closed without a merge.")
@project_option
def deliver(stack: str, dry_run: bool, overwrite: tuple[str, ...], again: bool, project: str | None) -> None:
    """Open a pull request with the managed files and documents of STACK.

    It makes one commit on a branch of the application's repository.
    """
    from readiness.delivered.declared_files import declared_files
    from readiness.finding import RefusedError, errors_only
    from readiness.live import delivery as of_delivery
    from readiness.live.application_documents import application_documents, delivers_documents
    from readiness.live.github_api import GitHub, GitHubError

    root = project_root(project)
    settings = settings_to_apply(root, stack)
    files = declared_files(plan_of(root, stack).resources)
    if delivers_documents(settings):
        files |= application_documents(settings_of_every_stack(root))
    if not files:
        declared = "it declares no file with managed_files.delivery: pull_request, and managed_files.documents is off"
        click.echo(f"{stack}: nothing to deliver: {declared}")
        return
    github = GitHub.from_environment(os.environ, owner=settings.github_owner, repository=settings.repository.name)
    if not dry_run and github.token is None:
        message = f"GITHUB_TOKEN is not set. Set one with {of_delivery.RIGHTS}, or look at it with --dry-run."
        raise click.ClickException(message)
    choices = of_delivery.Choices(overwrite=frozenset(overwrite), again=again)
    try:
        with progress("comparing with the repository"):
            plan = of_delivery.plan_delivery(
                github, files, default_branch=settings.managed_files.default_branch, choices=choices
            )
        problems = [*plan.problems, *_dependabot_problems(root, stack, settings, plan)]
        _show(plan, files)
        if errors_only(problems):
            raise RefusedError(problems)
        report(problems, err=True)
        if not plan.differences:
            click.echo(f"{stack}: nothing to deliver: {plan.base_branch} holds every file as declared")
        elif dry_run:
            click.echo(_intention(plan))
        else:
            done = of_delivery.deliver(github, plan, files, stack=stack)
            click.echo(f"{'opened' if done.is_new else 'updated'} #{done.number}: {done.url}")
    except GitHubError as error:
        hint = f". The token needs {of_delivery.RIGHTS}" if error.status in (403, 404) else ""
        raise click.ClickException(f"not delivered: {error}{hint}.") from None
    _say_what_merging_needs(settings, plan)


def _show(plan: Delivery, files: dict[str, str]) -> None:
    """The managed files with their differences, and one line for each document: their texts are reviewed elsewhere."""
    from readiness.delivered.header import file_digest, is_managed_path
    from readiness.live.repository_files import FileState

    for difference in plan.differences:
        text = files.get(difference.path)
        click.echo(f"{difference}, to be {'removed' if text is None else file_digest(text)}")
        # An edit is shown whole: it is refused, and somebody has to decide about it.
        if is_managed_path(difference.path) or difference.state is FileState.EDITED:
            click.echo(difference.diff, nl=False)


def _intention(plan: Delivery) -> str:
    from readiness.live.delivery import BRANCH

    branch = "a commit on the branch" if plan.branch else "one commit on a new branch"
    number = plan.open_pull_request
    pull_request = f"pull request #{number}" if number else f"a new pull request into {plan.base_branch}"
    return f"dry run: {branch} {BRANCH}, and {pull_request}. Nothing was written."


def _dependabot_problems(root: Path, stack: str, settings: Settings, plan: Delivery) -> list[Finding]:
    """What Dependabot would make of the file in this repository, at the setting that says so."""
    from readiness.delivered.dependabot import dependabot_document
    from readiness.delivered.dependabot_rules import dependabot_findings
    from readiness.settings.stack_files import read_stack

    if settings.dependabot is None:
        return []
    labels = frozenset(label.name for label in settings.dependabot.labels)
    document = dependabot_document(settings.dependabot)
    config = read_stack(root, stack)

    def at(path: tuple[str | int, ...], rule_id: str, message: str, hint: str) -> Finding:
        return config.error(rule_id, ("dependabot", *path), message, hint)

    return list(dependabot_findings(document, at=at, labels=labels, files=plan.paths))


def _say_what_merging_needs(settings: Settings, plan: Delivery) -> None:
    from readiness.delivered.dependabot import APP_KEY_SECRET, allow_auto_merge_command

    merging = settings.dependabot.auto_merge if settings.dependabot else None
    if merging is None or not merging.enabled:
        return
    repository = f"{settings.github_owner}/{settings.repository.name}"
    if not plan.allows_auto_merge:
        click.echo("Until the repository allows auto-merge, the workflow only labels. An administrator runs:")
        click.echo(f"  {allow_auto_merge_command(repository)}")
    click.echo(f"Until the App's key is stored, it only labels too: gh secret set {APP_KEY_SECRET} --app dependabot")
