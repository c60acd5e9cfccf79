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


_SESSION = "session = Session(bind=op.get_bind())"
_SAVEPOINT_SESSION = 'session = Session(bind=op.get_bind(), join_transaction_mode="create_savepoint")'
_CONTROLLING_SESSION = 'session = Session(bind=op.get_bind(), join_transaction_mode="control_fully")'
_BY_SESSION = f"session.{UPDATE}"
_ADD = "session.add(Probe(value=3))"
_CONNECTION = "connection = op.get_bind()"
_BY_CONNECTION = f"connection.{UPDATE}"
_OTHER = ("with op.get_bind().engine.connect() as other:", f"    other.{UPDATE}")
_INSERT = "op.execute('INSERT INTO probe (value) VALUES (9)')"

BODIES = {
    "session, commit": Body((_SESSION, _BY_SESSION, _ADD, "session.commit()"), None, 0, "2 3"),
    "session, flush": Body((_SESSION, _BY_SESSION, _ADD, "session.flush()"), None, 0, "2 3"),
    # Why "Remove it" is no hint for a session: what was added is lost, and the revision is recorded.
    "session, neither": Body((_SESSION, _BY_SESSION, _ADD), None, 0, "2"),
    "session, commit, failure": Body((_SESSION, _BY_SESSION, "session.commit()", FAIL), None, 1, "1"),
    "session, rollback": Body((_SESSION, _BY_SESSION, "session.rollback()"), "rollback()", 1, "1"),
    "savepoint session, rollback": Body(
        (_SAVEPOINT_SESSION, _BY_SESSION, "session.rollback()", _INSERT), None, 0, "1 9"
    ),
    "controlling session, commit": Body((_CONTROLLING_SESSION, _BY_SESSION, "session.commit()"), "commit()", 1, "2"),
    "connection, commit": Body((_CONNECTION, _BY_CONNECTION, "connection.commit()"), "commit()", 1, "2"),
    "connection, neither": Body((_CONNECTION, _BY_CONNECTION), None, 0, "2"),
    "connection, rollback": Body((_CONNECTION, _BY_CONNECTION, "connection.rollback()"), "rollback()", 1, "1"),
    "driver, commit, failure": Body(
        (_CONNECTION, _BY_CONNECTION, "connection.connection.commit()", FAIL), "commit()", 1, "2"
    ),
    "savepoint, rollback": Body(
        (_CONNECTION, "savepoint = connection.begin_nested()", _BY_CONNECTION, "savepoint.rollback()", _INSERT),
        None,
        0,
        "1 9",
    ),
    "connection of its own, commit, failure": Body((*_OTHER, "    other.commit()", FAIL), "commit()", 1, "2"),
    "connection of its own, neither": Body(_OTHER, None, 0, "1"),
    "COMMIT, failure": Body(("op.execute('UPDATE probe SET value = 2; COMMIT')", FAIL), "COMMIT", 1, "2"),
}


def revision_text(lines: tuple[str, ...], *, revision: str = "0004", after: str = "0003") -> str:
    """A whole revision, whose `upgrade()` has these lines."""
    head = f'revision, down_revision, branch_labels, depends_on = "{revision}", "{after}", None, None\n'
    body = "".join(f"    {line}\n" for line in lines)
    return f"{IMPORTS}\n{head}\n\n{MODEL}\n\ndef upgrade() -> None:\n{body}"
