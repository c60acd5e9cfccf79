"""One case for each way in which the guard of what both stacks share can become weaker: images, gate, ruleset."""

from __future__ import annotations

from typing import Any

from readiness.resource_types import ENVIRONMENT, REGISTRY, RULESET, SECURITY_UPDATES, VULNERABILITY_ALERTS
from tests.plan.weakening_case import Case, Inputs, put

DELETE_OLD = {"id": "old", "action": "DELETE", "condition": {"tagState": "ANY", "olderThan": "2592000s"}}
KEEP_RECENT = {"id": "n", "action": "KEEP", "mostRecentVersions": {"keepCount": 5, "packageNamePrefixes": ["api"]}}
KEEP_TAGS = {"id": "t", "action": "KEEP", "condition": {"tagState": "TAGGED", "tagPrefixes": ["latest", "release-"]}}
KEEP_YOUNG = {"id": "y", "action": "KEEP", "condition": {"tagState": "ANY", "newerThan": "2592000s"}}
CHECK = {"context": "Tests", "integrationId": 15368}
_REVIEW = {"requiredApprovingReviewCount": 2, "requireCodeOwnerReview": True, "dismissStaleReviewsOnPush": True}


def policies(*entries: Inputs) -> Inputs:
    """A registry with cleanup policies."""
    return {"cleanupPolicies": list(entries)}


def ruleset(**rules: Any) -> Inputs:
    """An active ruleset of the default branch."""
    return {
        "enforcement": "active",
        "target": "branch",
        "conditions": {"refName": {"includes": ["~DEFAULT_BRANCH"], "excludes": []}},
        "rules": rules,
    }


def checks(*required: Inputs, **fields: Any) -> Inputs:
    """A ruleset that requires status checks."""
    return ruleset(requiredStatusChecks={"requiredChecks": list(required)} | fields)


def _images(old: Inputs, new: Inputs, said: str, *, judged: bool = True) -> Case:
    return Case(type=REGISTRY, old=old, new=new, said=said, judged=judged)


def _gate(old: Inputs, new: Inputs, said: str, *, judged: bool = True) -> Case:
    return Case(type=ENVIRONMENT, old=old, new=new, said=said, judged=judged)


def _rules(old: Inputs, new: Inputs, said: str, *, judged: bool = True) -> Case:
    return Case(type=RULESET, old=old, new=new, said=said, judged=judged)


REGISTRY_CASES = (
    _images({"cleanupPolicyDryRun": True}, {"cleanupPolicyDryRun": False}, "begins to delete"),
    _images({"cleanupPolicyDryRun": True}, {}, "begins to delete"),
    _images(
        policies(KEEP_RECENT),
        policies(put(KEEP_RECENT, "mostRecentVersions.keepCount", 2)),
        "keeps 2 instead of 5 newest versions of api",
    ),
    _images(policies(KEEP_RECENT), policies(), "keeps 0 instead of 5 newest versions of api"),
    _images(
        policies(KEEP_TAGS),
        policies(put(KEEP_TAGS, "condition.tagPrefixes", ["latest"])),
        "no longer keeps the tag release-",
    ),
    _images(
        policies(KEEP_TAGS | {"condition": {"tagState": "TAGGED"}}),
        policies(KEEP_TAGS),
        "no longer keeps every tag",
    ),
    _images(
        policies(KEEP_YOUNG | {"condition": {"tagState": "ANY"}}), policies(), "changes cleanupPolicies", judged=False
    ),
    _images(
        policies(KEEP_YOUNG),
        policies(put(KEEP_YOUNG, "condition.newerThan", "86400s")),
        "keeps young versions for 1 days instead of 30",
    ),
    _images(
        policies(DELETE_OLD),
        policies(put(DELETE_OLD, "condition.olderThan", "604800s")),
        "deletes versions older than 7 days instead of 30",
    ),
    _images(
        policies(put(DELETE_OLD, "condition.tagState", "UNTAGGED")),
        policies(DELETE_OLD),
        "deletes versions older than 30 days, which it kept before",
    ),
    _images(
        {"vulnerabilityScanningConfig": {"enablementConfig": "INHERITED"}},
        {"vulnerabilityScanningConfig": {"enablementConfig": "DISABLED"}},
        "no longer scanned",
    ),
    _images({"dockerConfig": {"immutableTags": True}}, {}, "tags may be moved"),
)

GITHUB_CASES = (
    _gate({"reviewers": [{"users": [1, 2]}]}, {"reviewers": [{"users": [1]}]}, "user 2 no longer", judged=False),
    _gate(
        {"reviewers": [{"users": [1]}]},
        {"reviewers": [{"users": [1], "teams": [9]}]},
        "team 9 may approve too, and one approval is enough",
        judged=False,
    ),
    _gate({"reviewers": [{"users": [1], "teams": [9]}]}, {}, "nobody has to approve"),
    _gate({"preventSelfReview": True}, {}, "whoever starts a deployment may approve it"),
    _gate({"canAdminsBypass": False}, {}, "administrators may pass without approval"),
    _gate({"waitTimer": 30}, {"waitTimer": 5}, "waits 5 instead of 30 minutes"),
    _gate(
        {"deploymentBranchPolicy": {"customBranchPolicies": True, "protectedBranches": False}},
        {},
        "any branch may deploy",
    ),
    _gate(
        {"deploymentBranchPolicy": {"customBranchPolicies": True, "protectedBranches": False}},
        {"deploymentBranchPolicy": {"customBranchPolicies": False, "protectedBranches": True}},
        "any branch that is called protected may deploy",
        judged=False,
    ),
    _rules(ruleset(), put(ruleset(), "enforcement", "evaluate"), "enforcement active -> evaluate"),
    _rules(
        put(ruleset(), "enforcement", "evaluate"),
        put(ruleset(), "enforcement", "disabled"),
        "enforcement evaluate -> disabled",
    ),
    _rules(checks(CHECK, {"context": "Lint"}), checks(CHECK), "the check Lint is no longer"),
    _rules(checks(CHECK), checks({"context": "Tests"}), "may be reported by another app"),
    _rules(
        checks(CHECK, strictRequiredStatusChecksPolicy=True),
        checks(CHECK),
        "need not run on the newest base",
    ),
    _rules(
        checks(CHECK),
        checks(CHECK, doNotEnforceOnCreate=True),
        "a new branch needs no checks",
    ),
    _rules(
        ruleset(),
        ruleset() | {"bypassActors": [{"actorType": "Team", "actorId": 7, "bypassMode": "always"}]},
        "Team 7 may pass by the rules",
    ),
    _rules(
        ruleset() | {"bypassActors": [{"actorType": "Team", "actorId": 7, "bypassMode": "pull_request"}]},
        ruleset() | {"bypassActors": [{"actorType": "Team", "actorId": 7, "bypassMode": "always"}]},
        "Team 7 may pass by the rules",
    ),
    _rules(
        ruleset(pullRequest=_REVIEW),
        ruleset(pullRequest=_REVIEW | {"requiredApprovingReviewCount": 1}),
        "needs 1 instead of 2 approvals",
    ),
    _rules(
        ruleset(pullRequest=_REVIEW),
        ruleset(pullRequest=_REVIEW | {"requireCodeOwnerReview": False}),
        "no longer needs requireCodeOwnerReview",
    ),
    _rules(
        ruleset(pullRequest=_REVIEW | {"requiredReviewers": [{"reviewer": {"id": 1}}]}),
        ruleset(pullRequest=_REVIEW),
        "a reviewer that a pull request needed",
    ),
    *(
        _rules(ruleset(pullRequest={flag: True}), ruleset(pullRequest={}), f"no longer needs {flag}")
        for flag in ("dismissStaleReviewsOnPush", "requireLastPushApproval", "requiredReviewThreadResolution")
    ),
    _rules(ruleset(), put(ruleset(), "target", "tag"), "governs another kind of ref", judged=False),
    _rules(ruleset(), ruleset(updateAllowsFetchAndMerge=True), "lets more through"),
    _rules(ruleset(deletion=True), ruleset(), "the rule deletion is gone"),
    _rules(checks(CHECK), ruleset(), "the rule requiredStatusChecks is gone"),
    _rules(
        ruleset(maxFileSize={"maxFileSize": 10}),
        ruleset(maxFileSize={"maxFileSize": 100}),
        "the rule maxFileSize is another one",
        judged=False,
    ),
    _rules(
        put(ruleset(), "conditions.refName.includes", ["~DEFAULT_BRANCH", "refs/heads/release"]),
        ruleset(),
        "no longer governs refs/heads/release",
    ),
    _rules(
        ruleset(),
        put(ruleset(), "conditions.refName.excludes", ["refs/heads/main"]),
        "no longer governs refs/heads/main",
    ),
    Case(
        type=VULNERABILITY_ALERTS,
        old={},
        new={"enabled": False},
        said="is switched off",
    ),
    Case(
        type=SECURITY_UPDATES,
        old={"enabled": True},
        new={"enabled": False},
        said="is switched off",
    ),
)
