"""What the two identities of CI may do: what the declared resources need, and nothing else of the project.

Roles are Google's predefined ones (cloud.google.com/iam/docs/roles-permissions), each the narrowest that holds the
permissions its resources take. Where one would be too wide, the right is on the thing itself (`bootstrap.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readiness.finding import Finding
from readiness.refusal import RefusedError
from readiness.resource_types import (
    ACCOUNT,
    ALERT_POLICY,
    API,
    AUDIT_CONFIG,
    CHANNEL,
    DASHBOARD,
    JOB,
    LOG_BUCKET,
    LOG_METRIC,
    LOG_SINK,
    MONITORED_SERVICE,
    OBJECTIVE,
    PROJECT_MEMBER,
    REGISTRY,
    REGISTRY_MEMBER,
    SECRET_MEMBER,
    UPTIME_CHECK,
)

IAM_ADMIN = "roles/resourcemanager.projectIamAdmin"

_FILE = "readiness/live/bootstrap_rights.py"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rights:
    """The project's roles that a kind of resource needs: to be read by a preview, and to be written by an update."""

    preview: str
    apply: str | None


_MONITORING = Rights(preview="roles/monitoring.viewer", apply="roles/monitoring.editor")
_LOGGING = Rights(preview="roles/logging.viewer", apply="roles/logging.configWriter")
_POLICIES = Rights(preview="roles/iam.securityReviewer", apply=IAM_ADMIN)

# None where the right is given on the one thing: the registry, a secret.
RIGHTS: Mapping[str, Rights] = {
    ALERT_POLICY: _MONITORING,
    MONITORED_SERVICE: _MONITORING,
    DASHBOARD: _MONITORING,
    CHANNEL: _MONITORING,
    OBJECTIVE: _MONITORING,
    UPTIME_CHECK: _MONITORING,
    LOG_METRIC: _LOGGING,
    LOG_BUCKET: _LOGGING,
    LOG_SINK: _LOGGING,
    API: Rights(preview="roles/serviceusage.serviceUsageViewer", apply="roles/serviceusage.serviceUsageAdmin"),
    REGISTRY: Rights(preview="roles/artifactregistry.reader", apply=None),
    REGISTRY_MEMBER: Rights(preview="roles/iam.securityReviewer", apply=None),
    SECRET_MEMBER: Rights(preview="roles/iam.securityReviewer", apply=None),
    PROJECT_MEMBER: _POLICIES,
    AUDIT_CONFIG: _POLICIES,
    # It can make accounts and delete none: what acts as one would stop.
    ACCOUNT: Rights(preview="roles/iam.serviceAccountViewer", apply="roles/iam.serviceAccountCreator"),
    JOB: Rights(preview="roles/run.viewer", apply="roles/run.developer"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """What the plans of a project need of Google, each sorted.

    `granted` are the roles that the program itself grants on the project, `secrets` those on which it grants one,
    `accounts` the ids of those that it makes.
    """

    preview_roles: tuple[str, ...]
    apply_roles: tuple[str, ...]
    granted: tuple[str, ...]
    secrets: tuple[str, ...]
    accounts: tuple[str, ...]


def needs_of(resources: Sequence[Mapping[str, Any]]) -> Needs:
    """The needs of the declared resources of all stacks. Raises RefusedError for a kind that no right is known of."""
    types = {each["type"] for each in resources if each["type"].startswith("gcp:")}
    if unknown := sorted(types - RIGHTS.keys()):
        message, hint = f"names no role for {', '.join(unknown)}", "Add it to RIGHTS, with the narrowest role"
        raise RefusedError([Finding(rule_id="bootstrap-role-missing", file=_FILE, message=message, hint=hint)])
    rights = [RIGHTS[each] for each in types]
    return Needs(
        preview_roles=_sorted(each.preview for each in rights),
        apply_roles=_sorted(each.apply for each in rights if each.apply),
        granted=_given(resources, PROJECT_MEMBER, "role"),
        secrets=_given(resources, SECRET_MEMBER, "secretId"),
        accounts=_given(resources, ACCOUNT, "accountId"),
    )


def _given(resources: Sequence[Mapping[str, Any]], type_: str, name: str) -> tuple[str, ...]:
    return _sorted(str(each["inputs"][name]) for each in resources if each["type"] == type_)


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))
