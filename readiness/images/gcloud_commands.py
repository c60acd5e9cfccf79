"""The commands that fetch what is read here. They only read, and run on the machine of whoever may read it."""

from __future__ import annotations

import shlex

from readiness.images.repositories import DeclaredRepository

DELETE_METHOD = "google.devtools.artifactregistry.v1.ArtifactRegistry.BatchDeleteVersions"


def list_images_command(repository: DeclaredRepository, file: str = "images.json") -> str:
    """Every version of the repository, with tags."""
    return (
        f"gcloud artifacts docker images list {shlex.quote(repository.host_path)} --include-tags --format=json > {file}"
    )


def read_log_command(repository: DeclaredRepository, file: str = "log.json") -> str:
    """What cleanup deleted or would have deleted in two days: Data Write audit logs of the registry must be on."""
    wanted = f'protoPayload.methodName="{DELETE_METHOD}" AND protoPayload.request.parent:"{repository.resource}/"'
    where = f"--project={shlex.quote(repository.project)}"
    return f"gcloud logging read {shlex.quote(wanted)} {where} --freshness=48h --format=json > {file}"


def list_revisions_command(repository: DeclaredRepository, file: str = "revisions.json") -> str:
    """Every revision of every service of the region."""
    where = f"--project={shlex.quote(repository.project)} --region={shlex.quote(repository.location)}"
    return f"gcloud run revisions list {where} --format=json > {file}"
