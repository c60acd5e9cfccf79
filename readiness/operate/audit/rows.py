"""From the evidence to the rows of the report."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from string import Template

from readiness.operate.audit.audit_line import DUE_DAYS, Area, AuditLine, Risk
from readiness.operate.audit.evidence import Evidence, Found, Verdict
from readiness.operate.audit.lines import AREAS
from readiness.operate.audit.lines_of_outcome import CRITERIA, DELIVERABLES


class Result(StrEnum):
    """MANUAL: not everything could be checked here; the row's steps say what is left."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    MANUAL = "manual"


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditRow:
    """One line with its result. `steps` are empty where nothing is left to do by hand. `due_days`: from the report."""

    area: str
    slug: str
    line: str
    result: Result
    risk: Risk
    evidence: tuple[Evidence, ...]
    steps: tuple[str, ...]
    remediation: str
    owner: str
    due_days: int


def audit_rows(found: Found, recorded: Found, values: Mapping[str, str], *, page_exists: bool) -> list[AuditRow]:
    """A row for every line, in the order of `lines.py`.

    `found`: evidence by the name of a check. `recorded`: what people have recorded, by the line's slug. `values` fill
    in the steps. `page_exists`: whether the project has its page on security.
    """
    computed = (DELIVERABLES, CRITERIA)
    rows = [_row(area, line, found, recorded, values) for area in AREAS if area not in computed for line in area.lines]
    outcomes = {
        "audit-report": Result.PASS,
        "remediation-plan": _planned(rows),
        "security-documentation": Result.PASS if page_exists else Result.FAIL,
        "no-high-risk": _all_pass(row for row in rows if row.risk is Risk.HIGH),
        "risks-documented": _planned(row for row in rows if row.risk is not Risk.HIGH),
        "best-practices": _all_pass(rows),
    }
    for area in computed:
        rows += [_row(area, line, found, recorded, values, outcomes[line.slug]) for line in area.lines]
    return rows


def count(rows: Iterable[AuditRow], result: Result) -> int:
    """How many rows ended so."""
    return sum(row.result is result for row in rows)


def _row(
    area: Area,
    line: AuditLine,
    found: Found,
    recorded: Found,
    values: Mapping[str, str],
    outcome: Result | None = None,
) -> AuditRow:
    automatic = [each for check in (*line.prowler, *line.checks) for each in found.get(check, ())]
    by_people = list(recorded.get(line.slug, ()))
    checks = {check: found.get(check, ()) for check in (*line.prowler, *line.checks)}
    result = _result(checks, by_people, decided_by_checks=line.decided_by_checks)
    if outcome is not None:
        result = Result.FAIL if result is Result.FAIL else outcome
    # Most steps are commands; what has to be quoted in one is no harm in a sentence.
    words = {name: shlex.quote(value) for name, value in values.items()}
    steps = tuple(Template(step).substitute(words) for step in line.steps)
    return AuditRow(
        area=area.name,
        slug=line.slug,
        line=line.line,
        result=result,
        risk=line.risk,
        evidence=(*automatic, *by_people),
        steps=steps if result is not Result.PASS else (),
        remediation=Template(line.remediation).substitute(values),
        owner=line.owner,
        due_days=DUE_DAYS[line.risk],
    )


def _result(
    checks: Mapping[str, Sequence[Evidence]], by_people: Sequence[Evidence], *, decided_by_checks: bool
) -> Result:
    verdicts = [each.verdict for evidence in (*checks.values(), by_people) for each in evidence]
    if Verdict.FAIL in verdicts:
        return Result.FAIL
    if Verdict.PASS in (each.verdict for each in by_people):
        return Result.PASS
    every_check_passed = bool(checks) and all(
        evidence and all(each.verdict in (Verdict.PASS, Verdict.NOTE) for each in evidence)
        for evidence in checks.values()
    )
    return Result.PASS if every_check_passed and decided_by_checks else Result.MANUAL


def _all_pass(rows: Iterable[AuditRow]) -> Result:
    results = {row.result for row in rows}
    return next((each for each in (Result.FAIL, Result.MANUAL) if each in results), Result.PASS)


def _planned(rows: Iterable[AuditRow]) -> Result:
    failed = [row for row in rows if row.result is Result.FAIL]
    return Result.PASS if all(row.remediation and row.owner and row.due_days for row in failed) else Result.FAIL
