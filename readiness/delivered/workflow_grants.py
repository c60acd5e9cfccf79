"""The roles that the program grants to the service accounts of the managed workflows.

Several workflows may use one account. Each pair of account and role is listed only once, under the first workflow that
needs it: when one of two declarations of a pair is removed, the account loses the role.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from readiness.settings.image_workflows import ImageWorkflows
from readiness.settings.model import Settings

# The names of the components that declare the grants. A grant's resource has the name of its component and its key.
DEPLOYMENT_TELEMETRY = "deployment-telemetry"
IMAGE_WORKFLOWS = "image-workflows"

# Telemetry writes log entries and two metrics, and reads the audit log, the entries that exist, and the incidents.
_TELEMETRY_ROLES = {
    "log-writer": "roles/logging.logWriter",
    "log-viewer": "roles/logging.viewer",
    "metric-writer": "roles/monitoring.metricWriter",
    "monitoring-viewer": "roles/monitoring.viewer",
}
# By image workflow: roles on the image repository, none of which can delete a version, and roles in the project.
_IMAGE_ROLES = {
    "promotion": (("roles/artifactregistry.writer",), ("roles/run.viewer",)),
    # The Data Access log, which `logging.viewer` cannot read, contains who deleted a version.
    "report": (("roles/artifactregistry.reader",), ("roles/logging.privateLogViewer", "roles/logging.logWriter")),
    "scan": (
        ("roles/artifactregistry.reader",),
        ("roles/run.viewer", "roles/logging.viewer", "roles/logging.logWriter"),
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkflowGrant:
    """Grants `role` to `member`, such as `serviceAccount:…`: on the image repository or the project.

    `on_registry` selects the image repository. `key` ends the name of the grant's resource.
    """

    key: str
    role: str
    member: str
    on_registry: bool = False


def workflow_grants(settings: Settings) -> Mapping[str, tuple[WorkflowGrant, ...]]:
    """The grants by the name of their component. A component whose settings are missing is left out."""
    grants: dict[str, tuple[WorkflowGrant, ...]] = {}
    telemetry = settings.deployment_telemetry
    if telemetry is not None:
        grants[DEPLOYMENT_TELEMETRY] = tuple(
            WorkflowGrant(key=key, role=role, member=_member(telemetry.service_account))
            for key, role in _TELEMETRY_ROLES.items()
        )
    # Without a registry, the image workflows have no images.
    if settings.image_workflows is not None and settings.image_registry is not None:
        grants[IMAGE_WORKFLOWS] = tuple(_image_grants(settings.image_workflows, grants.get(DEPLOYMENT_TELEMETRY, ())))
    return grants


def _image_grants(workflows: ImageWorkflows, granted: Iterable[WorkflowGrant]) -> Iterator[WorkflowGrant]:
    """The grants on the image repository, then those in the project; each pair once, and none that is `granted`."""
    accounts = {
        "promotion": workflows.promotion_identity,
        "report": workflows.report_identity,
        "scan": workflows.scan_identity,
    }
    seen = {(grant.member, grant.role) for grant in granted}
    for on_registry in (True, False):
        for workflow, account in accounts.items():
            on_repository, in_project = _IMAGE_ROLES[workflow]
            for role in on_repository if on_registry else in_project:
                if (_member(account), role) in seen:
                    continue
                seen.add((_member(account), role))
                name = role.rpartition(".")[2] if on_registry else role.removeprefix("roles/").replace(".", "-").lower()
                key = f"{workflow}-{name}"
                yield WorkflowGrant(key=key, role=role, member=_member(account), on_registry=on_registry)


def _member(account: str) -> str:
    return f"serviceAccount:{account}"
