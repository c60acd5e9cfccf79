"""What changed between two alert queries, or between two log filters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal

import promql_parser as promql

from readiness.alerts.promql import PromqlError, number, parse, unwrapped

# The longer the window of one of these, the larger its value. The others average: the longer, the later the alert.
_ACCUMULATING = frozenset(
    {"increase", "delta", "count_over_time", "sum_over_time", "max_over_time", "last_over_time", "present_over_time",
     "changes", "resets"}
)  # fmt: skip
# Cloud Run and log-based metrics have a sample a minute; a second more or less in a window changes nothing.
_WINDOW_TOLERANCE_SECONDS = 1.0
_EVERYTHING = frozenset({".*", ".+"})
CANNOT_BE_COMPARED = "the query differs in more than threshold, window or label matchers: it cannot be compared"

Direction = Literal["above", "below"]
_DIRECTIONS: dict[str, Direction] = {">": "above", ">=": "above", "<": "below", "<=": "below"}

# The values of one label that a selector lets through: by `=` and `=~` these, by `!=` and `!~` all others.
Matchers = dict[tuple[str, bool], frozenset[str]]


@dataclass(frozen=True, slots=True)
class QueryChange:
    """One difference: `threshold > 0.05 -> > 0.5`."""

    text: str
    is_weaker: bool


@dataclass(frozen=True, slots=True)
class _Threshold:
    """`> 0.05`."""

    comparison: str
    value: float

    @property
    def text(self) -> str:
        return f"{self.comparison} {self.value:.12g}"


@dataclass(frozen=True, slots=True)
class _Window:
    """`rate(…[3m])`; `function` is empty where none is around it."""

    function: str
    length: timedelta

    @property
    def text(self) -> str:
        return promql.display_duration(self.length)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the query a node is: under which function, and whether what is around it keeps its meaning plain."""

    function: str = ""
    # Only `and`, `or` and brackets are around it: raising a threshold here can only silence the alert.
    is_condition: bool = True
    is_divisor: bool = False

    def inside(self, function: str = "") -> _Place:
        """Below a call of `function`, or below anything else that is no condition."""
        return replace(self, function=function or self.function, is_condition=False)


@dataclass(slots=True)
class _Pairs:
    """What both queries have, pairwise; of windows and matchers also whether they are in a divisor."""

    thresholds: list[tuple[_Threshold, _Threshold]] = field(default_factory=list)
    windows: list[tuple[_Window, _Window, bool]] = field(default_factory=list)
    matchers: list[tuple[Matchers, Matchers, bool]] = field(default_factory=list)

    @property
    def direction(self) -> Direction | None:
        """Whether every threshold alerts on values above it, or every one on values below; else None."""
        directions = {_DIRECTIONS[threshold.comparison] for both in self.thresholds for threshold in both}
        return directions.pop() if len(directions) == 1 else None


class _DifferentError(Exception):
    """The queries differ in something that cannot be compared."""


def query_changes(old: str, new: str) -> list[QueryChange]:
    """Every difference that matters; empty for queries that differ in nothing but spaces and order of matchers."""
    if old == new:
        return []
    pairs = _Pairs()
    try:
        _compare(parse(old), parse(new), _Place(), pairs)
    except PromqlError as error:
        reason = str(error).partition("\n")[0][:200]
        return [QueryChange(f"cannot be compared, because a query cannot be read: {reason}", is_weaker=True)]
    except _DifferentError:
        return [QueryChange(CANNOT_BE_COMPARED, is_weaker=True)]
    return [*_thresholds(pairs), *_windows(pairs), *_filters(pairs)]


def _compare(old: Any, new: Any, place: _Place, pairs: _Pairs) -> None:
    """Adds what can be compared to `pairs`. Raises _DifferentError for any other difference."""
    old, new = unwrapped(old), unwrapped(new)
    values = number(old), number(new)
    if None not in values:
        _same(*values)
        return
    _same(type(old), type(new))
    if isinstance(old, promql.BinaryExpr):
        _compare_operands(old, new, place, pairs)
    elif isinstance(old, promql.Call):
        _same((old.func.name, len(old.args)), (new.func.name, len(new.args)))
        inside = place.inside(old.func.name.lower())
        found = _Pairs() if inside.function.startswith("absent") else pairs
        for before, after in zip(old.args, new.args, strict=True):
            _compare(before, after, inside, found)
        if found is not pairs:
            # More series make `absent` say less: nothing may differ.
            for before, after, _ in (*found.windows, *found.matchers):
                _same(before, after)
    elif isinstance(old, promql.AggregateExpr):
        _same(_grouping(old), _grouping(new))
        inside = place.inside()
        _compare_optional(old.param, new.param, inside, pairs)
        _compare(old.expr, new.expr, inside, pairs)
    elif isinstance(old, promql.UnaryExpr):
        inside = place.inside()
        _compare(old.expr, new.expr, inside, pairs)
    elif isinstance(old, promql.MatrixSelector):
        pairs.windows.append((_window(old, place), _window(new, place), place.is_divisor))
        _compare(old.vector_selector, new.vector_selector, place, pairs)
    elif isinstance(old, promql.SubqueryExpr):
        _same((old.step, *_when(old)), (new.step, *_when(new)))
        pairs.windows.append((_window(old, place), _window(new, place), place.is_divisor))
        inside = place.inside()
        _compare(old.expr, new.expr, inside, pairs)
    elif isinstance(old, promql.VectorSelector):
        _same((old.name, _alternative_matchers(old), *_when(old)), (new.name, _alternative_matchers(new), *_when(new)))
        pairs.matchers.append((_matchers(old), _matchers(new), place.is_divisor))
    elif isinstance(old, promql.StringLiteral):
        _same(old.val, new.val)
    else:
        raise _DifferentError


def _compare_operands(old: Any, new: Any, place: _Place, pairs: _Pairs) -> None:
    operators = str(old.op).partition(" ")[0], str(new.op).partition(" ")[0]
    _same(_matching(old), _matching(new))
    values = number(old.rhs), number(new.rhs)
    if place.is_condition and all(operator in _DIRECTIONS for operator in operators) and None not in values:
        before, after = (
            _Threshold(operator, float(value or 0)) for operator, value in zip(operators, values, strict=True)
        )
        pairs.thresholds.append((before, after))
        left = _Place(is_condition=False)
        _compare(old.lhs, new.lhs, left, pairs)
        return
    _same(*operators)
    is_condition = place.is_condition and operators[0] in ("and", "or")
    left = _Place(function=place.function, is_condition=is_condition, is_divisor=place.is_divisor)
    # What makes a divisor, a subtrahend or the right side of `unless` larger makes the whole smaller.
    turns_round = operators[0] in ("/", "-", "%", "unless")
    right = _Place(function=place.function, is_condition=is_condition, is_divisor=place.is_divisor or turns_round)
    _compare(old.lhs, new.lhs, left, pairs)
    _compare(old.rhs, new.rhs, right, pairs)


def _compare_optional(old: Any, new: Any, place: _Place, pairs: _Pairs) -> None:
    _same(old is None, new is None)
    if old is not None:
        _compare(old, new, place, pairs)


def _same(old: Any, new: Any) -> None:
    if old != new:
        raise _DifferentError


def _grouping(aggregation: Any) -> tuple[Any, ...]:
    modifier = aggregation.modifier
    return (str(aggregation.op), None if modifier is None else (str(modifier.type), frozenset(modifier.labels)))


def _matching(both: Any) -> tuple[Any, ...]:
    """How two sides are matched: `on (a)`, `group_left (b)`, `bool`."""
    modifier = both.modifier
    if modifier is None:
        return (None, None, None, False)
    matching = modifier.matching
    labels = None if matching is None else (str(matching.type), frozenset(matching.labels))
    return (labels, str(modifier.card), frozenset(modifier.group_labels or ()), bool(modifier.return_bool))


def _when(selector: Any) -> tuple[Any, ...]:
    at = selector.at
    return (selector.offset, None if at is None else str(at))


def _alternative_matchers(selector: Any) -> list[list[tuple[str, str, str]]]:
    """Those of `{a="1" or b="2"}`, which Monitoring does not know: they are equal, or cannot be compared."""
    alternatives = selector.matchers.or_matchers
    return [[(matcher.name, str(matcher.op), matcher.value) for matcher in matchers] for matchers in alternatives]


def _matchers(selector: Any) -> Matchers:
    found: Matchers = {}
    for matcher in selector.matchers.matchers:
        is_positive = matcher.op in (promql.MatchOp.Equal, promql.MatchOp.Re)
        is_pattern = matcher.op in (promql.MatchOp.Re, promql.MatchOp.NotRe)
        key = (matcher.name, is_positive)
        values = frozenset(alternatives(matcher.value) if is_pattern else (matcher.value,))
        found[key] = found[key] & values if key in found and is_positive else found.get(key, values) | values
    return found


def _window(node: Any, place: _Place) -> _Window:
    return _Window(place.function, node.range)


def _thresholds(pairs: _Pairs) -> Iterator[QueryChange]:
    for old, new in pairs.thresholds:
        if old != new:
            yield QueryChange(f"threshold {old.text} -> {new.text}", is_weaker=_is_looser(old, new))


def _is_looser(old: _Threshold, new: _Threshold) -> bool:
    if old.comparison[0] != new.comparison[0]:
        return True
    # Written so that NaN, which nothing is above or below, counts as further away.
    further = not (new.value <= old.value if new.comparison[0] == ">" else new.value >= old.value)
    lost_equality = new.value == old.value and len(new.comparison) < len(old.comparison)
    return further or lost_equality


def _windows(pairs: _Pairs) -> Iterator[QueryChange]:
    changes = [_window_change(old, new) for old, new, _ in pairs.windows]
    is_everywhere = len(set(changes)) == 1
    has_divisor = any(in_divisor for _, _, in_divisor in pairs.windows)
    for old, new in dict.fromkeys(change for change in changes if change is not None):
        text = f"window of {new.function or 'the query'} {old.text} -> {new.text}"
        is_longer = new.length > old.length
        if has_divisor and not is_everywhere:
            text = f"{text}, on one side of a quotient or difference only: cannot be compared"
            yield QueryChange(text, is_weaker=True)
        elif new.function in _ACCUMULATING and not has_divisor:
            # A larger value passes `>` sooner and `<` later.
            is_stronger = pairs.direction == ("above" if is_longer else "below")
            yield QueryChange(text, is_weaker=not is_stronger)
        else:
            yield QueryChange(text, is_weaker=is_longer)


def _window_change(old: _Window, new: _Window) -> tuple[_Window, _Window] | None:
    differs = abs(old.length - new.length).total_seconds() > _WINDOW_TOLERANCE_SECONDS
    return (old, new) if differs else None


def _filters(pairs: _Pairs) -> Iterator[QueryChange]:
    for key in sorted({key for old, new, _ in pairs.matchers for key in (*old, *new)}):
        changes = [_filter_change(key, old, new) for old, new, _ in pairs.matchers]
        distinct = {change for change in changes if change is not None}
        is_everywhere = len(distinct) == 1 and None not in changes
        in_divisor = any(change and pair[2] for change, pair in zip(changes, pairs.matchers, strict=True))
        for change in sorted(distinct, key=lambda change: change.text):
            if in_divisor and not is_everywhere:
                text = f"{change.text}, on one side of a quotient or difference only: cannot be compared"
                yield QueryChange(text, is_weaker=True)
            elif pairs.direction == "above" or not pairs.thresholds:
                yield change
            else:
                # More series can make a sum larger, and a value below a threshold rarer.
                yield QueryChange(change.text, is_weaker=True)


def _filter_change(key: tuple[str, bool], old: Matchers, new: Matchers) -> QueryChange | None:
    label, is_positive = key
    before, after = old.get(key), new.get(key)
    if before == after:
        return None
    if before is None or after is None:
        names = _listed(after or before or frozenset())
        text = f"{label} {'only' if is_positive else 'not'} {names}"
        return QueryChange(text if before is None else f"no longer: {text}", is_weaker=before is None)
    lost, gained = before - after, after - before
    if not is_positive:
        lost, gained = gained, lost
    parts = [f"without {_listed(lost)}"] if lost else []
    parts += [f"with {_listed(gained)}"] if gained else []
    is_covered = is_positive and bool(after & _EVERYTHING)
    return QueryChange(f"{label} {', '.join(parts)}", is_weaker=bool(lost) and not is_covered)


def _listed(values: frozenset[str]) -> str:
    return ", ".join(sorted(values))


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


_JOINT = re.compile(r"\s*\n\s*|\s+AND\s+")
_COMPARISON = re.compile(r"^(?P<negated>(?:NOT\s+|-)?)(?P<subject>[\w.\-/\"]+)\s*(?P<operator>=~|!~|!=|>=|<=|=|:|>|<)")
# Pieces of a regular expression or of a list: what is lost of them is no longer matched.
_PIECES = re.compile(r"\s+OR\s+|[|()]")

# Cloud Logging takes 20,000.
MAX_JUDGED_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True)
class FilterChange:
    """One difference: `resource.labels.service_name without "shop-web"`."""

    text: str
    is_narrower: bool


def filter_changes(old: str, new: str) -> list[FilterChange]:
    """Every clause that differs; empty for filters that differ in spaces and order only."""
    if max(len(old), len(new)) > MAX_JUDGED_CHARACTERS:
        return [FilterChange("is too long to be judged", is_narrower=True)] if old != new else []
    lost, gained = _clauses(old), _clauses(new)
    lost, gained = lost - gained, gained - lost
    changes: list[FilterChange] = []
    for clause in sorted(lost):
        partner = next((each for each in sorted(gained) if gained[each] and _subject(each) == _subject(clause)), None)
        if partner is None:
            changes.append(FilterChange(f"no longer asked: {clause}", is_narrower=_is_negative(clause) is None))
        else:
            gained[partner] -= 1
            changes += _within(clause, partner)
    changes += [FilterChange(f"asked besides: {clause}", is_narrower=True) for clause in sorted(+gained)]
    return changes


def _clauses(text: str) -> Counter[str]:
    return Counter(clause for each in _JOINT.split(text.strip()) if (clause := " ".join(each.split())))


def _subject(clause: str) -> tuple[str, str] | None:
    """What is compared and how; None for a clause of another form, which has no partner."""
    match = _COMPARISON.match(clause)
    return (match["negated"].strip() + match["subject"], match["operator"]) if match else None


def _is_negative(clause: str) -> bool | None:
    """Whether the clause lets through what does not match; None where it cannot be told."""
    match = _COMPARISON.match(clause)
    if match is None or match["operator"] in (">", "<", ">=", "<="):
        return None
    return bool(match["negated"]) is not match["operator"].startswith("!")


def _within(old: str, new: str) -> Iterator[FilterChange]:
    match = _COMPARISON.match(old)
    subject = f"{match['negated']}{match['subject']}" if match else old
    negative = _is_negative(old)
    before, after = (_pieces(clause) for clause in (old, new))
    lost, gained = sorted(before - after), sorted(after - before)
    if negative is None or not (lost or gained):
        yield FilterChange(f"{old} -> {new}: cannot be judged", is_narrower=True)
        return
    parts = [f"without {', '.join(lost)}"] if lost else []
    parts += [f"with {', '.join(gained)}"] if gained else []
    yield FilterChange(f"{subject} {', '.join(parts)}", is_narrower=bool(gained if negative else lost))


def _pieces(clause: str) -> frozenset[str]:
    match = _COMPARISON.match(clause)
    value = clause[match.end() :] if match else clause
    return frozenset(piece.strip(' "') for piece in _PIECES.split(value) if piece.strip(' "'))
