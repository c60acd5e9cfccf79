"""What Artifact Registry takes of a repository, cleanup policies included.

Sources: the descriptions in the discovery document of artifactregistry v1, Google's page and gcloud
(docs/facts/registry.md#cleanup-policies), and the provider's code
(docs/facts/registry.md#what-the-provider-does-with-them).
"""

from __future__ import annotations

from collections.abc import Iterator

from readiness.resource_types import REGISTRY
from readiness.rules import checks
from readiness.rules.contract import Contract, Field, Inputs, without
from readiness.rules.rule import Remark


def _body(inputs: Inputs) -> Inputs:
    """The list of cleanup policies becomes a map by id."""
    body = without(inputs, "repositoryId", "location")
    policies = body.get("cleanupPolicies")
    if isinstance(policies, list):
        body["cleanupPolicies"] = {str(policy.get("id")): policy for policy in policies}
    return body


def _policies(repository: Field) -> Iterator[Remark]:
    """What `policies_of` cannot see. The rule `policy-registry-tags` reports what is wrong with a single policy."""
    actions: dict[str | None, Field] = {}
    for key, policy in repository.entries("cleanupPolicies"):
        # `They must unique within a repository and be under 128 characters in length.`
        if not 1 <= len(key) <= 127:
            yield policy.remark("id", f"has {len(key)} characters; the API takes 1 to 127")
        if policy.text("action") == "DELETE" and not policy.field("condition").value:
            yield policy.remark("condition", "is required with DELETE, which would match every version")
        actions[policy.text("action")] = policy
    # DELETE alone leaves nothing of a package that is not built any more, what runs included.
    if "DELETE" in actions and "KEEP" not in actions:
        yield actions["DELETE"].remark("action", "is used without any KEEP policy, so that old images all go")


def _dry_run_written(inputs: Field) -> Iterator[Remark]:
    """The default is false, and cleanup deletes; the provider leaves false out of the body."""
    if inputs.items("cleanupPolicies") and not inputs.has("cleanupPolicyDryRun"):
        yield inputs.remark("cleanupPolicyDryRun", "must be written, true or false, if there are policies")


CONTRACTS = {
    REGISTRY: Contract(
        schema=("artifactregistry.v1", "Repository"),
        body=_body,
        # `At most 10 cleanup policies a repository` (Google's page).
        checks=(checks.labels("labels"), checks.count("cleanupPolicies", 10, takes="a repository takes"), _policies),
        input_checks=(
            # Google's page on creating repositories; the provider sends any text.
            checks.form(
                "repositoryId", r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", "a repository's id: a-z, 0-9 and -, at most 63"
            ),
            _dry_run_written,
        ),
    )
}
