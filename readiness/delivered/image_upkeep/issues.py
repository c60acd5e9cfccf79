"""One issue for each critical or high vulnerability of what serves, closed when it is no longer found.

An issue is known by a line in its text and by who wrote it: what a person writes is never touched. It is closed when it
was mended or accepted, and opened again when it comes back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from .gate import excuses
from .rest import MAX_PAGES, Rest, RestError
from .say import code
from .settings import Accepted
from .vulnerabilities import SEVERITIES, Finding

LABEL = "vulnerability"
AUTHOR = "github-actions[bot]"
TRACKED = ("critical", "high")
# A first scan may find hundreds; the worst come first, and the next run opens more.
MAX_OPENED = 25
_MARKER = re.compile(r"<!-- readiness vulnerability (\S+ \S+) -->")
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Tracker:
    """The issues of a repository. `url` is `https://api.github.com/repos/OWNER/NAME`."""

    rest: Rest
    url: str

    def ours(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """`(key, issue)` of every issue that this program opened. Raises RestError."""
        url: str | None = f"{self.url}/issues?state=all&labels={LABEL}&per_page=100"
        for _ in range(MAX_PAGES):
            if url is None:
                return
            answer = self.rest.send("GET", url)
            for issue in answer.body:
                found = _MARKER.match(issue.get("body") or "")
                if found and issue["user"]["login"] == AUTHOR and "pull_request" not in issue:
                    yield found[1], issue
            following = _NEXT.search(answer.headers.get("link", ""))
            url = following[1] if following else None
            if url is not None and not url.startswith(self.url.partition("/repos/")[0]):
                raise RestError(0, "the next page of the issues is said to be on another host")
        raise RestError(0, f"more than {MAX_PAGES} pages of issues")

    def change(self, issue: Mapping[str, Any], comment: str, **fields: str) -> None:
        """Comments on an issue and changes it. Raises RestError."""
        self.rest.send("POST", f"{self.url}/issues/{issue['number']}/comments", {"body": comment})
        self.rest.send("PATCH", f"{self.url}/issues/{issue['number']}", fields)


def track(
    tracker: Tracker,
    found: Mapping[str, Sequence[Finding]],
    accepted: Sequence[Accepted],
    today: date,
) -> list[str]:
    """Brings the issues in line with `found`: findings by service, of every image that serves.

    Returns what was done. Raises RestError.
    """
    wanted, excused = _wanted(found, accepted, today)
    done: list[str] = []
    # The newest of an issue that was opened twice is the one that counts.
    known: dict[str, dict[str, Any]] = {}
    for key, issue in tracker.ours():
        known.setdefault(key, issue)
    for key in [key for key in wanted if key in known and known[key]["state"] == "closed"]:
        tracker.change(known[key], "It is found again.", state="open")
        done.append(f"reopened #{known[key]['number']} {key}")
    missing = [key for key in wanted if key not in known]
    for key in missing[:MAX_OPENED]:
        body = {"title": _title(wanted[key]), "body": _text(key, wanted[key]), "labels": [LABEL]}
        done.append(f"opened #{tracker.rest.send('POST', f'{tracker.url}/issues', body).body['number']} {key}")
    if len(missing) > MAX_OPENED:
        done.append(f"{len(missing) - MAX_OPENED} more are opened by the next runs")
    for key, issue in known.items():
        if key not in wanted and issue["state"] == "open":
            why = excused.get(key, "It is no longer found in anything that serves.")
            tracker.change(issue, why, state="closed", state_reason="completed")
            done.append(f"closed #{issue['number']} {key}")
    return done


def _wanted(
    found: Mapping[str, Sequence[Finding]], accepted: Sequence[Accepted], today: date
) -> tuple[dict[str, list[tuple[str, Finding]]], dict[str, str]]:
    """Findings by key, the worst first, and why an accepted one is none of them."""
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
            excused[key] = f"It is accepted until {entry.expires}: {code(entry.reason)}"
    return wanted, excused


def _title(findings: Sequence[tuple[str, Finding]]) -> str:
    finding = findings[0][1]
    return f"{finding.id} ({finding.severity}) in {finding.package.removeprefix('pkg:')}"


def _text(key: str, findings: Sequence[tuple[str, Finding]]) -> str:
    finding = findings[0][1]
    fix = f"Update it to {code(finding.fixed)}." if finding.fixed else "There is no version yet that mends it."
    rows = [
        f"| {code(service)} | {code(found.where)} | {code(found.version)} | {code(found.fixed or 'none')} |"
        for service, found in findings
    ]
    return "\n".join(
        [
            f"<!-- readiness vulnerability {key} -->",
            f"{code(finding.title or finding.id)} is in an image that serves. {fix}",
            "",
            "| Service | Where | Installed | Fixed in |",
            "|---|---|---|---|",
            *rows,
            "",
            "Closed by itself when nothing that serves has it any more, or when it is accepted until a day.",
        ]
    )
