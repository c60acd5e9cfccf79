"""The report of a verification: as a table, as JSON, as Markdown for an issue or a pull request."""

from __future__ import annotations

import json
from collections.abc import Sequence

from readiness.live.rows import Outcome, Row, count

_HEAD = ("result", "check", "subject", "found")
_COUNTED = (Outcome.PASS, Outcome.FAIL, Outcome.NOT_CHECKED)


def verification_table(rows: Sequence[Row], summary: str) -> str:
    """Aligned columns; failures in capitals. The last line is the summary."""
    cells = [_HEAD, *((_word(row.outcome), row.check, row.subject, row.detail) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(3)]
    lines = ["  ".join([*(line[column].ljust(widths[column]) for column in range(3)), line[3]]) for line in cells]
    return "\n".join([*lines, "", summary]) + "\n"


def verification_json(stack: str, rows: Sequence[Row], *, checked_at: str) -> str:
    """`{stack, checked_at, totals: {pass, fail, not checked}, rows: [{check, subject, outcome, detail}]}`."""
    found = {
        "stack": stack,
        "checked_at": checked_at,
        "totals": {outcome.value: count(rows, outcome) for outcome in _COUNTED},
        "rows": [
            {"check": row.check, "subject": row.subject, "outcome": row.outcome.value, "detail": row.detail}
            for row in rows
        ],
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def verification_markdown(stack: str, rows: Sequence[Row], summary: str, *, checked_at: str) -> str:
    """The issues found, as a task list; then every row.

    Texts of live systems are in code spans, so they are not read as markup, and `@name` notifies nobody.
    """
    bad = [row for row in rows if row.outcome is Outcome.FAIL]
    issues = [f"- [ ] **{row.check}**, `{_cell(row.subject)}`: `{_cell(row.detail)}`" for row in bad]
    table = [f"| {row.outcome.value} | {row.check} | `{_cell(row.subject)}` | `{_cell(row.detail)}` |" for row in rows]
    parts = [
        f"# Verification of {stack}",
        f"{checked_at}: {summary}",
        "## Issues found",
        "\n".join(issues) or "None.",
        "## All checks",
        "\n".join(["| Result | Check | Subject | Found |", "|---|---|---|---|", *table]),
    ]
    return "\n\n".join(parts) + "\n"


def verification_summary(rows: Sequence[Row], seconds: float) -> str:
    """`12 pass, 1 fail, 3 not checked in 2.1 s`."""
    return ", ".join(f"{count(rows, outcome)} {outcome.value}" for outcome in _COUNTED) + f" in {seconds:.1f} s"


def _word(outcome: Outcome) -> str:
    return "FAIL" if outcome is Outcome.FAIL else outcome.value


def _cell(text: str) -> str:
    """Text in a code span that can end neither the span nor a cell."""
    return text.replace("|", r"\|").replace("`", "'")
