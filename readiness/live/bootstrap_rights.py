"""What the two identities of CI may do: what the declared resources need, and nothing else of the project.

Roles are Google's predefined ones (cloud.google.com/iam/docs/roles-permissions), each the narrowest that holds the
permissions its resources take. Where one would be too wide, the right is on the thing itself (`bootstrap.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readiness import resource_types as types
from readiness.finding import Finding, RefusedError

IAM_ADMIN = "roles/resourcemanager.projectIamAdmin"

_FILE = "readiness/live/bootstrap_rights.py"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rights:
    """The project's roles that a kind of resource needs: to be read by a preview, and to be written by an update.

    `permission` is one that an update needs on the project and that `apply` holds; None where the right may be given on
    one thing alone.
    """

    preview: str
    apply: str | None
    permission: str | None = None


def _monitoring(kind: str) -> Rights:
    return Rights(
        preview="roles/monitoring.viewer", apply="roles/monitoring.editor", permission=f"monitoring.{kind}.create"
    )


def _logging(kind: str, verb: str = "create") -> Rights:
    return Rights(
        preview="roles/logging.viewer", apply="roles/logging.configWriter", permission=f"logging.{kind}.{verb}"
    )


_POLICIES = Rights(
    preview="roles/iam.securityReviewer", apply=IAM_ADMIN, permission="resourcemanager.projects.setIamPolicy"
)

# `apply` is None where the right is given on the one thing: the registry, a secret.
RIGHTS: Mapping[str, Rights] = {
    types.ALERT_POLICY: _monitoring("alertPolicies"),
    types.MONITORED_SERVICE: _monitoring("services"),
    types.DASHBOARD: _monitoring("dashboards"),
    types.CHANNEL: _monitoring("notificationChannels"),
    types.OBJECTIVE: _monitoring("slos"),
    types.UPTIME_CHECK: _monitoring("uptimeCheckConfigs"),
    types.LOG_METRIC: _logging("logMetrics"),
    types.LOG_BUCKET: _logging("buckets", "update"),
    types.LOG_SINK: _logging("sinks"),
    types.API: Rights(
        preview="roles/serviceusage.serviceUsageViewer",
        apply="roles/serviceusage.serviceUsageAdmin",
        permission="serviceusage.services.enable",
    ),
    types.REGISTRY: Rights(preview="roles/artifactregistry.reader", apply=None),
    types.REGISTRY_MEMBER: Rights(preview="roles/iam.securityReviewer", apply=None),
    types.SECRET_MEMBER: Rights(preview="roles/iam.securityReviewer", apply=None),
    types.PROJECT_MEMBER: _POLICIES,
    types.AUDIT_CONFIG: _POLICIES,
    # It can make accounts and delete none: what acts as one would stop.
    types.ACCOUNT: Rights(
        preview="roles/iam.serviceAccountViewer",
        apply="roles/iam.serviceAccountCreator",
        permission="iam.serviceAccounts.create",
    ),
    types.JOB: Rights(preview="roles/run.viewer", apply="roles/run.developer", permission="run.jobs.create"),
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
    declared = {resource["type"] for resource in resources if resource["type"].startswith("gcp:")}
    if unknown := sorted(declared - RIGHTS.keys()):
        message, hint = f"names no role for {', '.join(unknown)}", "Add it to RIGHTS, with the narrowest role"
        raise RefusedError([Finding(rule_id="bootstrap-role-missing", file=_FILE, message=message, hint=hint)])
    rights = [RIGHTS[type_] for type_ in declared]
    return Needs(
        preview_roles=_sorted(right.preview for right in rights),
        apply_roles=_sorted(right.apply for right in rights if right.apply),
        granted=_given(resources, types.PROJECT_MEMBER, "role"),
        secrets=_given(resources, types.SECRET_MEMBER, "secretId"),
        accounts=_given(resources, types.ACCOUNT, "accountId"),
    )


def _given(resources: Sequence[Mapping[str, Any]], type_: str, name: str) -> tuple[str, ...]:
    return _sorted(str(resource["inputs"][name]) for resource in resources if resource["type"] == type_)


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))
