"""The serving revisions and rollback targets of a Cloud Run service, read from Cloud Run itself.

It uses the v1 API, because its `status.imageDigest` is the image of the revision, even if it was deployed by tag.
Sources: docs.cloud.google.com/run/docs/reference/rest/v1; conditions `Ready` and `Active` as gcloud 528 shows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from ..apis import MAX_PAGES, ApiError, Apis

_IMAGE = re.compile(r"(?P<path>[^@\s]+)@(?P<digest>sha256:[0-9a-f]{64})")


class StateError(Exception):
    """Cloud Run's answer does not contain which images run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """A revision. `image` is the path without digest. Times are RFC 3339 in UTC, which sort as text; "" if not known.

    `retired` is when it stopped serving. `ready`: it has started once, and so it is a possible rollback target.
    """

    name: str
    created: str
    image: str
    digest: str
    ready: bool
    retired: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceState:
    """The state of a service. `serving`: greatest share of the traffic first, revisions with only a tag URL last."""

    service: str
    serving: tuple[Revision, ...]
    idle: tuple[Revision, ...]

    @property
    def served_before(self) -> tuple[Revision, ...]:
        """The revisions that stopped serving, the last first, each image once: after a promotion or a rollback."""
        retired = [revision for revision in self.idle if revision.ready and revision.retired]
        by_image: dict[str, Revision] = {}
        for revision in sorted(retired, key=lambda item: (item.retired, item.created), reverse=True):
            by_image.setdefault(revision.digest, revision)
        return tuple(by_image.values())

    @property
    def older(self) -> Revision | None:
        """The newest revision that is older than all serving ones."""
        first = min(revision.created for revision in self.serving)
        return _newest(revision for revision in self.idle if revision.ready and revision.created < first)

    @property
    def newest_idle(self) -> Revision | None:
        """The newest revision that does not serve: the target of a rollback that follows the list."""
        return _newest(iter(self.idle))


def service_state(apis: Apis, region: str, service: str) -> ServiceState:
    """The state of a service. Raises ApiError, and StateError if Cloud Run does not return what serves."""
    base = f"https://{region}-run.googleapis.com/apis/serving.knative.dev/v1/namespaces/{quote(apis.project)}"
    status = apis.google(f"{base}/services/{quote(service)}").get("status") or {}
    shares: dict[str, int] = {}
    for target in status.get("traffic") or ():
        name = target.get("revisionName")
        if not name:
            raise StateError(f"{service}: Cloud Run names no revision for a part of the traffic")
        shares[name] = max(shares.get(name, 0), int(target.get("percent") or 0))
    if not any(shares.values()):
        raise StateError(f"{service}: no revision serves traffic")
    revisions = {revision["metadata"]["name"]: revision for revision in _revisions(apis, base, service)}
    missing = sorted(shares.keys() - revisions.keys())
    if missing:
        raise StateError(f"{service}: {', '.join(missing)} serves, but is not among its revisions")
    serving = sorted(shares, key=lambda name: (-shares[name], name))
    # A missing image matters only for a serving revision: an old failed revision may have none.
    idle = [_revision(item) for name, item in revisions.items() if name not in shares]
    return ServiceState(
        service=service,
        serving=tuple(_with_image(_revision(revisions[name])) for name in serving),
        idle=tuple(revision for revision in idle if revision.digest),
    )


def serving_images(apis: Apis, region: str, services: Iterable[str]) -> list[dict[str, str]]:
    """The serving images, as the matrix of a workflow's jobs: `{"service", "image", "name"}`, `image` with its digest.

    Raises ApiError and StateError.
    """
    found: dict[str, dict[str, str]] = {}
    for service in services:
        for revision in service_state(apis, region, service).serving:
            # Two serving revisions with different images get two reports; with the same image, one.
            name = f"{service}-{revision.digest.removeprefix('sha256:')[:12]}"
            found[name] = {"service": service, "image": f"{revision.image}@{revision.digest}", "name": name}
    return list(found.values())


def _revisions(apis: Apis, base: str, service: str) -> Iterator[dict[str, Any]]:
    query = {"labelSelector": f"serving.knative.dev/service={service}"}
    for _ in range(MAX_PAGES):
        page = apis.google(f"{base}/revisions?{urlencode(query)}")
        yield from page.get("items") or ()
        following = (page.get("metadata") or {}).get("continue")
        if not following:
            return
        query["continue"] = following
    raise ApiError(f"revisions of {service}: more than {MAX_PAGES} pages")


def _revision(item: dict[str, Any]) -> Revision:
    metadata, status = item["metadata"], item.get("status") or {}
    conditions = {condition.get("type"): condition for condition in status.get("conditions") or ()}
    active, ready = conditions.get("Active", {}), conditions.get("Ready", {})
    image = _IMAGE.fullmatch(status.get("imageDigest") or "")
    return Revision(
        name=metadata["name"],
        created=metadata.get("creationTimestamp", ""),
        image=image["path"] if image else "",
        digest=image["digest"] if image else "",
        ready=ready.get("status") != "False" or ready.get("reason") == "Retired",
        retired=active.get("lastTransitionTime", "") if active.get("status") == "False" else "",
    )


def _with_image(revision: Revision) -> Revision:
    if not revision.digest:
        raise StateError(f"{revision.name} serves, but Cloud Run returns no digest of its image")
    return revision


def _newest(revisions: Iterator[Revision]) -> Revision | None:
    return max(revisions, key=lambda revision: (revision.created, revision.name), default=None)
