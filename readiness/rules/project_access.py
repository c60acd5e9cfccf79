"""What Google takes of members of roles, service accounts, audit logs and enabled APIs.

Requests as the real provider sends them: docs/facts/providers.md#requests-to-google.
"""

from __future__ import annotations

from collections.abc import Iterator

from readiness.resource_types import ACCOUNT, API, AUDIT_CONFIG, PROJECT_MEMBER, REGISTRY_MEMBER, SECRET_MEMBER
from readiness.rules import checks
from readiness.rules.contract import Contract, Field, Inputs, no_body, without
from readiness.rules.rule import Remark

# The forms that the description of `Binding.members` lists.
_MEMBER = (
    r"allUsers|allAuthenticatedUsers|(user|serviceAccount|group):[^:@\s]+@\S+|domain:\S+"
    r"|principal(Set)?://\S+|serviceAccount:\S+\.svc\.id\.goog\[.+\]|serviceAccount:<\S+>"
)
_ROLE = r"(projects/[^/]+/|organizations/\d+/)?roles/[A-Za-z0-9_.]+"
_API_NAME = r"[a-z][a-z0-9-]*\.googleapis\.com"


def _account(inputs: Inputs) -> Inputs:
    """The id beside the account; whether an existing one is taken over is the provider's own behaviour."""
    account = without(inputs, "accountId", "createIgnoreAlreadyExists", "disabled")
    return {**{key: inputs[key] for key in ("accountId",) if key in inputs}, "serviceAccount": account}


def _has_members(binding: Field) -> Iterator[Remark]:
    if not binding.items("members"):
        yield binding.remark("members", "is required")


def _log_types(config: Field) -> Iterator[Remark]:
    """`At least one` configuration, each type once: the API keeps the last of two without an error."""
    types = [item.text("logType") for item in config.items("auditLogConfigs")]
    if not types:
        yield config.remark("auditLogConfigs", "is required")
    if len(set(types)) != len(types):
        yield config.remark("auditLogConfigs", "names a logType twice")
    if "LOG_TYPE_UNSPECIFIED" in types:
        yield config.remark("auditLogConfigs", "has a logType that logs nothing")


def _member_of(document: str, *address: str) -> Contract:
    """The contract of a binding that the provider merges into the policy it has read, of what the address names."""

    def body(inputs: Inputs) -> Inputs:
        members = [inputs["member"]] if "member" in inputs else []
        return {**without(inputs, "member", *address), "members": members}

    member = "a member, such as serviceAccount:NAME@PROJECT.iam.gserviceaccount.com"
    return Contract(
        schema=(document, "Binding"),
        body=body,
        checks=(
            checks.form("role", _ROLE, "a role, such as roles/viewer"),
            _has_members,
            checks.each("members", checks.form("", _MEMBER, member)),
            # A condition without expression or title is refused (IAM's page on conditions).
            checks.inside("condition", checks.needs("expression", "title")),
        ),
    )


CONTRACTS = {
    PROJECT_MEMBER: _member_of("cloudresourcemanager.v3"),
    REGISTRY_MEMBER: _member_of("artifactregistry.v1", "location", "repository"),
    SECRET_MEMBER: _member_of("secretmanager.v1", "secretId"),
    AUDIT_CONFIG: Contract(
        schema=("cloudresourcemanager.v3", "AuditConfig"),
        body=without,
        checks=(
            checks.form("service", f"allServices|{_API_NAME}", "the full name of an API, or allServices"),
            _log_types,
        ),
    ),
    ACCOUNT: Contract(
        schema=("iam.v1", "CreateServiceAccountRequest"),
        body=_account,
        input_checks=(
            # `must be 6-30 characters long, and match the regular expression` (CreateServiceAccountRequest.accountId).
            checks.form("accountId", r"[a-z][-a-z0-9]{4,28}[a-z0-9]", "an account's id: 6 to 30 of a-z, 0-9 and -"),
        ),
    ),
    API: Contract(
        schema=None,
        body=no_body,
        input_checks=(checks.form("service", _API_NAME, "the full name of an API, such as run.googleapis.com"),),
    ),
}
