"""From the evidence to the rows of the report."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from string import Template

from readiness.audit.checklist import AuditLine, Risk, audit_lines
from readiness.audit.evidence import Evidence, Found, Verdict

# The lines of these areas are about the audit itself: all other rows decide them.
COMPUTED_AREAS = ("Deliverables", "Success Criteria")


class Result(StrEnum):
    """MANUAL: not everything could be checked here; the row's steps say what is left."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    MANUAL = "manual"


@dataclass(frozen=True, kw_only=True)
class AuditRow(AuditLine):
    """One line with its result, its texts filled in. `steps` are empty where nothing is left to do by hand."""

    result: Result
    evidence: tuple[Evidence, ...]


def audit_rows(found: Found, recorded: Found, values: Mapping[str, str], *, page_exists: bool) -> list[AuditRow]:
    """A row for every line, in the checklist's order.

    `found`: evidence by the name of a check. `recorded`: what people have recorded, by the line's slug. `values` fill
    in the steps. `page_exists`: whether the project has its page on security.
    """
    rows = [_row(line, found, recorded, values) for line in audit_lines() if line.area not in COMPUTED_AREAS]
    outcomes = {
        "audit-report": Result.PASS,
        "remediation-plan": _planned(rows),
        "security-documentation": Result.PASS if page_exists else Result.FAIL,
        "no-high-risk": _all_pass(row for row in rows if row.risk is Risk.HIGH),
        "risks-documented": _planned(row for row in rows if row.risk is not Risk.HIGH),
        "best-practices": _all_pass(rows),
    }
    computed = [line for line in audit_lines() if line.area in COMPUTED_AREAS]
    return rows + [_row(line, found, recorded, values, outcomes[line.slug]) for line in computed]


def count(rows: Iterable[AuditRow], result: Result) -> int:
    """How many rows ended so."""
    return sum(row.result is result for row in rows)


def _row(
    line: AuditLine, found: Found, recorded: Found, values: Mapping[str, str], outcome: Result | None = None
) -> AuditRow:
    checked = [found.get(check, ()) for check in (*line.prowler, *line.checks)]
    by_people = recorded.get(line.slug, ())
    result = _result(checked, by_people, decided_by_checks=line.decided_by_checks)
    if outcome is not None:
        result = Result.FAIL if result is Result.FAIL else outcome
    # Most steps are commands; what has to be quoted in one is no harm in a sentence.
    words = {name: shlex.quote(value) for name, value in values.items()}
    steps = tuple(Template(step).substitute(words) for step in line.steps)
    filled = {
        "steps": steps if result is not Result.PASS else (),
        "remediation": Template(line.remediation).substitute(values),
        "result": result,
        "evidence": tuple(evidence for of_check in (*checked, by_people) for evidence in of_check),
    }
    return AuditRow(**{**asdict(line), **filled})


def _result(checked: Sequence[Sequence[Evidence]], by_people: Sequence[Evidence], *, decided_by_checks: bool) -> Result:
    """`checked` has the evidence of each check of the line, empty for a check that was not made."""
    verdicts = [[evidence.verdict for evidence in of_check] for of_check in (*checked, by_people)]
    if any(Verdict.FAIL in of_check for of_check in verdicts):
        return Result.FAIL
    if Verdict.PASS in verdicts[-1]:
        return Result.PASS
    every_check_passed = bool(checked) and all(
        of_check and {Verdict.PASS, Verdict.NOTE}.issuperset(of_check) for of_check in verdicts[:-1]
    )
    return Result.PASS if every_check_passed and decided_by_checks else Result.MANUAL


def _all_pass(rows: Iterable[AuditRow]) -> Result:
    results = {row.result for row in rows}
    return next((result for result in (Result.FAIL, Result.MANUAL) if result in results), Result.PASS)


def _planned(rows: Iterable[AuditRow]) -> Result:
    failed = [row for row in rows if row.result is Result.FAIL]
    return Result.PASS if all(row.remediation and row.owner and row.due_days for row in failed) else Result.FAIL
