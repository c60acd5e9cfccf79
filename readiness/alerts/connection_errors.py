"""What counts as a database connection error in the logs, and under which metrics it is counted.

There is no metric of failed connections (docs/facts/monitoring.md#metrics-of-a-postgresql-instance), so logs are
counted. The server does not see an exhausted pool or a broken socket; the application does not see who else is refused.

One failure can be in three places: in the server's log, in an entry of the application's logger, and in a stack trace
that the runtime prints. Each place has a metric of its own, in which the failure is one entry, and the alert takes the
largest count. Of MySQL and SQL Server the server's log is not read, because their texts are not known here
(`settings/unwatched.py` says so to the team). What the application's entries look like: `log_patterns.py`.
"""

from __future__ import annotations

from readiness.alerts.definition import has_postgresql
from readiness.alerts.log_metric import LogMetric, environment_metric_name, filter_text
from readiness.alerts.log_patterns import logged_filter, printed_filter
from readiness.settings.model import Settings

# PostgreSQL's own texts for a refused connection; one FATAL line each. A wrong password and the lines of an orderly
# restart are FATAL too and say nothing of the database's health.
SERVER_TEXTS = (
    r"remaining connection slots are reserved",
    r"sorry, too many clients already",
    r"too many connections for (role|database)",
    r"database .* does not exist",
    r"no pg_hba.conf entry for host",
    r"the database system is in recovery mode",
    r"canceling authentication due to timeout",
)


def server_metric(settings: Settings) -> LogMetric:
    """Counts refused connections in the log of the stack's own Cloud SQL instance."""
    return LogMetric(
        slug="connection-errors-server",
        name=_metric_name(settings, "server"),
        description=f"Refused connections in the PostgreSQL log of {settings.required_database.instance}",
        filter=filter_text(
            'resource.type="cloudsql_database"',
            f'resource.labels.database_id="{settings.database_id}"',
            'log_id("cloudsql.googleapis.com/postgres.log")',
            f'textPayload=~"FATAL: .*({"|".join(SERVER_TEXTS)})"',
        ),
    )


def application_metric(settings: Settings) -> LogMetric:
    """Counts connection errors that the loggers of the stack's own Cloud Run services report, one entry an event."""
    return LogMetric(
        slug="connection-errors-application",
        name=_metric_name(settings, "application"),
        description=f"Database connection errors in the application log of {settings.environment.name}",
        filter=logged_filter(settings),
    )


def traceback_metric(settings: Settings) -> LogMetric:
    """Counts printed stack traces of a connection error of the same services, one entry a stack trace."""
    return LogMetric(
        slug="connection-errors-traceback",
        name=_metric_name(settings, "traceback"),
        description=f"Tracebacks of database connection errors in the application log of {settings.environment.name}",
        filter=printed_filter(settings),
    )


def connection_error_metrics(settings: Settings) -> tuple[LogMetric, ...]:
    """The counters of the stack: of the application's two, and of PostgreSQL's log where that is the engine."""
    of_the_application = (application_metric(settings), traceback_metric(settings))
    return (server_metric(settings), *of_the_application) if has_postgresql(settings) else of_the_application


def _metric_name(settings: Settings, source: str) -> str:
    return environment_metric_name(settings, f"database_connection_errors_{source}")
