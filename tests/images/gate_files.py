"""Log entries and revisions for tests, as gcloud writes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from readiness.images.repositories import DELETE_METHOD
from tests.images.listings import NOW, REPOSITORY, RESOURCE, digest_of

CLEANUP = "service-864523342928@gcp-sa-artifactregistry.iam.gserviceaccount.com"
SERVICES = (
    "ai-resume-review-v2-backend-prod",
    "ai-resume-review-v2-frontend-prod",
    "ai-resume-review-v2-backend-staging",
    "ai-resume-review-v2-frontend-staging",
)


def name_of(seed: object, package: str = "backend", resource: str = RESOURCE) -> str:
    """A version's full name."""
    return f"{resource}/packages/{package}/versions/{digest_of(seed)}"


def entry(
    *names: str, hours_ago: float = 5, dry: bool | None = True, principal: str = CLEANUP, resource: str = RESOURCE
) -> dict[str, Any]:
    """The first entry of a run of BatchDeleteVersions; `dry` None leaves the field out, as a real run does."""
    request: dict[str, Any] = {
        "@type": "type.googleapis.com/google.devtools.artifactregistry.v1.BatchDeleteVersionsRequest",
        "names": list(names),
        "parent": f"{resource}/packages/-",
    }
    if dry is not None:
        request["validateOnly"] = dry
    return {
        "insertId": "1a2b3c",
        "logName": "projects/ytgrs-464303/logs/cloudaudit.googleapis.com%2Fdata_access",
        "operation": {"first": True, "id": f"{resource}/operations/1", "producer": "artifactregistry.googleapis.com"},
        "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "authenticationInfo": {"principalEmail": principal},
            "methodName": DELETE_METHOD,
            "request": request,
            "serviceName": "artifactregistry.googleapis.com",
        },
        "resource": {"labels": {"service": "artifactregistry.googleapis.com"}, "type": "audited_resource"},
        "timestamp": (NOW - timedelta(hours=hours_ago)).isoformat().replace("+00:00", ".123456789Z"),
    }


def end_of_operation(*repeated: str) -> dict[str, Any]:
    """The second entry of the same run: of the request it has only the fields `repeated`."""
    last = entry()
    last["operation"] = {"id": last["operation"]["id"], "last": True, "producer": "artifactregistry.googleapis.com"}
    request = last["protoPayload"]["request"]
    last["protoPayload"]["request"] = {field: request[field] for field in repeated}
    return last


def revision(
    service: str, number: int, image: object, *, active: bool | None = False, age_days: float = 10
) -> dict[str, Any]:
    """A revision; `active` None leaves its condition out."""
    package = "backend" if "backend" in service else "frontend"
    conditions: list[dict[str, Any]] = [{"type": "Ready", "status": "True"}]
    if active is not None:
        conditions.append({"type": "Active", "status": str(active)})
    digest = f"{REPOSITORY}/{package}@{digest_of(image)}"
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Revision",
        "metadata": {
            "creationTimestamp": (NOW - timedelta(days=age_days)).isoformat().replace("+00:00", "Z"),
            "labels": {"serving.knative.dev/service": service},
            "name": f"{service}-{number:05d}-abc",
        },
        "spec": {"containers": [{"image": f"{REPOSITORY}/{package}:staging-latest"}]},
        "status": {"conditions": conditions, "imageDigest": digest},
    }


def everything_serves() -> list[dict[str, Any]]:
    """One serving revision of every service of both stacks."""
    return [revision(service, 1, ("serving", service), active=True) for service in SERVICES]
