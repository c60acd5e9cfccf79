"""The vulnerabilities of serving images, as log entries that metrics count: one for each service and severity.

A vulnerability is new if the last entry of the service did not name it. At the first scan, all are new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from ..apis import Apis
from .gate import is_exploited, judge
from .say import code
from .settings import Settings
from .vulnerabilities import SEVERITIES, Finding

EVENT = "vulnerability_scan"
# An entry may have 256 KB (Cloud Logging's quota), and this many names easily fit.
MAX_NAMES = 1000
# The severities whose vulnerabilities the report lists one by one, and the limit for each.
LISTED_SEVERITIES = ("critical", "high")
MAX_LISTED = 25


def report_findings(
    apis: Apis,
    settings: Settings,
    found: Mapping[str, Sequence[Finding]],
    today: date,
    exploited: frozenset[str] | None = None,
) -> tuple[list[str], list[dict[str, Any]]]:
    """Writes the entries of each service, without accepted vulnerabilities. Returns Markdown lines and the entries.

    `exploited` is None if it is not known which vulnerabilities are exploited.
    """
    payloads: list[dict[str, Any]] = []
    for service, findings in found.items():
        verdict = judge(findings, settings.accepted, today)
        counted = [*verdict.blocking, *verdict.others]
        payloads += [_payload(apis, settings, service, severity, counted, exploited) for severity in SEVERITIES]
    apis.write_entries([{"severity": _log_severity(payload), "jsonPayload": payload} for payload in payloads])
    return _lines(payloads), payloads


def _payload(
    apis: Apis,
    settings: Settings,
    service: str,
    severity: str,
    findings: Iterable[Finding],
    exploited: frozenset[str] | None,
) -> dict[str, Any]:
    ours = [finding for finding in findings if finding.severity == severity]
    names = sorted({f"{finding.id} {finding.package}" for finding in ours})
    before = _names_before(apis, service, severity) if severity in LISTED_SEVERITIES else set(names)
    known_exploited = (
        {} if exploited is None else {"exploited": sum(is_exploited(finding, exploited) for finding in ours)}
    )
    return {
        "schema": 1,
        "event": EVENT,
        "environment": settings.environment,
        "service": service,
        "severity": severity,
        "count": len(names),
        "fixable": len({f"{finding.id} {finding.package}" for finding in ours if finding.fixed}),
        "new": len(set(names) - before),
        # A word, because the metric's filter compares text.
        "has_new": "yes" if set(names) - before else "no",
        "names": names[:MAX_NAMES],
        "new_names": sorted(set(names) - before)[:MAX_NAMES],
        **known_exploited,
    }


def _names_before(apis: Apis, service: str, severity: str) -> set[str]:
    filter_ = "\n".join(
        (
            f'logName="{apis.log_name}"',
            f'jsonPayload.event="{EVENT}"',
            f'jsonPayload.service="{service}"',
            f'jsonPayload.severity="{severity}"',
            # Without a time, Cloud Logging searches one day; it keeps entries for 30.
            'timestamp>="2000-01-01T00:00:00Z"',
        )
    )
    last = next(apis.newest_entries(filter_, 1), None)
    return set((last or {}).get("jsonPayload", {}).get("names") or ())


def _log_severity(payload: Mapping[str, Any]) -> str:
    return "ERROR" if payload["severity"] == "critical" and payload["new"] else "INFO"


COLUMNS = ("severity", "count", "fixable", "new", "exploited")


def _lines(payloads: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = [
        " | ".join([f"| {code(payload['service'])}", *(str(payload.get(column, "not known")) for column in COLUMNS)])
        + " |"
        for payload in payloads
        if payload["count"]
    ]
    head = [
        "## Vulnerabilities of the serving images",
        "",
        "| Service | Severity | Found | Fixable | New | Known to be exploited |",
        "|---|---|---|---|---|---|",
    ]
    return [*head, *rows, *_named(payloads)] if rows else [head[0], "", "None."]


def _named(payloads: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Lists every critical and high vulnerability by name, and marks new ones."""
    for payload in payloads:
        if payload["severity"] in LISTED_SEVERITIES and payload["count"]:
            yield from ("", f"### {payload['severity'].capitalize()} in {code(payload['service'])}", "")
            new = set(payload["new_names"])
            listed = sorted(payload["names"], key=lambda name: (name not in new, name))
            yield from (f"- {code(name)}{', new' if name in new else ''}" for name in listed[:MAX_LISTED])
            if len(listed) > MAX_LISTED:
                yield f"- and {len(listed) - MAX_LISTED} more, each with its issue"
