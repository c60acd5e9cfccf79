"""The serving revisions and the rollback targets, read from `gcloud run revisions list --format=json`.

Fields as gcloud 528 writes them: `status.imageDigest` is the image of the revision, even if it was deployed by tag. The
condition `Active` shows whether the revision can receive traffic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from readiness.finding import Finding
from readiness.images.json_lists import read_json_list, refuse
from readiness.json_values import as_object, as_objects
from readiness.times import instant

_REVISIONS_COMMAND = "gcloud run revisions list --format=json"
_SERVICE_LABEL = "serving.knative.dev/service"
_DIGEST = re.compile(r"[^@\s]+@(sha256:[0-9a-f]{64})")
_UNKNOWN_AGE = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """A revision: `digests` of all its containers; `active` unless the listing shows that it does not serve."""

    name: str
    service: str
    active: bool
    created: datetime
    digests: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Needed:
    """Revisions whose images must stay: those that serve, and the rollback targets."""

    serving: tuple[Revision, ...]
    rollback: tuple[Revision, ...]
    services: frozenset[str]
    digest: str


def read_needed(path: Path, services: Sequence[str]) -> Needed:
    """The revisions that are needed. Raises RefusedError for a file that is broken or lacks one of `services`."""
    found = read_json_list(path, _REVISIONS_COMMAND)
    revisions = [_revision(item, services) for item in found.items]
    serving = [revision for revision in revisions if revision.active]
    rollback = [
        target for service in {revision.service for revision in revisions} for target in _targets(service, revisions)
    ]
    needed = {id(revision) for revision in (*serving, *rollback)}
    wrong = [
        (f"[{index}]", message)
        for index, revision in enumerate(revisions)
        if id(revision) in needed
        for message in _faults(revision)
    ]
    present, serves = ({revision.service for revision in listed} for listed in (revisions, serving))
    absent = [service for service in services if service not in present]
    lacking = [f"has no revision of {service}, so it is not known which images it needs" for service in absent]
    idle = [service for service in sorted(present - serves) if service in services]
    lacking += [f"has no serving revision of {service}, only idle ones" for service in idle]
    lacking += [] if revisions else ["lists no revision"]
    incomplete = [("", message) for message in lacking]
    refuse(
        Finding(rule_id=rule_id, file=found.file, key=key, message=message, hint="Fetch the complete list again")
        for rule_id, faults in (("revision-list-entry", wrong), ("revision-list-incomplete", incomplete))
        for key, message in faults
    )
    return Needed(
        serving=_ordered(serving), rollback=_ordered(rollback), services=frozenset(present), digest=found.digest
    )


def _ordered(revisions: Iterable[Revision]) -> tuple[Revision, ...]:
    return tuple(sorted(revisions, key=lambda revision: (revision.service, revision.name)))


def _targets(service: str, revisions: Sequence[Revision]) -> Iterator[Revision]:
    """The rollback targets of a service: its newest idle revision, and the newest that is older than all serving ones.

    A rollback that follows the list takes the first; the second served before. After a failed deployment the two
    differ. An idle revision of unknown age could be either, so it counts too.
    """
    idle = [revision for revision in revisions if revision.service == service and not revision.active]
    starts = [revision.created for revision in revisions if revision.service == service and revision.active]
    dated = sorted(
        (revision for revision in idle if revision.created != _UNKNOWN_AGE), key=lambda revision: revision.created
    )
    before = [revision for revision in dated if starts and revision.created < min(starts)]
    chosen = {revision.name: revision for revision in (*dated[-1:], *before[-1:])}
    yield from (revision for revision in idle if revision.created == _UNKNOWN_AGE)
    yield from chosen.values()


def _revision(item: dict[str, Any], services: Sequence[str]) -> Revision:
    metadata, status = as_object(item.get("metadata")), as_object(item.get("status"))
    name = metadata.get("name") if isinstance(metadata.get("name"), str) else ""
    service = as_object(metadata.get("labels")).get(_SERVICE_LABEL)
    if not isinstance(service, str):
        service = next((known for known in services if str(name).startswith(f"{known}-")), "")
    try:
        created = instant(metadata.get("creationTimestamp"))
    except ValueError:
        created = _UNKNOWN_AGE
    conditions = as_objects(status.get("conditions"))
    active = {condition.get("status") for condition in conditions if condition.get("type") == "Active"}
    return Revision(
        name=str(name), service=service, active=active != {"False"}, created=created, digests=_digests(item, status)
    )


def _digests(item: dict[str, Any], status: dict[str, Any]) -> tuple[str, ...]:
    containers = as_objects(as_object(item.get("spec")).get("containers"))
    images = [status.get("imageDigest"), *(container.get("image") for container in containers)]
    found = (_DIGEST.fullmatch(image) for image in images if isinstance(image, str))
    return tuple(dict.fromkeys(match[1] for match in found if match))


def _faults(revision: Revision) -> Iterator[str]:
    if not revision.name:
        yield "is not a revision: it has no metadata.name"
    elif not revision.digests:
        yield f"has no digest for {revision.name}, neither in status.imageDigest nor in spec.containers"
