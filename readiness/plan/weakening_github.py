"""When a guard of the GitHub repository becomes weaker: environment, ruleset, Dependabot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import get_args

from readiness.plan.field_changes import ABSENT, Inputs, at, is_on, list_at, number_at, objects_at, text_at, texts_at
from readiness.plan.weakening_rule import Rule, WeakenedField, switched
from readiness.resource_types import ENVIRONMENT, RULESET, SECURITY_UPDATES, VULNERABILITY_ALERTS
from readiness.settings.github import Enforcement

# What a reviewer's id is while nobody is named yet.
_NOBODY = "0"
_ENFORCEMENT: tuple[str, ...] = get_args(Enforcement)
_BYPASS_MODES = ("pull_request", "always", "exempt")
_CHECKS = "rules.requiredStatusChecks.requiredChecks"
# Flags of a pull request rule that ask for more when they are on.
_PULL_REQUEST_FLAGS = (
    "dismissStaleReviewsOnPush", "requireCodeOwnerReview", "requireLastPushApproval", "requiredReviewThreadResolution",
)  # fmt: skip
# Rules that are fields of their own above; the others count by being there.
_RULES_WITH_FIELDS = frozenset({"pullRequest", "requiredStatusChecks"})
# Said of a rule, it loosens it.
_LOOSENING_RULES = frozenset({"updateAllowsFetchAndMerge"})


def reviewers(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Somebody who could approve no longer can; without anybody, nothing is approved at all."""
    before, after = _reviewers(old), _reviewers(new)
    if lost := sorted(before - after):
        reason = f"{', '.join(lost)} no longer approves" if after else "nobody has to approve"
        yield WeakenedField(field="reviewers", old=at(old, "reviewers"), new=at(new, "reviewers"), reason=reason)


def self_review(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Who starts a deployment may approve it."""
    reason = "whoever starts a deployment may approve it"
    yield from switched(old, new, "preventSelfReview", off=True, default=False, reason=reason)


def admins_bypass(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Administrators pass without approval."""
    reason = "administrators may pass without approval"
    yield from switched(old, new, "canAdminsBypass", off=False, default=True, reason=reason)


def wait_timer(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Deployments wait for a shorter time."""
    before, after = (number_at(inputs, "waitTimer") or 0 for inputs in (old, new))
    if after < before:
        reason = f"waits {after:g} instead of {before:g} minutes"
        yield WeakenedField(field="waitTimer", old=at(old, "waitTimer"), new=at(new, "waitTimer"), reason=reason)


def branch_policy(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Branches that were not named may deploy: every one, or whatever is called protected."""
    field = "deploymentBranchPolicy"
    custom, protected = f"{field}.customBranchPolicies", f"{field}.protectedBranches"
    was_custom, is_custom = (is_on(inputs, custom, default=False) for inputs in (old, new))
    was_protected, is_protected = (is_on(inputs, protected, default=False) for inputs in (old, new))
    if (was_custom or was_protected) and not (is_custom or is_protected):
        reason = "any branch may deploy"
    elif was_custom and not is_custom:
        reason = "any branch that is called protected may deploy, and every branch where none is"
    else:
        return
    yield WeakenedField(field=field, old=at(old, field), new=at(new, field), reason=reason)


def enforcement(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """The ruleset only reports, or does nothing."""
    before, after = text_at(old, "enforcement"), text_at(new, "enforcement")
    if before in _ENFORCEMENT and (after not in _ENFORCEMENT or _rank(after) < _rank(before)):
        reason = f"enforcement {before} -> {after or 'none'}"
        yield WeakenedField(field="enforcement", old=before, new=at(new, "enforcement"), reason=reason)


def required_checks(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """A check is no longer required, or may be reported by anybody."""
    if at(new, "rules.requiredStatusChecks") is ABSENT:
        return  # `ruleset_rules` says so
    before, after = ({text_at(each, "context"): each for each in objects_at(inputs, _CHECKS)} for inputs in (old, new))
    lost = sorted(set(before) - set(after))
    open_to_all = sorted(
        name
        for name in set(before) & set(after)
        if at(before[name], "integrationId") is not ABSENT
        and at(before[name], "integrationId") != at(after[name], "integrationId")
    )
    reasons = [f"the check {name} is no longer required" for name in lost]
    reasons += [f"the check {name} may be reported by another app" for name in open_to_all]
    for reason in reasons:
        yield WeakenedField(field=_CHECKS, old=at(old, _CHECKS), new=at(new, _CHECKS), reason=reason)
    strict = "rules.requiredStatusChecks.strictRequiredStatusChecksPolicy"
    yield from switched(old, new, strict, off=True, default=False, reason="checks need not run on the newest base")
    on_create = "rules.requiredStatusChecks.doNotEnforceOnCreate"
    yield from switched(old, new, on_create, off=False, default=False, reason="a new branch needs no checks")


def bypass_actors(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Somebody may pass by the rules who could not, or in more cases."""
    before, after = (_bypass_actors(inputs) for inputs in (old, new))
    wider = [
        actor
        for actor, mode in sorted(after.items())
        if actor not in before or _BYPASS_MODES.index(mode) > _BYPASS_MODES.index(before[actor])
    ]
    if wider:
        reason = f"{', '.join(wider)} may pass by the rules"
        yield WeakenedField(
            field="bypassActors", old=at(old, "bypassActors"), new=at(new, "bypassActors"), reason=reason
        )


def pull_request_rule(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """A pull request needs less."""
    path = "rules.pullRequest"
    if at(new, path) is ABSENT:
        return
    for flag in _PULL_REQUEST_FLAGS:
        reason = f"a pull request no longer needs {flag}"
        yield from switched(old, new, f"{path}.{flag}", off=True, default=False, reason=reason)
    field = f"{path}.requiredApprovingReviewCount"
    before, after = (number_at(inputs, field) or 0 for inputs in (old, new))
    if after < before:
        reason = f"needs {after:g} instead of {before:g} approvals"
        yield WeakenedField(field=field, old=at(old, field), new=at(new, field), reason=reason)
    field = f"{path}.requiredReviewers"
    required = [{json.dumps(each, sort_keys=True) for each in list_at(inputs, field)} for inputs in (old, new)]
    if required[0] - required[1]:
        reason = "a reviewer that a pull request needed is another one or gone"
        yield WeakenedField(field=field, old=at(old, field), new=at(new, field), reason=reason)


def ruleset_rules(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """A rule is gone, or what it asks for is another thing."""
    before, after = (at(inputs, "rules") for inputs in (old, new))
    for name in sorted(before) if isinstance(before, dict) else ():
        field = f"rules.{name}"
        was, now = at(old, field), after.get(name, ABSENT) if isinstance(after, dict) else ABSENT
        if name in _LOOSENING_RULES or was in (False, "false"):
            continue
        if now in (ABSENT, False, "false"):
            yield WeakenedField(field=field, old=was, new=now, reason=f"the rule {name} is gone")
        elif now != was and name not in _RULES_WITH_FIELDS:
            reason = f"the rule {name} is another one; whether it is as strict cannot be judged"
            yield WeakenedField(field=field, old=was, new=now, reason=reason)
    for name in _LOOSENING_RULES:
        reason = f"the rule {name} lets more through"
        yield from switched(old, new, f"rules.{name}", off=False, default=False, reason=reason)


def ruleset_branches(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Branches are no longer governed."""
    field = "conditions.refName"
    included = [texts_at(inputs, f"{field}.includes") for inputs in (old, new)]
    excluded = [texts_at(inputs, f"{field}.excludes") for inputs in (old, new)]
    lost = sorted(included[0] - included[1]) if "~ALL" not in included[1] else []
    lost += sorted(excluded[1] - excluded[0])
    if lost:
        reason = f"no longer governs {', '.join(lost)}"
        yield WeakenedField(field=field, old=at(old, field), new=at(new, field), reason=reason)
    if text_at(old, "target") != text_at(new, "target"):
        reason = "governs another kind of ref"
        yield WeakenedField(field="target", old=at(old, "target"), new=at(new, "target"), reason=reason)


def dependabot_off(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Vulnerability alerts or security updates are switched off."""
    yield from switched(old, new, "enabled", off=True, default=True, reason="is switched off")


def _rank(value: str) -> int:
    return _ENFORCEMENT.index(value)


def _reviewers(inputs: Inputs) -> frozenset[str]:
    found: set[str] = set()
    for entry in objects_at(inputs, "reviewers"):
        for kind, field in (("user", "users"), ("team", "teams")):
            found |= {f"{kind} {identity}" for identity in texts_at(entry, field) if identity != _NOBODY}
    return frozenset(found)


def _bypass_actors(inputs: Inputs) -> dict[str, str]:
    """Mode by actor; one that is not known counts as the widest."""
    found: dict[str, str] = {}
    for entry in (each for each in list_at(inputs, "bypassActors") if isinstance(each, dict)):
        actor = " ".join(str(entry[key]) for key in ("actorType", "actorId") if key in entry) or json.dumps(entry)
        mode = entry.get("bypassMode", "always")
        found[actor] = mode if mode in _BYPASS_MODES else _BYPASS_MODES[-1]
    return found


GITHUB_RULES: tuple[tuple[str, Rule], ...] = (
    (ENVIRONMENT, reviewers),
    (ENVIRONMENT, self_review),
    (ENVIRONMENT, admins_bypass),
    (ENVIRONMENT, wait_timer),
    (ENVIRONMENT, branch_policy),
    (RULESET, enforcement),
    (RULESET, required_checks),
    (RULESET, bypass_actors),
    (RULESET, pull_request_rule),
    (RULESET, ruleset_rules),
    (RULESET, ruleset_branches),
    (VULNERABILITY_ALERTS, dependabot_off),
    (SECURITY_UPDATES, dependabot_off),
)
