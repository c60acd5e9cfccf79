"""The images that serve now, as the matrix of a workflow's jobs: one for each service and digest."""

from __future__ import annotations

from .cloud_run import service_state
from .rest import Rest
from .settings import Settings


def serving_images(rest: Rest, settings: Settings) -> list[dict[str, str]]:
    """`{"service", "image", "name"}` of each, `image` with its digest. Raises RestError and StateError."""
    found: dict[str, dict[str, str]] = {}
    for service in settings.services:
        state = service_state(rest, settings.run_url, settings.project, service)
        for revision in state.serving:
            # A service under two revisions has two reports; two revisions of one image have one.
            name = f"{service}-{revision.digest.removeprefix('sha256:')[:12]}"
            found[name] = {"service": service, "image": f"{revision.image}@{revision.digest}", "name": name}
    return list(found.values())
