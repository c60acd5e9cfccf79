"""Whole log entries of services in four languages, as text and as JSON, by event.

The texts and the JSON of Python, Node and Go are what these wrote on 2026-11-30 without a database, with the addresses
changed: SQLAlchemy 2.1, psycopg2, psycopg 3, psycopg_pool, PyMySQL, asyncpg, python-json-logger, structlog; pg, mysql2,
knex, Sequelize, pino, winston; pgx v5, lib/pq, go-sql-driver/mysql, slog. Those of Java, Prisma, NestJS, zap and of a
server without free connections are read in their sources (docs/log-patterns.md#the-ready-patterns). An entry of a whole
stack trace is as Cloud Run makes one (docs/log-patterns.md#what-an-entry-is).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from readiness.settings.logs import Language, LogFormat

Entry = dict[str, Any]

SERVICE = "shop-api"
_SOCKET = "/cloudsql/shop-prod:europe-west1:shop-db/.s.PGSQL.5432"


def _entry(stream: str, severity: str | None, **payload: Any) -> Entry:
    labels = {"service_name": SERVICE, "revision_name": f"{SERVICE}-00042-abc", "location": "europe-west1"}
    entry = {
        "insertId": "65f2a1b4000c3f1d2e",
        "logName": f"projects/shop-prod/logs/run.googleapis.com%2F{stream}",
        "timestamp": "2026-11-30T09:00:00.123456Z",
        "resource": {"type": "cloud_run_revision", "labels": {"project_id": "shop-prod", **labels}},
        **payload,
    }
    return entry if severity is None else {**entry, "severity": severity}


def text(line: str, severity: str | None = None) -> Entry:
    """An entry of a line, or of a stack trace, which Cloud Run gives the severity ERROR."""
    return _entry("stderr", severity, textPayload=line)


def lines(*written: str) -> tuple[Entry, ...]:
    """An entry for each line."""
    return tuple(text(line) for line in written)


def json(severity: str | None = None, **fields: Any) -> Entry:
    """An entry of a JSON object. Cloud Logging takes `severity` out of it, and no other name of a level."""
    return _entry("stdout", severity, jsonPayload=fields)


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """What a service wrote when something happened, and whether it was a failed connection."""

    name: str
    language: Language
    format: LogFormat
    entries: tuple[Entry, ...]
    failed: bool = True


def _python(name: str, *entries: Entry, format_: LogFormat = "text", failed: bool = True) -> Happening:
    return Happening(
        name=f"python {format_}: {name}", language="python", format=format_, entries=entries, failed=failed
    )


def _node(name: str, *entries: Entry, format_: LogFormat = "text", failed: bool = True) -> Happening:
    return Happening(name=f"node {format_}: {name}", language="node", format=format_, entries=entries, failed=failed)


def _java(name: str, *entries: Entry, format_: LogFormat = "text", failed: bool = True) -> Happening:
    return Happening(name=f"java {format_}: {name}", language="java", format=format_, entries=entries, failed=failed)


def _go(name: str, *entries: Entry, format_: LogFormat = "text", failed: bool = True) -> Happening:
    return Happening(name=f"go {format_}: {name}", language="go", format=format_, entries=entries, failed=failed)


_PG_REFUSED = 'connection to server at "10.0.0.3", port 5432 failed: Connection refused'
_PG_HINT = "\tIs the server running on that host and accepting TCP/IP connections?"
_PG_MISSING = f'connection to server on socket "{_SOCKET}" failed: No such file or directory'
_POOL = "QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00"
_SLOTS = "remaining connection slots are reserved for non-replication superuser connections"
_TRACE = 'Traceback (most recent call last):\n  File "/app/main.py", line 30, in load\n    with engine.connect():'
_SQLALCHEMY_TRACE = (
    f"{_TRACE}\npsycopg.OperationalError: connection failed: {_PG_REFUSED}\n{_PG_HINT}\n\n"
    "The above exception was the direct cause of the following exception:\n\n"
    f"{_TRACE}\nsqlalchemy.exc.OperationalError: (psycopg.OperationalError) connection failed: "
    f"{_PG_REFUSED}\n{_PG_HINT}\n"
    "(Background on this error at: https://sqlalche.me/e/21/e3q8)"
)

PYTHON = (
    _python("psycopg 3 is refused, each line an entry", *lines(*_SQLALCHEMY_TRACE.split("\n"))),
    _python("psycopg 3 is refused, the stack trace an entry", text(_SQLALCHEMY_TRACE, "ERROR")),
    _python(
        "psycopg2 without SQLAlchemy is refused",
        *lines("Traceback (most recent call last):", f"psycopg2.OperationalError: {_PG_REFUSED}", _PG_HINT),
    ),
    _python(
        "a logger reports it, and the web server prints the stack trace",
        *lines(f"2026-11-30 09:00:00,123 - app - ERROR - (psycopg.OperationalError) connection failed: {_PG_REFUSED}"),
        *lines(_PG_HINT, "(Background on this error at: https://sqlalche.me/e/21/e3q8)"),
        text(f"ERROR:    Exception in ASGI application\n{_SQLALCHEMY_TRACE}", "ERROR"),
    ),
    _python("the socket is missing, logged without the error's class", text(f"ERROR app: no database: {_PG_MISSING}")),
    _python("the pool is exhausted", text(f"{_TRACE}\nsqlalchemy.exc.TimeoutError: {_POOL}", "ERROR")),
    _python(
        "psycopg's own pool is exhausted",
        text(f"{_TRACE}\npsycopg_pool.PoolTimeout: couldn't get a connection after 30.00 sec"),
    ),
    _python(
        "asyncpg is refused",
        text(f"{_TRACE}\nConnectionRefusedError: [Errno 111] Connect call failed ('10.0.0.3', 5432)"),
    ),
    _python("too many clients", text(f"ERROR app: FATAL:  {_SLOTS}")),
    _python(
        "the server is not ready",
        text(f"{_TRACE}\nasyncpg.exceptions.CannotConnectNowError: the database system is starting up", "ERROR"),
    ),
    _python(
        "MySQL is refused",
        *lines(
            "ConnectionRefusedError: [Errno 111] Connection refused",
            (
                "pymysql.err.OperationalError: (2003, \"Can't connect to MySQL server on '10.0.0.3' ([Errno 111] "
                'Connection refused)")'
            ),
            (
                "sqlalchemy.exc.OperationalError: (pymysql.err.OperationalError) (2003, \"Can't connect to MySQL "
                "server on '10.0.0.3'\")"
            ),
        ),
    ),
    _python(
        "python-json-logger reports it, and the stack trace is printed too",
        json("ERROR", levelname="ERROR", message="database failed", exc_info=_SQLALCHEMY_TRACE),
        text(_SQLALCHEMY_TRACE, "ERROR"),
        format_="json",
    ),
    _python(
        "structlog reports it",
        json(event="database failed", level="error", exception=_SQLALCHEMY_TRACE),
        format_="json",
    ),
    _python("google-cloud-logging reports it", json("ERROR", message=f"no connection: {_POOL}"), format_="json"),
    _python("the socket is missing", json("ERROR", message=f"no database: {_PG_MISSING}"), format_="json"),
    _python(
        "too many clients",
        json("ERROR", message="asyncpg", exc_info=f"{_TRACE}\nasyncpg.exceptions.TooManyConnectionsError: {_SLOTS}"),
        format_="json",
    ),
    _python("JSON with nothing but a message becomes text", text(f"no connection: {_POOL}", "ERROR"), format_="json"),
    *(
        _python(name, entry, format_=format_, failed=False)
        for name, line in {
            "Celery's broker": (
                "kombu.exceptions.OperationalError: Error 111 connecting to localhost:6379. Connection refused."
            ),
            "Redis": "redis.exceptions.ConnectionError: Error 111 connecting to 10.0.0.9:6379. Connection refused.",
            "an HTTP client": "ConnectionRefusedError: [Errno 111] Connect call failed ('10.0.0.7', 8000)",
            "a statement that took too long": (
                "sqlalchemy.exc.OperationalError: (psycopg.errors.QueryCanceled) "
                "canceling statement due to statement timeout"
            ),
            "a migration": "INFO  [alembic.runtime.migration] Running upgrade 1a2b -> 3c4d, add connection table",
            "a health check": 'INFO:     169.254.1.1:0 - "GET /health HTTP/1.1" 200 OK',
            "a unique key": (
                'sqlalchemy.exc.IntegrityError: (psycopg.errors.UniqueViolation) duplicate key value violates "users"'
            ),
        }.items()
        for format_, entry in (("text", text(line)), ("json", json("ERROR", message=line)))
    ),
    _python(
        "a retry that is no error yet",
        json("INFO", message=f"trying again: {_PG_REFUSED}"),
        format_="json",
        failed=False,
    ),
)

_REFUSED = "connect ECONNREFUSED 10.0.0.3:5432"
_AT = "    at /app/node_modules/pg-pool/index.js:45:11"
_FIELDS = (
    "  errno: -111,",
    "  code: 'ECONNREFUSED',",
    "  syscall: 'connect',",
    "  address: '10.0.0.3',",
    "  port: 5432",
    "}",
)
_PRISMA = (
    "PrismaClientInitializationError: ",
    "Invalid `prisma.user.findMany()` invocation:",
    "",
    "Can't reach database server at `10.0.0.3:5432`",
    "",
    "Please make sure your database server is running at `10.0.0.3:5432`.",
    "    at Object.request (/app/node_modules/@prisma/client/runtime/library.js:121:7774)",
)
_KNEX = "Knex: Timeout acquiring a connection. The pool is probably full. Are you missing a .transacting(trx) call?"


def _pino(error_type: str, message: str, msg: str = "database failed") -> Entry:
    error = {"type": error_type, "message": message, "stack": f"{error_type}: {message}\n{_AT}", "code": "ECONNREFUSED"}
    return json(level=50, time=1796062325394, pid=1, hostname="localhost", err=error, msg=msg)


NODE = (
    _node("pg is refused, the error object printed", *lines(f"Error: {_REFUSED}", f"{_AT} {{", *_FIELDS)),
    _node(
        "pg is refused, the error object an entry",
        text("\n".join((f"Error: {_REFUSED}", f"{_AT} {{", *_FIELDS)), "ERROR"),
    ),
    _node("pg is refused, printed behind a word", *lines(f"Database failed: Error: {_REFUSED}", f"{_AT} {{", *_FIELDS)),
    _node(
        "pg is refused, logged and printed",
        *lines(f"2026-11-30T09:00:00Z [error] {_REFUSED}", f"Error: {_REFUSED}", _AT),
    ),
    _node(
        "the socket is missing",
        *lines(f"Error: connect ENOENT {_SOCKET}", _AT, "  code: 'ENOENT',", f"  address: '{_SOCKET}'"),
    ),
    _node("pg's pool is exhausted", *lines("Error: timeout exceeded when trying to connect", _AT)),
    _node(
        "the connection breaks off while it is made",
        *lines("Error: Connection terminated due to connection timeout", f"{_AT} {{"),
        *lines(
            "  [cause]: Error: Connection terminated unexpectedly", "      at Connection.<anonymous> (client.js:204:73)"
        ),
    ),
    _node(
        "too many clients",
        *lines("error: sorry, too many clients already", "    at Parser.parseErrorMessage (parser.js:285:98)"),
    ),
    _node(
        "Sequelize is refused",
        *lines(f"ConnectionRefusedError [SequelizeConnectionRefusedError]: {_REFUSED}", f"{_AT} {{"),
        *lines(
            f"  parent: Error: {_REFUSED}", "      at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16) {"
        ),
        *lines(f"  original: Error: {_REFUSED}", "}"),
    ),
    _node(
        "knex waits in vain", *lines(f"KnexTimeoutError: {_KNEX}", _AT, "  cause: TimeoutError: operation timed out")
    ),
    _node("Prisma is refused, each line an entry", *lines(*_PRISMA)),
    _node("Prisma is refused, the error an entry", text("\n".join(_PRISMA), "ERROR")),
    _node(
        "NestJS with TypeORM tries again",
        *lines(
            "[Nest] 1  - 11/30/2026, 9:00:00 AM   ERROR [TypeOrmModule] Unable to connect to the database. "
            "Retrying (1)..."
        ),
        *lines(f"Error: {_REFUSED}", "    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16)"),
    ),
    _node("mysql2 is refused", *lines("Error: connect ECONNREFUSED 10.0.0.3:3306", _AT, "  fatal: true")),
    _node("mysql2 waits in vain", *lines("Error: connect ETIMEDOUT", _AT)),
    _node("mysql2 loses its connection", *lines("Error: Connection lost: The server closed the connection.", _AT)),
    *(
        _node(f"Prisma: {message}", _pino("PrismaClientKnownRequestError", message), format_="json")
        for message in (
            "The database server at `10.0.0.3:5432` was reached but timed out. Please try again.",
            "Too many database connections opened: FATAL: sorry, too many clients already",
            "Server has closed the connection.",
        )
    ),
    _node("pino reports pg", _pino("Error", _REFUSED), format_="json"),
    _node(
        "pino reports the error alone, and it is printed too",
        _pino("Error", _REFUSED, _REFUSED),
        *lines(f"Error: {_REFUSED}", _AT),
        format_="json",
    ),
    _node("pino reports a missing socket", _pino("Error", f"connect ENOENT {_SOCKET}"), format_="json"),
    _node("pino reports knex", _pino("KnexTimeoutError", _KNEX), format_="json"),
    _node("pino reports too many clients", _pino("DatabaseError", "sorry, too many clients already"), format_="json"),
    _node(
        "pino reports Prisma's pool",
        _pino("PrismaClientKnownRequestError", "Timed out fetching a new connection from the connection pool."),
        format_="json",
    ),
    _node(
        "winston reports pg",
        json(
            level="error", message=f"database failed {_REFUSED}", code="ECONNREFUSED", stack=f"Error: {_REFUSED}\n{_AT}"
        ),
        format_="json",
    ),
    _node(
        "Google's winston transport reports pg",
        json("ERROR", message=f"Error: {_REFUSED}\n{_AT}", metadata={}),
        format_="json",
    ),
    *(
        _node(name, entry, format_=format_, failed=False)
        for name, line in {
            "Redis": "[ioredis] Unhandled error event: Error: connect ECONNREFUSED 127.0.0.1:6379",
            "another service": (
                "FetchError: request to http://10.0.0.7:3001/ failed, reason: connect ECONNREFUSED 10.0.0.7:3001"
            ),
            "a port that begins as the database's": "Error: connect ECONNREFUSED 10.0.0.7:54321",
            "a migration": "Database schema is up to date! No pending migrations to apply.",
            "a health check": "GET /health 200 3 ms",
            "a wrong statement": 'error: relation "users" does not exist',
        }.items()
        for format_, entry in (("text", text(line)), ("json", _pino("Error", line, line)))
    ),
)

_HIKARI = (
    "HikariPool-1 - Connection is not available, request timed out after 30001ms (total=10, active=10, "
    "idle=0, waiting=4)"
)
_PGJDBC = (
    "Connection to 10.0.0.3:5432 refused. Check that the hostname and port are correct and that the postmaster is "
    "accepting TCP/IP connections."
)
_JAVA_TRACE = (
    "org.springframework.transaction.CannotCreateTransactionException: Could not open JPA EntityManager for "
    "transaction\n"
    "\tat org.springframework.orm.jpa.JpaTransactionManager.doBegin(JpaTransactionManager.java:466)\n"
    f"Caused by: java.sql.SQLTransientConnectionException: {_HIKARI}\n"
    "\tat com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:709)\n"
    f"Caused by: org.postgresql.util.PSQLException: {_PGJDBC}\n"
    "\tat org.postgresql.core.v3.ConnectionFactoryImpl.openConnectionImpl(ConnectionFactoryImpl.java:428)"
)
_SPRING = "2026-11-30T09:00:00.123Z ERROR 1 --- [main] "

JAVA = (
    _java("the pool is exhausted, the stack trace an entry", text(_JAVA_TRACE, "ERROR")),
    _java(
        "the pool cannot be made: the logger's line, then the stack trace",
        text(f"{_SPRING}com.zaxxer.hikari.pool.HikariPool : HikariPool-1 - Exception during pool initialization."),
        text(
            f"org.postgresql.util.PSQLException: {_PGJDBC}\n\tat org.postgresql.Driver.connect(Driver.java:297)",
            "ERROR",
        ),
    ),
    _java("a handler reports it in a line", text(f"{_SPRING}shop.Orders : {_PGJDBC}")),
    _java(
        "the pool cannot be made, in the stack trace alone",
        text(
            (
                "com.zaxxer.hikari.pool.HikariPool$PoolInitializationException: Failed to initialize pool: "
                "refused\n\tat a.B.c(D.java:1)"
            ),
            "ERROR",
        ),
    ),
    _java("the server went away", text(f"{_SPRING}shop.Orders : An I/O error occurred while sending to the backend.")),
    _java("the socket is missing", text(f"{_SPRING}shop.Orders : The connection attempt failed.")),
    _java(
        "too many clients",
        text(
            "org.postgresql.util.PSQLException: FATAL: sorry, too many clients already\n\tat a.B.c(B.java:1)", "ERROR"
        ),
    ),
    _java(
        "MySQL is away",
        text(
            "com.mysql.cj.jdbc.exceptions.CommunicationsException: Communications link failure\n\tat a.B.c(B.java:1)",
            "ERROR",
        ),
    ),
    _java(
        "Cloud SQL's factory gets no certificate",
        text(
            f"{_SPRING}shop.Orders : [shop-prod:europe-west1:shop-db] Failed to create ephemeral certificate "
            "for the Cloud SQL instance."
        ),
    ),
    _java(
        "logstash-logback-encoder reports the pool, and the stack trace is printed too",
        json(level="ERROR", logger_name="shop.Orders", message="order failed", stack_trace=_JAVA_TRACE),
        text(_JAVA_TRACE, "ERROR"),
        format_="json",
    ),
    _java(
        "Spring's layout for Google reports pgjdbc",
        json("ERROR", message=f"order failed\norg.postgresql.util.PSQLException: {_PGJDBC}"),
        format_="json",
    ),
    _java(
        "Spring's ECS layout reports it",
        json(
            message="order failed",
            log={"level": "ERROR"},
            error={"message": _HIKARI, "type": "x", "stack_trace": _JAVA_TRACE},
        ),
        format_="json",
    ),
    _java("too many clients", json("ERROR", message="FATAL: sorry, too many clients already"), format_="json"),
    _java(
        "the attempt failed",
        json("ERROR", message="x", exception="org.postgresql.util.PSQLException: The connection attempt failed."),
        format_="json",
    ),
    *(
        _java(name, entry, format_=format_, failed=False)
        for name, line in {
            "Redis": "io.lettuce.core.RedisConnectionException: Unable to connect to 10.0.0.9/<unresolved>:6379",
            "an HTTP client": "java.net.ConnectException: Connection refused",
            "a migration": (
                "org.flywaydb.core.FlywayExecutor : Database: jdbc:postgresql://10.0.0.3:5432/shop (PostgreSQL 15.4)"
            ),
            "a start": "HikariPool-1 - Start completed.",
            "a wrong statement": 'org.postgresql.util.PSQLException: ERROR: relation "users" does not exist',
        }.items()
        for format_, entry in (("text", text(line)), ("json", json("ERROR", message=line)))
    ),
)

_DIAL = "10.0.0.3:5432 (10.0.0.3): dial error: dial tcp 10.0.0.3:5432: connect: connection refused"
_PGX = "failed to connect to `user=shop database=shop`:"
_NO_SOCKET = f"dial unix {_SOCKET}: connect: no such file or directory"
_CONNECTOR = (
    'dial error: failed to dial (connection name = "shop-prod:europe-west1:shop-db"): dial tcp '
    "10.0.0.3:3307: i/o timeout"
)

GO = (
    _go("pgx is refused, in three lines", *lines(f"2026/11/30 09:00:00 {_PGX}", f"\t{_DIAL}", f"\t{_DIAL}")),
    _go("pgx is refused, in an entry", text(f"2026/11/30 09:00:00 {_PGX}\n\t{_DIAL}\n\t{_DIAL}", "ERROR")),
    _go(
        "pgx is refused, and the program panics",
        *lines(f"panic: {_PGX}", f"\t\t{_DIAL}", f"\t\t{_DIAL}", "", "goroutine 1 [running]:"),
    ),
    _go(
        "log.Panic writes it twice",
        *lines(f"2026/11/30 09:00:00 {_NO_SOCKET}", f"panic: {_NO_SOCKET}", "goroutine 1 [running]:"),
    ),
    _go("lib/pq is refused", text("2026/11/30 09:00:00 ping: dial tcp 10.0.0.3:5432: connect: connection refused")),
    _go("the socket is missing", text(f"2026/11/30 09:00:00 ping: {_NO_SOCKET}")),
    _go("too many clients", text("2026/11/30 09:00:00 pq: sorry, too many clients already")),
    _go("the connector times out", text(f"2026/11/30 09:00:00 {_CONNECTOR}")),
    _go("MySQL is refused", text("2026/11/30 09:00:00 dial tcp 10.0.0.3:3306: connect: connection refused")),
    _go("the pool's connections are all bad", text("2026/11/30 09:00:00 query: driver: bad connection")),
    _go(
        "slog reports pgx",
        json(time="2026-11-30T09:00:00Z", level="ERROR", msg="database", err=f"{_PGX}\n\t{_DIAL}\n\t{_DIAL}"),
        format_="json",
    ),
    _go(
        "slog reports lib/pq, and the program panics",
        json(level="ERROR", msg="ping", error=_NO_SOCKET),
        *lines(f"panic: {_NO_SOCKET}"),
        format_="json",
    ),
    _go(
        "zap reports too many clients",
        json(
            level="error", ts=1796062325.3, caller="db.go:30", msg="query", error="pq: sorry, too many clients already"
        ),
        format_="json",
    ),
    _go(
        "zap, named as Google asks, reports the connector",
        json("ERROR", message="query", error=_CONNECTOR),
        format_="json",
    ),
    *(
        _go(name, entry, format_=format_, failed=False)
        for name, line in {
            "Redis": "dial tcp 10.0.0.9:6379: connect: connection refused",
            "an HTTP client": 'Get "http://10.0.0.7:8080/": dial tcp 10.0.0.7:8080: connect: connection refused',
            "a migration": "no change",
            "a health check": "GET /healthz 200 1.2ms",
            "a wrong statement": 'pq: relation "users" does not exist',
        }.items()
        for format_, entry in (("text", text(line)), ("json", json(level="ERROR", msg=line)))
    ),
)

HAPPENINGS = (*PYTHON, *NODE, *JAVA, *GO)
