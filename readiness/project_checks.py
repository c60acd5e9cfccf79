"""What is checked across the stacks of a project, which share one repository and, as a rule, one Google project.

Looks at raw values, so that what is wrong inside a stack does not hide what is wrong between two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from readiness.checks import check_config
from readiness.cleanup_checks import cleanup_problems
from readiness.honesty_checks import honesty_record_problems
from readiness.problems import Problem, RefusedError
from readiness.required_checks.workflow_files import WorkflowFile, read_workflows
from readiness.settings.located import items_at, problem_at, value_at
from readiness.settings.stack_files import StackConfig, read_stack
from readiness.settings.strict_yaml import KeyPath
from readiness.settings.validation import Validated

_OWNS: KeyPath = ("owns_shared_resources",)


def check_project(
    root: Path, stacks: list[str], workflows: Path | None = None, *, now: datetime
) -> dict[str, Validated]:
    """Settings and problems of every stack, those between stacks included. Never raises for what the files hold.

    `workflows` is the folder of the application's workflow files where it is at hand. Raises RefusedError where it
    holds none. `now` decides which dates and records have expired.
    """
    found_workflows = None if workflows is None else read_workflows(workflows)
    checked: dict[str, Validated] = {}
    readable: dict[str, StackConfig] = {}
    for stack in stacks:
        try:
            readable[stack] = read_stack(root, stack)
        except RefusedError as refusal:
            checked[stack] = Validated(settings=None, problems=refusal.problems)
            continue
        checked[stack] = check_config(readable[stack], today=now.astimezone(UTC).date())
    between = list(_shared_name_problems(readable))
    # A stack whose file cannot be read may be the owner that is missed.
    between += _owner_problems(readable, complete=len(readable) == len(stacks))
    between += _record_problems(root, readable, checked, found_workflows, now)
    for stack, problem in between:
        found = checked[stack]
        checked[stack] = Validated(settings=found.settings, problems=(*found.problems, problem))
    return checked


def _record_problems(
    root: Path,
    readable: Mapping[str, StackConfig],
    checked: Mapping[str, Validated],
    workflows: list[WorkflowFile] | None,
    now: datetime,
) -> Iterator[tuple[str, Problem]]:
    """What needs a record and has no valid one, of every stack whose settings are valid by themselves.

    `workflows` are the application's workflow files where they are at hand.
    """
    for stack, config in readable.items():
        settings = checked[stack].settings
        if settings is not None:
            yield from ((stack, problem) for problem in cleanup_problems(root, config, settings, now))
            found = honesty_record_problems(root, config, settings, now, workflows)
            yield from ((stack, problem) for problem in found)


def _shared_name_problems(stacks: Mapping[str, StackConfig]) -> Iterator[tuple[str, Problem]]:
    """What two stacks may not both have: an environment's name, and of one project a service or an instance.

    A copied file has all three.
    """
    first: dict[tuple[str, str, str], str] = {}
    for stack, config in stacks.items():
        for path, project, name in _names(config):
            holder = first.setdefault((str(path[0]), project, name), stack)
            if holder != stack:
                message = f"`{name}` stands in {stacks[holder].file} too, so that both stacks would page for it"
                yield stack, problem_at(config, path, message, "Give each stack its own")


def _names(config: StackConfig) -> Iterator[tuple[KeyPath, str, str]]:
    """Path, Google project and name of each; the environment's is of no project."""
    raw: Mapping[str, Any] = {key.removeprefix("readiness:"): value for key, value in config.values.items()}
    project = str(config.values.get("gcp:project"))
    places: list[tuple[KeyPath, str]] = [(("environment", "name"), ""), (("database", "instance"), project)]
    places += [(("services", index, "name"), project) for index in range(len(items_at(raw, ("services",))))]
    for path, of_project in places:
        name = value_at(raw, path)
        if isinstance(name, str):
            yield path, of_project, name


def _owner_problems(stacks: Mapping[str, StackConfig], *, complete: bool) -> Iterator[tuple[str, Problem]]:
    answers = {stack: config.values.get(f"readiness:{_OWNS[0]}") for stack, config in stacks.items()}
    owners = [stack for stack, owns in answers.items() if owns is True]
    if len(owners) > 1:
        message = f"is true in {' and '.join(stacks[stack].file for stack in owners)}, which would fight"
        mend = "Keep true in one of them, and the shared settings with it"
        yield from ((stack, problem_at(stacks[stack], _OWNS, message, mend)) for stack in owners)
    if complete and all(owns is False for owns in answers.values()):
        message = "is false in every stack, so that nobody declares registry, environment and Dependabot"
        mend = "Write true in exactly one stack's file"
        yield from ((stack, problem_at(config, _OWNS, message, mend)) for stack, config in stacks.items())
