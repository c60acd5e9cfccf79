"""The tables of the GitHub repository (environment, ruleset, Dependabot) and of the image registry."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from readiness.plan.field_changes import (
    ABSENT,
    Inputs,
    at,
    is_on,
    is_same,
    list_at,
    number_at,
    objects_at,
    text_at,
    texts_at,
)
from readiness.plan.guards import NOT_KNOWN, Change, Guard, WeakenedField, always, elsewhere, fewer, switched
from readiness.resource_types import (
    BRANCH_POLICY,
    ENVIRONMENT,
    REGISTRY,
    REPOSITORY_FILE,
    RULESET,
    SECURITY_UPDATES,
    VULNERABILITY_ALERTS,
)
from readiness.settings.github import Enforcement
from readiness.times import seconds_of

# What a reviewer's id is while nobody is named yet.
_NOBODY = "0"
_ENFORCEMENT: tuple[str, ...] = get_args(Enforcement)
_BYPASS_MODES = ("pull_request", "always", "exempt")
_CHECKS = "rules.requiredStatusChecks.requiredChecks"
# Flags of a pull request rule that ask for more when they are on.
_PULL_REQUEST_FLAGS = (
    "dismissStaleReviewsOnPush", "requireCodeOwnerReview", "requireLastPushApproval", "requiredReviewThreadResolution",
)  # fmt: skip
# Rules that are judged field by field; the others count by being there.
_RULES_WITH_FIELDS = ("pullRequest", "requiredStatusChecks")
_OFF = (ABSENT, False, "false")


def _reviewers(change: Change) -> Iterator[str]:
    """Any one reviewer's approval is enough: a further one makes it easier, and without anybody nobody is asked."""
    before, after = _people(change.old), _people(change.new)
    if before is None or after is None:
        yield NOT_KNOWN
        return
    if lost := sorted(before - after):
        yield f"{', '.join(lost)} no longer approves" if after else "nobody has to approve"
    if before and (added := sorted(after - before)):
        yield f"{', '.join(added)} may approve too, and one approval is enough"


def _people(reviewers: Any) -> frozenset[str] | None:
    """Users and teams; None for a list that holds something else."""
    found: set[str] = set()
    for entry in [] if reviewers is ABSENT else reviewers if isinstance(reviewers, list) else [None]:
        if not isinstance(entry, dict) or not entry.keys() <= {"users", "teams"}:
            return None
        for kind, field in (("user", "users"), ("team", "teams")):
            found |= {f"{kind} {identity}" for identity in texts_at(entry, field) if identity != _NOBODY}
    return frozenset(found)


def _branch_policy(change: Change) -> Iterator[str]:
    """Which branches may deploy: those that are named (`custom`), those that are called protected, or every one."""
    flags = [
        tuple(is_on(value, name, default=False) for name in ("customBranchPolicies", "protectedBranches"))
        for value in (change.old, change.new)
    ]
    (was_custom, was_protected), (is_custom, is_protected) = flags
    if (was_custom or was_protected) and not (is_custom or is_protected):
        yield "any branch may deploy"
    elif was_custom and not is_custom:
        yield "any branch that is called protected may deploy, and every branch where none is"
    elif was_protected or (was_custom and is_protected):
        yield NOT_KNOWN


def _enforcement(change: Change) -> Iterator[str]:
    before, after = ("" if value is ABSENT else str(value) for value in (change.old, change.new))
    if before not in _ENFORCEMENT:
        yield NOT_KNOWN
    elif after not in _ENFORCEMENT or _ENFORCEMENT.index(after) < _ENFORCEMENT.index(before):
        yield f"enforcement {before} -> {after or 'none'}"


def _required_checks(change: Change) -> Iterator[str]:
    before, after = (
        {text_at(entry, "context"): at(entry, "integrationId") for entry in objects_at({"list": value}, "list")}
        for value in (change.old, change.new)
    )
    yield from (f"the check {name} is no longer required" for name in sorted(before.keys() - after.keys()))
    for name in sorted(before.keys() & after.keys()):
        if before[name] is not ABSENT and before[name] != after[name]:
            yield f"the check {name} may be reported by another app"


def _bypass_actors(change: Change) -> Iterator[str]:
    before, after = _actors(change.old), _actors(change.new)
    wider = [actor for actor, mode in sorted(after.items()) if not _is_as_narrow(before.get(actor), mode)]
    if wider:
        yield f"{', '.join(wider)} may pass by the rules"


def _actors(value: Any) -> dict[str, Any]:
    """Mode by actor."""
    found: dict[str, Any] = {}
    for entry in objects_at({"list": value}, "list"):
        actor = " ".join(str(entry[key]) for key in ("actorType", "actorId") if key in entry) or json.dumps(entry)
        found[actor] = entry.get("bypassMode", "always")
    return found


def _is_as_narrow(before: Any, after: Any) -> bool:
    """Whether the mode `after` bypasses no more than the mode `before`, None for an actor who could not."""
    if before is None or before == after:
        return before is not None
    is_known = before in _BYPASS_MODES and after in _BYPASS_MODES
    return is_known and _BYPASS_MODES.index(after) <= _BYPASS_MODES.index(before)


def _required_reviewers(change: Change) -> Iterator[str]:
    before, after = (
        {json.dumps(entry, sort_keys=True) for entry in list_at({"list": value}, "list")}
        for value in (change.old, change.new)
    )
    if before - after:
        yield "a reviewer that a pull request needed is another one or gone"


def _rule(change: Change) -> Iterable[str] | None:
    """A rule that is gone or asks for another thing; a further one is stricter."""
    name = change.path.removeprefix("rules.")
    if change.old in _OFF:
        return ()
    if change.new in _OFF:
        return (f"the rule {name} is gone",)
    if name in _RULES_WITH_FIELDS:
        return None
    return (f"the rule {name} is another one; whether it is as strict cannot be judged",)


def _branches(change: Change) -> Iterator[str]:
    included = [texts_at(value, "includes") for value in (change.old, change.new)]
    excluded = [texts_at(value, "excludes") for value in (change.old, change.new)]
    lost = sorted(included[0] - included[1]) if "~ALL" not in included[1] else []
    lost += sorted(excluded[1] - excluded[0])
    if lost:
        yield f"no longer governs {', '.join(lost)}"


# Which versions a policy speaks of, apart from their age: tag state, and prefixes of package, tag and version.
_Scope = tuple[str, frozenset[str], frozenset[str], frozenset[str]]
_PREFIXES = ("packageNamePrefixes", "tagPrefixes", "versionNamePrefixes")
_EVERY_PACKAGE = ""
_SECONDS_A_DAY = 86_400


def _cleanup(change: Change) -> Iterator[str | WeakenedField]:
    """What is kept and deleted, whichever policy says so. A policy of another form is not known."""
    before, after = (objects_at({"list": value}, "list") for value in (change.old, change.new))
    found = [*_keeps_fewer(before, after), *_keeps_less(before, after), *_deletes_sooner(before, after)]
    yield from found
    odd = [[policy for policy in policies if not _is_readable(policy)] for policies in (before, after)]
    if not is_same(*odd) or not all(isinstance(value, list) or value is ABSENT for value in (change.old, change.new)):
        yield NOT_KNOWN


def _is_readable(policy: Inputs) -> bool:
    condition, recent = (policy.get(key, {}) for key in ("condition", "mostRecentVersions"))
    if not policy.keys() <= {"id", "action", "condition", "mostRecentVersions"} or not isinstance(condition, dict):
        return False
    if policy.get("action") == "DELETE":
        return not recent and condition.keys() <= {"tagState", "olderThan", *_PREFIXES}
    if policy.get("action") != "KEEP" or not isinstance(recent, dict):
        return False
    if recent:
        return not condition and recent.keys() <= {"keepCount", "packageNamePrefixes"}
    is_by_tag = condition.keys() <= {"tagState", "tagPrefixes"} and text_at(condition, "tagState") == "TAGGED"
    return is_by_tag or (condition.keys() <= {"tagState", "newerThan"} and condition.get("tagState", "ANY") == "ANY")


def _keeps_fewer(before: list[Inputs], after: list[Inputs]) -> Iterator[WeakenedField]:
    """Fewer of the newest versions of a package are kept."""
    counts = _keep_counts(after)
    for package, count in sorted(_keep_counts(before).items()):
        kept = max(counts.get(package, 0), counts.get(_EVERY_PACKAGE, 0))
        if kept < count:
            reason = f"keeps {kept:g} instead of {count:g} newest versions of {package or 'every package'}"
            yield WeakenedField(field=f"cleanupPolicies.keepCount[{package}]", old=count, new=kept, reason=reason)


def _keeps_less(before: list[Inputs], after: list[Inputs]) -> Iterator[WeakenedField]:
    """A tag is no longer protected from cleanup (tags match as prefixes), or young versions for a shorter time."""
    tags = _keep_tags(before), _keep_tags(after)
    lost = sorted(tag for tag in tags[0] if not any(tag.startswith(kept) for kept in tags[1]))
    if lost:
        reason = f"no longer keeps the tag {', '.join(lost)}"
        yield WeakenedField(field="cleanupPolicies.keepTags", old=sorted(tags[0]), new=sorted(tags[1]), reason=reason)
    ages = _keep_young(before), _keep_young(after)
    if ages[1] < ages[0]:
        days = [f"{age / _SECONDS_A_DAY:g}" for age in ages]
        reason = f"keeps young versions for {days[1]} days instead of {days[0]}"
        yield WeakenedField(field="cleanupPolicies.keepNewerThan", old=ages[0], new=ages[1], reason=reason)


def _deletes_sooner(before: list[Inputs], after: list[Inputs]) -> Iterator[WeakenedField]:
    """Deletes younger versions, or versions that it did not delete before."""
    deleted = _deletions(before)
    for scope, age in sorted(_deletions(after).items(), key=repr):
        known = [old_age for old_scope, old_age in deleted.items() if _covers(old_scope, scope)]
        if not known or age < min(known):
            words = f"deletes {_in_words(scope)} older than {age / _SECONDS_A_DAY:g} days"
            instead = f"{words} instead of {min(known) / _SECONDS_A_DAY:g}" if known else ""
            yield WeakenedField(
                field=f"cleanupPolicies.deleteOlderThan[{_in_words(scope)}]",
                old=min(known, default=None),
                new=age,
                reason=instead or f"{words}, which it kept before",
            )


def _conditions(policies: list[Inputs], action: str, *fields: str) -> Iterator[Inputs]:
    """The conditions of an action's policies that ask for nothing but these fields; of any without fields."""
    for policy in policies:
        condition = policy.get("condition", {})
        if policy.get("action") != action or not isinstance(condition, dict):
            continue
        if not fields or (condition and condition.keys() <= {*fields}):
            yield condition


def _keep_counts(policies: list[Inputs]) -> dict[str, float]:
    counts: dict[str, float] = {}
    for policy in policies:
        count = number_at(policy, "mostRecentVersions.keepCount")
        if policy.get("action") == "KEEP" and count is not None:
            for package in texts_at(policy, "mostRecentVersions.packageNamePrefixes") or {_EVERY_PACKAGE}:
                counts[package] = max(count, counts.get(package, 0))
    return counts


def _keep_tags(policies: list[Inputs]) -> frozenset[str]:
    """Prefixes that protect a version by its tag alone."""
    found = _conditions(policies, "KEEP", "tagState", "tagPrefixes")
    return frozenset(prefix for condition in found for prefix in texts_at(condition, "tagPrefixes"))


def _keep_young(policies: list[Inputs]) -> float:
    """The longest time, in seconds, for which every version is kept; 0 without such a policy."""
    found = _conditions(policies, "KEEP", "tagState", "newerThan")
    every = [condition for condition in found if text_at(condition, "tagState") in ("", "ANY")]
    return max((seconds_of(condition.get("newerThan")) or 0.0 for condition in every), default=0.0)


def _deletions(policies: list[Inputs]) -> dict[_Scope, float]:
    """The least age, in seconds, at which a DELETE policy takes the versions of a scope; 0 without an age."""
    found: dict[_Scope, float] = {}
    for condition in _conditions(policies, "DELETE"):
        prefixes = [texts_at(condition, name) for name in _PREFIXES]
        scope: _Scope = (text_at(condition, "tagState") or "ANY", prefixes[0], prefixes[1], prefixes[2])
        age = seconds_of(text_at(condition, "olderThan")) or 0.0
        found[scope] = min(age, found.get(scope, age))
    return found


def _covers(wide: _Scope, narrow: _Scope) -> bool:
    """Whether every version of the one is of the other."""
    prefixes = zip(wide[1:], narrow[1:], strict=True)
    return wide[0] in ("ANY", narrow[0]) and all(
        not outer or (bool(inner) and all(any(each.startswith(prefix) for prefix in outer) for each in inner))
        for outer, inner in prefixes
    )


def _in_words(scope: _Scope) -> str:
    prefixes = sorted(prefix for group in scope[1:] for prefix in group)
    kind = {"ANY": "versions", "TAGGED": "tagged versions", "UNTAGGED": "untagged versions"}.get(scope[0], scope[0])
    return f"{kind} of {', '.join(prefixes)}" if prefixes else kind


def _scanning(change: Change) -> Iterator[str]:
    if change.new == "DISABLED":
        yield "images are no longer scanned"
    elif change.new not in (ABSENT, "INHERITED"):
        yield NOT_KNOWN


REPOSITORY_GUARDS = (
    # Its text is shown line by line, and judged by nobody here.
    Guard(pattern=REPOSITORY_FILE, harmless=("content", "commitMessage", "commitAuthor", "commitEmail")),
    Guard(
        pattern=REGISTRY,
        deleted="is deleted: the images go, the one that runs included",
        harmless=("description", "labels"),
        rules={
            "cleanupPolicies": _cleanup,
            "cleanupPolicyDryRun": switched("cleanup begins to delete", off=True, default=False),
            "dockerConfig.immutableTags": switched("tags may be moved to other images", off=True, default=False),
            "vulnerabilityScanningConfig.enablementConfig": _scanning,
        },
    ),
    Guard(
        pattern=ENVIRONMENT,
        deleted="is deleted: the next run that names it makes it anew, without any rule",
        rules={
            "canAdminsBypass": switched("administrators may pass without approval", off=False, default=True),
            "deploymentBranchPolicy": _branch_policy,
            "preventSelfReview": switched("whoever starts a deployment may approve it", off=True, default=False),
            "reviewers": _reviewers,
            "waitTimer": fewer(lambda before, after: f"waits {after:g} instead of {before:g} minutes", default=0),
        },
    ),
    # Which branches may deploy from now on: `branch_admitted`. Without it fewer may.
    Guard(pattern=BRANCH_POLICY, rules={"branchPattern": elsewhere, "tagPattern": elsewhere}),
    Guard(
        pattern=RULESET,
        deleted="is deleted: its rules no longer hold",
        harmless=("name",),
        rules={
            "bypassActors": _bypass_actors,
            "conditions.refName": _branches,
            "enforcement": _enforcement,
            "rules.*": _rule,
            "rules.updateAllowsFetchAndMerge": switched(
                "the rule updateAllowsFetchAndMerge lets more through", off=False, default=False
            ),
            **{
                f"rules.pullRequest.{flag}": switched(f"a pull request no longer needs {flag}", off=True, default=False)
                for flag in _PULL_REQUEST_FLAGS
            },
            "rules.pullRequest.requiredApprovingReviewCount": fewer(
                lambda before, after: f"needs {after:g} instead of {before:g} approvals", default=0
            ),
            "rules.pullRequest.requiredReviewers": _required_reviewers,
            "rules.requiredStatusChecks.doNotEnforceOnCreate": switched(
                "a new branch needs no checks", off=False, default=False
            ),
            _CHECKS: _required_checks,
            "rules.requiredStatusChecks.strictRequiredStatusChecksPolicy": switched(
                "checks need not run on the newest base", off=True, default=False
            ),
            "target": always("governs another kind of ref"),
        },
    ),
    Guard(
        pattern=VULNERABILITY_ALERTS,
        deleted="is deleted: vulnerabilities are no longer reported",
        rules={"enabled": switched("is switched off", off=True, default=True)},
    ),
    Guard(
        pattern=SECURITY_UPDATES,
        deleted="is deleted: vulnerabilities are no longer mended by pull request",
        rules={"enabled": switched("is switched off", off=True, default=True)},
    ),
)
