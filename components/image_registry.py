"""An Artifact Registry repository of container images, with cleanup policies and vulnerability scanning.

KEEP wins over DELETE: a version that one cleanup policy selects for deletion stays if another policy keeps it. Tags
match as prefixes. While `cleanup_dry_run` is on, Google deletes nothing and only logs what it would delete.

`adopt` is the id of an existing repository. `pulumi up` imports it and then changes what differs; a preview shows both.
If the repository does not exist, `pulumi up` fails and creates none.

Not managed here: who may read and write (IAM), and the description and labels of an adopted repository, which another
tool may manage.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_gcp import artifactregistry

from readiness.images.policies import Policy, policies_of

from .arguments import Place, check_arguments
from .outputs import with_version
from .resource_options import child_options

_REPOSITORY = re.compile(r"projects/[^/]+/locations/[^/]+/repositories/[^/]+")
# Shown until Google has reported a state, which it does in its response to an update.
NOT_REPORTED = "not reported yet"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageRegistryArgs:
    """`adopt` is the id of a repository to import, `projects/P/locations/L/repositories/R`. None creates a new one.

    It is a plain string because the engine needs it when the resource is registered. A repository has at most ten
    cleanup policies.
    """

    project: pulumi.Input[str]
    location: pulumi.Input[str]
    repository_id: pulumi.Input[str]
    cleanup_policies: Sequence[Policy]
    cleanup_dry_run: bool
    adopt: str | None = None


class ImageRegistry(pulumi.ComponentResource):
    """Declares the repository with its cleanup policies. The attribute `repository` is the resource.

    `id`: `projects/P/locations/L/repositories/R`. `repository_id`: the last part of it. `scanning_state`: whether
    Google scans the images, such as `SCANNING_ACTIVE`, or "not reported yet".
    """

    id: pulumi.Output[str]
    repository_id: pulumi.Output[str]
    scanning_state: pulumi.Output[str]

    def __init__(self, name: str, args: ImageRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        # As plain mappings: the SDK's own classes would be one more form of the same policies.
        policies: Any = [policy.as_body() for policy in _checked(args, check_arguments(name, args, ImageRegistryArgs))]
        super().__init__("readiness:registry:ImageRegistry", name, None, opts)
        self.repository = artifactregistry.Repository(
            f"{name}-repository",
            project=args.project,
            location=args.location,
            repository_id=args.repository_id,
            format="DOCKER",
            cleanup_policies=policies,
            # Always set: without it, an imported `true` would become null, and the cleanup would start to delete.
            cleanup_policy_dry_run=args.cleanup_dry_run,
            vulnerability_scanning_config=artifactregistry.RepositoryVulnerabilityScanningConfigArgs(
                # There is no ENABLED. With INHERITED, images are scanned if the project's scanning API is enabled.
                enablement_config="INHERITED",
            ),
            opts=pulumi.ResourceOptions.merge(child_options(self, opts), _protection(args.adopt)),
        )
        self.id = self.repository.id
        self.repository_id = self.repository.repository_id
        self.scanning_state = self.repository.vulnerability_scanning_config.apply(
            lambda config: config.enablement_state or NOT_REPORTED
        )
        self.register_outputs(
            with_version({"id": self.id, "repository_id": self.repository_id, "scanning_state": self.scanning_state})
        )


def _checked(args: ImageRegistryArgs, place: Place) -> Sequence[Policy]:
    try:
        policies_of([policy.as_body() for policy in args.cleanup_policies])
    except ValueError as error:
        place.at(".cleanup_policies").refuse(str(error))
    if args.adopt is not None and not _REPOSITORY.fullmatch(args.adopt):
        place.at(".adopt").refuse(f"{args.adopt!r} is not of the form projects/P/locations/L/repositories/R.")
    return args.cleanup_policies


def _protection(adopt: str | None) -> pulumi.ResourceOptions:
    if adopt is None:
        # Deleting the repository deletes every image, including the one that production runs. So it stays when its
        # setting is removed, and when another repository takes its place.
        return pulumi.ResourceOptions(protect=True, retain_on_delete=True)
    # As above. Another tool, such as Terraform, may manage description and labels.
    return pulumi.ResourceOptions(
        protect=True, retain_on_delete=True, import_=adopt, ignore_changes=["description", "labels"]
    )
