"""IAM roles on a Google Cloud project or on one of its image repositories, one member in each grant.

A grant adds one member to one role and removes no other member. Declare a pair of role and member only once: when one
of two declarations is removed, the member loses the role.

Not managed here: the members themselves, and other roles that they have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import artifactregistry, projects

from .arguments import check_arguments
from .outputs import by_key, with_version
from .resource_options import child_options


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryArgs:
    """An Artifact Registry repository of the project. `repository` is its id, the last part of its name."""

    location: pulumi.Input[str]
    repository: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleGrantArgs:
    """Grants `role`, such as `roles/run.viewer`, to `member`, such as `serviceAccount:…`.

    The role applies to `registry`, or without one to the project. `key` ends the resource's name. `depends_on` names
    what has to exist before the grant, in addition to the dependencies of the component.
    """

    key: str
    role: pulumi.Input[str]
    member: pulumi.Input[str]
    registry: RegistryArgs | None = None
    depends_on: Sequence[pulumi.Resource] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleGrantsArgs:
    """The project, and the grants in it."""

    project: pulumi.Input[str]
    grants: Sequence[RoleGrantArgs]


class RoleGrants(pulumi.ComponentResource):
    """Declares one resource for each of the argument `grants`.

    `ids`: the ids by their `key`. The attribute `grants` has the resources by their `key`.
    """

    ids: pulumi.Output[Mapping[str, str]]

    def __init__(self, name: str, args: RoleGrantsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(name, args, RoleGrantsArgs)
        super().__init__("readiness:project:RoleGrants", name, None, opts)
        self.grants = {
            grant.key: _grant(
                f"{name}-{grant.key}", args.project, grant, child_options(self, opts, depends_on=grant.depends_on)
            )
            for grant in args.grants
        }
        self.ids = by_key({key: grant.id for key, grant in self.grants.items()})
        self.register_outputs(with_version({"ids": self.ids}))


def _grant(
    name: str, project: pulumi.Input[str], grant: RoleGrantArgs, opts: pulumi.ResourceOptions
) -> projects.IAMMember | artifactregistry.RepositoryIamMember:
    if grant.registry is None:
        return projects.IAMMember(name, project=project, role=grant.role, member=grant.member, opts=opts)
    return artifactregistry.RepositoryIamMember(
        name,
        project=project,
        location=grant.registry.location,
        repository=grant.registry.repository,
        role=grant.role,
        member=grant.member,
        opts=opts,
    )
