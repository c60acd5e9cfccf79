"""What the engine and the providers do with a declaration.

The engine finds a resource under its former names, leaves ignored fields alone, and refuses to delete what has the
option `protect`, in its preview already. A provider replaces what it cannot update (`replacement_fields.json`, which is
distilled from the providers' source and names the revisions). Google's provider refuses to delete what has
`deletionProtection` in the state: no preview shows that, every apply fails at the deletion, and a changed program
cannot lift it, because the resource is no longer declared.
"""

from __future__ import annotations

import copy
import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from readiness.plan.field_changes import ABSENT, FieldChange, field_changes, list_of, objects_of
from readiness.plan.plan_file import PlannedResource, ReadPlan
from readiness.resource_types import (
    API,
    AUDIT_CONFIG,
    ENVIRONMENT,
    JOB,
    LOG_BUCKET,
    REPOSITORY_FILE,
    SECURITY_UPDATES,
    STACK_TYPE,
    VULNERABILITY_ALERTS,
)

# An alias of an alias of a parent: more are a mistake, and would be a long list.
MAX_FORMER_URNS = 100


def former_urns(resource: PlannedResource, resources: Mapping[str, PlannedResource]) -> tuple[str, ...]:
    """Every other URN under which the engine would look for the resource, without repetition."""
    return tuple(urn for urn in dict.fromkeys(_candidates(resource, resources)) if urn != resource.urn)


def _candidates(resource: PlannedResource, resources: Mapping[str, PlannedResource], depth: int = 0) -> Iterator[str]:
    parents = [(resource.parent, resource.name)]
    parent = resources.get(resource.parent)
    if parent is not None and depth < 20:
        for urn in _candidates(parent, resources, depth + 1):
            former_parent, name = urn.rpartition("::")[2], resource.name
            if former_parent != parent.name and name.startswith(parent.name):
                name = former_parent + name.removeprefix(parent.name)
            parents.append((urn, name))
    urns = (urn for parent_urn, name in parents for urn in _own(resource, parent_urn, name))
    yield from islice(urns, MAX_FORMER_URNS)


def _own(resource: PlannedResource, parent_urn: str, name: str) -> Iterator[str]:
    stack_prefix, project = resource.urn.split("::")[:2] if resource.urn.count("::") > 1 else (resource.urn, "")
    yield _urn(f"{stack_prefix}::{project}", parent_urn, resource.type, name)
    for alias in objects_of(resource.options.get("aliases")):
        if isinstance(alias.get("urn"), str):
            yield alias["urn"]
        spec = alias.get("spec")
        if isinstance(spec, dict):
            stack = f"urn:pulumi:{spec['stack']}" if spec.get("stack") else stack_prefix
            parent = "" if spec.get("noParent") else str(spec.get("parentUrn") or parent_urn)
            type_, own_name = str(spec.get("type") or resource.type), str(spec.get("name") or name)
            yield _urn(f"{stack}::{spec.get('project') or project}", parent, type_, own_name)


def _urn(prefix: str, parent_urn: str, type_: str, name: str) -> str:
    parts = parent_urn.split("::")
    chain = parts[2] if len(parts) > 2 else ""
    return f"{prefix}::{type_ if chain in ('', STACK_TYPE) else f'{chain}${type_}'}::{name}"


_FILE = Path(__file__).with_name("replacement_fields.json")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplacementFields:
    """Of one type, as dotted paths. `a+b` replaces when both change; `defaults` are what an absent field means.

    `replace_if_both_given` are fields that the provider fills in: leaving one out, or writing out what was filled in,
    replaces nothing. `notes` say what else a change of the field does.
    """

    replace: list[str] = field(default_factory=list)
    replace_if_both_given: list[str] = field(default_factory=list)
    defaults: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


@cache
def replacement_fields() -> dict[str, ReplacementFields]:
    """The lists by resource type."""
    types = json.loads(_FILE.read_text(encoding="utf-8"))["types"]
    return {type_: ReplacementFields(**fields) for type_, fields in types.items()}


_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[\]]+)')


def ignored_paths(resource: PlannedResource) -> list[str]:
    """The engine's property paths whose changes it leaves alone (`ignoreChanges`)."""
    return [path for path in list_of(resource.options.get("ignoreChanges")) if isinstance(path, str)]


def without_ignored(inputs: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    """A copy without what is at the engine's property paths."""
    copied = copy.deepcopy(inputs) if paths else inputs
    for path in paths:
        steps = [quoted or index or name for quoted, index, name in _STEP.findall(path)]
        if steps:
            _take_away(copied, steps)
    return copied


def _take_away(holder: Any, steps: list[str]) -> None:
    step, rest = steps[0], steps[1:]
    keys: list[Any] = []
    if isinstance(holder, dict):
        keys = [key for key in holder if step in ("*", key)]
    elif isinstance(holder, list):
        keys = [index for index in range(len(holder)) if step in ("*", str(index))]
    for key in keys:
        if rest:
            _take_away(holder[key], rest)
        elif isinstance(holder, dict):
            del holder[key]
        else:
            holder[key] = None


def forces_replacement(
    old: PlannedResource, new: PlannedResource, changes: Iterable[FieldChange]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paths among the changes that force a replacement, and the notes on changed fields; both may be empty."""
    fields = replacement_fields().get(new.type, ReplacementFields())
    effective = [change for change in changes if not _means_the_same(change, fields)]
    on_changes = list_of(new.options.get("replaceOnChanges"))
    wanted = [*fields.replace, *(path for path in on_changes if isinstance(path, str))]
    replacing: list[str] = []
    for path in wanted:
        hits = [[change for change in effective if _is_at(change, part)] for part in path.split("+")]
        if all(hits):
            replacing += [change.path for hit in hits for change in hit]
    for path in fields.replace_if_both_given:
        replacing += [item.path for item in effective if _is_at(item, path) and ABSENT not in (item.old, item.new)]
    notes = [note for path, note in sorted(fields.notes.items()) if any(_is_at(change, path) for change in effective)]
    return tuple(dict.fromkeys(replacing)), tuple(notes)


def _means_the_same(change: FieldChange, fields: ReplacementFields) -> bool:
    default = fields.defaults.get(".".join(change.names), ABSENT)
    values = [default if value is ABSENT else value for value in (change.old, change.new)]
    return default is not ABSENT and values[0] == values[1]


def _is_at(change: FieldChange, path: str) -> bool:
    """Whether the change is at the path, below it, or removes an object that contains it."""
    wanted = tuple(path.split("."))
    shared = min(len(wanted), len(change.names))
    return path == "*" or change.names[:shared] == wanted[:shared]


# Types whose creation adopts an existing resource of the same name, and what the provider does then. Log buckets:
# `AcquireOrCreate` in resource_logging_project_bucket_config.go; audit configurations: "authoritative for a given
# service" in the provider's google_project_iam documentation; environments: `CreateUpdateEnvironment` in
# resource_github_repository_environment.go. The others are switches.
_ADOPTED = {
    # Nothing to say: turning on what is on changes nothing.
    API: "",
    AUDIT_CONFIG: "replaces the existing audit configuration of the service, including its exempted members",
    ENVIRONMENT: "an existing environment of this name is set to what is declared",
    LOG_BUCKET: "an existing log bucket of this id is adopted and set to what is declared",
    SECURITY_UPDATES: "sets the existing switch of the repository",
    VULNERABILITY_ALERTS: "sets the existing switch of the repository",
}
# Google makes them with the project, and the provider never deletes them (resource_logging_bucket_config.go).
_BUCKETS_OF_GOOGLE = ("_Default", "_Required")


def adopts_existing(type_: str, inputs: Mapping[str, Any]) -> bool:
    """Whether creating the resource adopts an existing one of the same name."""
    return type_ in _ADOPTED or (type_ == REPOSITORY_FILE and _overwrites(inputs))


def _overwrites(inputs: Mapping[str, Any]) -> bool:
    return inputs.get("overwriteOnCreate") in (True, "true")


def exists_always(type_: str, inputs: Mapping[str, Any]) -> bool:
    """Whether the resource exists before it is declared and after it is deleted from the program."""
    return type_ == LOG_BUCKET and inputs.get("bucketId") in _BUCKETS_OF_GOOGLE


def creation_notes(new: PlannedResource) -> tuple[str, ...]:
    """What the engine does in place of a plain creation."""
    if import_id := new.options.get("importId"):
        return (
            f"imports the existing resource with the id {import_id} and sends no change; the import fails if the "
            "resource differs from what is declared",
        )
    if exists_always(new.type, new.inputs):
        return (
            f"creates nothing: every project has the log bucket {new.inputs['bucketId']}, which is set to what is "
            "declared. Entries older than `retentionDays` are deleted",
        )
    if new.type == REPOSITORY_FILE and _overwrites(new.inputs):
        return ("overwrites a file that exists at this path",)
    note = _ADOPTED.get(new.type)
    return (note,) if note else ()


def deletion_notes(old: PlannedResource) -> tuple[str, ...]:
    """What the engine does in place of a plain deletion."""
    if old.options.get("retainOnDelete") is True:
        return ("the engine only removes it from the state (`retainOnDelete`): it stays in the cloud as it is",)
    if exists_always(old.type, old.inputs):
        return (f"the provider only removes it from the state: the log bucket {old.inputs['bucketId']} stays as it is",)
    if old.type == API and old.inputs.get("disableOnDestroy") in (False, "false"):
        return ("the provider only removes it from the state (`disableOnDestroy: false`): the API stays enabled",)
    return ()


def lasting_notes(old: PlannedResource, new: PlannedResource, *, is_replaced: bool) -> tuple[str, ...]:
    """What the engine does with a resource of both plans besides an update: a replacement, a move, an import."""
    notes: list[str] = []
    if is_replaced and new.options.get("deleteBeforeReplace") is True:
        notes.append("the engine deletes it, with its contents, before it creates the new one")
    elif is_replaced and old.options.get("retainOnDelete") is True:
        notes.append("the engine creates a new one and keeps the old one in the cloud (`retainOnDelete`)")
    elif is_replaced:
        notes.append("the engine creates a new one and deletes this one with its contents")
    elif old.urn != new.urn:
        notes.append("keeps its state under the new name (`aliases`): the engine creates and deletes nothing")
    before, after = (side.options.get("importId") for side in (old, new))
    if after and not before:
        notes.append(
            f"does nothing if the engine already manages the id {after}; otherwise it imports what has that id "
            "in place of this one, and deletes this one"
        )
    return tuple(notes)


def lifting_commands(stack: str, resource: PlannedResource) -> tuple[str, ...]:
    """The commands after which an apply no longer has to delete the resource, or may."""
    urn, stack = shlex.quote(resource.urn), shlex.quote(stack)
    if not resource.refuses_deletion:
        return (f"pulumi state unprotect --yes --stack {stack} {urn}",)
    delete = f"# delete {resource.name} ({resource.type}) in its console"
    if resource.type == JOB:
        name, project, region = (shlex.quote(str(resource.inputs.get(key))) for key in ("name", "project", "location"))
        delete = f"gcloud run jobs delete {name} --project={project} --region={region}"
    return (delete, f"pulumi refresh --yes --stack {stack} --target {urn}")


def refused_deletions(state: Mapping[str, Any], plan: ReadPlan) -> Iterator[tuple[PlannedResource, str]]:
    """`(resource of the state, "delete" or "replace")` for each that an apply of the plan cannot delete.

    `state` is the `deployment` of `pulumi stack export`.
    """
    known = {urn: new for new in plan.resources.values() for urn in (new.urn, *former_urns(new, plan.resources))}
    for entry in state.get("resources") or []:
        old = _of_state(entry)
        if old is None or not (old.is_protected or old.refuses_deletion):
            continue
        new = known.get(old.urn)
        if new is None:
            yield old, "delete"
        elif _is_replaced(old, new):
            yield old, "replace"


def refused_deletions_text(stack: str, refused: list[tuple[PlannedResource, str]]) -> str:
    """The message for a person, with the exact commands."""
    lines = ["Nothing is applied. These resources are protected, so the apply would fail:"]
    lines += (
        f"  - {resource.name}: the apply would {action} it. {_afterwards(resource)}" for resource, action in refused
    )
    lines.append("To keep them, restore their settings. If you want this change, run:")
    lines += (f"  {command}" for resource, _ in refused for command in lifting_commands(stack, resource))
    return "\n".join([*lines, f"and then `readiness up {stack}` again."])


def _afterwards(resource: PlannedResource) -> str:
    """What becomes of the live thing after the commands and the apply."""
    named = (resource.inputs.get(key) for key in ("repositoryId", "environment", "name"))
    live = next((str(name) for name in named if name), resource.name)
    if resource.options.get("retainOnDelete") is True:
        return f"{live} then stays as it is, and no stack manages it"
    return f"{live} is then deleted, with its contents"


def _of_state(entry: Mapping[str, Any]) -> PlannedResource | None:
    """A resource that a provider manages, as the state has it."""
    if not entry.get("custom") or entry.get("delete") or entry.get("external"):
        return None
    urn, outputs, inputs = str(entry["urn"]), entry.get("outputs") or {}, dict(entry.get("inputs") or {})
    if "deletionProtection" in outputs:
        inputs["deletionProtection"] = outputs["deletionProtection"]
    texts = {"type": str(entry.get("type")), "name": urn.rpartition("::")[2], "parent": str(entry.get("parent") or "")}
    options = {"protect": entry.get("protect") is True, "retainOnDelete": entry.get("retainOnDelete") is True}
    return PlannedResource(urn=urn, **texts, inputs=inputs, options=options)


def _is_replaced(old: PlannedResource, new: PlannedResource) -> bool:
    """Whether a field forces it whose declared value is known before the apply."""
    before, after = (without_ignored(resource.inputs, ignored_paths(new)) for resource in (old, new))
    # `<NAME.id>` and the like: the plan cannot know the value.
    changes = [
        change for change in field_changes(before, after) if not (isinstance(change.new, str) and "<" in change.new)
    ]
    return bool(forces_replacement(old, new, changes)[0])
