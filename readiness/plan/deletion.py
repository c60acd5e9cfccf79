"""What refuses to be deleted or replaced, and the commands after which an apply goes on.

Two things refuse: the engine, for what has the option `protect`, in its preview already; and Google's provider, for
what has `deletionProtection` in the state. No preview shows the latter: every apply fails at the deletion, and
a changed program cannot lift it, because the resource that is deleted is no longer declared.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from readiness.plan.field_changes import field_changes
from readiness.plan.former_urns import former_urns
from readiness.plan.plan_file import PlannedResource, ReadPlan
from readiness.plan.replacement import forces_replacement
from readiness.resource_types import JOB


def lifting_commands(stack: str, resource: PlannedResource) -> tuple[str, ...]:
    """The commands after which an apply no longer has to delete the resource, or may."""
    urn, name = shlex.quote(resource.urn), shlex.quote(stack)
    if not resource.refuses_deletion:
        return (f"pulumi state unprotect --yes --stack {name} {urn}",)
    return (_delete_command(resource), f"pulumi refresh --yes --stack {name} --target {urn}")


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
    lines = ["Nothing is applied. These are protected, so that the apply would fail at them:"]
    lines += (f"  - {resource.name}: the apply would {action} it" for resource, action in refused)
    lines.append("Restore their settings, or, if they are to go, run:")
    lines += (f"  {command}" for resource, _ in refused for command in lifting_commands(stack, resource))
    return "\n".join([*lines, f"and then `readiness up {stack}` again."])


def _of_state(entry: Mapping[str, Any]) -> PlannedResource | None:
    """A resource that a provider manages, as the state has it."""
    if not entry.get("custom") or entry.get("delete") or entry.get("external"):
        return None
    urn, outputs, inputs = str(entry["urn"]), entry.get("outputs") or {}, dict(entry.get("inputs") or {})
    if "deletionProtection" in outputs:
        inputs["deletionProtection"] = outputs["deletionProtection"]
    options = {"protect": entry.get("protect") is True}
    return PlannedResource(
        urn=urn,
        type=str(entry.get("type")),
        name=urn.rpartition("::")[2],
        parent=str(entry.get("parent") or ""),
        inputs=inputs,
        options=options,
    )


def _is_replaced(old: PlannedResource, new: PlannedResource) -> bool:
    """Whether a field forces it whose declared value is known before the apply."""
    changes = [each for each in field_changes(old.inputs, new.inputs) if not _is_placeholder(each.new)]
    return bool(forces_replacement(old, new, changes)[0])


def _is_placeholder(value: Any) -> bool:
    """`<NAME.id>` and the like: the plan cannot know it."""
    return isinstance(value, str) and "<" in value


def _delete_command(resource: PlannedResource) -> str:
    if resource.type != JOB:
        return f"# delete {resource.name} ({resource.type}) in its console"
    name, project, region = (shlex.quote(str(resource.inputs.get(key))) for key in ("name", "project", "location"))
    return f"gcloud run jobs delete {name} --project={project} --region={region}"
