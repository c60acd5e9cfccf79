"""Enabled APIs (`gcp:projects/service`), members of roles and audit logs (cloudresourcemanager v3)."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.rules.body_view import BodyView
from readiness.rules.prose_rules.common import Rule, malformed, matches
from readiness.rules.violation import FieldMessage

# The forms that the description of `Binding.members` lists.
_MEMBER = (
    r"allUsers|allAuthenticatedUsers|(user|serviceAccount|group):[^:@\s]+@\S+|domain:\S+"
    r"|principal(Set)?://\S+|serviceAccount:\S+\.svc\.id\.goog\[.+\]|serviceAccount:<\S+>"
)
_ROLE = r"(projects/[^/]+/|organizations/\d+/)?roles/[A-Za-z0-9_.]+"


def _members(binding: BodyView) -> Iterator[FieldMessage]:
    members = binding.each("members")
    if not members:
        yield binding.finding("members", "is required")
    for member in members:
        yield from malformed(member, _MEMBER, "a member, such as serviceAccount:NAME@PROJECT.iam.gserviceaccount.com")


def _condition(binding: BodyView) -> Iterator[FieldMessage]:
    """A condition without expression or title is refused (IAM's page on conditions)."""
    for name in ("expression", "title"):
        if binding.has("condition") and not binding.field("condition").has(name):
            yield binding.finding(f"condition.{name}", "is required")


def _log_types(config: BodyView) -> Iterator[FieldMessage]:
    """`At least one` configuration, each type once: the API keeps the last of two and says nothing."""
    types = [each.text("logType") for each in config.each("auditLogConfigs")]
    if not types:
        yield config.finding("auditLogConfigs", "is required")
    if len(set(types)) != len(types):
        yield config.finding("auditLogConfigs", "names a logType twice")
    if "LOG_TYPE_UNSPECIFIED" in types:
        yield config.finding("auditLogConfigs", "has a logType that logs nothing")


BINDING_RULES: tuple[Rule, ...] = (matches("role", _ROLE, "a role, such as roles/viewer"), _members, _condition)
AUDIT_RULES: tuple[Rule, ...] = (
    matches("service", r"allServices|[a-z][a-z0-9-]*\.googleapis\.com", "the full name of an API, or allServices"),
    _log_types,
)
# The address of the request is all it says.
SERVICE_INPUT_RULES: tuple[Rule, ...] = (
    matches("service", r"[a-z][a-z0-9-]*\.googleapis\.com", "the full name of an API, such as run.googleapis.com"),
)
ACCOUNT_INPUT_RULES: tuple[Rule, ...] = (
    # `must be 6-30 characters long, and match the regular expression` (CreateServiceAccountRequest.accountId).
    matches("accountId", r"[a-z][-a-z0-9]{4,28}[a-z0-9]", "an account's id: 6 to 30 of a-z, 0-9 and -"),
)
