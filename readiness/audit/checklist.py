"""The checklist of the audit, read from checklist.yaml: lines, each with its checks, risk and remediation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, with_config

from readiness.refusal import RefusedError
from readiness.settings.strict_yaml import read_yaml


class Risk(StrEnum):
    """How bad it is when the line fails. A failure of high risk must be fixed before a launch."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


# Our own choice: days from the day of the report until a failure must be fixed, by its risk.
DUE_DAYS = {Risk.HIGH: 7, Risk.MEDIUM: 30, Risk.LOW: 90}


@with_config(extra="forbid")
@dataclass(frozen=True, kw_only=True)
class AuditLine:
    """One line of the checklist. The head of checklist.yaml says what each field holds."""

    area: str
    slug: str
    line: str
    risk: Risk
    owner: str
    checks: tuple[str, ...] = ()
    prowler: tuple[str, ...] = ()
    decided_by_checks: bool = True
    steps: tuple[str, ...]
    remediation: str

    @property
    def due_days(self) -> int:
        """Days from the day of the report until a failure must be fixed."""
        return DUE_DAYS[self.risk]


@cache
def audit_lines() -> tuple[AuditLine, ...]:
    """Every line, in the order of the checklist."""
    return read_checklist(Path(__file__).with_name("checklist.yaml"))


def read_checklist(file: Path) -> tuple[AuditLine, ...]:
    """The lines of a file. Raises RefusedError for YAML that is refused, ValidationError for an unknown form."""
    document = read_yaml(file, file.name)
    if document.problems:
        raise RefusedError(document.problems)
    lines = [{"area": area["area"], **line} for area in document.value for line in area["lines"]]
    return TypeAdapter(tuple[AuditLine, ...]).validate_python(lines)
