"""What tells of deployments from the application's repository, and what its identity may do for that.

Its inputs hold the files whole. With `delivery: commit` they are declared on the default branch; with `pull_request`
they are left to `readiness deliver`. Deliberately not managed here: the identity itself, the provider that vouches for
the workflows, and the workflows that deploy. They need no edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

import pulumi
import pulumi_github as github
from pulumi_gcp import projects

from readiness.managed_files.delivery_files import delivery_files
from readiness.managed_files.header import file_digest
from readiness.settings.delivery import DeploymentTelemetry as TelemetrySettings
from readiness.settings.github import ManagedFiles

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
    managed_files: ManagedFiles
    apis: pulumi.Resource


class DeploymentTelemetry(pulumi.ComponentResource):
    """The roles of the identity, and the files with how they are delivered."""

    def __init__(self, name: str, args: DeploymentTelemetryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        texts = delivery_files(args.telemetry, repository=f"{args.owner}/{args.repository}", project=args.project)
        digests = {path: file_digest(text) for path, text in texts.items()}
        props = {"delivery": args.managed_files.delivery, "digests": digests, "files": texts}
        super().__init__("readiness:delivery:DeploymentTelemetry", name, props, opts)
        for what, role in ROLES.items():
            projects.IAMMember(
                f"{name}-{what}",
                project=args.project,
                role=role,
                member=f"serviceAccount:{args.telemetry.service_account}",
                opts=pulumi.ResourceOptions(parent=self, depends_on=[args.apis]),
            )
        if args.managed_files.delivery == "commit":
            for path, text in texts.items():
                self._commit(name, path, text, args)
        self.register_outputs({"files": list(texts)})

    def _commit(self, name: str, path: str, text: str, args: DeploymentTelemetryArgs) -> None:
        github.RepositoryFile(
            f"{name}-file-{PurePosixPath(path).stem.strip('_')}",
            repository=args.repository,
            branch=args.managed_files.default_branch,
            file=path,
            content=text,
            commit_message=f"Update {PurePosixPath(path).name}, which the readiness program declares",
            # A file that exists is overwritten: declaring it is what this delivery means.
            overwrite_on_create=True,
            # Else a change of delivery, or a destroy, would commit the file's deletion to the default branch.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
