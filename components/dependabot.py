"""Dependabot: vulnerability alerts, then security updates, the labels it uses, and the files that it is steered by.

The files are whole in the plan either way. With `delivery: commit` they are declared on the default branch; with
`pull_request` they are left to `readiness deliver`, because every push to the customer's `main` deploys.

Deliberately not managed here: `allow_auto_merge`. It is a field of the repository, and declaring that for one field
would reset its others.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

import pulumi
import pulumi_github as github

from readiness.managed_files.application_files import dependabot_files
from readiness.managed_files.dependabot import DEPENDABOT_PATH
from readiness.managed_files.header import file_digest
from readiness.settings.github import MINOR_OR_PATCH_LABEL, DependabotLabel, ManagedFiles
from readiness.settings.github import Dependabot as DependabotSettings

_MINOR_OR_PATCH = DependabotLabel(name=MINOR_OR_PATCH_LABEL, color="c2e0c6", description="Raises no major version")


@dataclass(frozen=True, kw_only=True, slots=True)
class DependabotArgs:
    """`repository` is the name without its owner; `owner` is who may be named in a file, the provider's own."""

    owner: str
    repository: str
    dependabot: DependabotSettings
    managed_files: ManagedFiles


class Dependabot(pulumi.ComponentResource):
    """What GitHub has to have switched on; its inputs hold the files, their digests, and how they are delivered."""

    def __init__(self, name: str, args: DependabotArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        texts = dependabot_files(
            args.dependabot, repository=f"{args.owner}/{args.repository}", managed_files=args.managed_files
        )
        digests = {path: file_digest(text) for path, text in texts.items()}
        props = {"delivery": args.managed_files.delivery, "digests": digests, "files": texts}
        super().__init__("readiness:github:Dependabot", name, props, opts)
        alerts = github.RepositoryVulnerabilityAlerts(
            f"{name}-alerts",
            repository=args.repository,
            enabled=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        github.RepositoryDependabotSecurityUpdates(
            f"{name}-security-updates",
            repository=args.repository,
            enabled=True,
            # GitHub refuses security updates while alerts are off, and every refresh fails from then on.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[alerts]),
        )
        for label in (*args.dependabot.labels, *((_MINOR_OR_PATCH,) if args.dependabot.auto_merge else ())):
            github.IssueLabel(
                f"{name}-label-{label.name.lower()}",
                repository=args.repository,
                name=label.name,
                color=label.color,
                description=label.description,
                opts=pulumi.ResourceOptions(parent=self),
            )
        if args.managed_files.delivery == "commit":
            for path, text in texts.items():
                self._commit(name, path, text, args)
        self.register_outputs({"files": list(texts)})

    def _commit(self, name: str, path: str, text: str, args: DependabotArgs) -> None:
        is_first = path == DEPENDABOT_PATH
        github.RepositoryFile(
            f"{name}-file" if is_first else f"{name}-file-{PurePosixPath(path).stem}",
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
