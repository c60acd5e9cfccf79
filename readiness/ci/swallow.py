"""A place of a script where a failure is lost."""

from __future__ import annotations

from dataclasses import dataclass

from readiness.finding import Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class Swallow:
    """A place where a failure is lost; line 0 is the first line of the script."""

    line: int
    message: str
    hint: str
    severity: Severity = Severity.ERROR
