"""A finding: a remark on one place of a file, for a person; its line of text, and the exception that carries findings.

`finding_formats.py` writes findings as annotations, JSON, Markdown and SARIF.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from readiness.secret_shapes import one_line

_MAX_KEY_CHARACTERS = 120


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

    The fields may contain a credential from a file: print one by `text_line` or through `finding_formats.py` only.
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


class RefusedError(Exception):
    """Input that the product does not go on with; carries every problem found."""

    def __init__(self, problems: Iterable[Finding]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(text_line(problem) for problem in self.problems))


def text_line(finding: Finding) -> str:
    """`FILE:LINE: KEY: what is wrong. How to fix it.`"""
    place = one_line(finding.file) if finding.line is None else f"{one_line(finding.file)}:{finding.line}"
    return f"{place}: {text_without_place(finding)}"


def text_without_place(finding: Finding) -> str:
    """`KEY: what is wrong. How to fix it.`"""
    key = one_line(finding.key)
    if len(key) > _MAX_KEY_CHARACTERS:
        key = key[:_MAX_KEY_CHARACTERS] + "…"
    subject = f"{key}: " if key else ""
    hint = one_line(finding.hint)
    end = "" if not hint else f" {hint}{'' if hint.endswith('?') else '.'}"
    return f"{subject}{one_line(finding.message)}.{end}"
