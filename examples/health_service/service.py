"""A service with the pool and the health logic of the first customer's backend, before and after the change.

`python service.py VARIANT PORT DATABASE_URL`, VARIANT one of `before`, `after`, `after-503`; it answers every GET with
its health. It shows what each variant answers (docs/customer/health-check-change.md) and is no part of the product.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

VARIANTS = ("before", "after", "after-503")


class Database:
    """One engine with one pool: 10 connections kept, 20 more on demand, each one tried before it is used."""

    def __init__(self, url: str, *, names_invalid: bool) -> None:
        self._names_invalid = names_invalid
        self._engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=10,
            max_overflow=20,
            pool_timeout=30,
            pool_recycle=3600,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10},
        )
        with self._engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def pool_numbers(self) -> dict[str, Any]:
        """What the pool says of itself. Before the change it is asked for a method that no pool has."""
        pool = self._engine.pool
        numbers = {
            "status": "initialized",
            "pool_size": pool.size(),
            "checked_in": pool.checkedin(),
            "checked_out": pool.checkedout(),
            "overflow": pool.overflow(),
        }
        if self._names_invalid:
            numbers["invalid"] = pool.invalid()
        return numbers | {"url_masked": self._engine.url.render_as_string(hide_password=True)}

    def health(self) -> dict[str, Any]:
        """`healthy`, `unhealthy` where the database does not answer, `error` where this code itself fails."""
        try:
            with self._engine.connect() as connection:
                now = connection.execute(text("SELECT now()")).scalar_one()
                return {"status": "healthy", "timestamp": now.isoformat(), "connection_info": self.pool_numbers()}
        except SQLAlchemyError as error:
            return {"status": "unhealthy", "error": str(error), "connection_info": self.pool_numbers()}
        except Exception as error:
            return {"status": "error", "error": str(error)}


def answer(database: Database, variant: str) -> tuple[int, dict[str, Any]]:
    """Status and body of the health endpoint."""
    try:
        found = database.health()
    except Exception as error:
        return 503, {"status": "unhealthy", "error": str(error), "type": "health_check_error"}
    overall = "healthy" if found["status"] == "healthy" else "degraded"
    code = 503 if variant == "after-503" and found["status"] == "unhealthy" else 200
    return code, {"status": overall, "version": "1.0.0", "services": {"database": found}}


def main() -> None:
    """Serves until it is ended."""
    variant, port, url = sys.argv[1:]
    if variant not in VARIANTS:
        sys.exit(f"{variant} is none of {', '.join(VARIANTS)}")
    database = Database(url, names_invalid=variant == "before")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, body = answer(database, variant)
            data = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            return

    HTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main()
