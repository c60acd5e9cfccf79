"""The roles that the program grants to the service accounts of the managed workflows.

Several workflows may use one account. Each pair of account and role is listed only once, under the first workflow that
needs it: when one of two declarations of a pair is removed, the account loses the role.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from readiness.settings.image_workflows import ImageWorkflows
from readiness.settings.model import Settings

# The names of the components that declare the grants. A grant's resource has the name of its component and its key.
DEPLOYMENT_TELEMETRY = "deployment-telemetry"
IMAGE_WORKFLOWS = "image-workflows"

# Telemetry writes log entries and two metrics, and reads the audit log and the entries that exist.
_TELEMETRY_ROLES = {
    "log-writer": "roles/logging.logWriter",
    "log-viewer": "roles/logging.viewer",
    "metric-writer": "roles/monitoring.metricWriter",
}
# By workflow: roles on the image repository. None of them can delete a version.
_REGISTRY_ROLES = {
    "promotion": ("roles/artifactregistry.writer",),
    "report": ("roles/artifactregistry.reader",),
    "scan": ("roles/artifactregistry.reader",),
}
# By workflow: roles in the project.
_PROJECT_ROLES = {
    "promotion": ("roles/run.viewer",),
    # The Data Access log, which `logging.viewer` cannot read, says who deleted a version.
    "report": ("roles/logging.privateLogViewer", "roles/logging.logWriter"),
    "scan": ("roles/run.viewer", "roles/logging.viewer", "roles/logging.logWriter"),
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
        granted = {(grant.member, grant.role) for grant in grants.get(DEPLOYMENT_TELEMETRY, ())}
        grants[IMAGE_WORKFLOWS] = (
            *_registry_grants(settings.image_workflows),
            *_project_grants(settings.image_workflows, granted),
        )
    return grants


def _registry_grants(workflows: ImageWorkflows) -> Iterator[WorkflowGrant]:
    for workflow, member, role in _each_once(workflows, _REGISTRY_ROLES, set()):
        key = f"{workflow}-{role.rpartition('.')[2]}"
        yield WorkflowGrant(key=key, role=role, member=member, on_registry=True)


def _project_grants(workflows: ImageWorkflows, granted: set[tuple[str, str]]) -> Iterator[WorkflowGrant]:
    for workflow, member, role in _each_once(workflows, _PROJECT_ROLES, granted):
        key = f"{workflow}-{role.removeprefix('roles/').replace('.', '-').lower()}"
        yield WorkflowGrant(key=key, role=role, member=member)


def _each_once(
    workflows: ImageWorkflows, roles: Mapping[str, tuple[str, ...]], granted: set[tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """Every `(member, role)` that is not in `granted`, once, as `(workflow, member, role)`."""
    accounts = {
        "promotion": workflows.promotion_identity,
        "report": workflows.report_identity,
        "scan": workflows.scan_identity,
    }
    seen = set(granted)
    for workflow, account in accounts.items():
        member = _member(account)
        for role in roles[workflow]:
            if (member, role) not in seen:
                seen.add((member, role))
                yield workflow, member, role


def _member(account: str) -> str:
    return f"serviceAccount:{account}"
