"""Splits SQL of PostgreSQL into statements, each with its line. Pure.

Knows what a semicolon may stand in without ending a statement: comments (nested ones too), texts, quoted names, and
the dollar-quoted bodies of routines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<comment>--[^\n]*)
    | (?P<block>/\*)
    | (?P<text>[eE]'(?:\\.|''|[^'\\])*'|'(?:''|[^'])*'|"(?:""|[^"])*")
    | (?P<dollar>\$(?:[A-Za-z_]\w*)?\$)
    | (?P<end>;)
    | (?P<other>\w+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_EDGE = re.compile(r"/\*|\*/")


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """`words`: upper case, texts and bodies left out, one space between them. `line` counts from 1."""

    line: int
    words: str


def statements(sql: str) -> Iterator[Statement]:
    """Every statement, the last one even without a semicolon."""
    words: list[str] = []
    line, at = 1, 0
    while at < len(sql):
        found = _TOKEN.match(sql, at)
        assert found is not None, "the last alternative matches any character"
        kind, end = found.lastgroup, found.end()
        if kind == "block":
            end = _end_of_block(sql, end)
        elif kind == "dollar":
            closing = sql.find(found.group(), end)
            end = len(sql) if closing < 0 else closing + len(found.group())
        if kind == "end":
            if words:
                yield Statement(line=line, words=" ".join(words))
            words = []
        elif kind in ("other", "text", "dollar"):
            if not words:
                line = sql.count("\n", 0, at) + 1
            words.append(found.group().upper() if kind == "other" else "?")
        at = end
    if words:
        yield Statement(line=line, words=" ".join(words))


def _end_of_block(sql: str, at: int) -> int:
    depth = 1
    for edge in _BLOCK_EDGE.finditer(sql, at):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql)
