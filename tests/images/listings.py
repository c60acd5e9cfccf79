"""Versions for tests, as the simulator has them and as gcloud lists them."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from readiness.images.images import Version
from readiness.images.policies import Policy, declared_policies
from tests.projects import settings_of

NOW = datetime(2025, 11, 25, 12, tzinfo=UTC)
REPOSITORY = "us-central1-docker.pkg.dev/ytgrs-464303/ai-resume-review-v2"
RESOURCE = "projects/ytgrs-464303/locations/us-central1/repositories/ai-resume-review-v2"
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def digest_of(seed: object) -> str:
    """A digest of the real form, the same for the same seed."""
    return "sha256:" + hashlib.sha256(str(seed).encode()).hexdigest()


def prod_policies() -> tuple[Policy, ...]:
    """The policies that stack prod declares."""
    registry = settings_of("prod").image_registry
    assert registry is not None
    return declared_policies(registry)


def version(seed: object, *, age_days: float, tags: tuple[str, ...] = (), **more: Any) -> Version:
    """A version of the backend that is so old at NOW."""
    created = NOW - timedelta(days=age_days)
    fields: dict[str, Any] = {"package": f"{REPOSITORY}/backend", "digest": digest_of(seed), **more}
    return Version(created=created, created_text=created.isoformat(), tags=tags, **fields)


def item(seed: object, *, age_days: float = 40, tags: Any = (), name: str = "backend", **more: Any) -> dict[str, Any]:
    """An entry of gcloud's list, as version 528 writes it for a whole repository."""
    created = (NOW - timedelta(days=age_days)).isoformat().replace("+00:00", "Z")
    digest = digest_of(seed)
    metadata = {
        "buildTime": None,
        "imageSizeBytes": "1000",
        "mediaType": MANIFEST,
        "name": f"{RESOURCE}/dockerImages/{name}@{digest}",
    }
    return {
        "createTime": created,
        "metadata": metadata,
        "package": f"{REPOSITORY}/{name}",
        "tags": list(tags) if isinstance(tags, tuple) else tags,
        "updateTime": created,
        "version": digest,
        **more,
    }


def write_json(folder: Path, value: Any, name: str = "images.json") -> Path:
    """The value as a file."""
    path = folder / name
    path.write_text(json.dumps(value), encoding="utf-8")
    return path
