"""The report as SARIF 2.1.0, which GitHub's code scanning and most dashboards read.

Every line is a rule and has a result: `kind` is pass, fail, or review where a person still has steps to follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from readiness.audit.checklist import Risk
from readiness.audit.evidence import Verdict
from readiness.audit.render import due
from readiness.audit.rows import AuditRow, Result
from readiness.finding_formats import sarif_document, sarif_location

# Where GitHub shows a finding; the row has no line of code.
PAGE = "docs/security-audit.md"

_LEVELS = {Risk.HIGH: "error", Risk.MEDIUM: "warning", Risk.LOW: "note"}
# GitHub's scale: over 7.0 is high, over 4.0 medium.
_SEVERITIES = {Risk.HIGH: "8.0", Risk.MEDIUM: "5.0", Risk.LOW: "2.0"}
_KINDS = {Result.PASS: "pass", Result.FAIL: "fail", Result.MANUAL: "review"}


def audit_sarif(rows: Sequence[AuditRow], *, today: date) -> str:
    """The whole document."""
    rules = [_rule(row) for row in rows]
    return sarif_document("readiness audit", rules, [_result(row, index, today) for index, row in enumerate(rows)])


def _rule(row: AuditRow) -> dict[str, Any]:
    return {
        "id": row.slug,
        "shortDescription": {"text": row.line},
        "help": {"text": row.remediation},
        "defaultConfiguration": {"level": _LEVELS[row.risk]},
        "properties": {"tags": ["security", row.area], "security-severity": _SEVERITIES[row.risk]},
    }


def _result(row: AuditRow, index: int, today: date) -> dict[str, Any]:
    """A level other than `none` goes only with the kind `fail` (SARIF 2.1.0, 3.27.10)."""
    is_failure = row.result is Result.FAIL
    return {
        "ruleId": row.slug,
        "ruleIndex": index,
        "kind": _KINDS[row.result],
        "level": _LEVELS[row.risk] if is_failure else "none",
        "message": {"text": _text(row, today)},
        "locations": [sarif_location(PAGE, 1)],
        "partialFingerprints": {"auditLine/v1": row.slug},
    }


def _text(row: AuditRow, today: date) -> str:
    wanted = (Verdict.FAIL,) if row.result is Result.FAIL else tuple(Verdict)
    found = "; ".join(each.found for each in row.evidence if each.verdict in wanted)
    lines = [f"{row.line}: {row.result.value}" + (f" ({found})" if found else "")]
    if row.result is Result.FAIL:
        lines.append(f"Remediation: {row.remediation} Owner: {row.owner}. Due: {due(row, today)}.")
    if row.result is Result.MANUAL:
        lines += ["By hand:", *row.steps]
    return "\n".join(lines)
