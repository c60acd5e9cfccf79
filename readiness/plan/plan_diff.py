"""What a change of the program does to a plan: what it creates, updates, replaces, deletes, moves or changes otherwise.

Pure: two plans in, sorted data out. It compares declarations and does not read what exists in a cloud.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from readiness.finding import Finding, RefusedError
from readiness.plan.engine_rules import (
    creation_notes,
    deletion_notes,
    forces_replacement,
    former_urns,
    ignored_paths,
    lasting_notes,
    without_ignored,
)
from readiness.plan.field_changes import FieldChange, field_changes
from readiness.plan.plan_file import PlannedResource, ReadPlan
from readiness.plan.setting_changes import SettingChange

# The SDK's version is in every resource: one line for all of them (`provider_versions`).
_VERSION_OPTION = "version"
# Without effect once the resource exists: an import, and the former names by which it was found.
_OPTIONS_WITHOUT_EFFECT = frozenset({_VERSION_OPTION, "aliases"})


class Action(StrEnum):
    """What the engine would do, the most severe first.

    `OTHER` changes nothing in a cloud: options, a move, an import, a component's inputs.
    """

    REPLACE = "replace"
    DELETE = "delete"
    UPDATE = "update"
    CREATE = "create"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceChange:
    """One resource. `old` is None when it is created, `new` when it is deleted.

    `inputs`, `files` and `options` are the fields that differ if both exist; `replacing` the paths that force
    the replacement; `notes` what else the provider does.
    """

    action: Action
    old: PlannedResource | None
    new: PlannedResource | None
    inputs: tuple[FieldChange, ...] = ()
    files: tuple[FieldChange, ...] = ()
    options: tuple[FieldChange, ...] = ()
    replacing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def resource(self) -> PlannedResource:
        """The resource as it will be, or as it was."""
        resource = self.new or self.old
        if resource is None:
            raise ValueError("a change has a resource")
        return resource

    @property
    def moved_from(self) -> str | None:
        """The former URN, if an alias leads from it to the new one."""
        return self.old.urn if self.old and self.new and self.old.urn != self.new.urn else None

    @property
    def is_protected_loss(self) -> bool:
        """Whether the change deletes a protected resource, which the engine or the provider refuses."""
        if self.action not in (Action.REPLACE, Action.DELETE) or self.old is None:
            return False
        return self.old.is_protected or self.old.refuses_deletion


@dataclass(frozen=True, kw_only=True, slots=True)
class StackDiff:
    """The difference of a stack's plans: changes sorted by gravity and URN, versions as `(package, old, new)`, outputs.

    `setup` are the fields in which program and providers differ; also empty if a plan does not contain them.

    `settings` are the edited settings, known if a working tree is compared with a commit.

    `renamed` maps the URN of a deleted resource to the created one of the same type and inputs: a rename that lacks
    its alias.
    """

    stack: str
    old: ReadPlan
    new: ReadPlan
    changes: tuple[ResourceChange, ...]
    outputs: tuple[FieldChange, ...]
    provider_versions: tuple[tuple[str, str, str], ...]
    renamed: Mapping[str, PlannedResource]
    setup: tuple[FieldChange, ...] = ()
    settings: tuple[SettingChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether the plans declare the same."""
        return not (self.changes or self.outputs or self.provider_versions or self.setup)

    @property
    def is_setup_known(self) -> bool:
        """Whether both plans contain which program runs and where credentials are sent."""
        return self.old.setup is not None and self.new.setup is not None

    def count(self, action: Action) -> int:
        """How many resources have this action."""
        return sum(change.action is action for change in self.changes)


def diff_plans(old: ReadPlan, new: ReadPlan) -> StackDiff:
    """Compares two plans of one stack. Raises RefusedError where they are of different stacks."""
    if old.stack != new.stack:
        message = f"the plans are of two stacks, {old.stack!r} and {new.stack!r}, and cannot be compared"
        hint = "Compare two plans of one stack"
        raise RefusedError([Finding(rule_id="plan-stacks-differ", file="diff", message=message, hint=hint)])
    changes = [change for pair in _pairs(old.resources, new.resources) if (change := _change(*pair))]
    changes.sort(key=lambda change: (list(Action).index(change.action), change.resource.urn))
    return StackDiff(
        stack=new.stack,
        old=old,
        new=new,
        changes=tuple(changes),
        outputs=tuple(field_changes(old.outputs, new.outputs)),
        provider_versions=_versions(old, new),
        renamed=_renamed(changes),
        setup=tuple(field_changes(old.setup, new.setup)) if old.setup is not None and new.setup is not None else (),
    )


def _pairs(
    old: Mapping[str, PlannedResource], new: Mapping[str, PlannedResource]
) -> Iterator[tuple[PlannedResource | None, PlannedResource | None]]:
    gone = {urn: resource for urn, resource in old.items() if urn not in new}
    for urn, resource in new.items():
        before = old.get(urn)
        if before is None:
            former = next((former_urn for former_urn in former_urns(resource, new) if former_urn in gone), None)
            before = gone.pop(former) if former else None
        yield before, resource
    for resource in gone.values():
        yield resource, None


def _change(old: PlannedResource | None, new: PlannedResource | None) -> ResourceChange | None:
    if old is None or new is None:
        return _coming_or_going(old, new)
    inputs = tuple(field_changes(old.inputs, new.inputs))
    files = tuple(field_changes(old.files, new.files, "files", ("files",)))
    options = tuple(field_changes(_effective_options(old.options), _effective_options(new.options)))
    if not inputs and not files and not options and old.urn == new.urn:
        return None
    before, after = (without_ignored(side.inputs, ignored_paths(new)) for side in (old, new))
    effective = tuple(field_changes(before, after))
    replacing, notes = forces_replacement(old, new, effective)
    imports = [side.options.get("importId") for side in (old, new)]
    if all(imports) and imports[0] != imports[1]:
        replacing += ("options.importId",)
    action = Action.REPLACE if replacing else Action.UPDATE if effective else Action.OTHER
    left_alone = [change.path for change in inputs if change not in effective]
    if left_alone:
        notes += (f"ignored (`ignoreChanges`), so the engine does not change it: {', '.join(left_alone)}",)
    action = Action.OTHER if new.is_component else action
    notes += lasting_notes(old, new, is_replaced=action is Action.REPLACE) if not new.is_component else ()
    fields = {"inputs": inputs, "files": files, "options": options}
    return ResourceChange(action=action, old=old, new=new, **fields, replacing=replacing, notes=notes)


def _coming_or_going(old: PlannedResource | None, new: PlannedResource | None) -> ResourceChange | None:
    change = ResourceChange(action=Action.CREATE if old is None else Action.DELETE, old=old, new=new)
    if change.resource.is_component:
        return replace(change, action=Action.OTHER) if change.resource.inputs else None
    if old is not None:
        return replace(change, notes=deletion_notes(old))
    notes = creation_notes(change.resource)
    return replace(change, action=Action.OTHER if "importId" in change.resource.options else change.action, notes=notes)


def _renamed(changes: Sequence[ResourceChange]) -> dict[str, PlannedResource]:
    created: dict[tuple[str, str], list[PlannedResource]] = {}
    for change in changes:
        if change.action is Action.CREATE:
            created.setdefault(_nature(change.resource), []).append(change.resource)
    renamed: dict[str, PlannedResource] = {}
    for old in (change.resource for change in changes if change.action is Action.DELETE):
        # One created resource replaces only one deleted resource.
        if twins := created.get(_nature(old)):
            renamed[old.urn] = twins.pop(0)
    return renamed


def _nature(resource: PlannedResource) -> tuple[str, str]:
    return resource.type, json.dumps(resource.inputs, sort_keys=True)


def _effective_options(options: dict[str, Any]) -> dict[str, Any]:
    """The options that have an effect, with names in place of the URNs that a resource waits for."""
    effective = {name: value for name, value in options.items() if name not in _OPTIONS_WITHOUT_EFFECT}
    urns = effective.get("dependencies")
    if isinstance(urns, list):
        effective["dependencies"] = sorted(str(urn).rpartition("::")[2] for urn in urns)
    return effective


def _versions(old: ReadPlan, new: ReadPlan) -> tuple[tuple[str, str, str], ...]:
    """Provider packages whose version differs in a resource that both plans have."""
    found: set[tuple[str, str, str]] = set()
    for urn in old.resources.keys() & new.resources.keys():
        before, after = (plan.resources[urn].options.get(_VERSION_OPTION) for plan in (old, new))
        if isinstance(before, str) and isinstance(after, str) and before != after:
            found.add((new.resources[urn].type.partition(":")[0], before, after))
    return tuple(sorted(found))
