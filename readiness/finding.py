"""A finding: a remark on one place of a file, for a person. Everything may import it; it imports nothing of Readiness.

`finding_formats.py` writes findings as text, annotations, JSON, Markdown and SARIF.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error stops every command; a warning is printed and nothing more; a note decides nothing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What is wrong at a place, and how to fix it.

    `rule_id` names the rule in kebab case and stays the same when the texts change. `key` is the path of the setting,
    or another name of the thing that is wrong. `line` counts from 1; it is None where no line can be named.
    `message` and `hint` have no closing full stop, and `hint` may be empty. `placeholder` marks a value that is known
    to be missing still: a preview goes on with it, an update does not.

    The fields may contain a credential from a file: print a finding through `finding_formats.py` only.
    """

    rule_id: str
    message: str
    hint: str
    file: str
    line: int | None = None
    key: str = ""
    severity: Severity = Severity.ERROR
    placeholder: bool = False


def errors_only(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that stop a command."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)
