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
from typing import TYPE_CHECKING

import pulumi
from pulumi_gcp import artifactregistry

from readiness.durations import duration_text

from .arguments import Place, check_arguments
from .outputs import with_version
from .resource_options import child_options

if TYPE_CHECKING:
    from readiness.images.policies import Policy

ACTIONS = ("DELETE", "KEEP")
TAG_STATES = ("ANY", "TAGGED", "UNTAGGED")
_REPOSITORY = re.compile(r"projects/[^/]+/locations/[^/]+/repositories/[^/]+")
# Shown until Google has reported a state, which it does in its response to an update.
NOT_REPORTED = "not reported yet"


@dataclass(frozen=True, kw_only=True, slots=True)
class CleanupConditionArgs:
    """Selects the versions that match every field that is set; of a list of prefixes, one has to match.

    `tag_state` is ANY, TAGGED or UNTAGGED.
    """

    tag_state: str = "ANY"
    tag_prefixes: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None
    version_name_prefixes: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None
    package_name_prefixes: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None
    older_than_seconds: int | None = None
    newer_than_seconds: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MostRecentVersionsArgs:
    """Selects the newest `keep_count` versions of each package; a policy with it has the action KEEP."""

    keep_count: pulumi.Input[int]
    package_name_prefixes: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CleanupPolicyArgs:
    """Applies `action`, DELETE or KEEP, to what `versions` selects. A repository has at most ten policies."""

    id: pulumi.Input[str]
    action: str
    versions: CleanupConditionArgs | MostRecentVersionsArgs

    @classmethod
    def of(cls, policy: Policy) -> CleanupPolicyArgs:
        """A policy of `declared_policies`, which the simulator reads too."""
        package_name_prefixes = list(policy.package_prefixes) or None
        if policy.keep_count is not None:
            recent = MostRecentVersionsArgs(keep_count=policy.keep_count, package_name_prefixes=package_name_prefixes)
            return cls(id=policy.id, action=policy.action, versions=recent)
        condition = CleanupConditionArgs(
            tag_state=policy.tag_state,
            tag_prefixes=list(policy.tag_prefixes) or None,
            version_name_prefixes=list(policy.version_prefixes) or None,
            package_name_prefixes=package_name_prefixes,
            older_than_seconds=policy.older_than_seconds,
            newer_than_seconds=policy.newer_than_seconds,
        )
        return cls(id=policy.id, action=policy.action, versions=condition)


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageRegistryArgs:
    """`adopt` is the id of a repository to import, `projects/P/locations/L/repositories/R`. None creates a new one.

    It is a plain string because the engine needs it when the resource is registered.
    """

    project: pulumi.Input[str]
    location: pulumi.Input[str]
    repository_id: pulumi.Input[str]
    cleanup_policies: Sequence[CleanupPolicyArgs]
    cleanup_dry_run: bool
    adopt: str | None = None


class ImageRegistry(pulumi.ComponentResource):
    """Declares the repository with its cleanup policies. The attribute `repository` holds the resource.

    `id`: `projects/P/locations/L/repositories/R`. `repository_id`: the last part of it. `scanning_state`: whether
    Google scans the images, such as `SCANNING_ACTIVE`, or "not reported yet".
    """

    id: pulumi.Output[str]
    repository_id: pulumi.Output[str]
    scanning_state: pulumi.Output[str]

    def __init__(self, name: str, args: ImageRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        _check(args, check_arguments(name, args, ImageRegistryArgs))
        super().__init__("readiness:registry:ImageRegistry", name, None, opts)
        self.repository = artifactregistry.Repository(
            f"{name}-repository",
            project=args.project,
            location=args.location,
            repository_id=args.repository_id,
            format="DOCKER",
            cleanup_policies=[_policy(policy) for policy in args.cleanup_policies],
            # Always set: without it, an imported `true` would become null, and the cleanup would start to delete.
            cleanup_policy_dry_run=args.cleanup_dry_run,
            vulnerability_scanning_config=artifactregistry.RepositoryVulnerabilityScanningConfigArgs(
                # There is no ENABLED. With INHERITED, images are scanned if the project's scanning API is enabled.
                enablement_config="INHERITED",
            ),
            opts=pulumi.ResourceOptions.merge(child_options(self, opts), _guard(args.adopt)),
        )
        self.id = self.repository.id
        self.repository_id = self.repository.repository_id
        self.scanning_state = self.repository.vulnerability_scanning_config.apply(
            lambda config: config.enablement_state or NOT_REPORTED
        )
        self.register_outputs(
            with_version({"id": self.id, "repository_id": self.repository_id, "scanning_state": self.scanning_state})
        )


def _check(args: ImageRegistryArgs, place: Place) -> None:
    for index, policy in enumerate(args.cleanup_policies):
        here, versions = place.at(f".cleanup_policies[{index}]"), policy.versions
        if policy.action not in ACTIONS:
            here.at(".action").refuse(f"{policy.action!r} is none of {', '.join(ACTIONS)}.")
        if isinstance(versions, MostRecentVersionsArgs):
            if policy.action != "KEEP":
                here.at(".action").refuse("MostRecentVersionsArgs only keeps. Use KEEP.")
        elif versions.tag_state not in TAG_STATES:
            here.at(".versions.tag_state").refuse(f"{versions.tag_state!r} is none of {', '.join(TAG_STATES)}.")
    if args.adopt is not None and not _REPOSITORY.fullmatch(args.adopt):
        place.at(".adopt").refuse(f"{args.adopt!r} is not of the form projects/P/locations/L/repositories/R.")


def _guard(adopt: str | None) -> pulumi.ResourceOptions:
    if adopt is None:
        # Protected: deleting the repository deletes every image, including the one that production runs.
        return pulumi.ResourceOptions(protect=True)
    # Protected as above. Another tool, such as Terraform, may manage description and labels.
    return pulumi.ResourceOptions(protect=True, import_=adopt, ignore_changes=["description", "labels"])


def _policy(policy: CleanupPolicyArgs) -> artifactregistry.RepositoryCleanupPolicyArgs:
    versions = policy.versions
    if isinstance(versions, MostRecentVersionsArgs):
        recent = artifactregistry.RepositoryCleanupPolicyMostRecentVersionsArgs(
            keep_count=versions.keep_count, package_name_prefixes=versions.package_name_prefixes
        )
        return artifactregistry.RepositoryCleanupPolicyArgs(
            id=policy.id, action=policy.action, most_recent_versions=recent
        )
    condition = artifactregistry.RepositoryCleanupPolicyConditionArgs(
        tag_state=versions.tag_state,
        tag_prefixes=versions.tag_prefixes,
        version_name_prefixes=versions.version_name_prefixes,
        package_name_prefixes=versions.package_name_prefixes,
        older_than=_duration(versions.older_than_seconds),
        newer_than=_duration(versions.newer_than_seconds),
    )
    return artifactregistry.RepositoryCleanupPolicyArgs(id=policy.id, action=policy.action, condition=condition)


def _duration(seconds: int | None) -> str | None:
    """Seconds, as Artifact Registry returns them: another unit would show as a change in every plan."""
    return None if seconds is None else duration_text(seconds)
