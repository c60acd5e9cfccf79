"""Log lines of the application, its web server and PostgreSQL, by event, with the expected count.

The application's lines are those of its database module run against PostgreSQL 15 (SQLAlchemy 2.0.23, psycopg2 2.9.9),
with the socket's text of Cloud Run; the server's are those of the PostgreSQL 15 binary.
"""

from __future__ import annotations

from dataclasses import dataclass

SOCKET = (
    '(psycopg2.OperationalError) connection to server on socket "/cloudsql/ytgrs-464303:us-central1:'
    'ai-resume-review-v2-db-prod/.s.PGSQL.5432" failed: No such file or directory'
)
TCP = '(psycopg2.OperationalError) connection to server at "10.0.0.3", port 5432 failed: Connection refused'
SLOTS = "remaining connection slots are reserved for non-replication superuser connections"
POOL = "QueuePool limit of size 10 overflow 20 reached, connection timed out, timeout 30.00"
BACKGROUND = "(Background on this error at: https://sqlalche.me/e/20/{code})"
NOW = "2025-10-17 09:00:00,123"
DATABASE = f"{NOW} - database.connection - ERROR - "
APP = f"{NOW} - app.main - ERROR - "
FRAMES = (
    "ERROR:    Exception in ASGI application",
    "Traceback (most recent call last):",
    '  File "/app/x.py", line 1, in f',
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """`lines` in the application's log; how many of them each metric must count."""

    name: str
    lines: tuple[str, ...]
    logged: int
    tracebacks: int = 0


EVENTS = (
    Event(
        name="the health check today, with the database up: its own bug, on every probe",
        lines=(f"{DATABASE}Database health check error: 'QueuePool' object has no attribute 'invalid'",),
        logged=0,
    ),
    Event(
        name="the health check today, with the database down",
        lines=(
            f"{DATABASE}Database health check failed: {TCP}",
            "\tIs the server running on that host and accepting TCP/IP connections?",
            "",
            BACKGROUND.format(code="e3q8"),
            f"{APP}Health check failed: 'QueuePool' object has no attribute 'invalid'",
        ),
        logged=1,
    ),
    Event(
        name="the health check, its bug mended, with the database down",
        lines=(f"{DATABASE}Database health check failed: {SOCKET}", BACKGROUND.format(code="e3q8")),
        logged=1,
    ),
    Event(
        name="the database is unreachable at start: four lines and a traceback",
        lines=(
            f"{DATABASE}Database connection test failed: {SOCKET}",
            "\tIs the server running locally and accepting connections on that socket?",
            BACKGROUND.format(code="e3q8"),
            f"{DATABASE}Database initialization failed: {SOCKET}",
            f"{APP}Database initialization failed: {SOCKET}",
            f"{APP}Application startup failed: {SOCKET}",
            "ERROR:    Traceback (most recent call last):",
            f"psycopg2.OperationalError: {SOCKET.removeprefix('(psycopg2.OperationalError) ')}",
            "The above exception was the direct cause of the following exception:",
            f"sqlalchemy.exc.OperationalError: {SOCKET}",
            "ERROR:    Application startup failed. Exiting.",
        ),
        logged=1,
        tracebacks=1,
    ),
    Event(
        name="the pool is exhausted and a handler logs it, with its traceback",
        lines=(f"{APP}Unhandled exception: {POOL}", *FRAMES[1:], f"sqlalchemy.exc.TimeoutError: {POOL} (Background on"),
        logged=1,
        tracebacks=1,
    ),
    Event(
        name="the pool is exhausted and only the web server's traceback shows it",
        lines=(*FRAMES, f"sqlalchemy.exc.TimeoutError: {POOL} {BACKGROUND.format(code='3o7r')}"),
        logged=0,
        tracebacks=1,
    ),
    Event(
        name="no slot is left for the synchronous engine",
        lines=(f"{DATABASE}Database health check failed: (psycopg2.OperationalError) FATAL:  {SLOTS}",),
        logged=1,
    ),
    Event(
        name="no slot is left for the asynchronous engine",
        lines=(*FRAMES, f"asyncpg.exceptions.TooManyConnectionsError: {SLOTS}"),
        logged=0,
        tracebacks=1,
    ),
    Event(
        name="nothing listens, asynchronous engine, logged",
        lines=(f"{DATABASE}Database connection test failed: [Errno 111] Connect call failed ('10.0.0.3', 5432)",),
        logged=1,
    ),
    Event(
        name="nothing listens, asynchronous engine, not logged",
        lines=(*FRAMES, "ConnectionRefusedError: [Errno 111] Connect call failed ('10.0.0.3', 5432)"),
        logged=0,
        tracebacks=1,
    ),
    Event(
        name="the socket is missing, asynchronous engine",
        lines=(f"{DATABASE}Database connection test failed: [Errno 2] No such file or directory",),
        logged=1,
    ),
    Event(
        name="Redis is not there: at every start, and for every limited request",
        lines=(
            f"{APP}Failed to connect to Redis for rate limiting: [Errno 111] Connect call failed ('127.0.0.1', 6379)",
            f"{NOW} - app.core.rate_limiter - WARNING - Rate limiting disabled - Redis not available",
            "redis.exceptions.ConnectionError: Error 111 connecting to none:6379. Connect call failed.",
            "ConnectionRefusedError: [Errno 111] Connect call failed ('127.0.0.1', 6379)",
        ),
        logged=0,
    ),
    Event(
        name="a healthy start",
        lines=(
            f"{NOW} - app.main - INFO - Database environment validated successfully",
            f"{NOW} - database.connection - INFO - Database connection test successful",
            "INFO:     Application startup complete.",
            'INFO:     169.254.1.1:0 - "GET /health HTTP/1.1" 200 OK',
        ),
        logged=0,
    ),
    Event(
        name="failed logins, and errors that are not connections",
        lines=(
            f"{NOW} - app.features.auth.service - WARNING - Invalid password for user: a@example.com",
            f"{NOW} - app.features.auth.service - WARNING - Login attempt for locked account: a@example.com",
            f"{APP}CRITICAL: Environment mismatch detected!",
            "FileNotFoundError: [Errno 2] No such file or directory: 'prompt.txt'",
            'sqlalchemy.exc.IntegrityError: (psycopg2.errors.UniqueViolation) duplicate key value violates "users"',
            "openai.APITimeoutError: Request timed out.",
        ),
        logged=0,
    ),
)

SERVER_COUNTED = (
    f"FATAL:  {SLOTS}",
    "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute",
    "FATAL:  sorry, too many clients already",
    'FATAL:  too many connections for role "postgres"',
    'FATAL:  too many connections for database "ai_resume_review_prod"',
    'FATAL:  database "x" does not exist',
    'FATAL:  no pg_hba.conf entry for host "10.8.0.4", user "postgres", database "x", no encryption',
    "FATAL:  the database system is in recovery mode",
    "FATAL:  canceling authentication due to timeout",
)
SERVER_NOT_COUNTED = (
    'FATAL:  password authentication failed for user "postgres"',
    "FATAL:  the database system is starting up",
    "FATAL:  the database system is shutting down",
    "FATAL:  terminating connection due to administrator command",
    "LOG:  connection to client lost",
    'ERROR:  relation "users" does not exist at character 15',
    'ERROR:  duplicate key value violates unique constraint "users_email_key"',
    "LOG:  database system is ready to accept connections",
    f"LOG:  statement: SELECT 'FATAL' -- {SLOTS}",
)
