"""Dependabot in a GitHub repository: vulnerability alerts, security updates and the labels of its pull requests.

Not managed here: `.github/dependabot.yml`, which `ManagedFiles` can declare, and the repository's field
`allow_auto_merge`, because declaring the repository for one field would reset its others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_github as github

from .arguments import check_arguments
from .outputs import with_version
from .resource_options import child_options

if TYPE_CHECKING:
    from readiness.settings.github import DependabotLabel


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelArgs:
    """A label. `key` ends the resource's name; `color` is six hexadecimal digits without `#`."""

    key: str
    name: pulumi.Input[str]
    color: pulumi.Input[str]
    description: pulumi.Input[str] = ""

    @classmethod
    def of(cls, label: DependabotLabel) -> LabelArgs:
        """A label of the settings. Its key is its name in lower case, because GitHub ignores the case of names."""
        return cls(key=label.name.lower(), name=label.name, color=label.color, description=label.description)


@dataclass(frozen=True, kw_only=True, slots=True)
class DependabotArgs:
    """`repository` is the repository's name without its owner."""

    repository: pulumi.Input[str]
    labels: Sequence[LabelArgs]


class Dependabot(pulumi.ComponentResource):
    """Enables vulnerability alerts and security updates, and declares one label for each of `labels`."""

    def __init__(self, name: str, args: DependabotArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(name, args, DependabotArgs)
        super().__init__("readiness:github:Dependabot", name, None, opts)
        alerts = github.RepositoryVulnerabilityAlerts(
            f"{name}-alerts", repository=args.repository, enabled=True, opts=child_options(self, opts)
        )
        github.RepositoryDependabotSecurityUpdates(
            f"{name}-security-updates",
            repository=args.repository,
            enabled=True,
            # GitHub refuses security updates while alerts are off, and every refresh then fails.
            opts=child_options(self, opts, depends_on=[alerts]),
        )
        for label in args.labels:
            github.IssueLabel(
                f"{name}-label-{label.key}",
                repository=args.repository,
                name=label.name,
                color=label.color,
                description=label.description,
                opts=child_options(self, opts),
            )
        self.register_outputs(with_version({}))
