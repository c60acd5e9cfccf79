"""One case for each way to weaken the protection of shared resources: images, gate, ruleset."""

from __future__ import annotations

from typing import Any

from readiness.resource_types import ENVIRONMENT, REGISTRY, RULESET, SECURITY_UPDATES, VULNERABILITY_ALERTS
from tests.plan.weakening_case import Inputs, cases, put

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


def _scanning(value: str) -> Inputs:
    return {"vulnerabilityScanningConfig": {"enablementConfig": value}}


def _deploys(*, custom: bool) -> Inputs:
    return {"deploymentBranchPolicy": {"customBranchPolicies": custom, "protectedBranches": not custom}}


def _bypassed(mode: str) -> Inputs:
    return ruleset() | {"bypassActors": [{"actorType": "Team", "actorId": 7, "bypassMode": mode}]}


def _reviewers(**who: list[int]) -> Inputs:
    return {"reviewers": [who]}


_EVALUATED = put(ruleset(), "enforcement", "evaluate")
_UNTAGGED = put(DELETE_OLD, "condition.tagState", "UNTAGGED")
_EVERY_TAG = KEEP_TAGS | {"condition": {"tagState": "TAGGED"}}
_MANY_BRANCHES = put(ruleset(), "conditions.refName.includes", ["~DEFAULT_BRANCH", "refs/heads/release"])
_WITHOUT_MAIN = put(ruleset(), "conditions.refName.excludes", ["refs/heads/main"])
_BY_PERSON = ruleset(pullRequest=_REVIEW | {"requiredReviewers": [{"reviewer": {"id": 1}}]})

REGISTRY_CASES = (
    *cases(
        REGISTRY,
        ({"cleanupPolicyDryRun": True}, {"cleanupPolicyDryRun": False}, "begins to delete"),
        ({"cleanupPolicyDryRun": True}, {}, "begins to delete"),
        (
            policies(KEEP_RECENT),
            policies(put(KEEP_RECENT, "mostRecentVersions.keepCount", 2)),
            "keeps 2 instead of 5 newest versions of api",
        ),
        (policies(KEEP_RECENT), policies(), "keeps 0 instead of 5 newest versions of api"),
        (
            policies(KEEP_TAGS),
            policies(put(KEEP_TAGS, "condition.tagPrefixes", ["latest"])),
            "no longer keeps the tag release-",
        ),
        (policies(_EVERY_TAG), policies(KEEP_TAGS), "no longer keeps every tag"),
        (
            policies(KEEP_YOUNG),
            policies(put(KEEP_YOUNG, "condition.newerThan", "86400s")),
            "keeps young versions for 1 days instead of 30",
        ),
        (
            policies(DELETE_OLD),
            policies(put(DELETE_OLD, "condition.olderThan", "604800s")),
            "deletes versions older than 7 days instead of 30",
        ),
        (policies(_UNTAGGED), policies(DELETE_OLD), "deletes versions older than 30 days, which it kept before"),
        (_scanning("INHERITED"), _scanning("DISABLED"), "no longer scanned"),
        ({"dockerConfig": {"immutableTags": True}}, {}, "tags may be moved"),
    ),
    *cases(
        REGISTRY,
        (policies(KEEP_YOUNG | {"condition": {"tagState": "ANY"}}), policies(), "changes cleanupPolicies"),
        judged=False,
    ),
)

GITHUB_CASES = (
    *cases(
        ENVIRONMENT,
        (_reviewers(users=[1, 2]), _reviewers(users=[1]), "user 2 no longer"),
        (_reviewers(users=[1]), _reviewers(users=[1], teams=[9]), "team 9 may approve too, and one approval is enough"),
        (_deploys(custom=True), _deploys(custom=False), "any protected branch may deploy"),
        judged=False,
    ),
    *cases(
        ENVIRONMENT,
        (_reviewers(users=[1], teams=[9]), {}, "nobody has to approve"),
        ({"preventSelfReview": True}, {}, "the person who starts a deployment may approve it"),
        ({"canAdminsBypass": False}, {}, "administrators may bypass the approval"),
        ({"waitTimer": 30}, {"waitTimer": 5}, "waits 5 instead of 30 minutes"),
        (_deploys(custom=True), {}, "any branch may deploy"),
    ),
    *cases(
        RULESET,
        (ruleset(), _EVALUATED, "enforcement active -> evaluate"),
        (_EVALUATED, put(ruleset(), "enforcement", "disabled"), "enforcement evaluate -> disabled"),
        (checks(CHECK, {"context": "Lint"}), checks(CHECK), "the check Lint is no longer"),
        (checks(CHECK), checks({"context": "Tests"}), "may be reported by another app"),
        (checks(CHECK, strictRequiredStatusChecksPolicy=True), checks(CHECK), "need not run on the newest base"),
        (checks(CHECK), checks(CHECK, doNotEnforceOnCreate=True), "a new branch needs no checks"),
        (ruleset(), _bypassed("always"), "Team 7 may bypass the rules"),
        (_bypassed("pull_request"), _bypassed("always"), "Team 7 may bypass the rules"),
        (
            ruleset(pullRequest=_REVIEW),
            ruleset(pullRequest=_REVIEW | {"requiredApprovingReviewCount": 1}),
            "needs 1 instead of 2 approvals",
        ),
        (_BY_PERSON, ruleset(pullRequest=_REVIEW), "a required reviewer of pull requests"),
        *(
            (ruleset(pullRequest={flag: True}), ruleset(pullRequest={flag: False}), f"no longer needs {flag}")
            for flag in (
                "dismissStaleReviewsOnPush",
                "requireCodeOwnerReview",
                "requireLastPushApproval",
                "requiredReviewThreadResolution",
            )
        ),
        (ruleset(), ruleset(updateAllowsFetchAndMerge=True), "allows more"),
        (ruleset(deletion=True), ruleset(), "the rule deletion is removed"),
        (checks(CHECK), ruleset(), "the rule requiredStatusChecks is removed"),
        (_MANY_BRANCHES, ruleset(), "no longer applies to refs/heads/release"),
        (ruleset(), _WITHOUT_MAIN, "no longer applies to refs/heads/main"),
    ),
    *cases(
        RULESET,
        (ruleset(), put(ruleset(), "target", "tag"), "applies to another kind of ref"),
        (
            ruleset(maxFileSize={"maxFileSize": 10}),
            ruleset(maxFileSize={"maxFileSize": 100}),
            "the rule maxFileSize changed",
        ),
        judged=False,
    ),
    *cases(VULNERABILITY_ALERTS, ({}, {"enabled": False}, "is switched off")),
    *cases(SECURITY_UPDATES, ({"enabled": True}, {"enabled": False}, "is switched off")),
)
