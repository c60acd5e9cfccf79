"""What a check found: one row of the report each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from readiness.secret_shapes import one_line

MAX_DETAIL_CHARACTERS = 400


class Outcome(StrEnum):
    """NOT_CHECKED is for what nobody here may ask: it is counted, and does not fail."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One thing that was looked at. `subject` is its name, `detail` what was found or why it was not looked at."""

    check: str
    subject: str
    outcome: Outcome
    detail: str


class NotCheckedError(Exception):
    """A check that cannot be made here; the text says what is missing, never what was tried."""


def passed(check: str, subject: str, detail: str) -> Row:
    """A row that is as it should be."""
    return Row(check=check, subject=subject, outcome=Outcome.PASS, detail=detail)


def failed(check: str, subject: str, detail: str) -> Row:
    """A row that makes the command end with 1."""
    return Row(check=check, subject=subject, outcome=Outcome.FAIL, detail=detail)


def not_checked(check: str, subject: str, detail: str) -> Row:
    """A row that says why nothing is known."""
    return Row(check=check, subject=subject, outcome=Outcome.NOT_CHECKED, detail=detail)


def on_one_line(row: Row) -> Row:
    """The row with what a live system said: short, without control characters, without a credential's shape."""
    detail = one_line(row.detail)
    cut = detail if len(detail) <= MAX_DETAIL_CHARACTERS else f"{detail[:MAX_DETAIL_CHARACTERS]}…"
    return replace(row, detail=cut)


def count(rows: Iterable[Row], outcome: Outcome) -> int:
    """How many rows ended so."""
    return sum(row.outcome is outcome for row in rows)
