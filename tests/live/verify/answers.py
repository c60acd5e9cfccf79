"""Answers of the first customer's health endpoint, as its code gives them (docs/customer/health-check-change.md)."""

from __future__ import annotations

from typing import Any

from tests.live.loopback import Reply

KNOWN_ERROR = "'QueuePool' object has no attribute 'invalid'"


def health(status: str, database: dict[str, Any], code: int = 200) -> Reply:
    """The endpoint's body around what it says of the database."""
    return Reply(code, {"status": status, "version": "1.0.0", "services": {"database": database}})


HEALTHY = health("healthy", {"status": "healthy", "connection_info": {"status": "initialized"}})
DEGRADED = health("degraded", {"status": "error", "error": KNOWN_ERROR})
OTHER_ERROR = health("degraded", {"status": "error", "error": "division by zero"})
DATABASE_DOWN = health("degraded", {"status": "unhealthy", "error": "(psycopg2.OperationalError) refused"})
DOWN_IN_THE_KNOWN_WORDS = health("degraded", {"status": "unhealthy", "error": KNOWN_ERROR})
UNHEALTHY_503 = Reply(503, {"status": "unhealthy", "error": KNOWN_ERROR, "type": "health_check_error"})
HTML = Reply(200, "<html>Sorry</html>", {"Content-Type": "text/html; charset=utf-8"})
