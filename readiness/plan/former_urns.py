"""The URNs that a resource may have had before, by its aliases and those of what holds it.

As the engine works them out (`resource/alias.go` in pulumi/pulumi): an alias takes from the resource what it leaves
out, a child has the former URNs of its parent in its chain, and a child named after its parent was renamed with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readiness.plan.plan_file import PlannedResource
from readiness.resource_types import STACK_TYPE

# An alias of an alias of a parent: more are a mistake, and would be a long list.
MAX_FORMER_URNS = 100


def former_urns(resource: PlannedResource, resources: Mapping[str, PlannedResource]) -> tuple[str, ...]:
    """Every other URN under which the engine would look for the resource, without repetition."""
    found = dict.fromkeys(_candidates(resource, resources, depth=0))
    found.pop(resource.urn, None)
    return tuple(found)


def _candidates(resource: PlannedResource, resources: Mapping[str, PlannedResource], depth: int) -> Iterator[str]:
    parents = [(resource.parent, resource.name)]
    parent = resources.get(resource.parent)
    if parent is not None and depth < 20:
        for urn in list(_candidates(parent, resources, depth + 1))[:MAX_FORMER_URNS]:
            former_parent = urn.rpartition("::")[2]
            name = resource.name
            if former_parent != parent.name and name.startswith(parent.name):
                name = former_parent + name.removeprefix(parent.name)
            parents.append((urn, name))
    count = 0
    for parent_urn, name in parents:
        for urn in _own(resource, parent_urn, name):
            if count == MAX_FORMER_URNS:
                return
            count += 1
            yield urn


def _own(resource: PlannedResource, parent_urn: str, name: str) -> Iterator[str]:
    prefix = "::".join(resource.urn.split("::")[:2])
    yield _urn(prefix, parent_urn, resource.type, name)
    aliases = resource.options.get("aliases", [])
    for alias in aliases if isinstance(aliases, list) else ():
        if not isinstance(alias, dict):
            continue
        if isinstance(alias.get("urn"), str):
            yield alias["urn"]
        spec = alias.get("spec")
        if isinstance(spec, dict):
            yield _specified(resource, spec, parent_urn, name)


def _specified(resource: PlannedResource, spec: dict[str, Any], parent_urn: str, name: str) -> str:
    stack_prefix, project = resource.urn.split("::")[:2] if resource.urn.count("::") > 1 else (resource.urn, "")
    if spec.get("stack"):
        stack_prefix = f"urn:pulumi:{spec['stack']}"
    prefix = f"{stack_prefix}::{spec.get('project') or project}"
    parent = "" if spec.get("noParent") else str(spec.get("parentUrn") or parent_urn)
    return _urn(prefix, parent, str(spec.get("type") or resource.type), str(spec.get("name") or name))


def _urn(prefix: str, parent_urn: str, type_: str, name: str) -> str:
    parts = parent_urn.split("::")
    chain = parts[2] if len(parts) > 2 else ""
    return f"{prefix}::{type_ if chain in ('', STACK_TYPE) else f'{chain}${type_}'}::{name}"
