"""What counts as a database connection error in the logs, and under which metrics it is counted.

There is no metric of failed connections (docs/facts/monitoring.md#metrics-of-a-postgresql-instance), so logs are
counted. The server does not see an exhausted pool or a broken socket; the application does not see who else is refused.
Hence a metric for each log.

The application logs plain text on stderr (`asctime - logger - LEVEL - message`), one entry a line, without severity.
One failure writes several lines: a logger's, and a traceback that ends in the error. Of the four logger lines of a
failed start only the connection test's counts. A failure that no logger reports shows in the traceback alone, which the
web server prints: so tracebacks are counted too, under a metric of their own, and the alert takes the largest count.
"""

from __future__ import annotations

from readiness.alerts.log_metric import LogMetric, environment_metric_name, filter_text, services_filter
from readiness.settings.model import Settings

# Driver, pool and socket texts of SQLAlchemy with psycopg2 and asyncpg
# (docs/facts/monitoring.md#texts-of-a-failed-connection).
APPLICATION_TEXTS = (
    r"OperationalError",
    r"TooManyConnectionsError",
    r"remaining connection slots",
    r"QueuePool limit of size",
    r"Connect call failed",
    r"/cloudsql/.* failed:",
    r"Database (connection test|health check) failed: ",
)
# Not a connection error: the health check's own bug, and Redis by its name or port.
NOT_THE_DATABASE = (r"object has no attribute", r"[Rr]edis", r"6379")
# The same error again: the three lines that follow a failed connection test at start.
REPEATED_BY_A_LOGGER = (r"initialization failed:", r"startup failed:")
# The last line of a traceback. One that SQLAlchemy wraps is printed before it, under the driver's name.
TRACEBACK_END = r"^[A-Za-z0-9_.]+(Error|Exception): "
REPEATED_IN_A_TRACEBACK = r"^psycopg2[.]"
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
    """Counts connection errors that the stack's own Cloud Run services log, one line an event."""
    not_counted = (*NOT_THE_DATABASE, *REPEATED_BY_A_LOGGER, TRACEBACK_END)
    return LogMetric(
        slug="connection-errors-application",
        name=_metric_name(settings, "application"),
        description=f"Database connection errors in the application log of {settings.environment.name}",
        filter=filter_text(
            *services_filter(settings),
            f'textPayload=~"{"|".join(APPLICATION_TEXTS)}"',
            f'NOT textPayload=~"{"|".join(not_counted)}"',
        ),
    )


def traceback_metric(settings: Settings) -> LogMetric:
    """Counts tracebacks of the same services that end in a connection error, one line a traceback."""
    not_counted = (*NOT_THE_DATABASE, REPEATED_IN_A_TRACEBACK)
    return LogMetric(
        slug="connection-errors-traceback",
        name=_metric_name(settings, "traceback"),
        description=f"Tracebacks of database connection errors in the application log of {settings.environment.name}",
        filter=filter_text(
            *services_filter(settings),
            f'textPayload=~"{TRACEBACK_END}.*({"|".join(APPLICATION_TEXTS)})"',
            f'NOT textPayload=~"{"|".join(not_counted)}"',
        ),
    )


def connection_error_metrics(settings: Settings) -> tuple[LogMetric, ...]:
    """The three counters of the stack."""
    return server_metric(settings), application_metric(settings), traceback_metric(settings)


def _metric_name(settings: Settings, source: str) -> str:
    return environment_metric_name(settings, f"database_connection_errors_{source}")
