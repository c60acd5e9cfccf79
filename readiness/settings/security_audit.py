"""What the project records of access, and who may have it: audit logs, log retention, readers of secrets, backups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from readiness.finding import Finding
from readiness.settings.base import EMAIL_PATTERN, EmailAddress, Listed, Section
from readiness.settings.stack_files import StackConfig
from readiness.settings.view import duplicates, known, known_items

SECTION = "security_audit"
LogType = Literal["ADMIN_READ", "DATA_READ", "DATA_WRITE"]
# A bucket's name: docs.cloud.google.com/storage/docs/buckets#naming. A firewall rule's: RFC 1035.
BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$")]
FirewallRuleName = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]
Member = Annotated[str, Field(pattern=rf"^(user|group|serviceAccount):{EMAIL_PATTERN}$", max_length=270)]


# A part of a log line, which a filter puts into quotes.
LogText = Annotated[str, Field(min_length=5, max_length=120, pattern=r"^[A-Za-z][A-Za-z0-9 _.,:;/()\[\]=@!~-]+$")]


class FailedLogins(Section):
    """Lines that the services log about failed logins, and how many of them raise an alert."""

    log_texts: Annotated[
        Listed[LogText],
        Field(min_length=1, max_length=10, description="Each a part of such a line, as it is in the log."),
    ]
    attempt_count: Annotated[
        int, Field(ge=2, le=1_000_000, description="More than this many at one service in the window notify.")
    ] = 20
    window_seconds: Annotated[int, Field(ge=120, le=3600, multiple_of=60)] = 300


class AuditLog(Section):
    """The Data Access audit logs of one Google API. Google bills them as every other log."""

    service: Annotated[
        str,
        Field(
            pattern=r"^[a-z][a-z0-9-]*\.googleapis\.com$",
            max_length=100,
            description="`secretmanager.googleapis.com`, …",
        ),
    ]
    log_types: Annotated[Listed[LogType], Field(min_length=1, description="Which kinds of calls are logged.")]


# Who reads a secret, who acts as a service account (docs.cloud.google.com/iam/docs/audit-logging), and who connects to
# or exports the database (docs.cloud.google.com/sql/docs/postgres/audit-logging). What changes something is always on.
DEFAULT_AUDIT_LOGS = (
    AuditLog(service="secretmanager.googleapis.com", log_types=("DATA_READ",)),
    AuditLog(service="iam.googleapis.com", log_types=("ADMIN_READ", "DATA_READ")),
    AuditLog(service="cloudsql.googleapis.com", log_types=("DATA_READ", "DATA_WRITE")),
)


class SecurityAudit(Section):
    """What the owner of the shared resources declares for the project, and what `readiness audit` compares it with."""

    audit_logs: Annotated[
        Listed[AuditLog],
        Field(description="Each entry replaces what the project has for that API, exempted members included."),
    ] = DEFAULT_AUDIT_LOGS
    log_retention_days: Annotated[
        int | None,
        Field(ge=30, le=3650, description="Of the project's log bucket `_Default`; more than 30 days cost money."),
    ] = None
    secret_readers: Annotated[
        Listed[EmailAddress],
        Field(description="Accounts that read secrets in normal operation. A read by any other one raises an alert."),
    ] = ()
    backup_readers: Annotated[
        Listed[Member],
        Field(description="Who may read or export backups: `user:…`, `group:…`, `serviceAccount:…`."),
    ] = ()
    backup_buckets: Annotated[Listed[BucketName], Field(description="Buckets with exports of a database.")] = ()
    open_firewall_rules: Annotated[
        Listed[FirewallRuleName], Field(description="Firewall rules that may let the whole internet in.")
    ] = ()


def security_audit_problems(config: StackConfig, section: SecurityAudit | None) -> Iterator[Finding]:
    """An API that is named twice: one entry would replace the other. The registry's log is declared elsewhere."""
    if section is None:
        return
    logs = known(section, "audit_logs") or ()
    yield from duplicates(config, (SECTION, "audit_logs"), logs, "service")
    for name in ("secret_readers", "backup_readers", "backup_buckets", "open_firewall_rules"):
        yield from duplicates(config, (SECTION, name), known(section, name) or ())
    for index, log in known_items(logs):
        yield from duplicates(config, (SECTION, "audit_logs", index, "log_types"), known(log, "log_types") or ())
        if known(log, "service") == "artifactregistry.googleapis.com":
            message = "is declared by readiness:image_registry already, and one of the two would undo the other"
            hint = "Remove this entry"
            yield config.error("settings-audit-log-twice", (SECTION, "audit_logs", index, "service"), message, hint)
