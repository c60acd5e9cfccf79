"""The tables of the GitHub repository (environment, ruleset, Dependabot) and of the image registry."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, get_args

from readiness.images.policies import DELETE, KEEP, Policy, policies_of
from readiness.plan.field_changes import ABSENT, Inputs, at, is_on, list_of, objects_of, text_at, texts_of
from readiness.plan.protection import (
    NOT_KNOWN,
    Change,
    Protection,
    WeakenedField,
    always,
    elsewhere,
    fewer,
    switched,
    takes_nothing,
)
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

# The reviewer's id before a reviewer is named.
_NOBODY = "0"
_ENFORCEMENT: tuple[str, ...] = get_args(Enforcement)
_BYPASS_MODES = ("pull_request", "always", "exempt")
_CHECKS = "rules.requiredStatusChecks.requiredChecks"
# Flags of a pull request rule that are stricter when they are on.
_PULL_REQUEST_FLAGS = (
    "dismissStaleReviewsOnPush", "requireCodeOwnerReview", "requireLastPushApproval", "requiredReviewThreadResolution",
)  # fmt: skip
# Rules that are judged field by field; the others count if they exist.
_RULES_WITH_FIELDS = ("pullRequest", "requiredStatusChecks")
_OFF = (ABSENT, False, "false")


def _reviewers(change: Change) -> Iterator[str]:
    """One approval is enough, so another reviewer weakens the rule. Without reviewers, no approval is needed."""
    before, after = map(_people, change.sides)
    if before is None or after is None:
        yield NOT_KNOWN
        return
    if lost := sorted(before - after):
        yield f"{', '.join(lost)} no longer approves" if after else "nobody has to approve"
    if before and (added := sorted(after - before)):
        yield f"{', '.join(added)} may approve too, and one approval is enough"


def _people(reviewers: Any) -> frozenset[str] | None:
    """Users and teams; None for a list with anything else."""
    found: set[str] = set()
    for entry in [] if reviewers is ABSENT else reviewers if isinstance(reviewers, list) else [None]:
        if not isinstance(entry, dict) or not entry.keys() <= {"users", "teams"}:
            return None
        for kind, field in (("user", "users"), ("team", "teams")):
            found |= {f"{kind} {identity}" for identity in texts_of(entry.get(field)) if identity != _NOBODY}
    return frozenset(found)


def _branch_policy(change: Change) -> Iterator[str]:
    """Which branches may deploy: those that are named (`custom`), those that are called protected, or every one."""
    was_custom, is_custom = (is_on(side, "customBranchPolicies", default=False) for side in change.sides)
    was_protected, is_protected = (is_on(side, "protectedBranches", default=False) for side in change.sides)
    if (was_custom or was_protected) and not (is_custom or is_protected):
        yield "any branch may deploy"
    elif was_custom and not is_custom:
        yield "any protected branch may deploy, and every branch if none is protected"
    elif was_protected or (was_custom and is_protected):
        yield NOT_KNOWN


def _enforcement(change: Change) -> Iterator[str]:
    before, after = ("" if value is ABSENT else str(value) for value in change.sides)
    if before not in _ENFORCEMENT:
        yield NOT_KNOWN
    elif after not in _ENFORCEMENT or _ENFORCEMENT.index(after) < _ENFORCEMENT.index(before):
        yield f"enforcement {before} -> {after or 'none'}"


def _required_checks(change: Change) -> Iterator[str]:
    before, after = (
        {text_at(entry, "context"): at(entry, "integrationId") for entry in objects_of(value)} for value in change.sides
    )
    yield from (f"the check {name} is no longer required" for name in sorted(before.keys() - after.keys()))
    for name in sorted(before.keys() & after.keys()):
        if before[name] is not ABSENT and before[name] != after[name]:
            yield f"the check {name} may be reported by another app"


def _bypass_actors(change: Change) -> Iterator[str]:
    before, after = map(_actors, change.sides)
    wider = [actor for actor, mode in sorted(after.items()) if not _is_as_narrow(before.get(actor), mode)]
    if wider:
        yield f"{', '.join(wider)} may bypass the rules"


def _actors(value: Any) -> dict[str, Any]:
    """Mode by actor."""
    found: dict[str, Any] = {}
    for entry in objects_of(value):
        actor = " ".join(str(entry[key]) for key in ("actorType", "actorId") if key in entry) or json.dumps(entry)
        found[actor] = entry.get("bypassMode", "always")
    return found


def _is_as_narrow(before: Any, after: Any) -> bool:
    """Whether the mode `after` bypasses no more than the mode `before`, None for an actor who could not."""
    if before not in _BYPASS_MODES:
        return before is not None and before == after
    return after in _BYPASS_MODES[: _BYPASS_MODES.index(before) + 1]


def _required_reviewers(change: Change) -> Iterator[str]:
    before, after = ({json.dumps(entry, sort_keys=True) for entry in list_of(value)} for value in change.sides)
    if before - after:
        yield "a required reviewer of pull requests is changed or removed"


def _rule(change: Change) -> Iterable[str] | None:
    """A rule that is gone or asks for another thing; a further one is stricter."""
    name = change.path.removeprefix("rules.")
    if change.old in _OFF:
        return ()
    if change.new in _OFF:
        return (f"the rule {name} is removed",)
    if name in _RULES_WITH_FIELDS:
        return None
    return (f"the rule {name} changed; it is not known whether it is as strict",)


def _branches(change: Change) -> Iterator[str]:
    included = [texts_of(at(side, "includes")) for side in change.sides]
    excluded = [texts_of(at(side, "excludes")) for side in change.sides]
    lost = sorted(included[0] - included[1]) if "~ALL" not in included[1] else []
    lost += sorted(excluded[1] - excluded[0])
    if lost:
        yield f"no longer applies to {', '.join(lost)}"


_EVERY_PACKAGE = ""
_SECONDS_A_DAY = 86_400


def _cleanup(change: Change) -> Iterator[str | WeakenedField]:
    """What is kept and deleted, whichever policy says so. A policy of another form is not known."""
    before, after = map(_policies, change.sides)
    if before is None or after is None:
        yield NOT_KNOWN
        return
    yield from _keeps_fewer(before, after)
    yield from _keeps_less(before, after)
    yield from _deletes_sooner(before, after)
    if {policy for policy in before if _is_other(policy)} != {policy for policy in after if _is_other(policy)}:
        yield NOT_KNOWN


def _policies(value: Any) -> tuple[Policy, ...] | None:
    """The cleanup policies; None where one of them cannot be right."""
    try:
        found = policies_of([] if value is ABSENT else value)
        prefixes = {prefix for policy in found for group in _prefixes(policy) for prefix in group}
    except (AttributeError, TypeError, ValueError):
        return None
    return found if all(isinstance(prefix, str) for prefix in prefixes) else None


def _prefixes(policy: Policy) -> tuple[tuple[str, ...], ...]:
    return policy.package_prefixes, policy.tag_prefixes, policy.version_prefixes


def _keeps_tags(policy: Policy) -> bool:
    return policy.keep_count is None and policy.keeps_by_tag_alone and policy.tag_state == "TAGGED"


def _keeps_young(policy: Policy) -> bool:
    narrows = (*_prefixes(policy), policy.older_than_seconds)
    return policy.action == KEEP and policy.tag_state == "ANY" and bool(policy.newer_than_seconds) and not any(narrows)


def _is_other(policy: Policy) -> bool:
    """Whether none of the rules below reads the policy."""
    is_read = policy.action == DELETE and policy.newer_than_seconds is None
    return not (is_read or policy.keep_count is not None or _keeps_tags(policy) or _keeps_young(policy))


def _keeps_fewer(before: Iterable[Policy], after: Iterable[Policy]) -> Iterator[WeakenedField]:
    """Fewer of the newest versions of a package are kept."""
    old, new = _keep_counts(before), _keep_counts(after)
    for package, count in sorted(old.items()):
        kept = max(new.get(package, 0), new.get(_EVERY_PACKAGE, 0))
        if kept < count:
            reason = f"keeps {kept:g} instead of {count:g} newest versions of {package or 'every package'}"
            yield WeakenedField(f"cleanupPolicies.keepCount[{package}]", count, kept, reason)


def _keep_counts(policies: Iterable[Policy]) -> dict[str, float]:
    counts: dict[str, float] = {}
    for policy in policies:
        for package in (policy.package_prefixes or (_EVERY_PACKAGE,)) if policy.keep_count is not None else ():
            counts[package] = max(float(policy.keep_count or 0), counts.get(package, 0))
    return counts


def _keeps_less(before: Iterable[Policy], after: Iterable[Policy]) -> Iterator[WeakenedField]:
    """A tag is no longer protected from cleanup (tags match as prefixes), or young versions for a shorter time."""
    # A policy without prefixes keeps every tag.
    old, new = (
        {prefix for policy in policies if _keeps_tags(policy) for prefix in policy.tag_prefixes or ("",)}
        for policies in (before, after)
    )
    if lost := sorted(tag for tag in old if not tag.startswith(tuple(new))):
        reason = f"no longer keeps {'every tag' if '' in lost else 'the tag ' + ', '.join(lost)}"
        yield WeakenedField("cleanupPolicies.keepTags", sorted(old), sorted(new), reason)
    ages = [
        max((float(policy.newer_than_seconds or 0) for policy in policies if _keeps_young(policy)), default=0.0)
        for policies in (before, after)
    ]
    if ages[1] < ages[0]:
        days = [f"{age / _SECONDS_A_DAY:g}" for age in ages]
        reason = f"keeps young versions for {days[1]} days instead of {days[0]}"
        yield WeakenedField("cleanupPolicies.keepNewerThan", ages[0], ages[1], reason)


def _deletes_sooner(before: Iterable[Policy], after: Iterable[Policy]) -> Iterator[WeakenedField]:
    """Deletes younger versions, or versions that it did not delete before."""
    old, new = ([policy for policy in policies if policy.action == DELETE] for policies in (before, after))
    for policy in new:
        age = float(policy.older_than_seconds or 0)
        known = min((float(other.older_than_seconds or 0) for other in old if _covers(other, policy)), default=None)
        if known is None or age < known:
            versions = _in_words(policy)
            instead = ", which it kept before" if known is None else f" instead of {known / _SECONDS_A_DAY:g}"
            reason = f"deletes {versions} older than {age / _SECONDS_A_DAY:g} days{instead}"
            field = f"cleanupPolicies.deleteOlderThan[{versions}]"
            yield WeakenedField(field, known, age, reason)


def _covers(wide: Policy, narrow: Policy) -> bool:
    """Whether every version that the one is about, apart from its age, the other is about too."""
    return wide.tag_state in ("ANY", narrow.tag_state) and all(
        not outer or (bool(inner) and all(prefix.startswith(outer) for prefix in inner))
        for outer, inner in zip(_prefixes(wide), _prefixes(narrow), strict=True)
    )


def _in_words(policy: Policy) -> str:
    prefixes = sorted(prefix for group in _prefixes(policy) for prefix in group)
    kind = {"TAGGED": "tagged versions", "UNTAGGED": "untagged versions"}.get(policy.tag_state, "versions")
    return f"{kind} of {', '.join(prefixes)}" if prefixes else kind


def _scanning(change: Change) -> Iterator[str]:
    if change.new == "DISABLED":
        yield "images are no longer scanned"
    elif change.new not in (ABSENT, "INHERITED"):
        yield NOT_KNOWN


def _file_deleted(inputs: Inputs) -> Iterator[str]:
    yield f"is no longer declared: the file {text_at(inputs, 'file')} is no longer managed".replace("  ", " ")


def _switch_created(inputs: Inputs) -> Iterator[str]:
    """The switch exists in every repository, so that declaring it as off turns it off."""
    if not is_on(inputs, "enabled", default=True):
        yield "is switched off"


REPOSITORY_PROTECTION = (
    # The diff shows its text line by line. No rule reads it here.
    Protection(
        pattern=REPOSITORY_FILE,
        created=takes_nothing,
        deleted=_file_deleted,
        harmless=("content", "commitMessage", "commitAuthor", "commitEmail"),
    ),
    Protection(
        pattern=REGISTRY,
        created=takes_nothing,
        deleted="is deleted: all images are lost, including the one that runs",
        harmless=("description", "labels"),
        rules={
            "cleanupPolicies": _cleanup,
            "cleanupPolicyDryRun": switched("cleanup begins to delete", off=True, default=False),
            "dockerConfig.immutableTags": switched("tags may be moved to other images", off=True, default=False),
            "vulnerabilityScanningConfig.enablementConfig": _scanning,
        },
    ),
    Protection(
        pattern=ENVIRONMENT,
        created=takes_nothing,
        deleted="is deleted: the next workflow run that names it creates it again, without any rule",
        rules={
            "canAdminsBypass": switched("administrators may bypass the approval", off=False, default=True),
            "deploymentBranchPolicy": _branch_policy,
            "preventSelfReview": switched("the person who starts a deployment may approve it", off=True, default=False),
            "reviewers": _reviewers,
            "waitTimer": fewer(lambda before, after: f"waits {after:g} instead of {before:g} minutes", default=0),
        },
    ),
    # Which branches may deploy from now on: `_branch_admitted`. Without it fewer may.
    Protection(
        pattern=BRANCH_POLICY,
        created=takes_nothing,
        deleted=takes_nothing,
        rules={"branchPattern": elsewhere, "tagPattern": elsewhere},
    ),
    Protection(
        pattern=RULESET,
        created=takes_nothing,
        deleted="is deleted: its rules no longer apply",
        harmless=("name",),
        rules={
            "bypassActors": _bypass_actors,
            "conditions.refName": _branches,
            "enforcement": _enforcement,
            "rules.*": _rule,
            "rules.updateAllowsFetchAndMerge": switched(
                "the rule updateAllowsFetchAndMerge allows more", off=False, default=False
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
            "target": always("applies to another kind of ref"),
        },
    ),
    Protection(
        pattern=VULNERABILITY_ALERTS,
        created=_switch_created,
        deleted="is deleted: vulnerabilities are no longer reported",
        rules={"enabled": switched("is switched off", off=True, default=True)},
    ),
    Protection(
        pattern=SECURITY_UPDATES,
        created=_switch_created,
        deleted="is deleted: vulnerabilities are no longer fixed by pull request",
        rules={"enabled": switched("is switched off", off=True, default=True)},
    ),
)
