"""When a guard becomes weaker by what is declared beside it: by its deletion, its options, or a further branch."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.plan.field_changes import ABSENT, at, is_on, list_at, text_at, texts_at
from readiness.plan.plan_diff import Action, ResourceChange, StackDiff
from readiness.plan.plan_file import PlannedResource, ReadPlan
from readiness.plan.weakening_rule import WHOLE_RESOURCE, WeakenedField
from readiness.resource_types import (
    ALERT_POLICY,
    API,
    AUDIT_CONFIG,
    BRANCH_POLICY,
    CHANNEL,
    ENVIRONMENT,
    LOG_BUCKET,
    LOG_METRIC,
    LOG_SINK,
    OBJECTIVE,
    REGISTRY,
    RULESET,
    SECURITY_UPDATES,
    UPTIME_CHECK,
    VULNERABILITY_ALERTS,
)

# What is lost with a resource of the type.
LOST_BY_DELETION = {
    ALERT_POLICY: "nobody is told of this any more",
    UPTIME_CHECK: "it is no longer checked",
    LOG_METRIC: "this is no longer counted, and an alert on it is silent",
    OBJECTIVE: "the objective is no longer measured",
    AUDIT_CONFIG: "access is no longer logged",
    LOG_BUCKET: "what is logged in it goes",
    LOG_SINK: "nothing is led there any more",
    API: "nothing declares that the API is on",
    REGISTRY: "the images go, the one that runs included",
    ENVIRONMENT: "the next run that names it makes it anew, without any rule",
    RULESET: "its rules no longer hold",
    VULNERABILITY_ALERTS: "vulnerabilities are no longer reported",
    SECURITY_UPDATES: "vulnerabilities are no longer mended by pull request",
}

# Ignoring one of these changes nothing that guards.
_HARMLESS_TO_IGNORE = frozenset({"description", "displayName", "labels", "userLabels"})


def guard_deleted(diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
    """A guard is no longer declared. One that goes on under another name with the same inputs is not lost."""
    if change.action is not Action.DELETE or change.old is None:
        return
    reason = LOST_BY_DELETION.get(change.old.type)
    if reason and change.old.urn not in diff.renamed:
        yield WeakenedField(field=WHOLE_RESOURCE, old=change.old.inputs, new=ABSENT, reason=f"is deleted: {reason}")


def protection_removed(_diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
    """The engine would no longer refuse to delete it, or would really delete what it only forgot."""
    options = (
        ("protect", "may be deleted"),
        ("retainOnDelete", "is deleted in the cloud too, once it is not declared"),
    )
    if change.old is None or change.new is None:
        return
    for option, reason in options:
        if change.old.options.get(option) is True and change.new.options.get(option) is not True:
            yield WeakenedField(field=f"options.{option}", old=True, new=ABSENT, reason=reason)


def change_ignored(_diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
    """A field is left as it is, whatever is declared."""
    if change.old is None or change.new is None or change.new.is_component:
        return
    before, after = (_ignored(resource) for resource in (change.old, change.new))
    if added := sorted(after - before - _HARMLESS_TO_IGNORE):
        reason = f"changes of {', '.join(added)} have no effect any more"
        yield WeakenedField(field="options.ignoreChanges", old=sorted(before), new=sorted(after), reason=reason)


def branch_admitted(diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
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
            what = field.removesuffix("Pattern")
            reason = f"the {what} {pattern} may deploy to {environment[1]}, which admitted {_listed(before)}"
            old = sorted(known for _, known in before)
            yield WeakenedField(field=field, old=old, new=pattern, reason=reason)


def channel_lost(diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
    """Somebody who was told by an alert no longer is. A channel that goes on under another name loses nobody."""
    field = "notificationChannels"
    if change.old is None or change.new is None or change.new.type != ALERT_POLICY:
        return
    given = texts_at(change.old.inputs, field), texts_at(change.new.inputs, field)
    if given[0] == given[1]:
        return
    before, after = _destinations(diff.old, given[0]), _destinations(diff.new, given[1])
    if lost := sorted(before - after):
        reason = f"no longer tells {', '.join(lost)}"
        yield WeakenedField(field=field, old=sorted(before), new=sorted(after), reason=reason)


PLAN_RULES = (guard_deleted, protection_removed, change_ignored, branch_admitted, channel_lost)


def covers(wide: str, narrow: str) -> bool:
    """Whether every name that the second pattern matches is matched by the first; False where it is not certain.

    As GitHub matches deployment branches: `*` does not match `/` (GHD deployments-and-environments.md).
    """
    if wide == narrow:
        return True
    if "**" in narrow or any(each in wide + narrow for each in "?[]{}\\"):
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


def _ignored(resource: PlannedResource) -> frozenset[str]:
    return frozenset(each for each in list_at(resource.options, "ignoreChanges") if isinstance(each, str))


def _environment_of(policy: PlannedResource) -> tuple[str, str]:
    return text_at(policy.inputs, "repository"), text_at(policy.inputs, "environment")


def _patterns(plan: ReadPlan, environment: tuple[str, str]) -> list[tuple[str, str]]:
    """Patterns that the environment admits, as `(field, pattern)`."""
    found = []
    for resource in plan.resources.values():
        if resource.type == BRANCH_POLICY and _environment_of(resource) == environment:
            for field in ("branchPattern", "tagPattern"):
                if pattern := text_at(resource.inputs, field):
                    found.append((field, pattern))
    return found


def _is_restricted(plan: ReadPlan, environment: tuple[str, str]) -> bool:
    """Whether the environment exists and admits branches by pattern only."""
    return any(
        resource.type == ENVIRONMENT
        and _environment_of(resource) == environment
        and is_on(resource.inputs, "deploymentBranchPolicy.customBranchPolicies", default=False)
        for resource in plan.resources.values()
    )


def _listed(patterns: list[tuple[str, str]]) -> str:
    return ", ".join(sorted(pattern for _, pattern in patterns)) or "none"
