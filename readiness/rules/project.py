"""What is checked across the stacks of a project, which share one repository and, as a rule, one Google project.

Looks at the valid values of each stack, so that what is wrong inside a stack does not hide what is wrong between two.
`check_project` is for a command that reports on every stack; `check_in_project` and `project_problems` are for one
stack that is about to be applied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from readiness import clock
from readiness.ci.workflow_files import WorkflowFile, read_workflows
from readiness.finding import Finding, RefusedError
from readiness.rules.records import cleanup_problems, honesty_record_problems
from readiness.rules.stack import check_config
from readiness.settings.base import RefusedValueError
from readiness.settings.delivery import TELEMETRY
from readiness.settings.model import Settings
from readiness.settings.rules import SHARED_SECTIONS
from readiness.settings.stack_files import StackConfig, read_stack
from readiness.settings.stack_names import stack_names
from readiness.settings.strict_yaml import KeyPath
from readiness.settings.validation import Validated, view_of
from readiness.settings.view import findings_of, known, known_items

_OWNS: KeyPath = ("owns_shared_resources",)
SHARED_OWNER = "settings-shared-owner"
_OF_AN_OWNER = ("settings-shared-section-missing", "settings-shared-section-misplaced")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stack:
    """A stack whose files can be read: where its settings are, and those of them that are valid."""

    config: StackConfig
    view: Settings


def check_project(
    root: Path, stacks: list[str], workflows: Path | None = None, *, now: datetime
) -> dict[str, Validated]:
    """Settings and problems of every stack, also between stacks. Never raises because of the content of the files.

    `workflows` is the folder of the application's workflow files, if available. Raises RefusedError if it
    contains none. `now` decides which dates and records have expired.
    """
    found_workflows = None if workflows is None else read_workflows(workflows)
    checked: dict[str, Validated] = {}
    readable: dict[str, _Stack] = {}
    for stack in stacks:
        try:
            config = read_stack(root, stack)
        except RefusedError as refusal:
            checked[stack] = Validated(settings=None, problems=refusal.problems)
            continue
        checked[stack] = check_config(config, today=now.astimezone(UTC).date())
        readable[stack] = _Stack(config=config, view=checked[stack].view or view_of(config))
    # A stack whose file cannot be read may be the owner that is missed.
    between = list(_between_stacks(readable, complete=len(readable) == len(stacks)))
    for stack, found in readable.items():
        between += ((stack, problem) for problem in _record_problems(root, found, found_workflows, now))
    for stack, problem in between:
        own = _without_consequences(checked[stack].problems, problem)
        checked[stack] = replace(checked[stack], problems=(*own, problem))
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
    found = project_problems(root, config, checked.view or view_of(config), now)
    own = checked.problems
    for problem in found:
        own = _without_consequences(own, problem)
    return replace(checked, problems=(*own, *found))


def project_problems(root: Path, config: StackConfig, view: Settings, now: datetime) -> list[Finding]:
    """What is wrong between this stack and the others whose files are in `root`, and with this stack's records.

    `config` is the stack's configuration, wherever it was read, `view` its valid settings. Of the other stacks nothing
    is reported; one that cannot be read is left out, because only its own stack can be corrected there.
    """
    others = [stack for stack in stack_names(root) if stack != config.stack]
    readable: dict[str, _Stack] = {}
    for stack in others:
        with suppress(RefusedError):
            other = read_stack(root, stack)
            readable[stack] = _Stack(config=other, view=view_of(other))
    complete = len(readable) == len(others)
    # The last one, so that a name that two stacks have is reported for this stack too.
    readable[config.stack] = _Stack(config=config, view=view)
    found = [problem for stack, problem in _between_stacks(readable, complete=complete) if stack == config.stack]
    return [*found, *_record_problems(root, readable[config.stack], None, now)]


def _between_stacks(stacks: Mapping[str, _Stack], *, complete: bool) -> Iterator[tuple[str, Finding]]:
    """`complete` is whether these are all stacks of the project: then nobody else can own or write what is missing."""
    yield from _shared_name_problems(stacks)
    yield from _owner_problems(stacks, complete=complete)
    if complete:
        views = [found.view for found in stacks.values()]
        for stack, found in stacks.items():
            problems = findings_of(lambda found=found: _uncounted_problems(found, views))
            yield from ((stack, problem) for problem in problems)


def _record_problems(
    root: Path, stack: _Stack, workflows: list[WorkflowFile] | None, now: datetime
) -> Iterator[Finding]:
    """What needs a record and has no valid one, wherever the values that the record is about are valid.

    `workflows` are the application's workflow files where they are at hand.
    """
    return findings_of(
        lambda: cleanup_problems(root, stack.config, stack.view, now),
        lambda: honesty_record_problems(root, stack.config, stack.view, now, workflows),
    )


def counted_environments(views: Iterable[Settings]) -> frozenset[tuple[str, str]]:
    """The Google project and name of each environment whose deployments some stack's telemetry counts and writes."""
    found = set()
    for view in views:
        telemetry = known(view, "deployment_telemetry")
        environments = known(telemetry, "environments") if telemetry is not None else None
        for _, environment in known_items(environments or ()):
            found.add((str(known(view, "project")), str(known(environment, "name"))))
    return frozenset(found)


def _uncounted_problems(stack: _Stack, views: list[Settings]) -> Iterator[Finding]:
    """Alerts on deployments that nobody counts would be declared and never fire. `views` are those of all stacks."""
    if stack.view.alerts.delivery is None:
        return
    environment = stack.view.environment.name
    # Where a name is refused, it is not known which environment it is.
    counting = [view.deployment_telemetry for view in views if view.deployment_telemetry is not None]
    all_known = all(counted.name for telemetry in counting for counted in telemetry.environments)
    if all_known and (str(known(stack.view, "project")), environment) not in counted_environments(views):
        message = f"declares alerts that can never fire: no stack's {TELEMETRY[0]} names the environment {environment}"
        hint = (
            f"Remove it, or add the environment to readiness:{TELEMETRY[0]} of the stack that owns the shared resources"
        )
        yield stack.config.error("settings-delivery-telemetry-missing", ("alerts", "delivery"), message, hint)


def _shared_name_problems(stacks: Mapping[str, _Stack]) -> Iterator[tuple[str, Finding]]:
    """What two stacks may not both have: an environment's name, and of one project a service or an instance.

    A copied file has all three.
    """
    first: dict[tuple[str, str, str], str] = {}
    for stack, found in stacks.items():
        for path, project, name in _names(found.view):
            holder = first.setdefault((str(path[0]), project, name), stack)
            if holder != stack:
                message = f"`{name}` is in {stacks[holder].config.file} too, so both stacks would page for it"
                yield stack, found.config.error("settings-shared-name", path, message, "Give each stack its own")


def _names(view: Settings) -> Iterator[tuple[KeyPath, str, str]]:
    """Path, Google project and name of each; the environment's is of no project."""
    project = str(known(view, "project"))
    with suppress(RefusedValueError):
        yield ("environment", "name"), "", view.environment.name
    with suppress(RefusedValueError):
        if view.database is not None:
            yield ("database", "instance"), project, view.database.instance
    for index, service in known_items(known(view, "services") or ()):
        with suppress(RefusedValueError):
            yield ("services", index, "name"), project, service.name


def _owner_problems(stacks: Mapping[str, _Stack], *, complete: bool) -> Iterator[tuple[str, Finding]]:
    """Two owners of one place, or none. Every stack concerned has the same finding, which is printed once."""
    answers = {stack: known(found.view, "owns_shared_resources") for stack, found in stacks.items()}
    owners = sorted(stack for stack, owns in answers.items() if owns)
    for stack in owners:
        rivals = [other for other in owners if other == stack or _share_a_place(stacks[other].view, stacks[stack].view)]
        if len(rivals) > 1:
            files = " and ".join(stacks[rival].config.file for rival in rivals)
            message = f"is true in {files}, so that both would manage the same resources"
            hint = "Keep true in one of them, and the shared settings with it"
            # The one that was made an owner by mistake has the fewest of them.
            at = min(rivals, key=lambda rival: len(_shared_sections(stacks[rival].view)))
            yield stack, stacks[at].config.error(SHARED_OWNER, _OWNS, message, hint)
    if complete and all(owns is False for owns in answers.values()):
        message = "is false in every stack, so that nobody declares registry, environment and Dependabot"
        hint = "Write true in exactly one stack's file"
        at = max(sorted(stacks), key=lambda stack: len(_shared_sections(stacks[stack].view)))
        for stack in stacks:
            yield stack, stacks[at].config.error(SHARED_OWNER, _OWNS, message, hint)


def _shared_sections(view: Settings) -> list[str]:
    return [name for name in SHARED_SECTIONS if name in view.model_fields_set]


def _without_consequences(problems: Iterable[Finding], cause: Finding) -> tuple[Finding, ...]:
    """The problems of a stack without those that only say what a wrong owner entails."""
    if cause.rule_id != SHARED_OWNER:
        return tuple(problems)
    return tuple(problem for problem in problems if problem.rule_id not in _OF_AN_OWNER)


def _share_a_place(one: Settings, other: Settings) -> bool:
    """Whether both declare things of the same Google project or of the same GitHub repository."""
    pairs = zip(_places(one), _places(other), strict=True)
    return any(None in pair or pair[0] == pair[1] for pair in pairs)


def _places(view: Settings) -> tuple[str | None, str | None]:
    """Google project and GitHub repository; None where it is not known. GitHub ignores the case of names."""
    repository = None
    with suppress(RefusedValueError):
        repository = f"{view.github_owner}/{view.repository.name}".lower()
    return known(view, "project"), repository
