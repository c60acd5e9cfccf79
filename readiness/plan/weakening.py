"""What weakens: every change that may take protection away, with the digest by which somebody can acknowledge it.

The tables (`guards_of_alerts.py`, `guards_of_repository.py`, `guards_of_grants.py`) judge a resource field by field.
The rules here judge what needs both plans: creation, deletion, options, channels, branches, and the program itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from readiness.plan.engine_rules import ignored_paths, lifting_commands, without_ignored
from readiness.plan.field_changes import ABSENT, FieldChange, Inputs, at, flat, is_on, list_of, text_at, texts_of
from readiness.plan.guards import WHOLE_RESOURCE, Guard, WeakenedField, judged, public_members
from readiness.plan.guards_of_alerts import ALERT_GUARDS
from readiness.plan.guards_of_grants import GRANT_GUARDS
from readiness.plan.guards_of_repository import REPOSITORY_GUARDS
from readiness.plan.plan_diff import ResourceChange, StackDiff
from readiness.plan.plan_file import PlannedResource, ReadPlan
from readiness.plan.program_setup import decision_of_field
from readiness.resource_types import ALERT_POLICY, BRANCH_POLICY, CHANNEL, ENVIRONMENT
from readiness.settings.configuration_keys import Comparison

# The first that matches a type counts.
GUARDS: tuple[Guard, ...] = (*ALERT_GUARDS, *REPOSITORY_GUARDS, *GRANT_GUARDS)

# What the setup of a stack is called in a diff: no resource, and no URN of one ends so.
SETUP_NAME = "program and providers"

# 80 bits: nobody finds another change with the same digest, and a line of a table still holds it. The letter in front
# keeps YAML from taking one for a number.
_DIGEST_LETTER = "w"
_HEX_DIGITS = 20
DIGEST_PATTERN = rf"^{_DIGEST_LETTER}[0-9a-f]{{{_HEX_DIGITS}}}$"

# Ignoring one of these changes nothing that guards.
_HARMLESS_TO_IGNORE = frozenset({"description", "displayName", "labels", "userLabels"})
# Options by which a resource's credentials, or the program that gets them, are other ones.
_PROVIDER_OPTIONS = ("provider", "providers", "pluginDownloadURL", "pluginChecksums", "envVarMappings")
# Options that have a rule in `_options`, or only say in which order, under which former name and by which release the
# engine works. Any other one counts.
_JUDGED_OPTIONS = frozenset(
    {"additionalSecretOutputs", "aliases", "customTimeouts", "dependencies", "ignoreChanges", "importId", "protect",
     "retainOnDelete", "version", *_PROVIDER_OPTIONS}
)  # fmt: skip
# Packages that this project uses; any other is a further program that is given the environment.
_USUAL_PACKAGES = frozenset({"gcp", "github", "pulumi"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Weakening:
    """A field of a resource that protects less, or a protected resource that goes; `reasons` end sentences on it."""

    stack: str
    urn: str
    type: str
    name: str
    field: str
    old: Any
    new: Any
    reasons: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Of stack, URN, field, old and new value: an agreement to this change is none to another."""
        parts = [self.stack, self.urn, self.field, _json(self.old), _json(self.new)]
        return _DIGEST_LETTER + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_HEX_DIGITS]


def guard_of(type_: str) -> Guard | None:
    """The table of a type; None where it protects nothing and gives nobody a right."""
    return next((guard for guard in GUARDS if guard.matches(type_)), None)


def weakenings(diff: StackDiff) -> tuple[Weakening, ...]:
    """Everything that weakens in the diff of a stack, sorted by URN and field, with all reasons of a field together."""
    urn = f"urn:pulumi:{diff.stack}::{diff.new.project}::{SETUP_NAME}"
    found = [_weakening(diff, urn, "", SETUP_NAME, finding) for finding in _setup_findings(diff)]
    grouped: dict[tuple[str, str, str, str], Weakening] = {}
    for change in diff.changes:
        for finding in _findings(diff, change):
            resource = change.resource
            key = (resource.urn, finding.field, _json(finding.old), _json(finding.new))
            known = grouped.get(key) or _weakening(diff, resource.urn, resource.type, resource.name, finding)
            grouped[key] = replace(known, reasons=tuple(dict.fromkeys((*known.reasons, finding.reason))))
    return (*found, *(grouped[key] for key in sorted(grouped)))


def _weakening(diff: StackDiff, urn: str, type_: str, name: str, finding: WeakenedField) -> Weakening:
    field, old, new = finding.field, finding.old, finding.new
    return Weakening(
        stack=diff.stack, urn=urn, type=type_, name=name, field=field, old=old, new=new, reasons=(finding.reason,)
    )


def _setup_findings(diff: StackDiff) -> Iterator[WeakenedField]:
    for change in diff.setup:
        decision = decision_of_field(change)
        if decision.comparison is Comparison.AGREEMENT:
            yield _of_field(change, f"{change.path}: {decision.why}")
    plans = (diff.old, diff.new)
    if not diff.is_setup_known and any(plan.setup is not None for plan in plans):
        side = "old" if diff.old.setup is None else "new"
        old, new = (ABSENT if plan.setup is None else plan.setup for plan in plans)
        reason = f"the {side} plan does not say which program is run and where credentials go"
        yield WeakenedField(field=WHOLE_RESOURCE, old=old, new=new, reason=reason)


def _of_field(change: FieldChange, reason: str, prefix: str = "") -> WeakenedField:
    return WeakenedField(field=prefix + change.path, old=change.old, new=change.new, reason=reason)


def _findings(diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
    guard = guard_of(change.resource.type)
    yield from _protected_loss(diff, change)
    if guard is not None:
        yield from _by_table(diff, change, guard)
    else:
        yield from _opened_to_all(change)
        yield from _package_added(diff, change)
    yield from _options(diff, change, is_guarded=guard is not None)
    yield from _branch_admitted(diff, change)
    yield from _channel_lost(diff, change)


def _protected_loss(diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
    if change.is_protected_loss and change.old is not None:
        new = change.new.inputs if change.new else ABSENT
        reason = f"is protected and would be {change.action}d"
        if change.old.refuses_deletion:
            commands = " and ".join(f"`{command}`" for command in lifting_commands(diff.stack, change.old))
            reason += f", which `readiness up` refuses until you run {commands}"
        yield WeakenedField(field=WHOLE_RESOURCE, old=change.old.inputs, new=new, reason=reason)


def _by_table(diff: StackDiff, change: ResourceChange, guard: Guard) -> Iterator[WeakenedField]:
    """One that goes on under another name with the same inputs is neither new nor lost."""
    old, new = change.old, change.new
    if old is None and new is not None:
        if guard.created and new.urn not in {resource.urn for resource in diff.renamed.values()}:
            reason = f"{guard.created}{_who(new.inputs)}"
            yield WeakenedField(field=WHOLE_RESOURCE, old=ABSENT, new=new.inputs, reason=reason)
    elif new is None and old is not None:
        if guard.deleted and old.urn not in diff.renamed:
            yield WeakenedField(field=WHOLE_RESOURCE, old=old.inputs, new=ABSENT, reason=guard.deleted)
    elif old is not None and new is not None:
        # A job that exists keeps an ignored image, and one that is still to be made starts with the declared one.
        ignored: list[str] = [] if new.type.endswith(":Job") else ignored_paths(new)
        yield from judged(guard, without_ignored(old.inputs, ignored), without_ignored(new.inputs, ignored))


def _who(inputs: Inputs) -> str:
    """` of ROLE to MEMBER`, as far as the inputs say so."""
    members = [text_at(inputs, "member"), *(text for text in list_of(inputs.get("members")) if isinstance(text, str))]
    named = ", ".join(member for member in members if member)
    role = text_at(inputs, "role")
    return f"{f' of {role}' if role else ''}{f' to {named}' if named else ''}"


def _options(diff: StackDiff, change: ResourceChange, *, is_guarded: bool) -> Iterator[WeakenedField]:
    """What the engine is told about a resource. Of one that guards, an option that nobody has looked at counts."""
    if change.new is None:
        return
    old, new = change.old.options if change.old else {}, change.new.options
    if change.old is not None:
        yield from _protection_removed(old, new)
        yield from _ignored(change.old, change.new)
    for option in _PROVIDER_OPTIONS:
        before, after = old.get(option, ABSENT), new.get(option, ABSENT)
        if before != after and not (change.old is None and _is_declared_anew(diff, option, after)):
            reason = "sends credentials through another provider, or takes the provider from elsewhere"
            yield WeakenedField(field=f"options.{option}", old=before, new=after, reason=reason)
    imported = new.get("importId", ABSENT)
    if imported not in (ABSENT, old.get("importId", ABSENT)):
        reason = "takes over what exists under this id, and makes it what is declared"
        yield WeakenedField(field="options.importId", old=old.get("importId", ABSENT), new=imported, reason=reason)
    if is_guarded and change.old is not None:
        told = [{name: value for name, value in side.items() if name not in _JUDGED_OPTIONS} for side in (old, new)]
        yield from judged(Guard(pattern=""), {"options": told[0]}, {"options": told[1]})


def _is_declared_anew(diff: StackDiff, option: str, value: Any) -> bool:
    """Whether a resource is given to a provider that is new too: the provider itself is judged."""
    urns = [urn for urn in diff.new.resources if urn not in diff.old.resources]
    return option in ("provider", "providers") and any(urn in json.dumps(value) for urn in urns)


def _protection_removed(old: dict[str, Any], new: dict[str, Any]) -> Iterator[WeakenedField]:
    """The engine would no longer refuse to delete it, or would really delete what it only forgot."""
    for option, reason in (
        ("protect", "may be deleted"),
        ("retainOnDelete", "is deleted in the cloud too, once it is not declared"),
    ):
        if old.get(option) is True and new.get(option) is not True:
            yield WeakenedField(field=f"options.{option}", old=True, new=ABSENT, reason=reason)


def _ignored(old: PlannedResource, new: PlannedResource) -> Iterator[WeakenedField]:
    """A field is left as it is, or is overwritten from now on where it is one of a grant or a job."""
    before, after = set(ignored_paths(old)), set(ignored_paths(new))
    reasons: list[str] = []
    if not new.is_component and (added := sorted(after - before - _HARMLESS_TO_IGNORE)):
        reasons.append(f"changes of {', '.join(added)} have no effect any more")
    if any(guard.matches(new.type) for guard in GRANT_GUARDS) and (lost := sorted(before - after)):
        reasons.append(f"{', '.join(lost)} is set to what is declared from now on")
    for reason in reasons:
        yield WeakenedField(field="options.ignoreChanges", old=sorted(before), new=sorted(after), reason=reason)


def _opened_to_all(change: ResourceChange) -> Iterator[WeakenedField]:
    """Everybody may use what is no grant by its type."""
    if change.new is None:
        return
    old = change.old.inputs if change.old else {}
    before = public_members(old)
    for path, value in flat(change.new.inputs):
        for member in sorted(public_members(value) - before):
            yield WeakenedField(field=path, old=at(old, path), new=value, reason=f"opens it to {member}")
    field = "invokerIamDisabled"
    if is_on(change.new.inputs, field, default=False) and not is_on(old, field, default=False):
        reason = "everybody who reaches it may call it"
        yield WeakenedField(field=field, old=at(old, field), new=at(change.new.inputs, field), reason=reason)


def _package_added(diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
    """The first resource of a package: a program that nobody ran before is given the environment."""
    if change.new is None or change.old is not None:
        return
    package = change.new.type.partition(":")[0]
    is_provided = not change.new.is_component or "version" in change.new.options
    known = _USUAL_PACKAGES | {resource.type.partition(":")[0] for resource in diff.old.resources.values()}
    if is_provided and package not in known:
        reason = f"is run by the provider {package}, which was not used before"
        yield WeakenedField(field=WHOLE_RESOURCE, old=ABSENT, new=change.new.inputs, reason=reason)


def _branch_admitted(diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
    """A branch or tag may deploy to an environment that was there, and could not before."""
    policy = change.new
    if policy is None or policy.type != BRANCH_POLICY:
        return
    environment = _environment_of(policy)
    before = _patterns(diff.old, environment)
    if not before and not _is_restricted(diff.old, environment):
        return
    for field in ("branchPattern", "tagPattern"):
        pattern = text_at(policy.inputs, field)
        if pattern and not any(kind == field and covers(known, pattern) for kind, known in before):
            admitted = sorted(known for _, known in before)
            reason = f"the {field.removesuffix('Pattern')} {pattern} may deploy to {environment[1]}"
            reason += f", which admitted {', '.join(admitted) or 'none'}"
            yield WeakenedField(field=field, old=admitted, new=pattern, reason=reason)


def _channel_lost(diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
    """Somebody who was told by an alert no longer is. A channel that goes on under another name loses nobody."""
    field = "notificationChannels"
    if change.old is None or change.new is None or change.new.type != ALERT_POLICY:
        return
    given = texts_of(change.old.inputs.get(field)), texts_of(change.new.inputs.get(field))
    if given[0] == given[1]:
        return
    before, after = _destinations(diff.old, given[0]), _destinations(diff.new, given[1])
    if lost := sorted(before - after):
        reason = f"no longer tells {', '.join(lost)}"
        yield WeakenedField(field=field, old=sorted(before), new=sorted(after), reason=reason)


def covers(wide: str, narrow: str) -> bool:
    """Whether every name that the second pattern matches is matched by the first; False where it is not certain.

    As GitHub matches deployment branches: `*` does not match `/`
    (https://docs.github.com/en/actions/how-tos/deploy/configure-and-manage-deployments/manage-environments).
    """
    if wide == narrow:
        return True
    if "**" in narrow or any(character in wide + narrow for character in "?[]{}\\"):
        return False
    pieces = re.split(r"(\*+)", wide)
    expression = "".join((".*" if len(each) > 1 else "[^/]*") if "*" in each else re.escape(each) for each in pieces)
    return re.fullmatch(expression, narrow) is not None


def _destinations(plan: ReadPlan, channels: frozenset[str]) -> frozenset[str]:
    """Where the channels lead; one that the plan does not declare is known by its id."""
    declared = {f"<{each.name}.id>": each for each in plan.resources.values() if each.type == CHANNEL}
    return frozenset(_destination(declared[each]) if each in declared else each for each in channels)


def _destination(channel: PlannedResource) -> str:
    labels = at(channel.inputs, "labels")
    values = [str(value) for _, value in sorted(labels.items())] if isinstance(labels, dict) else []
    # The address of some kinds (PagerDuty) is a secret: there the name has to do.
    return " ".join([text_at(channel.inputs, "type"), *(values or [channel.name])])


def _environment_of(policy: PlannedResource) -> tuple[str, str]:
    return text_at(policy.inputs, "repository"), text_at(policy.inputs, "environment")


def _patterns(plan: ReadPlan, environment: tuple[str, str]) -> list[tuple[str, str]]:
    """Patterns that the environment admits, as `(field, pattern)`."""
    policies = [each for each in plan.resources.values() if each.type == BRANCH_POLICY]
    return [
        (field, pattern)
        for policy in policies
        if _environment_of(policy) == environment
        for field in ("branchPattern", "tagPattern")
        if (pattern := text_at(policy.inputs, field))
    ]


def _is_restricted(plan: ReadPlan, environment: tuple[str, str]) -> bool:
    """Whether the environment exists and admits branches by pattern only."""
    return any(
        resource.type == ENVIRONMENT
        and _environment_of(resource) == environment
        and is_on(resource.inputs, "deploymentBranchPolicy.customBranchPolicies", default=False)
        for resource in plan.resources.values()
    )


def _json(value: Any) -> str:
    return "" if value is ABSENT else json.dumps(value, sort_keys=True, ensure_ascii=False)
