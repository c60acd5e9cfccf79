"""Files of the application's repository: whole in the plan, and declared on its default branch where that is agreed to.

With `managed_files.delivery: commit` each is a resource. With `pull_request` they are left to `readiness deliver`,
because every push to the customer's `main` deploys. Deliberately not managed here: any path outside `.github/`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import pulumi
import pulumi_github as github

from readiness.managed_files.header import file_digest
from readiness.settings.github import ManagedFiles as ManagedFilesSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class ManagedFilesArgs:
    """`repository` is the name without its owner, `texts` holds each file's text by its path."""

    repository: str
    managed_files: ManagedFilesSettings
    texts: Mapping[str, str]


class ManagedFiles(pulumi.ComponentResource):
    """The files; its inputs hold them, their digests, and how they are delivered."""

    def __init__(self, name: str, args: ManagedFilesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        delivery = args.managed_files.delivery
        digests = {path: file_digest(text) for path, text in args.texts.items()}
        props = {"delivery": delivery, "digests": digests, "files": dict(args.texts)}
        super().__init__("readiness:project:ManagedFiles", name, props, opts)
        if delivery == "commit":
            for path, text in args.texts.items():
                self._commit(name, path, text, args)
        self.register_outputs({"files": list(args.texts)})

    def _commit(self, name: str, path: str, text: str, args: ManagedFilesArgs) -> None:
        slug = re.sub("[^a-z0-9]+", "-", path.removeprefix(".github/").lower()).strip("-")
        github.RepositoryFile(
            f"{name}-{slug}",
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
