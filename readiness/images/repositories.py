"""The image repository in a stack's plan, and the commands that list its images, deletions and revisions."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from readiness.finding import Finding, RefusedError
from readiness.images.policies import Policy, policies_of
from readiness.resource_types import REGISTRY


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredRepository:
    """A declared repository. `dry_run`: cleanup only logs what it would delete."""

    project: str
    location: str
    repository_id: str
    dry_run: bool
    policies: tuple[Policy, ...]

    @property
    def resource(self) -> str:
        """Its name in audit logs and in the API."""
        return resource_name(self.project, self.location, self.repository_id)

    @property
    def host_path(self) -> str:
        """The prefix of its images' names."""
        return f"{self.location}-docker.pkg.dev/{self.project}/{self.repository_id}"


def resource_name(project: str, location: str, repository_id: str) -> str:
    """A repository's name in the API."""
    return f"projects/{project}/locations/{location}/repositories/{repository_id}"


def declared_repository(resources: Iterable[dict[str, Any]]) -> DeclaredRepository | None:
    """The repository among the resources of a plan; None if the stack declares none.

    Raises RefusedError for invalid policies.
    """
    found = next((resource for resource in resources if resource["type"] == REGISTRY), None)
    if found is None:
        return None
    inputs, source = found["inputs"], found.get("source") or {}
    try:
        policies = policies_of(inputs.get("cleanupPolicies", []))
    except ValueError as error:
        raise RefusedError(
            Finding(
                rule_id="cleanup-policies",
                file=source.get("file", "the plan"),
                line=source.get("line"),
                key=found["name"],
                message=f"declares an invalid cleanup policy: {line}",
                hint="Fix the policy",
            )
            for line in str(error).splitlines()
        ) from None
    return DeclaredRepository(
        project=inputs["project"],
        location=inputs["location"],
        repository_id=inputs["repositoryId"],
        # The default of the API is false: cleanup deletes.
        dry_run=inputs.get("cleanupPolicyDryRun", False) is True,
        policies=policies,
    )


DELETE_METHOD = "google.devtools.artifactregistry.v1.ArtifactRegistry.BatchDeleteVersions"


def list_images_command(repository: DeclaredRepository) -> str:
    """The command that lists every version of the repository, with tags."""
    place = shlex.quote(repository.host_path)
    return f"gcloud artifacts docker images list {place} --include-tags --format=json > images.json"


def read_log_command(repository: DeclaredRepository) -> str:
    """The command that lists deletions and dry runs of two days. It needs Data Write audit logs of the registry."""
    wanted = f'protoPayload.methodName="{DELETE_METHOD}" AND protoPayload.request.parent:"{repository.resource}/"'
    where = f"--project={shlex.quote(repository.project)}"
    return f"gcloud logging read {shlex.quote(wanted)} {where} --freshness=48h --format=json > log.json"


def list_revisions_command(repository: DeclaredRepository) -> str:
    """The command that lists every revision of every service of the region."""
    where = f"--project={shlex.quote(repository.project)} --region={shlex.quote(repository.location)}"
    return f"gcloud run revisions list {where} --format=json > revisions.json"
