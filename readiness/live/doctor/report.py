"""The report of `readiness doctor`, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby

from readiness.live.rows import Outcome, Row, count, on_one_line
from readiness.secret_shapes import mask_secrets

STATES = {
    Outcome.PASS: "ok",
    Outcome.FAIL: "missing",
    Outcome.NOT_CHECKED: "not known",
    Outcome.NOTE: "optional",
}
_WIDTH = max(len(state) for state in STATES.values())


def doctor_text(rows: Sequence[Row]) -> str:
    """The rows below their subjects, each with how to get what is missing, a command or an address a line.

    Commands of several lines are in the text once; a later row that needs them names the row that has them.
    """
    lines: list[str] = []
    shown: dict[tuple[str, ...], str] = {}
    for subject, group in groupby(rows, key=lambda row: row.subject):
        lines.append(subject)
        for row in group:
            lines.append(f"  {STATES[row.outcome]:{_WIDTH}}  {row.check}: {_what(row)}")
            how = tuple(_how(row))
            above = shown.get(how)
            if above is None and len(how) > 1:
                shown[how] = f"the same as for {row.check} of {subject}, above"
            lines += [f"  {'':{_WIDTH}}    {line}" for line in ((above,) if above else how)]
        lines.append("")
    return "\n".join([*lines, summary(rows)]) + "\n"


def doctor_json(rows: Sequence[Row]) -> str:
    """`{totals: {ok, missing, not known, optional}, rows: [{subject, check, state, detail, fix: [line]}]}`."""
    found = {
        "totals": {state: count(rows, outcome) for outcome, state in STATES.items()},
        "rows": [
            {
                "subject": row.subject,
                "check": row.check,
                "state": STATES[row.outcome],
                "detail": _what(row),
                "fix": _how(row),
            }
            for row in rows
        ],
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def summary(rows: Sequence[Row]) -> str:
    """`2 missing, 1 not known, 9 ok, 3 optional`."""
    order = (Outcome.FAIL, Outcome.NOT_CHECKED, Outcome.PASS, Outcome.NOTE)
    return ", ".join(f"{count(rows, outcome)} {STATES[outcome]}" for outcome in order)


def _what(row: Row) -> str:
    return on_one_line(mask_secrets(row.found if isinstance(row.found, str) else row.found.message))


def _how(row: Row) -> list[str]:
    """How to get it; a line each."""
    return [] if isinstance(row.found, str) else [line for line in row.found.hint.split("\n") if line]
