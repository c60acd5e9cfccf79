"""What would take a migration out of its transaction is refused, in SQL and in revisions, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.ci.migrations.lint import lint_text
from readiness.ci.migrations.sql_statements import statements
from readiness.finding import text_line
from tests.projects import ROOT, Command

REVISION = 'revision = "0003"\ndown_revision = "0002"\n\n\ndef upgrade() -> None:\n    {}\n'


def found(text: str, name: str = "0003.sql") -> list[tuple[int | None, str]]:
    """Line and statement of every problem."""
    return [(finding.line, finding.key) for finding in lint_text(Path(name), text)]


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("COMMIT;", "COMMIT"),
        ("commit work", "COMMIT WORK"),
        ("End;", "END"),
        ("ROLLBACK AND NO CHAIN;", "ROLLBACK AND NO"),
        ("BEGIN;", "BEGIN"),
        ("BEGIN ISOLATION LEVEL SERIALIZABLE;", "BEGIN ISOLATION LEVEL"),
        ("START TRANSACTION;", "START TRANSACTION"),
        ("COMMIT PREPARED 'x';", "COMMIT PREPARED ?"),
        ("CREATE INDEX CONCURRENTLY i ON t (a);", "CREATE INDEX CONCURRENTLY"),
        ("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);", "CREATE UNIQUE INDEX"),
        ("REINDEX TABLE CONCURRENTLY t;", "REINDEX TABLE CONCURRENTLY"),
        ("VACUUM FULL t;", "VACUUM FULL T"),
        ("ALTER SYSTEM SET work_mem = '1MB';", "ALTER SYSTEM SET"),
        ("SELECT pg_catalog.set_config('search_path', '', false);", "SELECT PG_CATALOG ."),
        ("\\restrict token", "\\restrict"),
        ("  \\i other.sql", "\\i"),
        ("COPY t (a) FROM stdin;\n1\tit's\n\\.\nCOMMIT;", "COPY T ("),
        ("commit /* now */ -- really\n;", "COMMIT"),
        ("BEGIN TRANSACTION READ WRITE;", "BEGIN TRANSACTION READ"),
    ],
)
def test_a_statement_that_leaves_the_transaction_is_refused_with_its_line(sql: str, named: str) -> None:
    """Wherever it stands: the change before it would stay when what follows fails."""
    assert found(f"CREATE TABLE t (a int);\n\n{sql}")[0] == (3, named)


@pytest.mark.parametrize(
    "sql",
    [
        "-- COMMIT;\nSELECT 1;",
        "/* COMMIT; /* nested */ COMMIT; */ SELECT 1;",
        "/* a /* b */; COMMIT; */ SELECT 1;",
        "INSERT INTO t VALUES ('x; COMMIT; y');",
        "INSERT INTO t VALUES ('it''s; COMMIT;'), (E'\\'; COMMIT; --');",
        'CREATE TABLE "a; COMMIT; b" (a int);',
        "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END; $$;",
        "DO $body$ BEGIN EXECUTE 'x'; END $body$;",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END; SELECT 1;",
        "CREATE TABLE commit_log (end_date date); CREATE TABLE ends (commit text);",
        "COMMENT ON TABLE t IS 'COMMIT';",
        "SAVEPOINT s; ROLLBACK TO SAVEPOINT s;",
        "ALTER TYPE colour ADD VALUE 'red';",
        "CREATE INDEX i ON t (a);",
        "",
    ],
)
def test_what_only_looks_like_it_is_let_through(sql: str) -> None:
    """Comments, texts, quoted names, bodies of routines; a savepoint stays within the transaction."""
    assert found(sql) == []


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('op.execute("UPDATE t SET a = 1; COMMIT;")', "COMMIT"),
        ('op.execute("""\n    UPDATE t SET a = 1;\n    COMMIT;\n    """)', "COMMIT"),
        ("with op.get_context().autocommit_block():\n        pass", "autocommit_block()"),
        ("block = op.get_context().autocommit_block", "autocommit_block()"),
        ('op.get_bind().execution_options(isolation_level="AUTOCOMMIT")', "AUTOCOMMIT"),
        ('op.execute(f"UPDATE {t} SET a = 1; COMMIT")', "COMMIT"),
        ("op.execute(f\"INSERT INTO t VALUES ('{a}'); COMMIT; SELECT '{b}'\")", "COMMIT"),
    ],
)
def test_a_revision_is_read_like_its_sql(line: str, named: str) -> None:
    """An embedded COMMIT is where the converted files have theirs."""
    assert [what for _, what in found(REVISION.format(line), "0003_x.py")] == [named]


def test_the_line_of_a_statement_inside_a_revision_is_that_of_the_file() -> None:
    """Three lines above the call, one to the text, one within it."""
    assert found(REVISION.format('op.execute("""\n    SELECT 1;\n    COMMIT;\n    """)'), "0003_x.py") == [
        (8, "COMMIT")
    ]


def test_the_docstring_of_a_revision_is_no_sql() -> None:
    """Alembic writes the message of a revision there, and nothing runs it."""
    for text in ("Begin", "Begin tracking of orders", "Drop database column", "Create index, not concurrently"):
        assert found(f'"""{text}"""\n' + REVISION.format("pass"), "0003_x.py") == []


@pytest.mark.parametrize("names", ["revision, down_revision", "revision: str"])
def test_a_revision_is_told_by_the_name_it_assigns(names: str) -> None:
    """However the assignment is written."""
    value = '("2", "1")' if "," in names else '"2"'
    assert found(f'{names} = {value}\nop.execute("COMMIT")\n', "x.py") == [(2, "COMMIT")]


def test_python_that_is_no_revision_is_not_read() -> None:
    """env.py has to end a transaction: the one that SQLAlchemy begins by itself."""
    assert found("connection.commit()\n", "env.py") == []


@pytest.mark.parametrize("text", ["revision = \n", "revision = '1'\0", f"x = {'-' * 50_000}1"])
def test_a_revision_that_is_no_python_is_one_problem(text: str) -> None:
    """With its line, and no traceback."""
    (problem,) = lint_text(Path("0003_x.py"), text)
    assert text_line(problem) == "0003_x.py:1: is not valid Python. Fix the syntax."


def test_the_last_statement_needs_no_semicolon_and_lines_count_from_one() -> None:
    """As psql reads a file."""
    assert [(statement.line, statement.words) for statement in statements("a;\nb\n  c;;\n\nd")] == [
        (1, "A"),
        (2, "B C"),
        (5, "D"),
    ]


def test_every_statement_of_a_long_file_is_read() -> None:
    """A dump of data has so many. How long that takes is measured by `make bench`."""
    assert sum(1 for _ in statements("INSERT INTO t VALUES (1);\n" * 20_000)) == 20_000


def test_an_open_comment_or_body_ends_with_the_file() -> None:
    """A broken file is read to its end, not for ever."""
    assert [statement.words for statement in statements("a; /* b")] == ["A"]
    assert [statement.words for statement in statements("a; $$ b")] == ["A", "?"]


def test_the_example_that_is_delivered_passes(command: Command) -> None:
    """The guide asks people to copy these files."""
    result = command("migrations", "lint", "examples/migrations", cwd=ROOT)
    assert (result.status, result.out) == (0, "ok examples/migrations\n")


def test_the_command_ends_with_1_and_a_line_for_each_problem(tmp_path: Path, command: Command) -> None:
    """All at once, as every command of this program."""
    (tmp_path / "a.sql").write_text("BEGIN;\nSELECT 1;\nCOMMIT;\n", encoding="utf-8")
    (tmp_path / "b.txt").write_text("COMMIT;\n", encoding="utf-8")
    result = command("migrations", "lint", str(tmp_path))
    assert result.status == 1
    first, second = result.err.splitlines()
    assert first.startswith(f"error: {tmp_path}/a.sql:1: BEGIN: begins a transaction of its own")
    assert second.startswith(f"error: {tmp_path}/a.sql:3: COMMIT: ends the transaction")


def test_what_cannot_be_read_is_one_error_for_each_file(tmp_path: Path, command: Command) -> None:
    """Not UTF-8; and a mark of byte order hides nothing, nor does a suffix in capitals."""
    (tmp_path / "a.sql").write_bytes("-- é\nCOMMIT;".encode("latin-1"))
    (tmp_path / "b.sql").write_bytes(b"\xef\xbb\xbfCOMMIT;")
    (tmp_path / "c.SQL").write_text("COMMIT;", encoding="utf-8")
    result = command("migrations", "lint", str(tmp_path))
    assert result.status == 1
    first, *others = result.err.splitlines()
    assert first.startswith(f"error: {tmp_path}/a.sql: is not UTF-8 text.")
    assert [line.split(": ")[1:3] for line in others] == [
        [f"{tmp_path}/b.sql:1", "COMMIT"],
        [f"{tmp_path}/c.SQL:1", "COMMIT"],
    ]


def test_a_folder_without_migrations_is_not_let_through(tmp_path: Path, command: Command) -> None:
    """Most likely the wrong one."""
    (tmp_path / "x.txt").write_text("COMMIT;", encoding="utf-8")
    result = command("migrations", "lint", str(tmp_path))
    assert (result.status, result.err.startswith(f"error: {tmp_path}: holds no .sql or .py file")) == (1, True)
