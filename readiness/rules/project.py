"""What is checked across the stacks of a project, which share one repository and, as a rule, one Google project.

Looks at raw values, so that what is wrong inside a stack does not hide what is wrong between two. `check_project` is
for a command that reports on every stack; `check_in_project` and `project_problems` are for one stack that is about to
be applied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from readiness import clock
from readiness.ci.workflow_files import WorkflowFile, read_workflows
from readiness.finding import Finding
from readiness.refusal import RefusedError
from readiness.rules.cleanup_record import cleanup_problems
from readiness.rules.required_checks_record import honesty_record_problems
from readiness.rules.stack import check_config
from readiness.settings.delivery_rules import told_environments, untold_problems
from readiness.settings.located import items_at, problem_at, value_at
from readiness.settings.model import Settings
from readiness.settings.stack_files import StackConfig, read_stack
from readiness.settings.stack_names import stack_names
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
    # A stack whose file cannot be read may be the owner that is missed.
    between = list(_between_stacks(readable, complete=len(readable) == len(stacks)))
    between += _record_problems(root, readable, checked, found_workflows, now)
    for stack, problem in between:
        found = checked[stack]
        checked[stack] = Validated(settings=found.settings, problems=(*found.problems, problem))
    return checked


def check_in_project(root: Path, stack: str) -> Validated:
    """Settings and problems of one stack, with those of the project that concern it. Never raises for what files hold.

    An apply of the stack is refused for exactly these errors, here and inside the program.
    """
    try:
        config = read_stack(root, stack)
    except RefusedError as refusal:
        return Validated(settings=None, problems=refusal.problems)
    now = clock.now()
    checked = check_config(config, today=now.date())
    found = project_problems(root, config, checked.settings, now)
    return Validated(settings=checked.settings, problems=(*checked.problems, *found))


def project_problems(root: Path, config: StackConfig, settings: Settings | None, now: datetime) -> list[Finding]:
    """What is wrong between this stack and the others whose files are in `root`, and with this stack's records.

    `config` is the stack's configuration, wherever it was read. The other stacks' files are read and not validated; one
    that cannot be read is left out, because only its own stack can be corrected there.
    """
    others = [stack for stack in stack_names(root) if stack != config.stack]
    readable: dict[str, StackConfig] = {}
    for stack in others:
        with suppress(RefusedError):
            readable[stack] = read_stack(root, stack)
    complete = len(readable) == len(others)
    # The last one, so that a name that two stacks have is reported for this stack too.
    readable[config.stack] = config
    checked = {config.stack: Validated(settings=settings, problems=())}
    found = [problem for stack, problem in _between_stacks(readable, complete=complete) if stack == config.stack]
    found += (problem for _, problem in _record_problems(root, {config.stack: config}, checked, None, now))
    return found


def _between_stacks(stacks: Mapping[str, StackConfig], *, complete: bool) -> Iterator[tuple[str, Finding]]:
    """`complete` is whether these are all stacks of the project: then nobody else can own or write what is missing."""
    yield from _shared_name_problems(stacks)
    yield from _owner_problems(stacks, complete=complete)
    if complete:
        told = told_environments(stacks.values())
        yield from ((stack, problem) for stack, config in stacks.items() for problem in untold_problems(config, told))


def _record_problems(
    root: Path,
    readable: Mapping[str, StackConfig],
    checked: Mapping[str, Validated],
    workflows: list[WorkflowFile] | None,
    now: datetime,
) -> Iterator[tuple[str, Finding]]:
    """What needs a record and has no valid one, of every stack whose settings are valid by themselves.

    `workflows` are the application's workflow files where they are at hand.
    """
    for stack, config in readable.items():
        settings = checked[stack].settings
        if settings is not None:
            yield from ((stack, problem) for problem in cleanup_problems(root, config, settings, now))
            found = honesty_record_problems(root, config, settings, now, workflows)
            yield from ((stack, problem) for problem in found)


def _shared_name_problems(stacks: Mapping[str, StackConfig]) -> Iterator[tuple[str, Finding]]:
    """What two stacks may not both have: an environment's name, and of one project a service or an instance.

    A copied file has all three.
    """
    first: dict[tuple[str, str, str], str] = {}
    for stack, config in stacks.items():
        for path, project, name in _names(config):
            holder = first.setdefault((str(path[0]), project, name), stack)
            if holder != stack:
                message = f"`{name}` stands in {stacks[holder].file} too, so that both stacks would page for it"
                yield (
                    stack,
                    problem_at(config, path, message, "Give each stack its own", rule_id="settings-shared-name"),
                )


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


def _owner_problems(stacks: Mapping[str, StackConfig], *, complete: bool) -> Iterator[tuple[str, Finding]]:
    answers = {stack: config.values.get(f"readiness:{_OWNS[0]}") for stack, config in stacks.items()}
    owners = [stack for stack, owns in answers.items() if owns is True]
    for stack in owners:
        rivals = [other for other in owners if other == stack or _share_a_place(stacks[other], stacks[stack])]
        if len(rivals) > 1:
            message = f"is true in {' and '.join(stacks[rival].file for rival in rivals)}, which would fight"
            hint = "Keep true in one of them, and the shared settings with it"
            yield stack, problem_at(stacks[stack], _OWNS, message, hint, rule_id="settings-shared-owner")
    if complete and all(owns is False for owns in answers.values()):
        message = "is false in every stack, so that nobody declares registry, environment and Dependabot"
        hint = "Write true in exactly one stack's file"
        yield from (
            (stack, problem_at(config, _OWNS, message, hint, rule_id="settings-shared-owner"))
            for stack, config in stacks.items()
        )


def _share_a_place(one: StackConfig, other: StackConfig) -> bool:
    """Whether both declare things of the same Google project or of the same GitHub repository."""
    pairs = zip(_places(one), _places(other), strict=True)
    return any(None in pair or pair[0] == pair[1] for pair in pairs)


def _places(config: StackConfig) -> tuple[str | None, str | None]:
    """Google project and GitHub repository; None where it is not known. GitHub ignores the case of names."""
    project, owner = config.values.get("gcp:project"), config.values.get("github:owner")
    name = value_at(config.values.get("readiness:repository"), ("name",))
    known = owner is not None and name is not None
    return None if project is None else str(project), f"{owner}/{name}".lower() if known else None
