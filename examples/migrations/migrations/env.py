"""How Alembic reaches the database: one connection, one lock, one transaction for the whole run.

- The lock: two runs at once would both begin at the same revision, and one would fail half-way through its work.
- The transaction: a run that fails leaves the schema, and the recorded revision, as they were.
"""

from __future__ import annotations

import os
from logging.config import fileConfig

from alembic import context
from sqlalchemy import URL, create_engine, pool, text

# Any number that nothing else in this database uses for pg_advisory_lock.
LOCK_KEY = 7_239_115_001
# A second run waits so long for the first.
LOCK_WAIT = "10min"
# A migration that waits for a table makes every query behind it wait too: it gives up soon, and can be run again.
TABLE_WAIT = os.environ.get("MIGRATION_TABLE_WAIT", "15s")

if context.config.config_file_name is not None:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)


def database_url() -> URL:
    """The database, by the variables of the application. `DB_HOST` may be the folder of a socket (`/cloudsql/…`)."""
    host = os.environ["DB_HOST"]
    socket = {"host": host} if host.startswith("/") else {}
    return URL.create(
        "postgresql+psycopg2",
        username=os.environ["DB_USER"],
        password=os.environ.get("DB_PASSWORD"),
        host=None if socket else host,
        port=None if socket else int(os.environ.get("DB_PORT", "5432")),
        database=os.environ["DB_NAME"],
        query=socket,
    )


def run() -> None:
    """Waits for the lock, then runs what was asked for. The lock goes with the connection, however the run ends."""
    engine = create_engine(database_url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT set_config('lock_timeout', :wait, false)"), {"wait": LOCK_WAIT})
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
        connection.execute(text("SELECT set_config('lock_timeout', :wait, false)"), {"wait": TABLE_WAIT})
        # Ends the transaction that SQLAlchemy has begun by itself; else Alembic takes it for the caller's and never
        # commits. The lock is the session's, and stays.
        connection.commit()
        context.configure(connection=connection, target_metadata=None, transaction_per_migration=False)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("--sql is not supported: what it prints would run without the lock and the transaction")
run()
