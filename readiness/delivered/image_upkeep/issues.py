"""One issue for each critical or high vulnerability of the serving images.

A line in its text and its author identify an issue, so issues of people are never changed. The program closes an issue
when the vulnerability is fixed or accepted, and reopens it when the vulnerability is found again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from ..apis import Apis
from .gate import excuses
from .say import code
from .settings import Accepted
from .vulnerabilities import SEVERITIES, Finding

LABEL = "vulnerability"
AUTHOR = "github-actions[bot]"
TRACKED = ("critical", "high")
# A first scan can find hundreds; the worst come first, and the next run opens more.
MAX_OPENED = 25
_MARKER = re.compile(r"<!-- readiness vulnerability (\S+ \S+) -->")


def track(
    apis: Apis,
    found: Mapping[str, Sequence[Finding]],
    accepted: Sequence[Accepted],
    today: date,
) -> list[str]:
    """Opens, reopens and closes issues according to `found`: findings by service, of every serving image.

    Returns a line for each change. Raises ApiError.
    """
    wanted, excused = _wanted(found, accepted, today)
    done: list[str] = []
    # If a vulnerability has two issues, the newest counts.
    known: dict[str, dict[str, Any]] = {}
    for key, issue in _ours(apis):
        known.setdefault(key, issue)
    for key in [key for key in wanted if key in known and known[key]["state"] == "closed"]:
        _change(apis, known[key], "The vulnerability is found again.", state="open")
        done.append(f"reopened #{known[key]['number']} {key}")
    missing = [key for key in wanted if key not in known]
    for key in missing[:MAX_OPENED]:
        body = {"title": _title(wanted[key]), "body": _text(key, wanted[key]), "labels": [LABEL]}
        done.append(f"opened #{apis.github('issues', body, method='POST')['number']} {key}")
    if len(missing) > MAX_OPENED:
        done.append(f"the next runs open {len(missing) - MAX_OPENED} more")
    for key, issue in known.items():
        if key not in wanted and issue["state"] == "open":
            why = excused.get(key, "The vulnerability is no longer found in a serving image.")
            _change(apis, issue, why, state="closed", state_reason="completed")
            done.append(f"closed #{issue['number']} {key}")
    return done


def _ours(apis: Apis) -> Iterator[tuple[str, dict[str, Any]]]:
    """`(key, issue)` of every issue that this program opened, newest first."""
    for issue in apis.github_pages(f"issues?state=all&labels={LABEL}"):
        found = _MARKER.match(issue.get("body") or "")
        if found and issue["user"]["login"] == AUTHOR and "pull_request" not in issue:
            yield found[1], issue


def _change(apis: Apis, issue: Mapping[str, Any], comment: str, **fields: str) -> None:
    """Comments on an issue and changes it."""
    apis.github(f"issues/{issue['number']}/comments", {"body": comment}, method="POST")
    apis.github(f"issues/{issue['number']}", fields, method="PATCH")


def _wanted(
    found: Mapping[str, Sequence[Finding]], accepted: Sequence[Accepted], today: date
) -> tuple[dict[str, list[tuple[str, Finding]]], dict[str, str]]:
    """Findings by key, the worst first; and for each accepted one, the reason to close its issue."""
    wanted: dict[str, list[tuple[str, Finding]]] = {}
    excused: dict[str, str] = {}
    all_ = [
        (service, finding) for service, findings in found.items() for finding in findings if finding.severity in TRACKED
    ]
    for service, finding in sorted(all_, key=lambda pair: (SEVERITIES.index(pair[1].severity), not pair[1].fixed)):
        key = f"{finding.id} {finding.package}"
        entry = next(
            (candidate for candidate in accepted if excuses(candidate, finding) and candidate.in_force(today)), None
        )
        if entry is None:
            wanted.setdefault(key, []).append((service, finding))
        else:
            excused[key] = f"The vulnerability is accepted until {entry.expires}: {code(entry.reason)}"
    return wanted, excused


def _title(findings: Sequence[tuple[str, Finding]]) -> str:
    finding = findings[0][1]
    return f"{finding.id} ({finding.severity}) in {finding.package.removeprefix('pkg:')}"


def _text(key: str, findings: Sequence[tuple[str, Finding]]) -> str:
    finding = findings[0][1]
    fix = f"Update the package to {code(finding.fixed)}." if finding.fixed else "No version fixes it yet."
    rows = [
        f"| {code(service)} | {code(found.where)} | {code(found.version)} | {code(found.fixed or 'none')} |"
        for service, found in findings
    ]
    return "\n".join(
        [
            f"<!-- readiness vulnerability {key} -->",
            f"{code(finding.title or finding.id)} is in a serving image. {fix}",
            "",
            "| Service | Where | Installed | Fixed in |",
            "|---|---|---|---|",
            *rows,
            "",
            "This issue closes by itself when no serving image has the vulnerability, or when it is accepted.",
        ]
    )
