"""The Artifact Registry repository: what is kept, what is cleaned up, and that images are scanned.

Cleanup policies: DELETE what is older than the age, and KEEP, which wins over DELETE, the newest of each package (one
policy a package, which is right whether Google counts per package or per policy), the protected tags, and everything
younger than the age. Tags match as prefixes.

`adopt: true` says that the repository exists. The `import_` option takes it in as it is, and the same `up` then changes
what differs; the preview shows both. Where there is none, `up` stops and creates none.

Deliberately not managed here: who may read and write (IAM), and description and labels of an adopted repository, which
Terraform writes.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import artifactregistry

from readiness.retention.policies import Policy, declared_policies
from readiness.settings.registry import ImageRegistry as RegistrySettings

# Google gives the state in its answer to an update; a plan without one says so instead of saying nothing.
NOT_REPORTED = "not reported yet"


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageRegistryArgs:
    """`apis` is what must be enabled before the repository can be scanned."""

    project: str
    location: str
    registry: RegistrySettings
    apis: pulumi.Resource


class ImageRegistry(pulumi.ComponentResource):
    """The repository with its cleanup policies; `scanning_state` is what Google made of the scanning asked for."""

    def __init__(self, name: str, args: ImageRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:registry:ImageRegistry", name, None, opts)
        registry = args.registry
        self.repository = artifactregistry.Repository(
            f"{name}-repository",
            project=args.project,
            location=args.location,
            repository_id=registry.repository_id,
            format="DOCKER",
            cleanup_policies=[_policy(policy) for policy in declared_policies(registry)],
            # Always written: left out, an imported `true` becomes null, and cleanup starts to delete.
            cleanup_policy_dry_run=registry.cleanup_dry_run,
            vulnerability_scanning_config=artifactregistry.RepositoryVulnerabilityScanningConfigArgs(
                # There is no ENABLED: inherited from the project, whose scanning API this program enables.
                enablement_config="INHERITED",
            ),
            opts=self._options(args),
        )
        self.scanning_state = self.repository.vulnerability_scanning_config.apply(
            lambda config: config.enablement_state or NOT_REPORTED
        )
        self.register_outputs({"repository": self.repository.id})

    def _options(self, args: ImageRegistryArgs) -> pulumi.ResourceOptions:
        # Protected: with the repository every image goes, the one that production runs included.
        options = pulumi.ResourceOptions(parent=self, protect=True, depends_on=[args.apis])
        if not args.registry.adopt:
            return options
        identity = f"projects/{args.project}/locations/{args.location}/repositories/{args.registry.repository_id}"
        # Terraform writes description and labels, from both of its states in turn.
        adopted = pulumi.ResourceOptions(import_=identity, ignore_changes=["description", "labels"])
        return pulumi.ResourceOptions.merge(options, adopted)


def _policy(policy: Policy) -> artifactregistry.RepositoryCleanupPolicyArgs:
    body = policy.as_body()
    condition, recent = body.get("condition"), body.get("mostRecentVersions")
    return artifactregistry.RepositoryCleanupPolicyArgs(
        id=policy.id,
        action=policy.action,
        condition=condition
        and artifactregistry.RepositoryCleanupPolicyConditionArgs(
            tag_state=condition["tagState"],
            tag_prefixes=condition.get("tagPrefixes"),
            older_than=condition.get("olderThan"),
            newer_than=condition.get("newerThan"),
        ),
        most_recent_versions=recent
        and artifactregistry.RepositoryCleanupPolicyMostRecentVersionsArgs(
            keep_count=recent["keepCount"], package_name_prefixes=recent["packageNamePrefixes"]
        ),
    )
