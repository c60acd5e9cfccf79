"""The report of an audit: as Markdown for people, as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from readiness.audit.evidence import Evidence, Verdict
from readiness.audit.rows import AuditRow, Result, count
from readiness.markdown_text import table_cell

_MARKS = {Result.PASS: "pass", Result.FAIL: "**FAIL**", Result.MANUAL: "manual"}


def audit_summary(rows: Sequence[AuditRow]) -> str:
    """`12 pass, 3 fail, 25 manual`."""
    return ", ".join(f"{count(rows, result)} {result.value}" for result in Result)


def audit_json(rows: Sequence[AuditRow], *, today: date) -> str:
    """`{date, totals, rows: [{line, area, slug, result, risk, evidence, steps, remediation, owner, due}]}`.

    `remediation`, `owner` and `due` are null where the row passes.
    """
    totals = {result.value: count(rows, result) for result in Result}
    found = {"date": today.isoformat(), "totals": totals, "rows": [_row_json(row, today) for row in rows]}
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def audit_markdown(rows: Sequence[AuditRow], *, today: date | None) -> str:
    """Every row in a table, then what failed with its remediation, then what is left to do by hand.

    Without `today` the dates are relative to the day on which the report is handed over.
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
    """When a failure is to be mended."""
    if today is None:
        return f"within {row.due_days} days"
    return (today + timedelta(days=row.due_days)).isoformat()


def _row_json(row: AuditRow, today: date) -> dict[str, Any]:
    is_open = row.result is not Result.PASS
    return {
        "line": row.line,
        "area": row.area,
        "slug": row.slug,
        "result": row.result.value,
        "risk": row.risk.value,
        "evidence": [asdict(evidence) for evidence in row.evidence],
        "steps": list(row.steps),
        "remediation": row.remediation if is_open else None,
        "owner": row.owner if is_open else None,
        "due": due(row, today) if row.result is Result.FAIL else None,
    }


def _table(rows: Sequence[AuditRow]) -> Iterator[str]:
    yield "| Line | Result | Risk | How it was checked, and what was found |"
    yield "|---|---|---|---|"
    for row in rows:
        found = "<br>".join(_evidence_texts(row.evidence)) or _without_evidence(row)
        yield f"| {_cell(row.line)} | {_MARKS[row.result]} | {row.risk.value} | {found} |"


def _evidence_texts(evidence: Sequence[Evidence]) -> Iterator[str]:
    """What was found first; then what was not checked, once for each reason."""
    reasons: dict[str, list[str]] = {}
    for item in evidence:
        if item.verdict is Verdict.NOT_CHECKED:
            reasons.setdefault(item.found, []).append(item.how)
        else:
            yield f"{item.verdict.value} ({_cell(item.how)}): {_cell(item.found)}"
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


def _steps(row: AuditRow) -> str:
    lines = [f"**{_cell(row.line)}** ({row.owner})", ""]
    lines += [f"{number}. {_code(step)}" for number, step in enumerate(row.steps, start=1)]
    return "\n".join(lines)


def _code(step: str) -> str:
    """A step that is a command alone stands as code."""
    return f"`{step}`" if step.startswith(("gcloud ", "gh ", "curl ")) and ": " not in step else step


def _cell(text: str) -> str:
    """Text of a live system that can neither end a cell nor bring markup of its own."""
    return table_cell(text.replace("\n", " ")).replace("`", "'")
