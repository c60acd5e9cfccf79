"""What counts as a database connection error in the two logs, and under which metrics it is counted.

There is no metric of failed connections, so logs are counted (monitoring facts, 4d). The server does not see an
exhausted pool or a broken socket; the application does not see who else is refused. Hence two metrics.

The application logs plain text on stderr (`asctime - logger - LEVEL - message`), one entry a line, without severity.
One failure writes several lines: the logger's, and a traceback whose last lines repeat the error. Only the logger's
line counts; of the four lines of a failed start only the connection test's does.
"""

from __future__ import annotations

from dataclasses import dataclass

from readiness.settings.model import Settings

# Driver, pool and socket texts of SQLAlchemy with psycopg2 and asyncpg (environment facts, 8).
APPLICATION_TEXTS = (
    r"OperationalError",
    r"TooManyConnectionsError",
    r"remaining connection slots",
    r"QueuePool limit of size",
    r"Connect call failed",
    r"/cloudsql/.* failed:",
)
# Not a connection error, or the same one again: the health check's own bug, Redis, the three lines that follow a failed
# connection test at start, and a traceback's `module.Error: …`.
APPLICATION_TEXTS_NOT_COUNTED = (
    r"object has no attribute",
    r"[Rr]edis",
    r"initialization failed:",
    r"startup failed:",
    r"^[A-Za-z0-9_.]+(Error|Exception): ",
)
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


@dataclass(frozen=True, kw_only=True, slots=True)
class LogMetric:
    """A counter of matching log entries. `name` uses `[a-z0-9_]` only, so that its PromQL name is unambiguous."""

    source: str
    name: str
    description: str
    filter: str

    @property
    def promql_name(self) -> str:
        """The metric's name in PromQL."""
        return f"logging_googleapis_com:user_{self.name}"


def server_metric(settings: Settings) -> LogMetric:
    """Counts refused connections in the log of the stack's own Cloud SQL instance."""
    return LogMetric(
        source="server",
        name=_metric_name(settings, "server"),
        description=f"RefusedError connections in the PostgreSQL log of {settings.database.instance}",
        filter=_filter(
            'resource.type="cloudsql_database"',
            f'resource.labels.database_id="{settings.database_id}"',
            'log_id("cloudsql.googleapis.com/postgres.log")',
            f'textPayload=~"FATAL: .*({"|".join(SERVER_TEXTS)})"',
        ),
    )


def application_metric(settings: Settings) -> LogMetric:
    """Counts connection errors in the logs of the stack's own Cloud Run services, one line an event."""
    services = " OR ".join(f'"{service.name}"' for service in settings.services)
    return LogMetric(
        source="application",
        name=_metric_name(settings, "application"),
        description=f"Database connection errors in the application log of {settings.environment.name}",
        filter=_filter(
            'resource.type="cloud_run_revision"',
            f"resource.labels.service_name=({services})",
            f'textPayload=~"{"|".join(APPLICATION_TEXTS)}"',
            f'NOT textPayload=~"{"|".join(APPLICATION_TEXTS_NOT_COUNTED)}"',
        ),
    )


def _metric_name(settings: Settings, source: str) -> str:
    # Both stacks live in one project, where a metric's name exists once.
    environment = settings.environment.name.replace("-", "_")
    return f"readiness_{environment}_database_connection_errors_{source}"


def _filter(*lines: str) -> str:
    return "\n".join(lines)
