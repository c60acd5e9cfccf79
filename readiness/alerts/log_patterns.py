"""The texts that database drivers log about failed connections, the fields that contain them, and the log filters.

The texts come from the drivers' sources, which docs/log-patterns.md lists. If other clients (Redis, HTTP) fail with the
same words, the pattern includes the port or socket. No text contains a quote or a backslash, so no text needs to be
escaped in a filter.

Cloud Run writes one entry for each line. It may also write one entry for a whole stack trace, with the severity ERROR
(docs/log-patterns.md#what-an-entry-is), so the filters match both forms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from readiness.alerts.log_metric import filter_text
from readiness.settings.logs import Language, ServiceLogs
from readiness.settings.model import Settings

TEXT_FIELD = "textPayload"


@dataclass(frozen=True, kw_only=True, slots=True)
class PatternSet:
    """The patterns of a language: regular expressions (RE2) that match anywhere in a message.

    `texts`: texts of a failed connection. `not_counted`: texts of other errors, whose messages also match `texts`.
    `printed`: the beginning of a line in which the runtime, not a logger, prints an error.
    `repeated_when_printed`: the beginning of an entry that repeats a printed error. `message_fields`: the fields of
    JSON that hold messages and errors.
    """

    texts: tuple[str, ...]
    printed: str
    message_fields: tuple[str, ...]
    not_counted: tuple[str, ...] = ()
    repeated_when_printed: tuple[str, ...] = ()


# Answers of PostgreSQL and MySQL themselves. Every driver passes them on.
SERVER_ANSWERS = (
    r"remaining connection slots",
    r"sorry, too many clients already",
    r"too many connections for (role|database)",
    r"Too many connections",
)
# PostgreSQL, MySQL, and the port of Cloud SQL's connectors.
_PORT = "(5432|3306|3307)"

PATTERN_SETS: Mapping[Language, PatternSet] = {
    # SQLAlchemy, Django and peewee over psycopg2, psycopg 3, asyncpg, PyMySQL; psycopg_pool.
    "python": PatternSet(
        texts=(
            r"OperationalError",
            r"TooManyConnectionsError",
            r"CannotConnectNowError",
            r"QueuePool limit of size",
            r"couldn.t get a connection after",
            rf"Connect call failed .*, {_PORT}[^0-9]",
            r"connection to server (at|on socket) .* failed",
            r"/cloudsql/.* failed:",
            r"Can.t connect to MySQL server",
            *SERVER_ANSWERS,
        ),
        # Celery's broker has its own OperationalError. The other errors of psycopg are failed statements.
        not_counted=(
            r"kombu[.]exceptions",
            r"errors[.](QueryCanceled|DeadlockDetected|SerializationFailure|LockNotAvailable)",
        ),
        printed=r"(?m:^[A-Za-z0-9_.]+(Error|Exception|PoolTimeout|TooManyRequests): )",
        # SQLAlchemy's error contains the driver's error, which is printed in a line above it.
        repeated_when_printed=(r"^sqlalchemy[.]exc[.][A-Za-z]+: [^A-Za-z]",),
        message_fields=("message", "event", "exc_info", "exception", "stack_trace", "error"),
    ),
    # pg, mysql2, knex, Prisma, Sequelize, TypeORM and NestJS over them.
    "node": PatternSet(
        texts=(
            rf"connect E[A-Z]+ [^ ]*:{_PORT}([^0-9]|$)",
            r"connect E[A-Z]+ /cloudsql/",
            r"connect ETIMEDOUT$",
            r"timeout exceeded when trying to connect",
            r"Connection terminated (unexpectedly|due to connection timeout)",
            r"Connection lost: The server closed the connection",
            r"Knex: Timeout acquiring a connection",
            r"Sequelize(Connection[A-Za-z]*|HostNot[A-Za-z]*|InvalidConnection)Error",
            r"Can.t reach database server",
            r"database server at .* was reached but timed out",
            r"Timed out fetching a new connection from the connection pool",
            r"Too many database connections opened",
            r"Server has closed the connection",
            r"Unable to connect to the database",
            *SERVER_ANSWERS,
        ),
        printed=r"(?m:^(Uncaught )?[A-Za-z]*[Ee]rror( [[][A-Za-z_]+[]])?: )",
        message_fields=("message", "msg", "err.message", "err.stack", "error", "error.message", "stack"),
    ),
    # HikariCP, pgjdbc, MySQL Connector/J, Cloud SQL's socket factory.
    "java": PatternSet(
        texts=(
            r"Connection is not available, request timed out after",
            r"Exception during pool initialization",
            r"Failed to initialize pool",
            r"Connection to .* refused[.] Check that the hostname",
            r"The connection attempt failed[.]",
            r"An I/O error occurred while sending to the backend",
            r"Communications link failure",
            r"(Unable to connect to|Failed to .* for( the)?) Cloud SQL instance",
            *SERVER_ANSWERS,
        ),
        printed=(
            r"(?m:^(Caused by: |Exception in thread .* )?[a-z][A-Za-z0-9_]*([.][A-Za-z0-9_$]+)+(Exception|Error)(: |$))"
        ),
        message_fields=("message", "stack_trace", "exception", "error.message", "error.stack_trace"),
    ),
    # database/sql, pgx, lib/pq, go-sql-driver/mysql, cloud-sql-go-connector.
    "go": PatternSet(
        texts=(
            r"failed to connect to .?(user|host)=",
            rf"dial tcp .*:{_PORT}: ",
            r"dial unix /cloudsql/",
            r"driver: bad connection",
            r"(dial|refresh) error: .*connection name = ",
            *SERVER_ANSWERS,
        ),
        printed=r"(?m:^panic: )",
        message_fields=("message", "msg", "error", "err"),
    ),
    # No driver is known: a team's own texts alone.
    "other": PatternSet(
        texts=(),
        printed=r"(?m:^[A-Za-z0-9_.]+(Error|Exception): )",
        message_fields=("message", "msg", "error"),
    ),
}
# Severities of messages that report no error. Without a severity from the logger, an entry has DEFAULT.
_NO_ERROR = '("DEBUG" OR "INFO" OR "NOTICE")'

# Words that indicate an error in text. Go's standard logger writes no level.
_ERROR_WORDS = (
    "ERROR|CRITICAL|Traceback|Exception|[Ee]rror|[Ff]ail|panic: |refused|timeout|too many|bad connection|no such file"
)


def texts_of(logs: ServiceLogs) -> tuple[str, ...]:
    """Every text of a failed connection of a service, including the texts from the settings."""
    return (*PATTERN_SETS[logs.language].texts, *logs.connection_error_texts)


def logged_filter(settings: Settings) -> str:
    """The entries in which a logger of the stack's services reports a failed connection."""
    return _of_every_service(settings, {logs: _logged(logs) for logs in _all_logs(settings)})


def printed_filter(settings: Settings) -> str:
    """The entries in which a runtime prints a stack trace of a failed connection, whether or not a logger does too."""
    return _of_every_service(settings, {logs: _printed(logs) for logs in _all_logs(settings)})


def application_error_filter(settings: Settings) -> str:
    """A filter on one line for every error entry of the stack's services, for people who read the log.

    A text entry has no severity, so the filter looks for words. A JSON entry has a severity, or a level of its logger.
    """
    names = "|".join(service.name for service in settings.services)
    services = f'resource.type="cloud_run_revision" AND resource.labels.service_name=~"^({names})$"'
    shown = [f'textPayload=~"{_ERROR_WORDS}"']
    if any(service.log_settings.format == "json" for service in settings.services):
        shown += [
            "severity>=ERROR",
            "jsonPayload.level>=50",
            *(f'jsonPayload.{field}=~"(?i)^(error|fatal|critical|panic)"' for field in ("level", "log.level")),
        ]
    return f"{services} AND ({_any(shown)})"


def _all_logs(settings: Settings) -> list[ServiceLogs]:
    return list(dict.fromkeys(service.log_settings for service in settings.services))


def _of_every_service(settings: Settings, clauses: Mapping[ServiceLogs, Sequence[str]]) -> str:
    """A filter for the services. Each service has the clauses for its way of logging."""
    resource = 'resource.type="cloud_run_revision"'
    parts = {_names_filter(settings, logs): of_these for logs, of_these in clauses.items() if texts_of(logs)}
    if len(parts) == 1:
        ((names, of_these),) = parts.items()
        return filter_text(resource, names, *of_these)
    services = (f"({_all((names, *of_these))})" for names, of_these in parts.items())
    return filter_text(resource, "({})".format("\nOR ".join(services)))


def _names_filter(settings: Settings, logs: ServiceLogs) -> str:
    names = " OR ".join(f'"{service.name}"' for service in settings.services if service.log_settings == logs)
    return f"resource.labels.service_name=({names})"


def _logged(logs: ServiceLogs) -> list[str]:
    patterns = PATTERN_SETS[logs.language]
    not_counted = (*patterns.not_counted, *logs.not_counted_texts)
    # A line that begins with a space or a tab continues the message of the line above it.
    text = [
        _matches(TEXT_FIELD, texts_of(logs)),
        f"NOT {_matches(TEXT_FIELD, (*not_counted, '^[[:space:]]', patterns.printed))}",
    ]
    if logs.format == "text":
        return text
    fields = [f"jsonPayload.{field}" for field in dict.fromkeys((*patterns.message_fields, *logs.message_fields))]
    json = [f"({_any(_matches(field, texts_of(logs)) for field in fields)})", f"NOT severity={_NO_ERROR}"]
    if not_counted:
        json.append(f"NOT ({_any(_matches(field, not_counted) for field in fields)})")
    return [f"({_any((f'({_all(text)})', f'({_all(json)})'))})"]


def _printed(logs: ServiceLogs) -> list[str]:
    patterns = PATTERN_SETS[logs.language]
    not_counted = (*patterns.not_counted, *logs.not_counted_texts, *patterns.repeated_when_printed)
    clauses = [_matches(TEXT_FIELD, (patterns.printed,)), _matches(TEXT_FIELD, texts_of(logs))]
    return [*clauses, f"NOT {_matches(TEXT_FIELD, not_counted)}"] if not_counted else clauses


def _matches(field: str, patterns: Iterable[str]) -> str:
    return f'{field}=~"{"|".join(patterns)}"'


def _any(clauses: Iterable[str]) -> str:
    return " OR ".join(clauses)


def _all(clauses: Iterable[str]) -> str:
    return " AND ".join(clauses)
