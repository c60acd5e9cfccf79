"""Every line of the audit, in the order of the first customer's task list (docs/seed.md)."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.operate.audit.audit_line import Area, AuditLine
from readiness.operate.audit.lines_of_access import IAM, SECRETS
from readiness.operate.audit.lines_of_application import APPLICATION, AUTHENTICATION
from readiness.operate.audit.lines_of_infrastructure import DATA, LOGGING, NETWORK
from readiness.operate.audit.lines_of_outcome import CRITERIA, DELIVERABLES

AREAS: tuple[Area, ...] = (
    IAM,
    NETWORK,
    SECRETS,
    AUTHENTICATION,
    DATA,
    APPLICATION,
    LOGGING,
    DELIVERABLES,
    CRITERIA,
)


def audit_lines() -> Iterator[AuditLine]:
    """The lines of every area."""
    return (line for area in AREAS for line in area.lines)
