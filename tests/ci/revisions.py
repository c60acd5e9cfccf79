"""Bodies of `upgrade()` that commit or roll back, with what a real PostgreSQL makes of each and what lint says.

The table `probe` holds one row, 1, before each. A run that ends with 0 and shows what was written is harmless.
"""

from __future__ import annotations

from dataclasses import dataclass

IMPORTS = """\
from alembic import op
from sqlalchemy import Column, Integer, create_engine, text
from sqlalchemy.orm import Session, declarative_base, scoped_session, sessionmaker
"""
MODEL = """\
class Probe(declarative_base()):
    __tablename__ = "probe"
    id = Column(Integer, primary_key=True)
    value = Column(Integer)
"""
UPDATE = 'execute(text("UPDATE probe SET value = 2"))'
FAIL = 'op.execute("SELECT 1 / 0")'


@dataclass(frozen=True)
class Body:
    """`refused` is what lint names, None where it says nothing. `rows` and `status` are the server's."""

    lines: tuple[str, ...]
    refused: str | None
    status: int
    rows: str


BODIES = {
    "session, commit": Body(
        (
            "session = Session(bind=op.get_bind())",
            f"session.{UPDATE}",
            "session.add(Probe(value=3))",
            "session.commit()",
        ),
        None,
        0,
        "2 3",
    ),
    "session, flush": Body(
        (
            "session = Session(bind=op.get_bind())",
            f"session.{UPDATE}",
            "session.add(Probe(value=3))",
            "session.flush()",
        ),
        None,
        0,
        "2 3",
    ),
    # Why "Remove it" is no hint for a session: what was added is lost, and the revision is recorded.
    "session, neither": Body(
        ("session = Session(bind=op.get_bind())", f"session.{UPDATE}", "session.add(Probe(value=3))"), None, 0, "2"
    ),
    "session, commit, failure": Body(
        ("session = Session(bind=op.get_bind())", f"session.{UPDATE}", "session.commit()", FAIL), None, 1, "1"
    ),
    "session, rollback": Body(
        ("session = Session(bind=op.get_bind())", f"session.{UPDATE}", "session.rollback()"), "rollback()", 1, "1"
    ),
    "savepoint session, rollback": Body(
        (
            'session = Session(bind=op.get_bind(), join_transaction_mode="create_savepoint")',
            f"session.{UPDATE}",
            "session.rollback()",
            "op.execute('INSERT INTO probe (value) VALUES (9)')",
        ),
        None,
        0,
        "1 9",
    ),
    "controlling session, commit": Body(
        (
            'session = Session(bind=op.get_bind(), join_transaction_mode="control_fully")',
            f"session.{UPDATE}",
            "session.commit()",
        ),
        "commit()",
        1,
        "2",
    ),
    "connection, commit": Body(
        ("connection = op.get_bind()", f"connection.{UPDATE}", "connection.commit()"), "commit()", 1, "2"
    ),
    "connection, neither": Body(("connection = op.get_bind()", f"connection.{UPDATE}"), None, 0, "2"),
    "connection, rollback": Body(
        ("connection = op.get_bind()", f"connection.{UPDATE}", "connection.rollback()"), "rollback()", 1, "1"
    ),
    "driver, commit, failure": Body(
        ("connection = op.get_bind()", f"connection.{UPDATE}", "connection.connection.commit()", FAIL),
        "commit()",
        1,
        "2",
    ),
    "savepoint, rollback": Body(
        (
            "connection = op.get_bind()",
            "savepoint = connection.begin_nested()",
            f"connection.{UPDATE}",
            "savepoint.rollback()",
            "op.execute('INSERT INTO probe (value) VALUES (9)')",
        ),
        None,
        0,
        "1 9",
    ),
    "connection of its own, commit, failure": Body(
        ("with op.get_bind().engine.connect() as other:", f"    other.{UPDATE}", "    other.commit()", FAIL),
        "commit()",
        1,
        "2",
    ),
    "connection of its own, neither": Body(
        ("with op.get_bind().engine.connect() as other:", f"    other.{UPDATE}"), None, 0, "1"
    ),
    "COMMIT, failure": Body(("op.execute('UPDATE probe SET value = 2; COMMIT')", FAIL), "COMMIT", 1, "2"),
}


def revision_text(lines: tuple[str, ...], *, revision: str = "0004", after: str = "0003") -> str:
    """A whole revision, whose `upgrade()` has these lines."""
    head = f'revision, down_revision, branch_labels, depends_on = "{revision}", "{after}", None, None\n'
    body = "".join(f"    {line}\n" for line in lines)
    return f"{IMPORTS}\n{head}\n\n{MODEL}\n\ndef upgrade() -> None:\n{body}"
