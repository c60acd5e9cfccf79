"""`readiness deliver`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from readiness.cli.arguments import examples, format_option, stack_argument
from readiness.cli.common import (
    plan_of,
    print_json,
    project_option,
    project_root,
    report,
    settings_of_every_stack,
    settings_to_apply,
)
from readiness.cli.progress import progress

if TYPE_CHECKING:
    from readiness.finding import Finding
    from readiness.live.delivery import Delivered, Delivery
    from readiness.settings.model import Settings


@click.command(
    epilog=examples(
        "deliver prod --dry-run",
        "deliver prod --dry-run --format json",
        "deliver prod --overwrite .github/dependabot.yml",
    )
)
@stack_argument
@click.option("--dry-run", is_flag=True, help="Show what it would do. For a public repository, this needs no token.")
@click.option(
    "--overwrite", multiple=True, metavar="PATH", help="Replace this file even if somebody edited it. Repeatable."
)
@click.option("--again", is_flag=True, help="Open a pull request even if the last one was closed without a merge.")
@format_option("text", "json")
@project_option
def deliver(stack: str, dry_run: bool, overwrite: tuple[str, ...], again: bool, form: str, project: str | None) -> None:
    """Open a pull request with the managed files of STACK.

    It makes one commit, with the files and documents, on a branch of the application's repository.
    """
    from readiness.delivered.declared_files import declared_files
    from readiness.finding import errors_only
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
        if form == "json":
            print_json(_document(stack, None, "nothing"))
            return
        click.echo(f"{stack}: nothing to deliver: {declared}")
        return
    github = GitHub.from_environment(os.environ, owner=settings.github_owner, repository=settings.repository.name)
    if not dry_run and github.token is None:
        message = (
            f"GITHUB_TOKEN is not set. Set one with {of_delivery.RIGHTS}, or use --dry-run to see what it would do."
        )
        raise click.ClickException(message)
    choices = of_delivery.Choices(overwrite=frozenset(overwrite), again=again)
    try:
        with progress("comparing with the repository"):
            plan = of_delivery.plan_delivery(
                github, files, default_branch=settings.managed_files.default_branch, choices=choices
            )
        problems = [*plan.problems, *_dependabot_problems(root, stack, settings, plan)]
        is_refused = bool(errors_only(problems))
        if form == "text":
            _show(plan, files)
            report(problems, err=True)
        done = None
        if plan.differences and not dry_run and not is_refused:
            done = of_delivery.deliver(github, plan, files, stack=stack)
    except GitHubError as error:
        hint = f". The token needs {of_delivery.RIGHTS}" if error.status in (403, 404) else ""
        raise click.ClickException(f"not delivered: {error}{hint}.") from None
    next_steps = [] if is_refused else list(_steps_before_merging(settings, plan))
    if form == "json":
        result = "refused" if is_refused else _result(plan, done)
        print_json(_document(stack, plan, result, done=done, problems=problems, next_steps=next_steps))
    elif not is_refused:
        for line in (_outcome(stack, plan, done), *next_steps):
            click.echo(line)
    if is_refused:
        sys.exit(1)


def _result(plan: Delivery, done: Delivered | None) -> str:
    """The value of `result` in the JSON form, for a delivery that is not refused."""
    if done is not None:
        return "opened" if done.is_new else "updated"
    return "planned" if plan.differences else "nothing"


def _outcome(stack: str, plan: Delivery, done: Delivered | None) -> str:
    """The last line of the text form."""
    if done is not None:
        return f"{'opened' if done.is_new else 'updated'} #{done.number}: {done.url}"
    if plan.differences:
        return _intention(plan)
    return f"{stack}: nothing to deliver: {plan.base_branch} contains every file as declared"


def _document(
    stack: str,
    plan: Delivery | None,
    result: str,
    *,
    done: Delivered | None = None,
    problems: Sequence[Finding] = (),
    next_steps: Sequence[str] = (),
) -> dict[str, Any]:
    """The JSON form. `plan` is None where the stack declares no file to deliver."""
    from readiness.finding_formats import finding_rows

    differences = () if plan is None else plan.differences
    return {
        "stack": stack,
        "result": result,
        "pull_request": None if done is None else {"number": done.number, "url": done.url},
        "base_branch": None if plan is None else plan.base_branch,
        "differences": [
            {"path": difference.path, "state": difference.state.name.lower(), "diff": difference.diff}
            for difference in differences
        ],
        "findings": finding_rows(problems),
        "next": list(next_steps),
    }


def _show(plan: Delivery, files: dict[str, str]) -> None:
    """Prints the managed files with their differences, and one line for each document.

    The texts of documents are reviewed in the project, not here.
    """
    from readiness.delivered.header import file_digest, is_managed_path
    from readiness.live.repository_files import FileState

    for difference in plan.differences:
        text = files.get(difference.path)
        click.echo(f"{difference}, to be {'removed' if text is None else file_digest(text)}")
        # An edited file is shown in full: the delivery is refused, and somebody has to decide about the edit.
        if is_managed_path(difference.path) or difference.state is FileState.EDITED:
            click.echo(difference.diff, nl=False)


def _intention(plan: Delivery) -> str:
    from readiness.live.delivery import BRANCH

    branch = "a commit on the branch" if plan.branch else "one commit on a new branch"
    number = plan.open_pull_request
    pull_request = f"pull request #{number}" if number else f"a new pull request into {plan.base_branch}"
    return f"dry run: {branch} {BRANCH}, and {pull_request}. Nothing was written."


def _dependabot_problems(root: Path, stack: str, settings: Settings, plan: Delivery) -> list[Finding]:
    """What Dependabot would reject in its file, each at the setting that causes it."""
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


def _steps_before_merging(settings: Settings, plan: Delivery) -> Iterator[str]:
    """What somebody must do before Dependabot's pull requests merge automatically."""
    from readiness.delivered.dependabot import APP_KEY_SECRET, allow_auto_merge_command

    merging = settings.dependabot.auto_merge if settings.dependabot else None
    if merging is None or not merging.enabled:
        return
    repository = f"{settings.github_owner}/{settings.repository.name}"
    if not plan.allows_auto_merge:
        yield "Until the repository allows auto-merge, the workflow only sets labels. An administrator runs:"
        yield f"  {allow_auto_merge_command(repository)}"
    yield f"Until the App's key is stored, it only sets labels too: gh secret set {APP_KEY_SECRET} --app dependabot"
