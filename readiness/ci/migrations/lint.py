"""What would take a migration out of its transaction, found in SQL files and in Alembic revisions.

Alembic runs all revisions of a run in one transaction: a failure leaves the schema as it was. One COMMIT in the SQL
ends that: half of the change stays, and every retry fails on it (measured on PostgreSQL 15, docs/migrations.md).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from readiness.ci.migrations.receivers import LEAVES, ON_ITS_CONNECTION, leaving, leaving_calls
from readiness.ci.migrations.sql_statements import statements
from readiness.files import FileTooLargeError, NotRegularFileError, read_regular_text
from readiness.finding import Finding

_TAIL = r"(?: WORK| TRANSACTION)?(?: AND (?:NO )?CHAIN)?"
_ENDS = re.compile(
    rf"(?:COMMIT|ROLLBACK|ABORT|END){_TAIL}|COMMIT PREPARED .*|ROLLBACK PREPARED .*|PREPARE TRANSACTION .*"
)
_MODE = r"(?: ISOLATION LEVEL| READ| NOT DEFERRABLE| DEFERRABLE).*"
_BEGINS = re.compile(rf"BEGIN(?: WORK| TRANSACTION)?(?:{_MODE})?|START TRANSACTION(?:{_MODE})?")
_OUTSIDE = re.compile(
    r"(?:CREATE|DROP|REINDEX)\b.* CONCURRENTLY\b.*|VACUUM\b.*|ALTER SYSTEM\b.*|(?:CREATE|DROP) DATABASE\b.*"
    r"|(?:CREATE|DROP) TABLESPACE\b.*"
)
_SEARCH_PATH = re.compile(r"SET (?:SESSION )?SEARCH_PATH\b.*|SELECT PG_CATALOG \. SET_CONFIG \( \? , \? , FALSE \)")
_COPY = re.compile(r"COPY\b.* FROM STDIN\b.*")

# Rule, the statements that it refuses, message and hint.
_RULES = (
    (
        "migration-ends-transaction",
        _ENDS,
        "ends the transaction of the migration, so that a failure after it leaves half of the change",
        "Remove it: the run commits once, at its end",
    ),
    (
        "migration-begins-transaction",
        _BEGINS,
        "begins a transaction of its own, whose end would be that of the migration too",
        "Remove it: the run has begun one already",
    ),
    (
        "migration-outside-transaction",
        _OUTSIDE,
        "cannot run inside a transaction",
        "Do it by hand outside of the deployment, or without CONCURRENTLY while the table is small",
    ),
    (
        "migration-search-path",
        _SEARCH_PATH,
        "changes the search path of the session, and Alembic no longer finds its own table",
        "Remove it, and name the schema of every object",
    ),
    (
        "migration-copy-from-stdin",
        _COPY,
        "reads its rows from psql, and the lines after it look like rows",
        "Write INSERT",
    ),
)
_SUFFIXES = (".sql", ".py")


def lint_paths(paths: list[Path]) -> list[Finding]:
    """Every problem of the files, and of the `.sql` and `.py` files below the folders, in the order of their names.

    Raises OSError for a path that cannot be read.
    """
    return [problem for path in paths for problem in (_of_folder(path) if path.is_dir() else _of_file(path))]


def lint_text(file: Path, text: str) -> list[Finding]:
    """The problems of one file's text. Of Python only revisions are read; a file that is no Python is one problem."""
    name = str(file)
    found = _of_python(name, text) if file.suffix.lower() == ".py" else [*_of_sql(name, text), *_of_psql(name, text)]
    return sorted(found, key=lambda finding: finding.line or 0)


def _of_folder(folder: Path) -> list[Finding]:
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
    if not files:
        message = f"holds no {' or '.join(_SUFFIXES)} file, so nothing was read"
        hint = "Name the folder of the migrations"
        return [Finding(rule_id="migration-folder-empty", file=str(folder), message=message, hint=hint)]
    return [problem for file in files for problem in _of_file(file)]


def _of_file(file: Path) -> list[Finding]:
    try:
        # A byte order mark would hide the first statement.
        return lint_text(file, read_regular_text(file))
    except (NotRegularFileError, FileTooLargeError) as error:
        hint = "Name a file of migrations, or their folder"
        return [_unreadable(str(file), None, f"cannot be read ({error.strerror})", hint)]
    except UnicodeDecodeError:
        return [_unreadable(str(file), None, "is not UTF-8 text", "Write it as UTF-8: Alembic reads it so")]


def _unreadable(file: str, line: int | None, message: str, hint: str) -> Finding:
    return Finding(rule_id="migration-file-unreadable", file=file, line=line, message=message, hint=hint)


def _of_sql(file: str, text: str, first_line: int = 1) -> Iterator[Finding]:
    for statement in statements(text):
        for rule_id, pattern, message, hint in _RULES:
            if pattern.fullmatch(statement.words):
                key, line = " ".join(statement.words.split()[:3]), first_line + statement.line - 1
                yield Finding(rule_id=rule_id, file=file, line=line, key=key, message=message, hint=hint)
                break


def _of_psql(file: str, text: str) -> Iterator[Finding]:
    message = "is a command of psql, which no other client understands"
    for line, written in enumerate(text.splitlines(), start=1):
        if command := re.match(r"\s*(\\[a-z]+)", written):
            rule_id, key = "migration-psql-command", command[1]
            yield Finding(rule_id=rule_id, file=file, line=line, key=key, message=message, hint="Remove the line")


def _of_python(file: str, text: str) -> Iterator[Finding]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        yield _unreadable(file, getattr(error, "lineno", 1) or 1, "is not valid Python", "Fix the syntax")
        return
    assigned = [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    names = (node for statement in assigned for node in ast.walk(statement) if isinstance(node, ast.Name))
    if not any(name.id == "revision" and isinstance(name.ctx, ast.Store) for name in names):
        return  # no revision
    for text_line, sql in _texts(tree):
        yield from _of_sql(file, sql, text_line)
    try:
        yield from leaving_calls(file, tree)
    except RecursionError:
        yield _unreadable(file, 1, "is nested too deeply to be read", "Write it flatter")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "autocommit_block":
            yield leaving(file, node.lineno, "autocommit_block()", LEAVES, ON_ITS_CONNECTION)
        elif isinstance(node, ast.Constant) and node.value == "AUTOCOMMIT":
            yield leaving(file, node.lineno, "AUTOCOMMIT", LEAVES, ON_ITS_CONNECTION)


def _texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every text with its line, an f-string as one; no docstrings, which nothing runs."""
    parts: set[int] = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts |= {id(part) for part in node.values}
            texts = (str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
            yield node.lineno, "".join(texts)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.lineno, node.value
