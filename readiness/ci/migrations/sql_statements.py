"""Splits SQL of PostgreSQL into statements, each with its line.

Knows where a semicolon ends no statement: comments (nested ones too), texts, quoted names, and
the bodies of routines, dollar-quoted or BEGIN ATOMIC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<comment>--[^\n\r]*)
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
    line, first_line, at, depth = 1, 1, 0, 0
    while at < len(sql):
        found = _TOKEN.match(sql, at)
        assert found is not None, "the last alternative matches any character"
        kind, end = found.lastgroup, _end_of(found, sql)
        if kind in ("other", "text", "dollar") or (kind == "end" and depth):
            if not words:
                first_line = line
            words.append("?" if kind in ("text", "dollar") else found.group().upper())
            depth += _deeper(words, depth)
        elif kind == "end":
            if words:
                yield Statement(line=first_line, words=" ".join(words))
            words = []
        line += sql.count("\n", at, end)
        at = end
    if words:
        yield Statement(line=first_line, words=" ".join(words))


def _end_of(found: re.Match[str], sql: str) -> int:
    """Where what the token begins is over."""
    if found.lastgroup == "block":
        return _end_of_block(sql, found.end())
    if found.lastgroup == "dollar":
        closing = sql.find(found.group(), found.end())
        return len(sql) if closing < 0 else closing + len(found.group())
    return found.end()


def _deeper(words: list[str], depth: int) -> int:
    """By how much the last word changes the depth within a body that SQL's standard writes: BEGIN ATOMIC ... END.

    Semicolons in it end no statement, and its END no transaction. CASE ends with END too. As psql counts them.
    """
    word = words[-1]
    if word == "ATOMIC" and words[-2:-1] == ["BEGIN"] and {"FUNCTION", "PROCEDURE"} & set(words[1:4]):
        return 1
    if depth and word in ("CASE", "END"):
        return 1 if word == "CASE" else -1
    return 0


def _end_of_block(sql: str, at: int) -> int:
    depth = 1
    for edge in _BLOCK_EDGE.finditer(sql, at):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql)
