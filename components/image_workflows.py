"""What looks after the images from the application's repository, and what its identities may do for that.

Deliberately not managed here: the identities themselves, the provider that vouches for the workflows, and the workflows
that deploy; docs/scanning.md has the lines to add to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pulumi
from pulumi_gcp import artifactregistry, projects

from components.managed_files import ManagedFiles, ManagedFilesArgs
from readiness.managed_files.image_files import ImagePlace, image_files
from readiness.settings.github import ManagedFiles as ManagedFilesSettings
from readiness.settings.image_workflows import ImageWorkflows as WorkflowSettings

# By purpose: roles on the repository of images, then roles in the project. None of them can delete a version.
_REGISTRY_ROLES = {
    "promotion": ("roles/artifactregistry.writer",),
    "report": ("roles/artifactregistry.reader",),
    "scan": ("roles/artifactregistry.reader",),
}
_PROJECT_ROLES = {
    "promotion": ("roles/run.viewer",),
    # Who deleted what stands in the Data Access log, which `logging.viewer` does not show.
    "report": ("roles/logging.privateLogViewer", "roles/logging.logWriter"),
    "scan": ("roles/run.viewer", "roles/logging.viewer", "roles/logging.logWriter"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageWorkflowsArgs:
    """`registry` must exist before anybody has a role on it; `apis`, and those of the registry, are enabled before.

    `granted_elsewhere`: `(account, role)` of the project that another component declares. Declared twice, either of the
    two would take the role away when it goes.
    """

    place: ImagePlace
    workflows: WorkflowSettings
    managed_files: ManagedFilesSettings
    registry: pulumi.Resource
    apis: pulumi.Resource
    registry_apis: pulumi.Resource
    granted_elsewhere: frozenset[tuple[str, str]]


class ImageWorkflows(pulumi.ComponentResource):
    """The roles of the identities, and the files."""

    def __init__(self, name: str, args: ImageWorkflowsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        texts = image_files(args.workflows, args.place)
        super().__init__("readiness:registry:ImageWorkflows", name, None, opts)
        self._grant(name, args)
        repository = args.place.repository.partition("/")[2]
        files = ManagedFilesArgs(repository=repository, managed_files=args.managed_files, texts=texts)
        ManagedFiles(f"{name}-files", files, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})

    def _grant(self, name: str, args: ImageWorkflowsArgs) -> None:
        place = args.place
        for purpose, member, role in _grants(args.workflows, _REGISTRY_ROLES, frozenset()):
            artifactregistry.RepositoryIamMember(
                f"{name}-{purpose}-{role.rpartition('.')[2]}",
                project=place.project,
                location=place.region,
                repository=place.registry,
                role=role,
                member=member,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[args.registry, args.registry_apis]),
            )
        for purpose, member, role in _grants(args.workflows, _PROJECT_ROLES, args.granted_elsewhere):
            projects.IAMMember(
                f"{name}-{purpose}-{role.removeprefix('roles/').replace('.', '-').lower()}",
                project=place.project,
                role=role,
                member=member,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[args.apis]),
            )


def _grants(
    workflows: WorkflowSettings, roles: Mapping[str, tuple[str, ...]], elsewhere: frozenset[tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """`(purpose, member, role)`, each role of a member once: two purposes may share an identity."""
    identities = {
        "promotion": workflows.promotion_identity,
        "report": workflows.report_identity,
        "scan": workflows.scan_identity,
    }
    seen = set(elsewhere)
    for purpose, identity in identities.items():
        for role in roles[purpose]:
            if (identity, role) not in seen:
                seen.add((identity, role))
                yield purpose, f"serviceAccount:{identity}", role
