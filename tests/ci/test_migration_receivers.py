"""A `commit()` is judged by what it is called on, and an object that is not known is not judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.ci.migrations.lint import lint_text
from readiness.finding import Finding
from tests.ci.revisions import BODIES, IMPORTS, revision_text

HEAD = f'{IMPORTS}\nrevision = "0004"\n'


def problems_of(text: str) -> list[Finding]:
    """What lint says of a revision."""
    return lint_text(Path("0004_x.py"), text)


def named_in(*lines: str) -> list[str]:
    """What lint names in an `upgrade()` of these lines."""
    return [problem.key for problem in problems_of(revision_text(lines))]


@pytest.mark.parametrize("name", BODIES)
def test_what_lint_says_is_what_the_server_does(name: str) -> None:
    """`test_migrations_on_postgres.py` runs the same bodies."""
    body = BODIES[name]
    assert named_in(*body.lines) == ([] if body.refused is None else [body.refused])


def test_no_hint_advises_to_remove_what_writes_the_rows() -> None:
    """A session that controls the transaction flushes when it commits; a connection has nothing left to write."""
    (session,) = problems_of(revision_text(BODIES["controlling session, commit"].lines))
    assert "flush()" in session.hint
    assert "Remove" not in session.hint
    (connection,) = problems_of(revision_text(BODIES["connection, commit"].lines))
    assert connection.hint == "Remove it: the run commits once, at its end"
    (other,) = problems_of(revision_text(BODIES["connection of its own, commit, failure"].lines))
    assert "Remove" not in other.hint
    assert "op.get_bind()" in other.hint


@pytest.mark.parametrize(
    "lines",
    [
        ("op.get_bind().commit()",),
        ("op.get_context().connection.commit()",),
        ("op.get_context().bind.commit()",),
        ("op.get_bind().execution_options(x=1).commit()",),
        ("op.get_bind().get_transaction().commit()",),
        ("Session(bind=op.get_bind()).connection().commit()",),
        ("Session(op.get_bind()).get_bind().commit()",),
        ("driver = op.get_bind().connection.dbapi_connection", "driver.commit()"),
        ("cursor = op.get_bind().connection.cursor()", "cursor.connection.commit()"),
        ("bind: object = op.get_bind()", "bind.commit()"),
        ("if (bind := op.get_bind()) is not None:", "    bind.commit()"),
        ("bind = op.get_bind()", "for _ in range(3):", "    bind.commit()"),
        ("bind = Session(bind=op.get_bind())", "if bind:", "    bind = op.get_bind()", "bind.commit()"),
        ("bind = op.get_bind()", "try:", "    pass", "except ValueError:", "    bind.commit()"),
        ("bind = op.get_bind()", "done = [bind.commit() for _ in range(1)]"),
        ("bind = op.get_bind()", "print(1 + (bind.commit() or 0))"),
        ("session = Session(bind=create_engine('x'))", "session.commit()"),
        ("session = sessionmaker(create_engine('x'))()", "session.commit()"),
        ("with create_engine('x').connect() as other, other.begin() as transaction:", "    transaction.commit()"),
        ("create_engine('x').raw_connection().commit()",),
    ],
)
def test_a_harmful_commit_is_refused_however_the_object_is_reached(lines: tuple[str, ...]) -> None:
    """Through names, branches, attributes and calls."""
    assert named_in(*lines) == ["commit()"]


@pytest.mark.parametrize(
    "lines",
    [
        ("with Session(bind=op.get_bind()) as session:", "    session.commit()"),
        ("with Session(op.get_bind()) as session, session.begin():", "    session.flush()"),
        ("session = sessionmaker(bind=op.get_bind())()", "session.commit()"),
        ("make = sessionmaker()", "session = make(bind=op.get_bind())", "session.commit()"),
        ("session = scoped_session(sessionmaker(op.get_bind()))", "session.commit()"),
        ("bind = op.get_bind()", "bind = Session(bind=bind)", "bind.commit()"),
        ("with op.get_bind().begin_nested() as savepoint:", "    savepoint.commit()"),
        ("Session(bind=op.get_bind()).begin_nested().rollback()",),
        ("with create_engine('x').connect() as other:", "    other.rollback()"),
    ],
)
def test_a_harmless_commit_is_let_through(lines: tuple[str, ...]) -> None:
    """Sessions on the connection of the migration, and savepoints."""
    assert named_in(*lines) == []


@pytest.mark.parametrize(
    "lines",
    [
        ("repository.commit()",),
        ("from application import session", "session.commit()"),
        ("make_it(op.get_bind()).commit()",),
        ("settings.autocommit = True",),
        ("for session in op.get_bind():", "    session.commit()"),
        ("git, connection = open_both()", "git.commit()", "connection.rollback()"),
    ],
)
def test_an_object_that_is_not_known_is_not_judged(lines: tuple[str, ...]) -> None:
    """docs/migrations.md says so."""
    assert named_in(*lines) == []


def test_autocommit_of_the_driver_is_refused() -> None:
    """As each statement would then be committed by itself."""
    assert named_in("op.get_bind().connection.autocommit = True") == ["autocommit"]
    assert named_in("with create_engine('x').begin() as other:", "    pass") == ["begin()"]


def test_functions_of_the_file_are_followed_with_their_arguments_and_results() -> None:
    """The helper that opens a session, and the one that takes it."""
    helpers = (
        "def _open():\n    return {}\n\n\ndef _copy(target, again=None):\n    target.commit()\n    _copy(again)\n\n\n"
        "def upgrade():\n    _copy(target=_open())\n"
    )
    assert problems_of(HEAD + helpers.format("Session(bind=op.get_bind())")) == []
    (problem,) = problems_of(HEAD + helpers.format("op.get_bind()"))
    assert (problem.key, problem.line) == ("commit()", HEAD.count("\n") + 6)


def test_many_functions_and_deep_nesting_end() -> None:
    """Each function runs once for the same arguments; what is nested too deeply is one problem, and no traceback."""
    names = range(60)
    calls = "".join(f"def f{n}(x):\n    f{n + 1}(x)\n    f{n + 1}(f{n + 1}(x))\n\n\n" for n in names)
    assert problems_of(f"{HEAD}{calls}def f60(x):\n    x.commit()\n") == []
    deep = f"{HEAD}x = {'f(1 + ' * 80}1{')' * 80}\n"
    assert problems_of(deep) == []
    (problem,) = problems_of(f"{HEAD}x = a{'.b()' * 900}\n")
    assert problem.message == "is nested too deeply to be read"
