"""The versions that cleanup chose to delete, read from `gcloud logging read --format=json`.

An entry of a cleanup run has the method BatchDeleteVersions. A dry run has `request.validateOnly: true`; a real run
has no such field. The last entry of a long-running operation may lack the fields of the request.
Source: docs/facts/registry.md#what-a-cleanup-writes-to-the-audit-log.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from readiness.finding import Finding
from readiness.images.json_lists import read_json_list, refuse
from readiness.images.repositories import DELETE_METHOD
from readiness.json_values import as_object
from readiness.times import instant

# Cleanup runs about once a day, without a schedule: two days contain at least one run.
WINDOW = timedelta(hours=48)
CLEANUP_PRINCIPAL = "@gcp-sa-artifactregistry.iam.gserviceaccount.com"

_LOG_COMMAND = "gcloud logging read FILTER --format=json"
_PARENT = re.compile(r"(projects/[^/]+/locations/[^/]+/repositories/[^/]+)(/.*)?")
_NAME = re.compile(
    r"(projects/[^/]+/locations/[^/]+/repositories/[^/]+)/packages/([^/]+)/versions/(sha256:[0-9a-f]{64})"
)


@dataclass(frozen=True, order=True, slots=True)
class Candidate:
    """A version that cleanup chose."""

    package: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Deletions:
    """The entries of one repository, counted by kind.

    `real` counts deletions by cleanup itself, `by_others` those by anybody else. `old` counts entries that are older
    than the window, and `elsewhere` those of other repositories or methods.
    """

    candidates: frozenset[Candidate]
    dry: int
    real: int
    by_others: int
    old: int
    elsewhere: int
    digest: str


def read_deletions(path: Path, repository: str, now: datetime) -> Deletions:
    """The entries of `repository` (`projects/…/repositories/…`) in the 48 hours before `now`.

    Raises RefusedError with every entry that cannot be read, because such an entry may name an image that runs.
    """
    found = read_json_list(path, _LOG_COMMAND)
    problems: list[Finding] = []
    candidates: set[Candidate] = set()
    counts = dict.fromkeys(("dry", "real", "by_others", "old", "elsewhere"), 0)
    for index, entry in enumerate(found.items):
        payload = as_object(entry.get("protoPayload"))
        request = as_object(payload.get("request"))
        if payload.get("methodName") != DELETE_METHOD or _repository_of(request) != repository or _ends_only(entry):
            counts["elsewhere"] += 1
            continue
        moment, faults = _moment(entry)
        if moment is not None and moment < now - WINDOW:
            counts["old"] += 1
            continue
        names, name_faults = _names(request, repository)
        problems += (
            Finding(
                rule_id="audit-log-entry",
                file=found.file,
                key=f"[{index}].{key}",
                message=what,
                hint="Fetch the complete log again",
            )
            for key, what in (*faults, *name_faults)
        )
        counts[_kind(payload, request)] += 1
        candidates |= names
    refuse(problems)
    return Deletions(candidates=frozenset(candidates), digest=found.digest, **counts)


def _moment(entry: dict[str, Any]) -> tuple[datetime | None, list[tuple[str, str]]]:
    """The time of an entry, or its faults by key."""
    try:
        return instant(entry.get("timestamp") or entry.get("receiveTimestamp")), []
    except ValueError as error:
        return None, [("timestamp", str(error))]


def _names(request: dict[str, Any], repository: str) -> tuple[set[Candidate], list[tuple[str, str]]]:
    """The versions in an entry, and its faults by key."""
    faults: list[tuple[str, str]] = []
    if not isinstance(request.get("validateOnly", False), bool):
        faults.append(("protoPayload.request.validateOnly", "is neither true nor false"))
    names = request.get("names")
    if not isinstance(names, list) or not names:
        # Cloud Logging drops fields of an entry that is too large, so an empty list proves nothing.
        return set(), [*faults, ("protoPayload.request.names", "names no version")]
    candidates = set()
    for at, name in enumerate(names):
        parts = _NAME.fullmatch(name) if isinstance(name, str) else None
        if parts is None or parts[1] != repository:
            faults.append((f"protoPayload.request.names[{at}]", "is not a version of the repository"))
        else:
            candidates.add(Candidate(unquote(parts[2]), parts[3]))
    return candidates, faults


def _kind(payload: dict[str, Any], request: dict[str, Any]) -> str:
    if request.get("validateOnly", False):
        return "dry"
    principal = as_object(payload.get("authenticationInfo")).get("principalEmail")
    return "real" if isinstance(principal, str) and principal.endswith(CLEANUP_PRINCIPAL) else "by_others"


def _repository_of(request: dict[str, Any]) -> str | None:
    """The repository that a request names."""
    names = request.get("names")
    first = names[0] if isinstance(names, list) and names else None
    for text in (request.get("parent"), first):
        found = _PARENT.fullmatch(text) if isinstance(text, str) else None
        if found is not None:
            return found[1]
    return None


def _ends_only(entry: dict[str, Any]) -> bool:
    """Whether the entry is the last of an operation, whose first entry names the versions."""
    operation, request = (
        as_object(entry.get("operation")),
        as_object(as_object(entry.get("protoPayload")).get("request")),
    )
    return operation.get("last") is True and operation.get("first") is not True and not request.get("names")
