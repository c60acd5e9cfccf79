"""Rows of the reports of `readiness verify` and `readiness audit`: the results of checks of live resources."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from readiness.delivered.http_client import NoAnswerError
from readiness.finding import Finding, Severity
from readiness.live.web import ApiError
from readiness.secret_shapes import mask_secrets, one_line

MAX_DETAIL_CHARACTERS = 400
# Texts of a 403 that is not about the credentials: Google's for an API that was never enabled, GitHub's for too many
# requests.
_OTHER_REFUSALS = ("has not been used in project", "it is disabled", "rate limit")


class Outcome(StrEnum):
    """The result of a check. NOT_CHECKED is counted, and neither passes nor fails. NOTE is information only."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    NOTE = "note"
    NOT_CHECKED = "not checked"


_SEVERITIES = {
    Outcome.FAIL: Severity.ERROR,
    Outcome.NOT_CHECKED: Severity.WARNING,
    Outcome.NOTE: Severity.NOTE,
}
_OUTCOMES = {severity: outcome for outcome, severity in _SEVERITIES.items()}


# What a check yields without its name and subject; `observed` adds them and returns rows.
Observation = tuple[Outcome, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """The result of one check of one subject, which may be empty.

    `found` is the evidence if the check passes, and a Finding otherwise.
    """

    check: str
    subject: str
    found: str | Finding

    @property
    def outcome(self) -> Outcome:
        """The outcome of the check."""
        return Outcome.PASS if isinstance(self.found, str) else _OUTCOMES[self.found.severity]

    @property
    def detail(self) -> str:
        """What the check found, or why it has no result, with the hint."""
        if isinstance(self.found, str):
            return self.found
        return f"{self.found.message}: {self.found.hint}" if self.found.hint else self.found.message

    @property
    def how(self) -> str:
        """Check and subject in one text."""
        return f"{self.check}: {self.subject}" if self.subject else self.check


class NotCheckedError(Exception):
    """A check that cannot run here; the text says what is missing, and contains no credential."""


class FailedError(Exception):
    """A check that fails early; the text says why."""


def row_of(outcome: Outcome, check: str, subject: str, detail: str, hint: str = "") -> Row:
    """A row with that outcome."""
    if outcome is Outcome.PASS:
        return Row(check=check, subject=subject, found=detail)
    finding = Finding(
        rule_id=re.sub(r"[^a-z0-9]+", "-", check.lower()).strip("-"),
        severity=_SEVERITIES[outcome],
        file=subject or check,
        message=detail,
        hint=hint,
    )
    return Row(check=check, subject=subject, found=finding)


def passed(check: str, subject: str, detail: str) -> Row:
    """The row of a check that passes."""
    return row_of(Outcome.PASS, check, subject, detail)


def failed(check: str, subject: str, detail: str, hint: str = "") -> Row:
    """The row of a check that fails; the command then ends with 1."""
    return row_of(Outcome.FAIL, check, subject, detail, hint)


def not_checked(check: str, subject: str, detail: str) -> Row:
    """The row of a check without a result; `detail` says why."""
    return row_of(Outcome.NOT_CHECKED, check, subject, detail)


def row_of_error(check: str, subject: str, error: Exception) -> Row:
    """The row of a check that raised an error: a failure, unless the credentials have no permission for the check."""
    if isinstance(error, NotCheckedError):
        return not_checked(check, subject, str(error))
    if isinstance(error, ApiError) and error.status in (401, 403):
        if not any(words in str(error) for words in _OTHER_REFUSALS):
            return not_checked(check, subject, f"the credentials have no permission to read it: {error}")
    elif not isinstance(error, ApiError | FailedError | NoAnswerError):
        return failed(check, subject, f"the answer has an unknown form ({type(error).__name__})")
    return failed(check, subject, str(error))


def judged(faults: Iterable[str], otherwise: str) -> list[Observation]:
    """A failure for each fault; without a fault, one pass with the text `otherwise`."""
    return [(Outcome.FAIL, fault) for fault in faults] or [(Outcome.PASS, otherwise)]


def observed(check: str, subject: str, observations: Iterable[Observation]) -> list[Row]:
    """A row for each observation, with everything masked that looks like a credential."""
    return [row_of(outcome, check, subject, mask_secrets(text)) for outcome, text in observations]


def cleaned(row: Row, clean: Callable[[str], str]) -> Row:
    """The row with `clean` applied to its texts."""
    found = row.found
    if isinstance(found, str):
        return replace(row, found=clean(found))
    return replace(row, found=replace(found, message=clean(found.message), hint=clean(found.hint)))


def on_one_line(text: str) -> str:
    """A text of a live system, shortened, without control characters and without anything shaped like a credential."""
    text = one_line(text)
    return text if len(text) <= MAX_DETAIL_CHARACTERS else f"{text[:MAX_DETAIL_CHARACTERS]}…"


def count(rows: Iterable[Row], outcome: Outcome) -> int:
    """The number of rows with this outcome."""
    return sum(row.outcome is outcome for row in rows)
