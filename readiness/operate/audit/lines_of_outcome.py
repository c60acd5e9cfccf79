"""Lines on the audit itself: what it delivers, and when it has succeeded. Decided by all other rows (outcome.py)."""

from __future__ import annotations

from readiness.operate.audit.audit_line import Area, AuditLine, Risk

DELIVERABLES = Area(
    name="Deliverables",
    lines=(
        AuditLine(
            slug="audit-report",
            line="Security audit report (findings + risk assessment)",
            risk=Risk.LOW,
            steps=("This report: each row has a result, what was found, and its risk.",),
            remediation="Run `readiness audit` again.",
            owner="Security team",
        ),
        AuditLine(
            slug="remediation-plan",
            line="Remediation plan for any issues found",
            risk=Risk.LOW,
            steps=("Each failed row has a remediation, an owner and a date.",),
            remediation="Name an owner for the row in audit-record.yaml.",
            owner="Security team",
        ),
        AuditLine(
            slug="security-documentation",
            line="Updated security documentation",
            risk=Risk.LOW,
            steps=("docs/security-audit.md is made from the record: `make docs` writes it.",),
            remediation="Run `make docs`, and commit docs/security-audit.md.",
            owner="Security team",
        ),
    ),
)

CRITERIA = Area(
    name="Success Criteria",
    lines=(
        AuditLine(
            slug="no-high-risk",
            line="No critical or high-risk vulnerabilities found",
            risk=Risk.HIGH,
            prowler=("artifacts_container_analysis_enabled", "gcr_container_scanning_enabled"),
            steps=("Every row of high risk passes.",),
            remediation="Mend the failed rows of high risk first.",
            owner="Tech lead",
        ),
        AuditLine(
            slug="risks-documented",
            line="All medium/low risks documented with mitigation plan",
            risk=Risk.LOW,
            steps=("Every failed row of medium or low risk has a remediation, an owner and a date.",),
            remediation="Name an owner for the row in audit-record.yaml.",
            owner="Tech lead",
        ),
        AuditLine(
            slug="best-practices",
            line="Security best practices confirmed",
            risk=Risk.MEDIUM,
            steps=("No row fails, and none is left to be followed by hand.",),
            remediation="Mend the failed rows, and record what the steps of the others show in audit-record.yaml.",
            owner="Tech lead",
        ),
    ),
)
