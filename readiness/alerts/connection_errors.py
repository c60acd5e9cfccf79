"""What counts as a database connection error in the logs, and the metrics that count it.

Cloud SQL has no metric of failed connections (docs/facts/monitoring.md#metrics-of-a-postgresql-instance), so log
entries are counted. The server's log does not show an exhausted pool or a broken socket. The application's log does not
show refused connections of other clients.

One failure can be in three places: in the server's log, in an entry of the application's logger, and in a stack trace
that the runtime prints. Each place has its own metric, in which the failure is one entry, and the alert takes the
largest count. The server's log is not read for MySQL and SQL Server, because their texts are not known here
(`settings/unwatched.py` has the message for the team). `log_patterns.py` describes the application's entries.
"""

from __future__ import annotations

from readiness.alerts.definition import has_postgresql
from readiness.alerts.log_metric import LogMetric, environment_metric_name, filter_text
from readiness.alerts.log_patterns import logged_filter, printed_filter
from readiness.settings.model import Settings

# PostgreSQL's own texts for a refused connection, one FATAL line each. A wrong password and the lines of a planned
# restart are FATAL too, but do not mean that the database is unhealthy.
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
    """The counters of the stack: two for the application's log, and one for the server's log if it is PostgreSQL."""
    of_the_application = (application_metric(settings), traceback_metric(settings))
    return (server_metric(settings), *of_the_application) if has_postgresql(settings) else of_the_application


def _metric_name(settings: Settings, source: str) -> str:
    return environment_metric_name(settings, f"database_connection_errors_{source}")
