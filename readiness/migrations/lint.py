"""What would take a migration out of its transaction, found in SQL files and in Alembic revisions. Pure.

Alembic runs all revisions of a run in one transaction: a failure leaves the schema as it was. One COMMIT in the SQL
ends that: half of the change stays, and every retry fails on it (measured on PostgreSQL 15, docs/migrations.md).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from readiness.migrations.sql_statements import statements
from readiness.problems import Problem

_TAIL = r"(?: WORK| TRANSACTION)?(?: AND (?:NO )?CHAIN)?"
_ENDS = re.compile(
    rf"(?:COMMIT|ROLLBACK|ABORT|END){_TAIL}|COMMIT PREPARED .*|ROLLBACK PREPARED .*|PREPARE TRANSACTION .*"
)
_BEGINS = re.compile(r"BEGIN(?: WORK| TRANSACTION)?(?: .*)?|START TRANSACTION(?: .*)?")
_OUTSIDE = re.compile(
    r"(?:CREATE|DROP|REINDEX)\b.* CONCURRENTLY\b.*|VACUUM\b.*|ALTER SYSTEM\b.*|(?:CREATE|DROP) DATABASE\b.*"
    r"|(?:CREATE|DROP) TABLESPACE\b.*"
)
_SEARCH_PATH = re.compile(r"SET (?:SESSION )?SEARCH_PATH\b.*|SELECT PG_CATALOG \. SET_CONFIG \( \? , \? , FALSE \)")
# Calls in a revision that leave the transaction of the run.
_CALLS = {"autocommit_block", "commit", "rollback"}
_SUFFIXES = (".sql", ".py")

_RULES = (
    (_ENDS, "ends the transaction of the migration, so that a failure after it leaves half of the change"),
    (_BEGINS, "begins a transaction of its own, whose end would be that of the migration too"),
    (_OUTSIDE, "cannot run inside a transaction"),
    (_SEARCH_PATH, "changes the search path of the session, and Alembic no longer finds its own table"),
)
_MENDS = {
    _ENDS: "Remove it: the run commits once, at its end",
    _BEGINS: "Remove it: the run has begun one already",
    _OUTSIDE: "Do it by hand outside of the deployment, or without CONCURRENTLY while the table is small",
    _SEARCH_PATH: "Remove it, and name the schema of every object",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    line: int
    what: str
    message: str
    mend: str


def lint_paths(paths: list[Path]) -> list[Problem]:
    """Every problem of the files, and of the `.sql` and `.py` files below the folders, in the order of their names.

    Raises OSError for a path that cannot be read.
    """
    files = [file for path in paths for file in (_below(path) if path.is_dir() else [path])]
    return [problem for file in files for problem in lint_text(file, file.read_text(encoding="utf-8"))]


def lint_text(file: Path, text: str) -> list[Problem]:
    """The problems of one file's text. Of Python only revisions are read; a file that is no Python is one problem."""
    found = _of_python(text) if file.suffix == ".py" else [*_of_sql(text), *_of_psql(text)]
    return [
        Problem(file=str(file), line=each.line, key=each.what, message=each.message, mend=each.mend)
        for each in sorted(found, key=lambda each: each.line)
    ]


def _below(folder: Path) -> list[Path]:
    return sorted(each for each in folder.rglob("*") if each.suffix in _SUFFIXES and each.is_file())


def _of_sql(text: str, first_line: int = 1) -> Iterator[_Found]:
    for statement in statements(text):
        for pattern, message in _RULES:
            if pattern.fullmatch(statement.words):
                what = " ".join(statement.words.split()[:3])
                line = first_line + statement.line - 1
                yield _Found(line=line, what=what, message=message, mend=_MENDS[pattern])
                break


def _names(assignment: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = assignment.targets if isinstance(assignment, ast.Assign) else [assignment.target]
    return [each.id for each in targets if isinstance(each, ast.Name)]


def _of_psql(text: str) -> Iterator[_Found]:
    for number, line in enumerate(text.splitlines(), start=1):
        if command := re.match(r"\\[a-z]+", line):
            message = "is a command of psql, which no other client understands"
            yield _Found(line=number, what=command.group(), message=message, mend="Remove the line")


def _of_python(text: str) -> Iterator[_Found]:
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield _Found(line=error.lineno or 1, what="", message="is no Python", mend="Mend the syntax")
        return
    if not any(isinstance(each, ast.Assign | ast.AnnAssign) and "revision" in _names(each) for each in tree.body):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _of_sql(node.value, node.lineno)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CALLS:
            message = "leaves the transaction of the migration, so that a failure after it leaves half of the change"
            mend = "Remove it: the run commits once, at its end"
            yield _Found(line=node.lineno, what=f"{node.func.attr}()", message=message, mend=mend)
