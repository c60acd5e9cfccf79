"""When somebody gets a right, a job runs something else, or credentials are handed to another provider.

Whatever changes there needs agreement, unless `grant_changes` knows that it is stricter.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from readiness.plan.field_changes import ABSENT, Inputs, at, field_changes, flat, is_on, list_at, text_at
from readiness.plan.grant_changes import needs_agreement
from readiness.plan.grant_kinds import grant_kind
from readiness.plan.plan_diff import ResourceChange, StackDiff
from readiness.plan.plan_file import PlannedResource
from readiness.plan.weakening_rule import WHOLE_RESOURCE, WeakenedField

# Everybody on the internet, and everybody with any Google account.
PUBLIC_MEMBERS = frozenset({"allUsers", "allAuthenticatedUsers"})
# Options by which a resource's credentials, or the program that gets them, are other ones.
_PROVIDER_OPTIONS = ("provider", "providers", "pluginDownloadURL", "pluginChecksums", "envVarMappings")
# Packages that this project uses; any other is a further program that is given the environment.
_USUAL_PACKAGES = frozenset({"gcp", "github", "pulumi"})
_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[\]]+)')


def grant_changed(diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
    """A grant, an identity or a job is new, is another one, or is gone where that may allow more."""
    kind = grant_kind(change.resource)
    if kind is None:
        return
    if change.old is None:
        if kind.created and change.resource.urn not in {resource.urn for resource in diff.renamed.values()}:
            reason = f"{kind.created}{_who(change.resource.inputs)}"
            yield WeakenedField(field=WHOLE_RESOURCE, old=ABSENT, new=change.resource.inputs, reason=reason)
    elif change.new is None:
        if kind.deleted and change.old.urn not in diff.renamed:
            yield WeakenedField(field=WHOLE_RESOURCE, old=change.old.inputs, new=ABSENT, reason=kind.deleted)
    else:
        yield from _changed_fields(change.old, change.new, kind.changed)


def ignored_no_longer(_diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
    """A field of a grant or a job that somebody else sets, such as a job's image, is overwritten from now on."""
    if change.old is None or change.new is None or grant_kind(change.new) is None:
        return
    before, after = (_ignored(resource) for resource in (change.old, change.new))
    if lost := sorted(set(before) - set(after)):
        reason = f"{', '.join(lost)} is set to what is declared from now on"
        yield WeakenedField(field="options.ignoreChanges", old=sorted(before), new=sorted(after), reason=reason)


def public_access(_diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
    """Everybody may use what is no grant by its type."""
    if change.new is None or grant_kind(change.new) is not None:
        return
    old = change.old.inputs if change.old else {}
    before = {text for text in _texts(old) if text in PUBLIC_MEMBERS}
    for path, value in flat(change.new.inputs):
        for member in sorted(set(_texts(value)) & PUBLIC_MEMBERS - before):
            yield WeakenedField(field=path, old=at(old, path), new=value, reason=f"opens it to {member}")
    field = "invokerIamDisabled"
    if is_on(change.new.inputs, field, default=False) and not is_on(old, field, default=False):
        reason = "everybody who reaches it may call it"
        yield WeakenedField(field=field, old=at(old, field), new=at(change.new.inputs, field), reason=reason)


def provider_changed(_diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
    """The resource's requests go through another provider, or the provider's program comes from elsewhere."""
    if change.new is None:
        return
    old = change.old.options if change.old else {}
    for option in _PROVIDER_OPTIONS:
        before, after = old.get(option, ABSENT), change.new.options.get(option, ABSENT)
        # A new resource of an own provider: the provider itself is judged.
        is_told = change.old is not None or option not in ("provider", "providers")
        if before != after and is_told:
            reason = "sends credentials through another provider, or takes the provider from elsewhere"
            yield WeakenedField(field=f"options.{option}", old=before, new=after, reason=reason)


def package_added(diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
    """The first resource of a package: a program that nobody ran before is given the environment."""
    if change.new is None or change.old is not None or grant_kind(change.new) is not None:
        return
    package = change.new.type.partition(":")[0]
    is_provided = not change.new.is_component or "version" in change.new.options
    known = _USUAL_PACKAGES | {resource.type.partition(":")[0] for resource in diff.old.resources.values()}
    if is_provided and package not in known:
        reason = f"is run by the provider {package}, which was not used before"
        yield WeakenedField(field=WHOLE_RESOURCE, old=ABSENT, new=change.new.inputs, reason=reason)


GRANT_RULES = (grant_changed, ignored_no_longer, public_access, provider_changed, package_added)


def _changed_fields(old: PlannedResource, new: PlannedResource, reason: str) -> Iterator[WeakenedField]:
    # A job that exists keeps an ignored image, and one that is still to be made starts with the declared one.
    ignored = [] if new.type.endswith(":Job") else _ignored(new)
    before, after = (_without(resource.inputs, ignored) for resource in (old, new))
    for field in field_changes(before, after):
        if needs_agreement(new.type, field, before, after):
            said = f"{field.path}: {reason}"
            if public := ", ".join(sorted(set(_texts(field.new)) & PUBLIC_MEMBERS)):
                said += f", to {public}"
            yield WeakenedField(field=field.path, old=field.old, new=field.new, reason=said)
    yield from _condition(before, after)


def _condition(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """A right no longer ends at its condition, or at another one."""
    field = "condition.expression"
    before, after = at(old, field), at(new, field)
    if text_at(old, field) and before != after:
        reason = "holds under another condition; whether it is as narrow cannot be judged"
        if not text_at(new, field):
            reason = "holds without its condition"
        yield WeakenedField(field=field, old=before, new=after, reason=reason)


def _who(inputs: Inputs) -> str:
    """` of ROLE to MEMBER`, as far as the inputs say so."""
    members = [text_at(inputs, "member"), *(text for text in list_at(inputs, "members") if isinstance(text, str))]
    named = ", ".join(member for member in members if member)
    role = text_at(inputs, "role")
    return f"{f' of {role}' if role else ''}{f' to {named}' if named else ''}"


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value, those of a JSON text in it included."""
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
        yield from (member for member in PUBLIC_MEMBERS if f'"{member}"' in value)


def _ignored(resource: PlannedResource) -> list[str]:
    return [path for path in list_at(resource.options, "ignoreChanges") if isinstance(path, str)]


def _without(inputs: Inputs, paths: list[str]) -> Inputs:
    """A copy without what is at the engine's property paths."""
    copied = copy.deepcopy(inputs)
    for path in paths:
        steps = [quoted or index or name for quoted, index, name in _STEP.findall(path)]
        if steps:
            _take_away(copied, steps)
    return copied


def _take_away(holder: Any, steps: list[str]) -> None:
    step, rest = steps[0], steps[1:]
    if isinstance(holder, dict):
        keys: list[Any] = list(holder) if step == "*" else [step] if step in holder else []
    elif isinstance(holder, list):
        keys = list(range(len(holder))) if step == "*" else [int(step)] if step.isdigit() else []
        keys = [key for key in keys if key < len(holder)]
    else:
        return
    for key in keys:
        if rest:
            _take_away(holder[key], rest)
        elif isinstance(holder, dict):
            del holder[key]
        else:
            holder[key] = None
