"""The workflow file that migrates a database before a deployment.

Its inputs hold the file whole. With `delivery: commit` it is declared on the default branch; with `pull_request` it is
left to `readiness deliver`. Deliberately not managed here: the workflows that deploy, which call it (docs/migrations.md
has the lines), and the identity that they act as.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_github as github

from readiness.managed_files.header import file_digest
from readiness.managed_files.migration_files import migration_files
from readiness.settings.migration import MigrationJob
from readiness.settings.model import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationWorkflowArgs:
    """`job` is `settings.migration_job`; its timeout is the workflow's."""

    settings: Settings
    job: MigrationJob


class MigrationWorkflow(pulumi.ComponentResource):
    """The file, and how it is delivered."""

    def __init__(self, name: str, args: MigrationWorkflowArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        settings = args.settings
        texts = migration_files(args.job, project=settings.project, region=settings.region)
        digests = {path: file_digest(text) for path, text in texts.items()}
        props = {"delivery": settings.managed_files.delivery, "digests": digests, "files": texts}
        super().__init__("readiness:database:MigrationWorkflow", name, props, opts)
        if settings.managed_files.delivery == "commit":
            for path, text in texts.items():
                self._commit(name, path, text, settings)
        self.register_outputs({"files": list(texts)})

    def _commit(self, name: str, path: str, text: str, settings: Settings) -> None:
        github.RepositoryFile(
            f"{name}-file",
            repository=settings.repository.name,
            branch=settings.managed_files.default_branch,
            file=path,
            content=text,
            commit_message=f"Update {path.rpartition('/')[2]}, which the readiness program declares",
            # A file that exists is overwritten: declaring it is what this delivery means.
            overwrite_on_create=True,
            # Else a change of delivery, or a destroy, would commit the file's deletion to the default branch.
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
