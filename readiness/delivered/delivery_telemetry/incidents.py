"""Incidents of the alerts that page, from Cloud Monitoring: a closed incident means that the service was restored.

Source: `projects.alerts.list` of the Cloud Monitoring API v3, discovery document of revision 20260129. Its filter has
no documented syntax for labels, so the program reads the alerts newest first and selects them here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from ..apis import MAX_PAGES, MONITORING, ApiError, Apis
from .deployments import time_of
from .settings import Settings

PAGE_SIZE = 1000
# An incident that was opened longer ago is not found, even if it is still open or closed recently.
LOOK_BACK = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One incident; `closed_at` is None while it is open. `name` is Monitoring's, unique in the project."""

    name: str
    environment: str
    alert: str
    opened_at: datetime
    closed_at: datetime | None

    @property
    def seconds(self) -> float | None:
        """How long it was open; None while it is open."""
        return None if self.closed_at is None else max(0.0, (self.closed_at - self.opened_at).total_seconds())


def read_incidents(apis: Apis, settings: Settings, since: datetime) -> list[Incident]:
    """Every incident that was open at `since` or opened later. Raises ApiError."""
    return [
        incident
        for incident in incidents_in(settings, _alerts(apis, since - LOOK_BACK))
        if incident.closed_at is None or incident.closed_at >= since
    ]


def incidents_in(settings: Settings, alerts: Iterable[dict[str, Any]]) -> Iterator[Incident]:
    """The alerts that count as incidents, in the environments of the settings."""
    names = {environment.name for environment in settings.environments}
    for alert in alerts:
        labels = (alert.get("policy") or {}).get("userLabels") or {}
        environment, kind = labels.get("environment", ""), labels.get("alert", "")
        if labels.get("managed_by") != "readiness" or environment not in names or kind not in settings.incident_alerts:
            continue
        closed = alert.get("closeTime")
        yield Incident(
            name=alert["name"],
            environment=environment,
            alert=kind,
            opened_at=time_of(alert["openTime"]),
            closed_at=time_of(closed) if closed else None,
        )


def incident_entry(incident: Incident) -> dict[str, Any]:
    """The log entry of a closed incident. Its insertId makes a second reading the same entry."""
    assert incident.closed_at is not None
    return {
        "insertId": f"incident-{incident.name.rpartition('/')[2]}",
        "timestamp": incident.closed_at.isoformat(),
        "severity": "WARNING",
        "jsonPayload": {
            "schema": 1,
            "event": "incident",
            "environment": incident.environment,
            "alert": incident.alert,
            "opened_at": incident.opened_at.isoformat(),
            "incident_seconds": incident.seconds,
            "incident": incident.name,
        },
    }


def _alerts(apis: Apis, opened_since: datetime) -> Iterator[dict[str, Any]]:
    query = {"orderBy": "open_time desc", "pageSize": str(PAGE_SIZE)}
    for _ in range(MAX_PAGES):
        page = apis.google(f"{MONITORING}/projects/{apis.project}/alerts?{urlencode(query)}")
        for alert in page.get("alerts") or ():
            if time_of(alert["openTime"]) < opened_since:
                return
            yield alert
        if not page.get("nextPageToken"):
            return
        query["pageToken"] = page["nextPageToken"]
    raise ApiError(f"Cloud Monitoring has more than {MAX_PAGES} pages of alerts")
