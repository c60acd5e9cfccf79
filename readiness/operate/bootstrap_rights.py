"""What the two identities of CI may do: what the declared resources need, and nothing else of the project.

Roles are Google's predefined ones (cloud.google.com/iam/docs/roles-permissions), each the narrowest that holds the
permissions its resources take. Where one would be too wide, the right is on the thing itself (`bootstrap.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readiness.problems import Problem, RefusedError

IAM_ADMIN = "roles/resourcemanager.projectIamAdmin"

_ACCOUNT = "gcp:serviceaccount/account:Account"
_MEMBER = "gcp:projects/iAMMember:IAMMember"
_SECRET_MEMBER = "gcp:secretmanager/secretIamMember:SecretIamMember"  # noqa: S105 - a resource type
_FILE = "readiness/operate/bootstrap_rights.py"


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
    "gcp:monitoring/alertPolicy:AlertPolicy": _MONITORING,
    "gcp:monitoring/customService:CustomService": _MONITORING,
    "gcp:monitoring/dashboard:Dashboard": _MONITORING,
    "gcp:monitoring/notificationChannel:NotificationChannel": _MONITORING,
    "gcp:monitoring/slo:Slo": _MONITORING,
    "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig": _MONITORING,
    "gcp:logging/metric:Metric": _LOGGING,
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": _LOGGING,
    "gcp:logging/projectSink:ProjectSink": _LOGGING,
    "gcp:projects/service:Service": Rights(
        preview="roles/serviceusage.serviceUsageViewer", apply="roles/serviceusage.serviceUsageAdmin"
    ),
    "gcp:artifactregistry/repository:Repository": Rights(preview="roles/artifactregistry.reader", apply=None),
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": Rights(
        preview="roles/iam.securityReviewer", apply=None
    ),
    _SECRET_MEMBER: Rights(preview="roles/iam.securityReviewer", apply=None),
    _MEMBER: _POLICIES,
    "gcp:projects/iAMAuditConfig:IAMAuditConfig": _POLICIES,
    # It can make accounts and delete none: what acts as one would stop.
    _ACCOUNT: Rights(preview="roles/iam.serviceAccountViewer", apply="roles/iam.serviceAccountCreator"),
    "gcp:cloudrunv2/job:Job": Rights(preview="roles/run.viewer", apply="roles/run.developer"),
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
        message, mend = f"names no role for {', '.join(unknown)}", "Add it to RIGHTS, with the narrowest role"
        raise RefusedError([Problem(file=_FILE, message=message, mend=mend)])
    rights = [RIGHTS[each] for each in types]
    return Needs(
        preview_roles=_sorted(each.preview for each in rights),
        apply_roles=_sorted(each.apply for each in rights if each.apply),
        granted=_given(resources, _MEMBER, "role"),
        secrets=_given(resources, _SECRET_MEMBER, "secretId"),
        accounts=_given(resources, _ACCOUNT, "accountId"),
    )


def _given(resources: Sequence[Mapping[str, Any]], type_: str, name: str) -> tuple[str, ...]:
    return _sorted(str(each["inputs"][name]) for each in resources if each["type"] == type_)


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))
