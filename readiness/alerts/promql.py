"""Parses PromQL into a tree, and searches the tree. All code that reads PromQL uses this module.

The parser is native code (promql-parser). A query of 5,000 chained operators, or of 9,999 brackets, overflows its stack
and ends the whole process without a message (tried with 0.12), so length and depth are checked before the text is
parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import promql_parser as promql

# The longest query that may be deployed (readiness/alerts/api_limits.py).
MAX_CHARACTERS = 20_000
# The limit for nested brackets, and for chained operators. The deepest deployed query has 8 and 7.
MAX_DEPTH = 50

_QUOTES = ('"', "'", "`")
_PIECE = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`)
      | (?P<comment>\#[^\n]*)
      | (?P<open>[(\[{])
      | (?P<close>[)\]}])
      | (?P<operator>==|!=|>=|<=|[-+*/%^<>]|\b(?:and|or|unless|atan2)\b)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


class PromqlError(ValueError):
    """The text is not PromQL, or is too long or too deeply nested. The message says which."""


class PromqlLimitError(PromqlError):
    """The text is too long or too deeply nested for the parser. It may be valid PromQL."""


# Several rules read the same queries of a plan. A tree cannot be changed.
@lru_cache(maxsize=4096)
def parse(query: str) -> Any:
    """The tree of a query, in promql-parser's node types. Raises PromqlError."""
    # The parser ends a comment at a carriage return too.
    text = query.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_CHARACTERS:
        raise PromqlLimitError(f"it has {len(text)} characters; at most {MAX_CHARACTERS} are read")
    _check_depth(text)
    try:
        return promql.parse(text)
    except ValueError as error:
        raise PromqlError(str(error)) from None


def _check_depth(text: str) -> None:
    """Raises PromqlError for a tree that could be deeper than `MAX_DEPTH` brackets and as many operators."""
    operators_above: list[int] = []
    operators = 0
    for piece in _PIECE.finditer(text):
        kind = piece.lastgroup
        if kind == "other" and piece.group() in _QUOTES:
            raise PromqlError(f"a text in quotes has no end, or contains a line break: {text[piece.start() :][:20]!r}")
        if kind == "open":
            operators_above.append(operators)
        elif kind == "close" and operators_above:
            operators = operators_above.pop()
        elif kind == "operator":
            operators += 1
        if len(operators_above) > MAX_DEPTH:
            raise PromqlLimitError(f"it is nested in more than {MAX_DEPTH} brackets")
        if operators > MAX_DEPTH:
            raise PromqlLimitError(f"more than {MAX_DEPTH} operators are chained")


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A part of a query with the expressions around it, the innermost first."""

    expression: Any
    around: tuple[Any, ...] = ()


def walk(node: Node) -> Iterator[Node]:
    """The node and all nodes below it."""
    yield node
    for child in _children(node.expression):
        yield from walk(Node(expression=child, around=(node.expression, *node.around)))


def selectors(expression: Any) -> list[Any]:
    """The series that an expression reads."""
    found = [node.expression for node in walk(Node(expression=expression))]
    return [item for item in found if isinstance(item, promql.VectorSelector)]


def lookback_seconds(node: Node) -> float:
    """How far back a selector reads: the sum of all windows and offsets on it and around it."""
    seconds = 0.0
    for part in (node.expression, *node.around):
        if isinstance(part, promql.MatrixSelector | promql.SubqueryExpr) and part.range is not None:
            seconds += part.range.total_seconds()
        if isinstance(part, promql.VectorSelector | promql.SubqueryExpr) and part.offset is not None:
            seconds += part.offset.total_seconds()
    return seconds


def unwrapped(expression: Any) -> Any:
    """The expression without surrounding brackets."""
    return unwrapped(expression.expr) if isinstance(expression, promql.ParenExpr) else expression


def number(expression: Any) -> float | None:
    """The value of a number, with or without brackets, or of a product or quotient of numbers. Otherwise None."""
    inner = unwrapped(expression)
    if isinstance(inner, promql.NumberLiteral):
        return float(inner.val)
    if isinstance(inner, promql.UnaryExpr):
        value = number(inner.expr)
        return None if value is None else -value
    if isinstance(inner, promql.BinaryExpr) and str(inner.op) in ("*", "/"):
        left, right = number(inner.lhs), number(inner.rhs)
        if left is None or right is None or (str(inner.op) == "/" and right == 0):
            return None
        return left * right if str(inner.op) == "*" else left / right
    return None


def _children(expression: Any) -> list[Any]:
    if isinstance(expression, promql.BinaryExpr):
        return [expression.lhs, expression.rhs]
    if isinstance(expression, promql.Call):
        return list(expression.args)
    if isinstance(expression, promql.MatrixSelector):
        return [expression.vector_selector]
    if isinstance(expression, promql.AggregateExpr | promql.ParenExpr | promql.UnaryExpr | promql.SubqueryExpr):
        return [expression.expr]
    return []
