"""What tells of deployments from the application's repository, and what its identity may do for that.

Deliberately not managed here: the identity itself, the provider that vouches for the workflows, and the workflows that
deploy. They need no edit.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import projects

from components.managed_files import ManagedFiles, ManagedFilesArgs
from readiness.managed_files.delivery_files import delivery_files
from readiness.settings.delivery import DeploymentTelemetry as TelemetrySettings
from readiness.settings.github import ManagedFiles as ManagedFilesSettings

# Writes the entries; reads the audit log and which entries are there; writes the two figures.
ROLES = {
    "log-writer": "roles/logging.logWriter",
    "log-viewer": "roles/logging.viewer",
    "metric-writer": "roles/monitoring.metricWriter",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentTelemetryArgs:
    """`repository` is the name without its owner; `project` is where it writes, with its `apis`."""

    owner: str
    repository: str
    project: str
    telemetry: TelemetrySettings
    managed_files: ManagedFilesSettings
    apis: pulumi.Resource


class DeploymentTelemetry(pulumi.ComponentResource):
    """The roles of the identity, and the files."""

    def __init__(self, name: str, args: DeploymentTelemetryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        texts = delivery_files(args.telemetry, repository=f"{args.owner}/{args.repository}", project=args.project)
        super().__init__("readiness:delivery:DeploymentTelemetry", name, None, opts)
        for what, role in ROLES.items():
            projects.IAMMember(
                f"{name}-{what}",
                project=args.project,
                role=role,
                member=f"serviceAccount:{args.telemetry.service_account}",
                opts=pulumi.ResourceOptions(parent=self, depends_on=[args.apis]),
            )
        files = ManagedFilesArgs(repository=args.repository, managed_files=args.managed_files, texts=texts)
        ManagedFiles(f"{name}-files", files, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})
