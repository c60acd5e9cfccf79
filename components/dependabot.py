"""Dependabot: vulnerability alerts, then security updates, the labels it uses, and the files that it is steered by.

Deliberately not managed here: `allow_auto_merge`. It is a field of the repository, and declaring that for one field
would reset its others.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_github as github

from components.managed_files import ManagedFiles, ManagedFilesArgs
from readiness.managed_files.application_files import dependabot_files
from readiness.settings.github import MINOR_OR_PATCH_LABEL, DependabotLabel
from readiness.settings.github import Dependabot as DependabotSettings
from readiness.settings.github import ManagedFiles as ManagedFilesSettings

_MINOR_OR_PATCH = DependabotLabel(name=MINOR_OR_PATCH_LABEL, color="c2e0c6", description="Raises no major version")


@dataclass(frozen=True, kw_only=True, slots=True)
class DependabotArgs:
    """`repository` is the name without its owner; `owner` is who may be named in a file, the provider's own."""

    owner: str
    repository: str
    dependabot: DependabotSettings
    managed_files: ManagedFilesSettings


class Dependabot(pulumi.ComponentResource):
    """What GitHub has to have switched on, and the files."""

    def __init__(self, name: str, args: DependabotArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        texts = dependabot_files(
            args.dependabot, repository=f"{args.owner}/{args.repository}", managed_files=args.managed_files
        )
        super().__init__("readiness:github:Dependabot", name, None, opts)
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
        files = ManagedFilesArgs(repository=args.repository, managed_files=args.managed_files, texts=texts)
        ManagedFiles(f"{name}-files", files, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})
