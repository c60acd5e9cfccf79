"""Rollbacks, read from Cloud Run's audit log: traffic sent to an older revision than the one that served.

A script, the console and `gcloud run services update-traffic` all leave the same entry, so none of them needs a change.
An entry contains the request and, in its status, the revision that served until then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..apis import Apis
from .deployments import time_of
from .settings import Settings

# How far back to search for the deployment of the bad revision.
LOOK_BACK = timedelta(days=30)
# If there are more, the oldest are left out.
MAX_ENTRIES = 10_000
# Names that Cloud Run gives: SERVICE-00042-abc.
_NUMBER = re.compile(r"-(\d{5,})-[a-z0-9]{3}$")
_METHODS = "ReplaceService|UpdateService|CreateService"
LATEST = ""


@dataclass(frozen=True, kw_only=True)
class Rollback:
    """A rollback. `duration_seconds`: from the deployment of the bad revision to its end; None if none is found."""

    environment: str
    service: str
    audit_id: str
    at: datetime
    actor: str
    to_revision: str
    from_revision: str
    duration_seconds: float | None


def audit_filter(settings: Settings, since: datetime) -> str:
    """Matches every accepted change of the watched services."""
    names = " OR ".join(f'"{name}"' for environment in settings.environments for name in environment.services)
    return "\n".join(
        [
            f'logName="projects/{settings.project}/logs/cloudaudit.googleapis.com%2Factivity"',
            'resource.type="cloud_run_revision"',
            f"resource.labels.service_name=({names})",
            f'protoPayload.methodName=~"({_METHODS})$"',
            "severity<ERROR",
            f'timestamp>="{since.isoformat()}"',
        ]
    )


def read_rollbacks(apis: Apis, settings: Settings, since: datetime) -> list[Rollback]:
    """Every rollback since `since`."""
    found = rollbacks_in(settings, apis.newest_entries(audit_filter(settings, since - LOOK_BACK), MAX_ENTRIES))
    return [item for item in found if item.at >= since]


def rollbacks_in(settings: Settings, entries: Iterable[dict[str, Any]]) -> Iterator[Rollback]:
    """The rollbacks among audit log entries, which can come in any order."""
    before: dict[str, list[tuple[datetime, str]]] = {}
    for entry in sorted(entries, key=lambda entry: time_of(entry["timestamp"])):
        payload = entry["protoPayload"]
        name = entry["resource"]["labels"]["service_name"]
        environment = settings.of_service(name)
        service = (payload.get("request") or {}).get("service") or {}
        target = _target(service)
        if environment is None or target is None or payload.get("status", {}).get("code", 0) != 0:
            continue
        at, earlier = time_of(entry["timestamp"]), before.setdefault(name, [])
        served = _served(payload.get("response") or {}) or _served(service) or _named(earlier)
        if _is_older(target, served, earlier):
            yield Rollback(
                environment=environment.name,
                service=name,
                audit_id=entry["insertId"],
                at=at,
                actor=payload.get("authenticationInfo", {}).get("principalEmail", ""),
                to_revision=target,
                from_revision=served,
                duration_seconds=_seconds_since_deployment(at, served, earlier),
            )
        earlier.append((at, target))


def entry_of(rollback: Rollback) -> dict[str, Any]:
    """The log entry. Its insertId makes a second reading the same entry."""
    payload: dict[str, Any] = {
        "schema": 1,
        "event": "rollback",
        "environment": rollback.environment,
        "service": rollback.service,
        "outcome": "success",
        "trigger": "automation" if rollback.actor.endswith("gserviceaccount.com") else "manual",
        "actor": rollback.actor,
        "from_revision": rollback.from_revision,
        "to_revision": rollback.to_revision,
        "audit_id": rollback.audit_id,
    }
    if rollback.duration_seconds is not None:
        payload["duration_seconds"] = rollback.duration_seconds
    return {
        "insertId": f"rollback-{rollback.audit_id}",
        "timestamp": rollback.at.isoformat(),
        "severity": "WARNING",
        "jsonPayload": payload,
    }


def _target(service: dict[str, Any]) -> str | None:
    """Where a request sends most of the traffic: a revision, LATEST, or None if it does not change the traffic.

    The first API has `spec.traffic[].revisionName`, the second `traffic[].revision`.
    """
    targets = (service.get("spec") or service).get("traffic") or []
    if not targets:
        return None
    most = max(targets, key=lambda target: target.get("percent", 0))
    return most.get("revisionName") or most.get("revision") or LATEST


def _served(service: dict[str, Any]) -> str:
    """The revision that served until then, from the status in the request or the answer; empty without a status."""
    targets = (service.get("status") or {}).get("traffic") or service.get("trafficStatuses") or []
    if not targets:
        return ""
    most = max(targets, key=lambda target: target.get("percent", 0))
    return most.get("revisionName") or most.get("revision") or ""


def _named(earlier: list[tuple[datetime, str]]) -> str:
    return earlier[-1][1] if earlier else ""


def _is_older(target: str, served: str, earlier: list[tuple[datetime, str]]) -> bool:
    """Whether `target` is older than `served`.

    If a custom name hides the revision's number: whether traffic moved from the latest revision to another one.
    """
    if target in (LATEST, served):
        return False
    ours, theirs = _NUMBER.search(target), _NUMBER.search(served)
    if ours and theirs:
        return int(ours[1]) < int(theirs[1])
    return bool(earlier) and earlier[-1][1] == LATEST


def _seconds_since_deployment(at: datetime, served: str, earlier: list[tuple[datetime, str]]) -> float | None:
    deployed = next((time for time, target in reversed(earlier) if target in (LATEST, served)), None)
    return None if deployed is None else (at - deployed).total_seconds()
