"""A parsed query as the lint walks it: every part, with all that stands around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import promql_parser as promql


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A part of a query with all that stands around it, the innermost first."""

    expression: Any
    around: tuple[Any, ...] = ()


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    for child in _children(node.expression):
        yield from walk(Node(expression=child, around=(node.expression, *node.around)))


def selectors(expression: Any) -> list[Any]:
    """The series that an expression reads."""
    found = [node.expression for node in walk(Node(expression=expression))]
    return [each for each in found if isinstance(each, promql.VectorSelector)]


def unwrapped(expression: Any) -> Any:
    """The expression without brackets around it."""
    return unwrapped(expression.expr) if isinstance(expression, promql.ParenExpr) else expression


def number(expression: Any) -> float | None:
    """The value of a number, of one in brackets, or of two that are multiplied or divided; else None."""
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
