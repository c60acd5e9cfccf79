"""What is asked of one line of the audit, and what is done about a failure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Risk(StrEnum):
    """How bad it is when the line fails. HIGH must be mended before a launch."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


# Ours: days from the day of the report until a failure is mended, by its risk.
DUE_DAYS = {Risk.HIGH: 7, Risk.MEDIUM: 30, Risk.LOW: 90}


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditLine:
    """`line` is the wording of the first customer's task list (docs/seed.md). `slug` names it in JSON and SARIF.

    `prowler`: checks of Prowler that speak of it; `checks`: our own, by name (google_checks.py, black_box.py).
    `decided_by_checks`: all of them passing is enough; else a person still follows `steps`. Their `$project`,
    `$region`, `$repository`, `$instance`, `$service` and `$url` are filled in from the settings. `owner` is a role.
    """

    slug: str
    line: str
    risk: Risk
    steps: tuple[str, ...]
    remediation: str
    owner: str
    prowler: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    decided_by_checks: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Area:
    """A heading of the security audit with its lines."""

    name: str
    lines: tuple[AuditLine, ...]
