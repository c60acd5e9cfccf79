"""The gate: which vulnerabilities stop a deployment, unless they are accepted until a date.

It stops for a critical vulnerability that a version fixes; if set, also for one without a fix; and for a vulnerability
of any severity that is known to be exploited, with or without a fix.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from .say import code
from .settings import Accepted
from .vulnerabilities import SEVERITIES, Finding, purl_without_version

EXPIRES_SOON = timedelta(days=14)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What else stops a deployment. `exploited`: ids of vulnerabilities that are known to be exploited."""

    block_unfixed_critical: bool = False
    exploited: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The verdict. `blocking` findings stop the deployment; a valid entry excuses `accepted` findings."""

    blocking: tuple[Finding, ...]
    accepted: tuple[Finding, ...]
    others: tuple[Finding, ...]


def judge(
    findings: Iterable[Finding],
    accepted: Sequence[Accepted],
    today: date,
    rules: Rules = Rules(),
) -> Verdict:
    """Divides the findings into those that stop the deployment, accepted ones, and others."""
    blocking: list[Finding] = []
    excused: list[Finding] = []
    others: list[Finding] = []
    for finding in findings:
        if any(excuses(entry, finding) and entry.in_force(today) for entry in accepted):
            excused.append(finding)
        elif reason_to_stop(finding, rules):
            blocking.append(finding)
        else:
            others.append(finding)
    return Verdict(blocking=tuple(blocking), accepted=tuple(excused), others=tuple(others))


def reason_to_stop(finding: Finding, rules: Rules) -> str:
    """Why the finding stops a deployment; empty if it does not."""
    fix = f"fixed in {finding.fixed}" if finding.fixed else "no version fixes it yet"
    if is_exploited(finding, rules.exploited):
        return f"known to be exploited, {fix}"
    if finding.severity == "critical" and (finding.fixed or rules.block_unfixed_critical):
        return fix
    return ""


def is_exploited(finding: Finding, exploited: frozenset[str]) -> bool:
    """Whether the vulnerability, under any of its ids, is known to be exploited."""
    return not exploited.isdisjoint(finding.ids)


def excuses(entry: Accepted, finding: Finding) -> bool:
    """Whether the entry is for the finding: the same vulnerability, of the same package."""
    return entry.id in finding.ids and purl_without_version(entry.package) == finding.package


def lint(entries: Sequence[Accepted], findings: Sequence[Finding] | None, today: date) -> Iterator[str]:
    """Problems of the list of accepted vulnerabilities. `findings`: of every report, None if only some were read."""
    for entry in entries:
        what = f"{entry.id} of {entry.package}"
        if not entry.in_force(today):
            yield f"{what} expired on {entry.expires} and is no longer accepted; fix it or remove the entry"
        elif findings is not None and not any(excuses(entry, finding) for finding in findings):
            yield f"{what} is accepted, but no report has it: remove the entry"
        elif entry.expires - today <= EXPIRES_SOON:
            yield f"{what} is accepted only until {entry.expires}: fix it before that date"


def verdict_lines(verdict: Verdict, what: str, rules: Rules = Rules()) -> list[str]:
    """The verdict as Markdown."""
    counts = {name: sum(finding.severity == name for finding in verdict.others) for name in SEVERITIES}
    rest = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "none"
    lines = [f"### Scan of {code(what)}: {'stopped' if verdict.blocking else 'passed'}", ""]
    if verdict.blocking:
        lines += ["| Vulnerability | Severity | Package | Installed | Why | Where |", "|---|---|---|---|---|---|"]
        cells = (
            (
                finding.id,
                finding.severity,
                finding.package,
                finding.version,
                reason_to_stop(finding, rules),
                finding.where,
            )
            for finding in verdict.blocking
        )
        lines += ["| " + " | ".join(code(cell) for cell in row) + " |" for row in cells] + [""]
    return [*lines, f"Accepted: {len(verdict.accepted)}. Not blocking: {rest}."]
