"""Filters of Cloud Logging for the first look at a stack's logs. Commands and links of the runbook use them."""

from __future__ import annotations

from readiness.alerts import container_exits
from readiness.alerts.log_patterns import application_error_filter
from readiness.settings.model import Settings


def failed_requests(settings: Settings) -> str:
    """Requests that were answered 5xx, or refused with 429 because no instance was free.

    A refusal has severity WARNING, and status 429 at the limit or 500 while instances start
    (docs/facts/monitoring.md#refused-requests).
    """
    return f"{_services(settings)} AND (httpRequest.status>=500 OR {_REFUSED})"


def refused_requests(settings: Settings) -> str:
    """Requests that were refused because no instance was free. They are in no request count of the service."""
    return f'{_services(settings)} AND log_id("run.googleapis.com/requests") AND ({_REFUSED})'


def service_errors(settings: Settings) -> str:
    """Errors in the application's log."""
    return application_error_filter(settings)


def dead_containers(settings: Settings) -> str:
    """Cloud Run's own lines about containers that ended, were killed or did not answer a probe."""
    logs = '(log_id("run.googleapis.com/varlog/system") OR log_id("run.googleapis.com/requests"))'
    return f'{_services(settings)} AND {logs} AND textPayload=~"{"|".join(container_exits.TEXTS)}"'


def memory_kills(settings: Settings) -> str:
    """Cloud Run's own lines about instances that were killed for their memory."""
    log = 'log_id("run.googleapis.com/varlog/system")'
    return f'{_services(settings)} AND {log} AND textPayload=~"Memory limit of .* exceeded|Uncaught signal: 9"'


def instance_ends_and_starts(settings: Settings) -> str:
    """All lines of Cloud Run about instances."""
    return f'{_services(settings)} AND log_id("run.googleapis.com/varlog/system")'


def database_errors(settings: Settings) -> str:
    """Errors in the database server's log. Raises RefusedValueError for a stack without a database."""
    database = f'resource.type="cloudsql_database" AND resource.labels.database_id="{settings.database_id}"'
    return f"{database} AND severity>=ERROR"


def backup_clauses(settings: Settings) -> tuple[str, ...]:
    """The clauses that find the audit entries of the automated backups, of any result."""
    return (
        'resource.type="cloudsql_database"',
        f'resource.labels.database_id="{settings.database_id}"',
        'log_id("cloudaudit.googleapis.com/system_event")',
        'protoPayload.methodName="cloudsql.instances.automatedBackup"',
    )


def backup_entries(settings: Settings) -> str:
    """Audit entries of the automated backups. Raises RefusedValueError for a stack without a database."""
    return " AND ".join(backup_clauses(settings))


def migration_log(settings: Settings) -> str:
    """The log of the migration job; empty for a stack without one."""
    if settings.migration_job is None:
        return ""
    return f'resource.type="cloud_run_job" AND resource.labels.job_name="{settings.migration_job.name}"'


_REFUSED = 'httpRequest.status=429 OR textPayload:"no available instance"'


def _services(settings: Settings) -> str:
    names = "|".join(service.name for service in settings.services)
    return f'resource.type="cloud_run_revision" AND resource.labels.service_name=~"^({names})$"'
