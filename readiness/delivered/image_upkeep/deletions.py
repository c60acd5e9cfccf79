"""The deletions from the registry by Google's cleanup and by anybody else, read from its audit log.

Google runs the cleanup itself, about once a day. A run's entries have the method BatchDeleteVersions and the service
agent's name; the request of a dry run has `validateOnly: true`. The last entry of a long operation may repeat the
request, so each version is counted once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from .settings import Settings

SERVICE_AGENT = "@gcp-sa-artifactregistry.iam.gserviceaccount.com"
# The entries of one run are close together; the next run is about a day later.
RUN_GAP = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Deleted:
    """A deleted version, and who deleted it."""

    package: str
    version: str
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Deletions:
    """Deletions. `runs`: the number of versions of each real run. `dry`: versions that dry runs would have deleted."""

    runs: tuple[int, ...]
    by_cleanup: frozenset[Deleted]
    by_others: frozenset[Deleted]
    dry: frozenset[Deleted]

    @property
    def largest_run(self) -> int:
        """The greatest number of versions that one run deleted."""
        return max(self.runs, default=0)


def deletions_filter(settings: Settings, since: datetime) -> str:
    """The log filter for every deletion in the repository since then, by anybody."""
    return "\n".join(
        (
            'protoPayload.serviceName="artifactregistry.googleapis.com"',
            'protoPayload.methodName=~"Delete(Version|Package|Repository)|BatchDeleteVersions"',
            f'protoPayload.resourceName=~"^{settings.resource}(/|$)"',
            f'timestamp>="{since.isoformat()}"',
        )
    )


def deletions_of(entries: Iterable[dict[str, Any]]) -> Deletions:
    """The deletions from entries in order of time. An entry with an error (`status.code`) deleted nothing."""
    kept: dict[str, set[Deleted]] = {"cleanup": set(), "others": set(), "dry": set()}
    runs: list[int] = []
    before: datetime | None = None
    for entry in entries:
        payload = entry.get("protoPayload") or {}
        request = payload.get("request") or {}
        if (payload.get("status") or {}).get("code"):
            continue
        by = (payload.get("authenticationInfo") or {}).get("principalEmail", "")
        found = {_deleted(name, by) for name in _names(payload, request)}
        if request.get("validateOnly"):
            kept["dry"] |= found
        elif not by.endswith(SERVICE_AGENT):
            kept["others"] |= found
        else:
            moment = datetime.fromisoformat(entry["timestamp"])
            if before is None or moment - before > RUN_GAP:
                runs.append(0)
            before = moment
            runs[-1] += len(found - kept["cleanup"])
            kept["cleanup"] |= found
    return Deletions(
        runs=tuple(runs),
        by_cleanup=frozenset(kept["cleanup"]),
        by_others=frozenset(kept["others"]),
        dry=frozenset(kept["dry"]),
    )


def _names(payload: dict[str, Any], request: dict[str, Any]) -> list[str]:
    """The versions of a batch, or the one resource of another method."""
    if "BatchDeleteVersions" in payload.get("methodName", ""):
        return list(request.get("names") or ())
    name = request.get("name") or payload.get("resourceName")
    return [name] if name else []


def _deleted(name: str, by: str) -> Deleted:
    rest, _, version = name.partition("/versions/")
    return Deleted(unquote(rest.partition("/packages/")[2]), version, by)
