"""A query's shape: what stays when its thresholds, factors, windows and label filters are taken out, and those.

Two queries of one shape can be compared number by number. A number whose effect is not certain stays in the shape.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from readiness.durations import seconds_of
from readiness.review.promql_tokens import Token, tokens

# Functions that pass a factor of their argument on: a larger argument gives no smaller result.
_MONOTONE = frozenset({"", "round", "max", "min", "sum", "avg", "ceil", "floor"})
_QUANTILES = frozenset({"histogram_quantile", "quantile_over_time", "quantile"})
# Deeper than anybody writes; what is deeper is compared as text.
MAX_DEPTH = 50
_SPLITTERS = frozenset({"and", "or"})
_LABEL_LISTS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})

Direction = Literal["above", "below"]
_DIRECTIONS: dict[str, Direction] = {">": "above", ">=": "above", "<": "below", "<=": "below"}

# Values of one label that a selector lets through: by `=` and `=~` these, by `!=` and `!~` all others.
Matchers = dict[tuple[str, bool], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Threshold:
    """`> 0.05`."""

    comparison: str
    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Window:
    """`rate(…[179s])`; `function` in lower case, empty where none is around it."""

    function: str
    seconds: float
    text: str


@dataclass(slots=True)
class Shape:
    """`parts` is what has to be equal; `factor` the product of the factors that stand on a comparison's left."""

    parts: list[str] = field(default_factory=list)
    thresholds: list[Threshold] = field(default_factory=list)
    quantiles: list[float] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    selectors: list[Matchers] = field(default_factory=list)
    divisors: set[int] = field(default_factory=set)
    factor: float = 1.0

    @property
    def direction(self) -> Direction | None:
        """Whether the query speaks when a value is above or below; None where it has both or neither."""
        directions = {_DIRECTIONS.get(threshold.comparison) for threshold in self.thresholds}
        return directions.pop() if len(directions) == 1 else None


@dataclass(slots=True)
class _Group:
    """An open bracket: the function before it, whether its effect is certain, whether a comparison was seen in it."""

    function: str = ""
    is_certain: bool = True
    has_compared: bool = False


def shape_of(query: str) -> Shape:
    """The shape of any text; of one that is no PromQL nothing is taken out."""
    return _Reader(query).read()


class _Reader:
    def __init__(self, query: str) -> None:
        self._tokens = tokens(query)
        words = {token.text.lower() for token in self._tokens if token.kind == "word"}
        operators = {token.text for token in self._tokens if token.kind == "operator"}
        # A subtrahend, a set difference or a power turns "more" into "less": no factor is judged then.
        self._is_plain = "unless" not in words and not operators & {"-", "%", "^"}
        self._has_set_difference = "unless" in words
        self._groups = [_Group()]
        self._shape = Shape()
        self._position = 0

    def read(self) -> Shape:
        while self._position < len(self._tokens):
            token = self._tokens[self._position]
            if token.depth > MAX_DEPTH:
                return Shape(parts=[each.text for each in self._tokens])
            if token.text == "{" and (end := self._matchers()):
                self._position = end
                continue
            self._take(token)
            self._position += 1
        return self._shape

    def _take(self, token: Token) -> None:
        group = self._groups[-1]
        before = self._text(-1)
        if token.kind == "open":
            self._groups.append(self._group())
        elif token.kind == "close" and len(self._groups) > 1:
            self._groups.pop()
        elif token.kind == "comparison":
            group.has_compared = True
            if self._threshold(token):
                self._position += 1
                self._shape.parts.append("threshold")
                return
        elif token.kind == "word" and token.text.lower() in _SPLITTERS:
            group.has_compared = False
        elif token.kind == "range" and (seconds := seconds_of(token.text[1:-1].strip())) is not None:
            self._shape.windows.append(Window(self._function(), seconds, token.text[1:-1].strip()))
            self._shape.parts.append("window")
            return
        elif token.kind == "number" and self._number(float(token.text), before):
            return
        if token.text == "/":
            self._shape.divisors.add(len(self._shape.selectors))
        self._shape.parts.append(token.text)

    def _group(self) -> _Group:
        """The group that the bracket at hand opens."""
        function = self._text(-1).lower() if self._kind(-1) == "word" else ""
        if function in _LABEL_LISTS | _SPLITTERS | {"unless", "bool"}:
            function = ""
        ahead = self._text(-2) if function else self._text(-1)
        is_certain = self._groups[-1].is_certain and function in _MONOTONE and ahead != "/"
        return _Group(function=function or "", is_certain=is_certain)

    def _threshold(self, token: Token) -> bool:
        """Takes `> 0.05` where raising the number can only silence the query."""
        is_grouped_only = all(not group.function for group in self._groups)
        if (
            token.text not in _DIRECTIONS
            or self._kind(1) != "number"
            or not is_grouped_only
            or self._has_set_difference
        ):
            return False
        number = self._text(1)
        self._shape.thresholds.append(Threshold(token.text, float(number), number))
        return True

    def _number(self, value: float, before: str) -> bool:
        group = self._groups[-1]
        if before == "(" and group.function in _QUANTILES:
            self._shape.quantiles.append(value)
            self._shape.parts.append("quantile")
            return True
        is_left = not any(each.has_compared for each in self._groups)
        if before in ("*", "/") and is_left and self._is_plain and group.is_certain and value > 0:
            self._shape.factor *= value if before == "*" else 1 / value
            self._shape.parts.append("factor")
            return True
        return False

    def _matchers(self) -> int | None:
        """Takes a selector's braces; returns the position after them, None where they hold something else."""
        matchers: Matchers = {}
        position = self._position + 1
        while position < len(self._tokens) and self._tokens[position].text != "}":
            if self._tokens[position].kind == "comma":
                position += 1
                continue
            three = self._tokens[position : position + 3]
            if [token.kind for token in three] != ["word", "comparison", "text"]:
                return None
            key, values = _matcher(three[0].text, three[1].text, three[2].text[1:-1])
            matchers[key] = matchers[key] & values if key in matchers and key[1] else matchers.get(key, values) | values
            position += 3
        if position == len(self._tokens):
            return None
        self._shape.selectors.append(matchers)
        self._shape.parts.append("selector")
        return position + 1

    def _function(self) -> str:
        return next((group.function for group in reversed(self._groups) if group.function), "")

    def _text(self, offset: int) -> str:
        position = self._position + offset
        return self._tokens[position].text if 0 <= position < len(self._tokens) else ""

    def _kind(self, offset: int) -> str:
        position = self._position + offset
        return self._tokens[position].kind if 0 <= position < len(self._tokens) else ""


def _matcher(label: str, comparison: str, value: str) -> tuple[tuple[str, bool], frozenset[str]]:
    values = frozenset(alternatives(value) if "~" in comparison else (value,))
    return (label, not comparison.startswith("!")), values


def alternatives(pattern: str) -> list[str]:
    """`a|b(c|d)` as `a` and `b(c|d)`; a regular expression of one alternative as itself."""
    found: list[str] = []
    depth, current = 0, ""
    for piece in re.findall(r"\\.|.", pattern, re.DOTALL):
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if piece == "|" and depth == 0:
            found.append(current)
            current = ""
        else:
            current += piece
    return [*found, current]
