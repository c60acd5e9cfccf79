"""Reads the shell scripts of workflow steps into trees with `shfmt`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from readiness import clock
from readiness.ci.shell.shfmt import ShfmtError, syntax_tree
from readiness.ci.shell.tree import CommandList, ShellSyntaxError, tree_of

# No step is that long; GitHub refuses a `run` with expressions beyond 21,000 characters.
MAX_CHARACTERS = 32_000
# For one script, and for all that a reader reads together.
SCRIPT_LIMIT_SECONDS = 20
TOTAL_LIMIT_SECONDS = 120
# What GitHub replaces before the shell sees the script. A quote in it may hold braces.
_EXPRESSION = re.compile(rb"\$\{\{(?:[^'}$]|\$(?!\{\{)|\}(?!\})|'[^']*')*\}\}")


class ShellReader:
    """Reads scripts, each once. After `limit_seconds` it reads no more of them."""

    def __init__(self, limit_seconds: float = TOTAL_LIMIT_SECONDS) -> None:
        self._deadline_seconds = clock.monotonic_seconds() + limit_seconds
        self._read: dict[tuple[str, str], CommandList | ShellSyntaxError] = {}
        self._known: dict[tuple[str, str], Sequence[Mapping[str, Any]]] = {}

    def tree(self, script: str, dialect: str = "bash") -> CommandList:
        """The script's tree. `dialect` is one of shfmt's: `bash`, `posix`, `mksh`, `zsh`.

        Raises ShellSyntaxError where `shfmt` cannot read it, and RefusedError where there is no `shfmt`.
        """
        key = (script, dialect)
        if key not in self._read:
            try:
                self._read[key] = tree_of(self.statements(script, dialect), _encoded(script))
            except ShellSyntaxError as error:
                self._read[key] = error
        found = self._read[key]
        if isinstance(found, ShellSyntaxError):
            raise found
        return found

    def statements(self, script: str, dialect: str = "bash") -> Sequence[Mapping[str, Any]]:
        """The script's statements as `shfmt` gives them: every position is an offset in bytes of the script.

        Raises ShellSyntaxError where `shfmt` cannot read it, and RefusedError where there is no `shfmt`.
        """
        raw = _encoded(script)
        # Each expression becomes a name of the same length, so that no position changes.
        shown = _EXPRESSION.sub(lambda expression: b"_" * len(expression.group()), raw)
        deadline_seconds = min(self._deadline_seconds, clock.monotonic_seconds() + SCRIPT_LIMIT_SECONDS)
        try:
            if (script, dialect) not in self._known:
                self._known[(script, dialect)] = _statements(shown, dialect, deadline_seconds)
            return self._known[(script, dialect)]
        except ShfmtError as error:
            # Its line counts without the line breaks inside expressions.
            before = b"".join(shown.splitlines(keepends=True)[: max(0, error.line - 1)])
            line = raw.count(b"\n", 0, len(before) + error.column - 1)
            raise ShellSyntaxError(line, error.reason) from None


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


def _statements(shown: bytes, dialect: str, deadline_seconds: float) -> Sequence[Mapping[str, Any]]:
    """The script's statements.

    `shfmt` 3.14.1 takes a backslash at the end of a comment for a line continuation, which no shell does: the next line
    would be read as arguments. So the script is read again with a blank in its place.
    """
    for _ in range(3):
        tree = syntax_tree(shown, dialect, deadline_seconds=deadline_seconds)
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
