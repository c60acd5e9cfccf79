"""Makes the rows of the audit from the evidence, and their reports: Markdown, JSON, SARIF, docs/security-audit.md."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from enum import StrEnum
from importlib.resources import files
from itertools import groupby
from string import Template
from typing import Any

from readiness.audit.checklist import AuditLine, Risk, audit_lines
from readiness.finding_formats import sarif_document, sarif_result
from readiness.live.rows import Outcome, Row
from readiness.markdown_text import table_cell
from readiness.settings.model import Settings

# The file to which GitHub attaches a SARIF finding, because a row has no line of code.
PAGE_PATH = "docs/security-audit.md"
# The lines of these areas are about the audit itself: the other rows decide them.
COMPUTED_AREAS = ("Deliverables", "Success Criteria")


class Result(StrEnum):
    """The result of a row. MANUAL: not everything could be checked; the row's steps are left to do."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    MANUAL = "manual"


Found = Mapping[str, Sequence[Row]]

_MARKS = {Result.PASS: "pass", Result.FAIL: "**FAIL**", Result.MANUAL: "manual"}
_KINDS = {Result.PASS: "pass", Result.FAIL: "fail", Result.MANUAL: "review"}
_LEVELS = {Risk.HIGH: "error", Risk.MEDIUM: "warning", Risk.LOW: "note"}
# GitHub's scale: over 7.0 is high, over 4.0 medium.
_SEVERITIES = {Risk.HIGH: "8.0", Risk.MEDIUM: "5.0", Risk.LOW: "2.0"}


@dataclass(frozen=True, kw_only=True)
class AuditRow(AuditLine):
    """One line with its result, and with its texts filled in. `steps` are empty if the row passes."""

    result: Result
    evidence: tuple[Row, ...]


def audit_rows(found: Found, recorded: Found, values: Mapping[str, str], *, page_exists: bool) -> list[AuditRow]:
    """A row for every line, in the checklist's order.

    `found`: rows by the name of a check. `recorded`: results that people have recorded, by the line's slug. `values`
    fill in the steps. `page_exists`: whether the project has docs/security-audit.md.
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
    """The number of rows with this result."""
    return sum(row.result is result for row in rows)


def audit_summary(rows: Sequence[AuditRow]) -> str:
    """`12 pass, 3 fail, 25 manual`."""
    return ", ".join(f"{count(rows, result)} {result.value}" for result in Result)


def audit_json(rows: Sequence[AuditRow], *, today: date) -> str:
    """`{date, totals, rows: [{line, area, slug, result, risk, evidence, steps, remediation, owner, due}]}`.

    `remediation`, `owner` and `due` are null if the row passes.
    """
    totals = {result.value: count(rows, result) for result in Result}
    found = {"date": today.isoformat(), "totals": totals, "rows": [_row_json(row, today) for row in rows]}
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def audit_markdown(rows: Sequence[AuditRow], *, today: date | None) -> str:
    """Every row in a table, then the failed rows with their remediation, then the steps to follow by hand.

    Without `today` the dates are relative to the day of the report.
    """
    parts = [f"{audit_summary(rows)}.{'' if today is None else f' Checked on {today.isoformat()}.'}"]
    for area, of_area in groupby(rows, key=lambda row: row.area):
        parts += [f"## {area}", "\n".join(_table(list(of_area)))]
    failed = [row for row in rows if row.result is Result.FAIL]
    parts += ["## Remediation plan", "\n".join(_plan(failed, today)) if failed else "Nothing failed."]
    left = [row for row in rows if row.result is not Result.PASS and row.steps]
    parts += ["## Steps to follow by hand", *(_steps(row) for row in left)]
    return "\n\n".join(parts) + "\n"


def due(row: AuditRow, today: date | None) -> str:
    """When a failure must be fixed."""
    if today is None:
        return f"within {row.due_days} days"
    return (today + timedelta(days=row.due_days)).isoformat()


def audit_sarif(rows: Sequence[AuditRow], *, today: date) -> str:
    """SARIF 2.1.0, which GitHub's code scanning and most dashboards read.

    Every line is a rule and has a result: `kind` is pass, fail, or review if a person still has steps to follow.
    """
    results = [
        {
            **sarif_result(
                row.slug,
                index,
                _KINDS[row.result],
                _LEVELS[row.risk] if row.result is Result.FAIL else "none",
                _sarif_text(row, today),
                PAGE_PATH,
                1,
            ),
            "partialFingerprints": {"auditLine/v1": row.slug},
        }
        for index, row in enumerate(rows)
    ]
    return sarif_document("readiness audit", [_sarif_rule(row) for row in rows], results)


def step_values(stacks: Sequence[Settings]) -> Mapping[str, str]:
    """The values for the steps: names of the stack that owns the shared resources, or else of the first stack."""
    settings = next((stack for stack in stacks if stack.owns_shared_resources), stacks[0])
    service = settings.services[0]
    return {
        "project": settings.project,
        "region": settings.region,
        "repository": f"{settings.github_owner}/{settings.repository.name}",
        "instance": "INSTANCE" if settings.database is None else settings.database.instance,
        "service": service.name,
        "url": service.url.rstrip("/"),
    }


def page_text(stacks: Sequence[Settings]) -> str:
    """docs/security-audit.md: the checklist with the steps and the remediation of every line, and no finding."""
    values = step_values(stacks)
    rows = audit_rows({}, {}, values, page_exists=True)
    head = files("readiness.audit").joinpath("page_head.md").read_text(encoding="utf-8")
    head = Template(head).substitute(project=values["project"])
    return head + "\n" + audit_markdown(rows, today=None)


def _row(
    line: AuditLine, found: Found, recorded: Found, values: Mapping[str, str], outcome: Result | None = None
) -> AuditRow:
    # Without Prowler's output, its checks are left out: they add evidence, but no line needs them.
    by_prowler = [found[check] for check in line.prowler if check in found]
    checked = [*by_prowler, *(found.get(check, ()) for check in line.checks)]
    by_people = recorded.get(line.slug, ())
    result = _result(checked, by_people, decided_by_checks=line.decided_by_checks)
    if outcome is not None:
        result = Result.FAIL if result is Result.FAIL else outcome
    # Most steps are commands, so values are quoted for a shell; in a sentence the quotes do no harm.
    words = {name: shlex.quote(value) for name, value in values.items()}
    steps = tuple(Template(step).substitute(words) for step in line.steps)
    filled = {
        "steps": steps if result is not Result.PASS else (),
        "remediation": Template(line.remediation).substitute(values),
        "result": result,
        "evidence": tuple(found_row for of_check in (*checked, by_people) for found_row in of_check),
    }
    return AuditRow(**{**asdict(line), **filled})


def _result(checked: Sequence[Sequence[Row]], by_people: Sequence[Row], *, decided_by_checks: bool) -> Result:
    """`checked` has the rows of each check of the line, none for a check that did not run."""
    outcomes = [{row.outcome for row in of_check} for of_check in (*checked, by_people)]
    if any(Outcome.FAIL in of_check for of_check in outcomes):
        return Result.FAIL
    if Outcome.PASS in outcomes[-1]:
        return Result.PASS
    every_check_passed = bool(checked) and all(of_check == {Outcome.PASS} for of_check in outcomes[:-1])
    return Result.PASS if every_check_passed and decided_by_checks else Result.MANUAL


def _all_pass(rows: Iterable[AuditRow]) -> Result:
    results = {row.result for row in rows}
    return next((result for result in (Result.FAIL, Result.MANUAL) if result in results), Result.PASS)


def _planned(rows: Iterable[AuditRow]) -> Result:
    failed = [row for row in rows if row.result is Result.FAIL]
    return Result.PASS if all(row.remediation and row.owner and row.due_days for row in failed) else Result.FAIL


def _row_json(row: AuditRow, today: date) -> dict[str, Any]:
    is_open = row.result is not Result.PASS
    return {
        "line": row.line,
        "area": row.area,
        "slug": row.slug,
        "result": row.result.value,
        "risk": row.risk.value,
        "evidence": [
            {"how": found.how, "verdict": found.outcome.value, "found": found.detail} for found in row.evidence
        ],
        "steps": list(row.steps),
        "remediation": row.remediation if is_open else None,
        "owner": row.owner if is_open else None,
        "due": due(row, today) if row.result is Result.FAIL else None,
    }


def _table(rows: Sequence[AuditRow]) -> Iterator[str]:
    yield "| Line | Result | Risk | Check and evidence |"
    yield "|---|---|---|---|"
    for row in rows:
        found = "<br>".join(_evidence_texts(row.evidence)) or _without_evidence(row)
        yield f"| {_cell(row.line)} | {_MARKS[row.result]} | {row.risk.value} | {found} |"


def _evidence_texts(evidence: Sequence[Row]) -> Iterator[str]:
    """The results first; then the checks that did not run, one text for each reason."""
    reasons: dict[str, list[str]] = {}
    for row in evidence:
        if row.outcome is Outcome.NOT_CHECKED:
            reasons.setdefault(row.detail, []).append(row.how)
        else:
            yield f"{row.outcome.value} ({_cell(row.how)}): {_cell(row.detail)}"
    for reason, checks in reasons.items():
        yield f"not checked ({_cell(', '.join(checks))}): {_cell(reason)}"


def _without_evidence(row: AuditRow) -> str:
    is_computed = row.result is not Result.MANUAL or len(row.steps) == 1
    return "from the other rows" if is_computed else "not checked: see the steps"


def _plan(rows: Sequence[AuditRow], today: date | None) -> Iterator[str]:
    yield "| Line | Risk | Remediation | Owner | Due |"
    yield "|---|---|---|---|---|"
    for row in sorted(rows, key=lambda row: row.due_days):
        cells = (row.line, row.risk.value, row.remediation, row.owner, due(row, today))
        yield f"| {' | '.join(map(_cell, cells))} |"


# What ends a command in a step: punctuation, or a word that no command here contains.
_AFTER_A_COMMAND = r"(?<=\S)[:;,.](?: |$)| (?:and|does|for|lists|must|names|of|prints|shows|then) "
_COMMAND = re.compile(
    r"(?:^|(?<=: ))(?:bandit|curl|gcloud|gh|git|gitleaks|openssl|readiness) "
    rf"(?:'[^']*'|\"[^\"]*\"|(?!{_AFTER_A_COMMAND})[^'\"])+"
)


def _steps(row: AuditRow) -> str:
    lines = [f"**{_cell(row.line)}** ({row.owner})", ""]
    lines += [f"{number}. {_code(step)}" for number, step in enumerate(row.steps, start=1)]
    return "\n".join(lines)


def _code(step: str) -> str:
    """The step with its commands in backquotes. A command is at the start or after a colon, up to _AFTER_A_COMMAND."""
    return step if "`" in step else _COMMAND.sub(lambda command: f"`{command.group()}`", step)


def _cell(text: str) -> str:
    """Text of a live system, escaped so that it can neither end a cell nor add markup."""
    return table_cell(text.replace("\n", " ")).replace("`", "'")


def _sarif_rule(row: AuditRow) -> dict[str, Any]:
    return {
        "id": row.slug,
        "shortDescription": {"text": row.line},
        "help": {"text": row.remediation},
        "defaultConfiguration": {"level": _LEVELS[row.risk]},
        "properties": {"tags": ["security", row.area], "security-severity": _SEVERITIES[row.risk]},
    }


def _sarif_text(row: AuditRow, today: date) -> str:
    wanted = (Outcome.FAIL,) if row.result is Result.FAIL else tuple(Outcome)
    found = "; ".join(found.detail for found in row.evidence if found.outcome in wanted)
    lines = [f"{row.line}: {row.result.value}" + (f" ({found})" if found else "")]
    if row.result is Result.FAIL:
        lines.append(f"Remediation: {row.remediation} Owner: {row.owner}. Due: {due(row, today)}.")
    if row.result is Result.MANUAL:
        lines += ["By hand:", *row.steps]
    return "\n".join(lines)
