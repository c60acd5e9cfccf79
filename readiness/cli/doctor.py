"""`readiness doctor`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from readiness.cli.arguments import complete_stacks, examples
from readiness.cli.common import origin_repository, plan_of, project_option, project_root, repository_option

if TYPE_CHECKING:
    from readiness.finding import Finding
    from readiness.live.google_api import Google
    from readiness.live.rows import Row
    from readiness.plan.offline_plan import Plan
    from readiness.settings.model import Settings


@click.command(epilog=examples("doctor prod", "doctor --ci --format json"))
@click.argument("stack", required=False, shell_complete=complete_stacks)
@click.option("--ci", is_flag=True, help="Also whether the workflows of the repository could apply the stacks.")
@repository_option(
    "--repository",
    default=None,
    help="OWNER/NAME where this program's CI runs.  [default: GITHUB_REPOSITORY, or the remote `origin`]",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@project_option
def doctor(stack: str | None, ci: bool, repository: str | None, form: str, project: str | None) -> None:
    """List what is missing for an apply, and how to get it.

    Checks every stack unless you name one, and changes nothing.
    Exit status 1 when something that is needed is missing; what could not be asked is not known.
    """
    from readiness.live.doctor.report import doctor_json, doctor_text
    from readiness.live.rows import Outcome, count
    from readiness.settings.stack_files import read_stack
    from readiness.settings.stack_names import stack_names

    if repository is not None and not ci:
        raise click.UsageError("--repository names the repository of --ci; give both or neither")
    root = project_root(project)
    if stack is not None:
        # An unknown stack is refused before anything is asked.
        read_stack(root, stack)
    stacks = [stack] if stack is not None else stack_names(root)
    rows = list(_rows(root, stacks, repository=repository, with_ci=ci))
    click.echo(doctor_json(rows) if form == "json" else doctor_text(rows), nl=False)
    if count(rows, Outcome.FAIL):
        sys.exit(1)


def _rows(root: Path, stacks: Sequence[str], *, repository: str | None, with_ci: bool) -> Iterator[Row]:
    from readiness.live.doctor.machine import engine_rows, machine_rows

    environment = dict(os.environ)
    yield from machine_rows(root, environment, _promtool(root))
    if not stacks:
        from readiness.live.rows import failed

        yield failed("stacks", "this project", "no Pulumi.<stack>.yaml beside Pulumi.yaml", "readiness init")
    settings: dict[str, Settings] = {}
    plans: dict[str, Plan] = {}
    for name in stacks:
        rows, found, plan = _settings_rows(root, name)
        yield from rows
        if found is None:
            continue
        settings[name] = found
        if plan is not None:
            plans[name] = plan
        yield from engine_rows(root, name, environment, found)
    google: dict[str, Google | None] = {}
    yield from _provider_rows(root, environment, settings, plans, google)
    if with_ci:
        yield from _ci_rows(root, environment, settings, google, repository)


def _settings_rows(root: Path, stack: str) -> tuple[list[Row], Settings | None, Plan | None]:
    """The settings of a stack: errors, placeholders, and what `check --plan` refuses, which an apply refuses too."""
    from readiness.finding import RefusedError, errors_only
    from readiness.live.rows import not_checked, passed
    from readiness.plan.plan_problems import plan_problems
    from readiness.rules.project import check_in_project

    subject, checked = f"stack {stack}", check_in_project(root, stack)
    rows = [_problem_row("settings", subject, problem) for problem in errors_only(checked.problems)]
    rows += [_problem_row("placeholder", subject, problem) for problem in checked.problems if problem.placeholder]
    if checked.settings is None or errors_only(checked.problems):
        rows.append(not_checked("backend, stack and plan", subject, "the settings are refused"))
        return rows, None, None
    if not rows:
        rows.append(passed("settings", subject, "valid, without placeholders"))
    try:
        plan = plan_of(root, stack)
        problems = errors_only(plan_problems(root, plan))
    except RefusedError as refusal:
        return (
            [*rows, *(_problem_row("plan", subject, problem) for problem in refusal.problems)],
            checked.settings,
            None,
        )
    if problems:
        rows += [_problem_row("plan", subject, problem) for problem in problems]
    else:
        rows.append(passed("plan", subject, f"{len(plan.resources)} resources, which pass every check"))
    return rows, checked.settings, plan


def _problem_row(check: str, subject: str, problem: Finding) -> Row:
    """What is wrong in a file, with the hint as the way to correct it."""
    from readiness.finding import text_line
    from readiness.live.rows import failed

    return failed(check, subject, text_line(replace(problem, hint="")), problem.hint)


def _provider_rows(
    root: Path,
    environment: Mapping[str, str],
    settings: Mapping[str, Settings],
    plans: Mapping[str, Plan],
    google: dict[str, Google | None],
) -> Iterator[Row]:
    """Google's and GitHub's rows, once for each project and repository. Fills `google` by project."""
    from readiness.live.doctor.github import token_rows
    from readiness.live.doctor.google import google_rows
    from readiness.live.github_api import GitHub
    from readiness.settings.stack_files import read_stack

    for project in dict.fromkeys(found.project for found in settings.values()):
        own = [stack for stack, found in settings.items() if found.project == project]
        values = read_stack(root, own[0]).values
        rows, google[project] = google_rows(environment, project, values, _resources(plans, own))
        yield from rows
    for owner, name in dict.fromkeys((found.github_owner, found.repository.name) for found in settings.values()):
        own = [
            stack for stack, found in settings.items() if (found.github_owner, found.repository.name) == (owner, name)
        ]
        github = GitHub.from_environment(environment, owner=owner, repository=name)
        yield from token_rows(github, _resources(plans, own))


def _resources(plans: Mapping[str, Plan], stacks: Sequence[str]) -> list[Mapping[str, Any]]:
    return [resource for stack in stacks if stack in plans for resource in plans[stack].resources]


def _ci_rows(
    root: Path,
    environment: Mapping[str, str],
    settings: Mapping[str, Settings],
    google: Mapping[str, Google | None],
    repository: str | None,
) -> Iterator[Row]:
    from readiness.live.doctor.github import Ci, ci_rows
    from readiness.live.github_api import GitHub
    from readiness.live.rows import not_checked

    named = repository or environment.get("GITHUB_REPOSITORY") or origin_repository(root)
    owner, _, name = (named or "").partition("/")
    if not owner or not name:
        reason = "which repository it runs in is not known: give --repository OWNER/NAME"
        yield not_checked("repository", "CI", reason)
        return
    if not settings:
        yield not_checked("workflows", f"CI of {owner}/{name}", "no stack has valid settings")
        return
    github = GitHub.from_environment(environment, owner=owner, repository=name)
    wanted = Ci(root=root, github=github, stacks=settings, google=None)
    yield from ci_rows(Ci(root=root, github=github, stacks=settings, google=google.get(wanted.home)))


def _promtool(root: Path) -> Row:
    from readiness.alerts.scenarios.find_promtool import find_promtool
    from readiness.alerts.scenarios.promtool import PromtoolError
    from readiness.live.doctor.machine import MACHINE, optional
    from readiness.live.rows import passed

    try:
        path, version = find_promtool(root, deadline_seconds=60)
    except PromtoolError as error:
        return optional(
            "promtool",
            MACHINE,
            f"{str(error).partition('. ')[0]}; only for `readiness test`",
            "https://prometheus.io/download/",
        )
    return passed("promtool", MACHINE, f"{path}, version {version}")
