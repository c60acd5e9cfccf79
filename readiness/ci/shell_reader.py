"""Reads shell scripts into trees: all scripts of a workflow file with one run of `shfmt`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from readiness import clock
from readiness.ci.shell_tree import CommandList, ShellSyntaxError, tree_of
from readiness.ci.shfmt import ShfmtError, syntax_tree

# No step is that long; GitHub refuses a `run` with expressions beyond 21,000 characters.
MAX_CHARACTERS = 32_000
# For all scripts of one workflow file together, those that nobody can read included.
TIME_LIMIT_SECONDS = 20
# One run reads about this many bytes: the JSON of a script can be 600 times as long.
_MAX_BATCH_BYTES = 64_000
# What GitHub replaces before the shell sees the script. A quote in it may hold braces.
_EXPRESSION = re.compile(rb"\$\{\{(?:[^'}$]|\$(?!\{\{)|\}(?!\})|'[^']*')*\}\}")
_BETWEEN = b"\nreadiness_next_script\n"

_Read = CommandList | ShellSyntaxError
_read: dict[tuple[str, str], _Read] = {}


def parse(script: str, dialect: str = "bash") -> CommandList:
    """The script's tree. `dialect` is one of shfmt's: `bash`, `posix`, `mksh`, `zsh`.

    Raises ShellSyntaxError where `shfmt` cannot read it, and RefusedError where there is no `shfmt`.
    """
    (found,) = parse_all([script], dialect)
    if isinstance(found, ShellSyntaxError):
        raise found
    return found


def parse_all(scripts: Iterable[str], dialect: str, deadline_seconds: float | None = None) -> list[_Read]:
    """The tree of each script, or why it has none. Scripts that were read before are not read again.

    `deadline_seconds` is a time of `clock.monotonic_seconds()`. Raises RefusedError where there is no `shfmt`.
    """
    deadline = clock.monotonic_seconds() + TIME_LIMIT_SECONDS if deadline_seconds is None else deadline_seconds
    scripts = list(scripts)
    batch, size = dict[str, bytes](), 0
    for script in dict.fromkeys(scripts):
        if (script, dialect) in _read:
            continue
        try:
            raw = _encoded(script)
        except ShellSyntaxError as error:
            _read[script, dialect] = error
            continue
        if size + len(raw) > _MAX_BATCH_BYTES:
            _read_batch(batch, dialect, deadline)
            batch, size = dict[str, bytes](), 0
        batch[script] = raw
        size += len(raw)
    _read_batch(batch, dialect, deadline)
    return [_read[script, dialect] for script in scripts]


def _encoded(script: str) -> bytes:
    if len(script) > MAX_CHARACTERS:
        raise ShellSyntaxError(0, f"it is longer than {MAX_CHARACTERS:,} characters")
    try:
        raw = script.encode()
    except UnicodeEncodeError as error:
        raise ShellSyntaxError(script.count("\n", 0, error.start), "it is not valid Unicode") from None
    if b"\0" in raw:
        raise ShellSyntaxError(raw.count(b"\n", 0, raw.index(b"\0")), "it contains a null byte")
    return raw


def _read_batch(batch: dict[str, bytes], dialect: str, deadline: float) -> None:
    """One run for all, and where that fails one run for each: an error in one script must not hide the others."""
    found = _trees(list(batch.values()), dialect, deadline) if len(batch) > 1 else None
    if found is None:
        found = [_tree(raw, dialect, deadline) for raw in batch.values()]
    _read.update({(script, dialect): read for script, read in zip(batch, found, strict=True)})


def _tree(raw: bytes, dialect: str, deadline: float) -> _Read:
    shown = _without_expressions(raw)
    try:
        return tree_of(_statements(shown, dialect, deadline), raw)
    except ShfmtError as error:
        # Its line counts without the line breaks inside expressions.
        before = b"".join(shown.splitlines(keepends=True)[: max(0, error.line - 1)])
        return ShellSyntaxError(raw.count(b"\n", 0, len(before) + error.column - 1), error.reason)
    except ShellSyntaxError as error:
        return error


def _trees(raws: Sequence[bytes], dialect: str, deadline: float) -> list[_Read] | None:
    """None where the scripts cannot be told apart: one is not valid, or its end joins the next one.

    Between two scripts stands a command. Only where each is a statement of its own did all before it end.
    """
    shown = _BETWEEN.join(_without_expressions(raw) for raw in raws)
    try:
        statements = _statements(shown, dialect, deadline)
    except ShfmtError:
        return None
    starts = [0]
    for raw in raws[:-1]:
        starts.append(starts[-1] + len(raw) + len(_BETWEEN))
    borders = {start - len(_BETWEEN) + 1: index for index, start in enumerate(starts) if index}
    groups: list[list[Mapping[str, Any]]] = [[]]
    for statement in statements:
        at = statement["Position"]["Offset"]
        if borders.get(at) == len(groups) and statement["End"]["Offset"] == at + len(_BETWEEN) - 2:
            groups.append([])
        else:
            groups[-1].append(statement)
    if len(groups) != len(raws):
        return None
    found: list[_Read] = []
    for group, start, raw in zip(groups, starts, raws, strict=True):
        try:
            found.append(tree_of(group, raw, start))
        except ShellSyntaxError as error:
            found.append(error)
    return found


def _statements(shown: bytes, dialect: str, deadline: float) -> Sequence[Mapping[str, Any]]:
    """The script's statements.

    `shfmt` 3.14.1 takes a backslash at the end of a comment for a line continuation, which no shell does: the next line
    would be read as arguments. So the script is read again with a blank in its place.
    """
    for _ in range(3):
        tree = syntax_tree(shown, dialect, deadline_seconds=deadline)
        ends = list(_escaped_comment_ends(tree))
        if not ends:
            return tree.get("Stmts", ())
        changed = bytearray(shown)
        for end in ends:
            changed[end] = ord(" ")
        shown = bytes(changed)
    raise ShfmtError("a comment ends with a backslash")


def _escaped_comment_ends(tree: Mapping[str, Any]) -> Iterator[int]:
    """The byte offsets of backslashes at the end of comments."""
    waiting: list[Any] = [tree]
    while waiting:
        found = waiting.pop()
        if isinstance(found, list):
            waiting += found
        elif isinstance(found, dict) and "Hash" in found:
            if (text := found.get("Text", "")).endswith("\\\n"):
                yield found["Hash"]["Offset"] + len(text.encode()) - 1
        elif isinstance(found, dict):
            waiting += found.values()


def _without_expressions(raw: bytes) -> bytes:
    """Each `${{ … }}` becomes a name of the same length, so that no position changes."""
    return _EXPRESSION.sub(_placeholder, raw)


def _placeholder(expression: re.Match[bytes]) -> bytes:
    return b"_" * len(expression.group())
