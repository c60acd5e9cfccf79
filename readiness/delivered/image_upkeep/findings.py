"""What serves and is vulnerable, as log entries that metrics count: one for each service and severity.

New is what the last entry of the service did not name. The first scan of a service finds everything new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from ..apis import Apis
from .gate import judge
from .say import code
from .settings import Settings
from .vulnerabilities import SEVERITIES, Finding

EVENT = "vulnerability_scan"
# An entry may have 256 KB (Cloud Logging's quota); so many names fit with room to spare.
MAX_NAMES = 1000


def report_findings(
    apis: Apis, settings: Settings, found: Mapping[str, Sequence[Finding]], today: date
) -> tuple[list[str], list[dict[str, Any]]]:
    """Writes the entries of each service, without what is accepted. Returns Markdown lines and what was logged."""
    payloads: list[dict[str, Any]] = []
    for service, findings in found.items():
        verdict = judge(findings, settings.accepted, today)
        counted = [*verdict.blocking, *verdict.others]
        payloads += [_payload(apis, settings, service, severity, counted) for severity in SEVERITIES]
    apis.write_entries([{"severity": _log_severity(payload), "jsonPayload": payload} for payload in payloads])
    return _lines(payloads), payloads


def _payload(
    apis: Apis, settings: Settings, service: str, severity: str, findings: Iterable[Finding]
) -> dict[str, Any]:
    ours = [finding for finding in findings if finding.severity == severity]
    names = sorted({f"{finding.id} {finding.package}" for finding in ours})
    before = _names_before(apis, service, severity) if severity in ("critical", "high") else set(names)
    return {
        "schema": 1,
        "event": EVENT,
        "environment": settings.environment,
        "service": service,
        "severity": severity,
        "count": len(names),
        "fixable": len({f"{finding.id} {finding.package}" for finding in ours if finding.fixed}),
        "new": len(set(names) - before),
        # A word, because the metric's filter compares words.
        "has_new": "yes" if set(names) - before else "no",
        "names": names[:MAX_NAMES],
    }


def _names_before(apis: Apis, service: str, severity: str) -> set[str]:
    filter_ = "\n".join(
        (
            f'logName="{apis.log_name}"',
            f'jsonPayload.event="{EVENT}"',
            f'jsonPayload.service="{service}"',
            f'jsonPayload.severity="{severity}"',
            # Cloud Logging looks back a day unless a time is given, and keeps 30.
            'timestamp>="2000-01-01T00:00:00Z"',
        )
    )
    last = next(apis.newest_entries(filter_, 1), None)
    return set((last or {}).get("jsonPayload", {}).get("names") or ())


def _log_severity(payload: Mapping[str, Any]) -> str:
    return "ERROR" if payload["severity"] == "critical" and payload["new"] else "INFO"


COLUMNS = ("severity", "count", "fixable", "new")


def _lines(payloads: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = [
        " | ".join([f"| {code(payload['service'])}", *(str(payload[column]) for column in COLUMNS)]) + " |"
        for payload in payloads
        if payload["count"]
    ]
    head = [
        "## Vulnerabilities of what serves",
        "",
        "| Service | Severity | Found | Fixable | New |",
        "|---|---|---|---|---|",
    ]
    return [*head, *rows] if rows else [head[0], "", "None."]
