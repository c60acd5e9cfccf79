"""Artifact Registry repositories (artifactregistry v1, `Repository`).

Sources: the descriptions in the discovery document, Google's page and gcloud
(docs/facts/registry.md#cleanup-policies), and the provider's code
(docs/facts/registry.md#what-the-provider-does-with-them).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.rules.body_view import BodyView
from readiness.rules.prose_rules.common import Rule, labels_well_formed, matches
from readiness.rules.violation import FieldMessage

MAX_POLICIES = 10
MAX_POLICY_ID_CHARACTERS = 127
_SECONDS = re.compile(r"\d+s")


def _policy_count(repository: BodyView) -> Iterator[FieldMessage]:
    """`At most 10 cleanup policies a repository` (Google's page)."""
    count = len(repository.entries("cleanupPolicies"))
    if count > MAX_POLICIES:
        yield repository.finding("cleanupPolicies", f"are {count}; a repository takes {MAX_POLICIES}")


def _policy_ids(repository: BodyView) -> Iterator[FieldMessage]:
    """`They must unique within a repository and be under 128 characters in length.`"""
    for key, policy in repository.entries("cleanupPolicies"):
        if not 1 <= len(key) <= MAX_POLICY_ID_CHARACTERS:
            yield policy.finding("id", f"has {len(key)} characters; the API takes 1 to {MAX_POLICY_ID_CHARACTERS}")


def _condition_or_recent_versions(repository: BodyView) -> Iterator[FieldMessage]:
    """Of the two one; `mostRecentVersions` `may only be specified with a Keep action`."""
    for _, policy in repository.entries("cleanupPolicies"):
        if policy.has("condition") and policy.has("mostRecentVersions"):
            yield policy.finding("mostRecentVersions", "stands beside condition; a policy has one of them")
        if policy.has("mostRecentVersions") and policy.text("action") == "DELETE":
            yield policy.finding("mostRecentVersions", "goes only with the action KEEP")
        recent = policy.field("mostRecentVersions")
        count = recent.number("keepCount") if recent.has("keepCount") else 0
        if policy.has("mostRecentVersions") and count is not None and count < 1:
            yield policy.finding("mostRecentVersions.keepCount", "must be 1 or more")
        if not policy.has("action"):
            yield policy.finding("action", "is required")


def _delete_has_a_condition(repository: BodyView) -> Iterator[FieldMessage]:
    """Without one a DELETE policy matches every version."""
    for _, policy in repository.entries("cleanupPolicies"):
        if policy.text("action") == "DELETE" and not policy.field("condition").value:
            yield policy.finding("condition", "is required with DELETE, which would match every version")


def _delete_beside_keep(repository: BodyView) -> Iterator[FieldMessage]:
    """DELETE alone leaves nothing of a package that is not built any more, what runs included."""
    actions = {policy.text("action"): policy for _, policy in repository.entries("cleanupPolicies")}
    if "DELETE" in actions and "KEEP" not in actions:
        yield actions["DELETE"].finding("action", "stands without any KEEP policy, so that old images all go")


def _whole_seconds(repository: BodyView) -> Iterator[FieldMessage]:
    """The API answers in seconds; any other form is refused or shows as a difference for ever."""
    for _, policy in repository.entries("cleanupPolicies"):
        condition = policy.field("condition")
        for name in ("olderThan", "newerThan"):
            text = condition.text(name)
            if text is not None and not _SECONDS.fullmatch(text):
                yield condition.finding(name, f"{text!r} is not in whole seconds, such as 2592000s")


def _prefixes_have_tags(repository: BodyView) -> Iterator[FieldMessage]:
    """An untagged version has no tag to match, so that the policy would match nothing."""
    for _, policy in repository.entries("cleanupPolicies"):
        condition = policy.field("condition")
        if condition.each("tagPrefixes") and condition.text("tagState") == "UNTAGGED":
            yield condition.finding("tagPrefixes", "cannot match where tagState is UNTAGGED")


def _unique_ids(inputs: BodyView) -> Iterator[FieldMessage]:
    """Of two policies with one id the body holds the second (rule on inputs)."""
    seen: set[str] = set()
    for policy in inputs.each("cleanupPolicies"):
        identity = policy.text("id")
        if identity is not None and identity in seen:
            yield policy.finding("id", f"{identity} is the id of another policy too")
        seen.add(identity or "")


def _dry_run_written(inputs: BodyView) -> Iterator[FieldMessage]:
    """Left out it is false, and cleanup deletes; the provider leaves false out of the body (rule on inputs)."""
    if inputs.each("cleanupPolicies") and not inputs.has("cleanupPolicyDryRun"):
        yield inputs.finding("cleanupPolicyDryRun", "must be written, true or false, where policies are")


REPOSITORY_RULES: tuple[Rule, ...] = (
    labels_well_formed("labels"),
    _policy_count,
    _policy_ids,
    _condition_or_recent_versions,
    _delete_has_a_condition,
    _delete_beside_keep,
    _whole_seconds,
    _prefixes_have_tags,
)
REPOSITORY_INPUT_RULES: tuple[Rule, ...] = (
    # Google's page on creating repositories; the provider sends any text.
    matches("repositoryId", r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", "a repository's id: a-z, 0-9 and -, at most 63"),
    _unique_ids,
    _dry_run_written,
)
