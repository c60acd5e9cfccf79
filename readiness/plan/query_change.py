"""What changed between two alert queries, or two log filters, and whether the new one is weaker.

Compares thresholds, windows and label matchers of queries that are otherwise the same, and the clauses of a filter. Any
other change counts as weaker, because the text does not show that it is not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import promql_parser as promql

from readiness.alerts.promql import Node, PromqlError, number, parse, unwrapped, walk

# Cloud Run and log-based metrics have a sample a minute; a second more or less in a window changes nothing.
_WINDOW_TOLERANCE_SECONDS = 1.0
_EVERYTHING = frozenset({".*", ".+"})
_COMPARISONS = (">", ">=", "<", "<=")
# Where more of the one side makes the whole smaller.
_DIFFERENCES = ("/", "-", "%", "unless")
CANNOT_BE_COMPARED = "the query differs in more than threshold, window or label matchers: it cannot be compared"
MAX_FILTER_CHARACTERS = 100_000

# The values of one label that a selector matches: by `=` and `=~` these, by `!=` and `!~` all others.
Matchers = dict[tuple[str, bool], frozenset[str]]
# The nodes of two queries that have the same shape.
Pairs = list[tuple[Node, Node]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: `threshold > 0.05 -> > 0.5`, `resource.labels.service_name without web`."""

    text: str
    is_weaker: bool


def query_changes(old: str, new: str) -> list[Difference]:
    """Every difference that matters; empty for queries that differ in nothing but spaces and order of matchers."""
    if old == new:
        return []
    try:
        before, after = _nodes(old), _nodes(new)
    except PromqlError as error:
        reason = str(error).partition("\n")[0][:200]
        return [Difference(f"cannot be compared, because a query cannot be read: {reason}", is_weaker=True)]
    if [_shape(node) for node in before] != [_shape(node) for node in after]:
        return [Difference(CANNOT_BE_COMPARED, is_weaker=True)]
    pairs = list(zip(before, after, strict=True))
    return [*_thresholds(pairs), *_windows(pairs), *_matcher_changes(pairs)]


def _nodes(query: str) -> list[Node]:
    """The nodes of a query from the top down, without brackets and without the parts of a constant."""
    found = []
    for node in walk(Node(expression=parse(query))):
        around = tuple(outer for outer in node.around if not isinstance(outer, promql.ParenExpr))
        if not isinstance(node.expression, promql.ParenExpr) and all(number(outer) is None for outer in around):
            found.append(Node(expression=node.expression, around=around))
    return found


def _shape(node: Node) -> tuple[Any, ...]:
    """Everything of a node that has to be the same in both queries."""
    inner = node.expression
    if _is_threshold(node):
        return ("threshold",)
    if (value := number(inner)) is not None:
        return ("number", value)
    shape: tuple[Any, ...] = (type(inner).__name__,)
    if isinstance(inner, promql.BinaryExpr):
        return (*shape, "comparison" if _is_condition(node) else str(inner.op), *_matching(inner.modifier))
    if isinstance(inner, promql.Call):
        return (*shape, inner.func.name, len(inner.args))
    if isinstance(inner, promql.AggregateExpr):
        grouping = inner.modifier and (str(inner.modifier.type), frozenset(inner.modifier.labels))
        return (*shape, str(inner.op), grouping, inner.param and inner.param.prettify())
    if isinstance(inner, promql.SubqueryExpr):
        return (*shape, inner.step, inner.offset, inner.at and str(inner.at))
    if isinstance(inner, promql.VectorSelector):
        # `{a="1" or b="2"}`, which Monitoring does not know.
        alternative = [
            [(matcher.name, str(matcher.op), matcher.value) for matcher in group]
            for group in inner.matchers.or_matchers
        ]
        return (*shape, inner.name, inner.offset, inner.at and str(inner.at), alternative)
    return (*shape, inner.val) if isinstance(inner, promql.StringLiteral) else shape


def _matching(modifier: Any) -> tuple[Any, ...]:
    """How two sides are matched: `on (a)`, `group_left (b)`, `bool`."""
    if modifier is None:
        return (None, None, frozenset(), False)
    matching = modifier.matching and (str(modifier.matching.type), frozenset(modifier.matching.labels))
    return (matching, str(modifier.card), frozenset(modifier.group_labels or ()), bool(modifier.return_bool))


def _operator(expression: Any) -> str:
    return str(expression.op).partition(" ")[0] if isinstance(expression, promql.BinaryExpr) else ""


def _is_condition(node: Node) -> bool:
    """Whether the node is `… > 5` with only `and` and `or` around it: a higher number can only silence the alert."""
    inner = node.expression
    is_comparison = _operator(inner) in _COMPARISONS and number(inner.rhs) is not None and number(inner.lhs) is None
    return is_comparison and all(_operator(outer) in ("and", "or") for outer in node.around)


def _is_threshold(node: Node) -> bool:
    is_number = number(node.expression) is not None and bool(node.around)
    return is_number and _is_condition(Node(expression=node.around[0], around=node.around[1:]))


def _thresholds(pairs: Pairs) -> Iterator[Difference]:
    for old, new in ((old.expression, new.expression) for old, new in pairs if _is_condition(old)):
        (before, after), (low, high) = (_operator(old), _operator(new)), (_number(old.rhs), _number(new.rhs))
        if (before, low) == (after, high):
            continue
        # Written so that NaN, which nothing is above or below, counts as further away.
        is_further = not (high <= low if after[0] == ">" else high >= low)
        loses_equality = high == low and len(after) < len(before)
        text = f"threshold {before} {low:.12g} -> {after} {high:.12g}"
        yield Difference(text, is_weaker=before[0] != after[0] or is_further or loses_equality)


def _number(expression: Any) -> float:
    value = number(unwrapped(expression))
    return float("nan") if value is None else value


def _windows(pairs: Pairs) -> Iterator[Difference]:
    """Another window is never known to be as strict: that depends on the function, and on what it is divided by."""
    found: dict[str, None] = {}
    for old, new in pairs:
        if isinstance(old.expression, promql.MatrixSelector | promql.SubqueryExpr):
            ranges: list[Any] = [node.expression.range for node in (old, new)]
            before, after = ranges
            if abs(before - after).total_seconds() > _WINDOW_TOLERANCE_SECONDS:
                function = next((node.func.name for node in old.around if isinstance(node, promql.Call)), "the query")
                lengths = f"{promql.display_duration(before)} -> {promql.display_duration(after)}"
                found[f"window of {function} {lengths}"] = None
    yield from (Difference(text, is_weaker=True) for text in found)


def _matcher_changes(pairs: Pairs) -> Iterator[Difference]:
    selectors = [(old, new) for old, new in pairs if isinstance(old.expression, promql.VectorSelector)]
    matchers = [(_matchers(old.expression), _matchers(new.expression)) for old, new in selectors]
    operators = {_operator(new.expression) for _, new in pairs}
    is_relative = any(operator in _DIFFERENCES for operator in operators)
    conditions = {_operator(new.expression)[0] for _, new in pairs if _is_condition(new)}
    asks_for_absence = any(
        isinstance(new.expression, promql.Call) and new.expression.func.name.startswith("absent") for _, new in pairs
    )
    # More series can make a sum larger, and a value below a threshold, or the absence of any, rarer.
    is_above = conditions <= {">"} and not asks_for_absence
    aggregations = [new.expression for _, new in pairs if isinstance(new.expression, promql.AggregateExpr)]
    for key in sorted({key for both in matchers for side in both for key in side}):
        changes = [_matcher_change(key, old, new) for old, new in matchers]
        is_everywhere = len(set(changes)) == 1
        for change in sorted({found for found in changes if found is not None}, key=lambda found: found.text):
            if is_relative and not is_everywhere:
                text = f"{change.text}, on one side of a quotient or difference only: cannot be compared"
                yield Difference(text, is_weaker=True)
            else:
                # Beside others in one mean or quantile, a further series can hide what the others say.
                is_apart = _keeps_apart(aggregations, key[0]) or (not is_relative and _only_grows(aggregations))
                yield Difference(change.text, is_weaker=change.is_weaker or not (is_above and is_apart))


def _keeps_apart(aggregations: list[Any], label: str) -> bool:
    """Whether series that differ in the label are never added up."""
    modifiers = [aggregation.modifier for aggregation in aggregations]
    return all(
        modifier and modifier.type == promql.AggModifierType.By and label in modifier.labels for modifier in modifiers
    )


def _only_grows(aggregations: list[Any]) -> bool:
    labels = [node.modifier.labels if node.modifier else () for node in aggregations]
    return all(str(node.op) in ("sum", "max", "count") for node in aggregations) and not any(
        "le" in of for of in labels
    )


def _matchers(selector: Any) -> Matchers:
    found: Matchers = {}
    for matcher in selector.matchers.matchers:
        is_positive = matcher.op in (promql.MatchOp.Equal, promql.MatchOp.Re)
        is_pattern = matcher.op in (promql.MatchOp.Re, promql.MatchOp.NotRe)
        key = (matcher.name, is_positive)
        values = frozenset(alternatives(matcher.value) if is_pattern else (matcher.value,))
        found[key] = found[key] & values if key in found and is_positive else found.get(key, values) | values
    return found


def _matcher_change(key: tuple[str, bool], old: Matchers, new: Matchers) -> Difference | None:
    label, is_positive = key
    before, after = old.get(key), new.get(key)
    if before == after:
        return None
    if before is None or after is None:
        text = f"{label} {'only' if is_positive else 'not'} {', '.join(sorted(after or before or ()))}"
        return Difference(text if before is None else f"no longer: {text}", is_weaker=before is None)
    lost, gained = before - after, after - before
    if not is_positive:
        lost, gained = gained, lost
    is_covered = is_positive and bool(after & _EVERYTHING)
    return Difference(f"{label} {_lost_and_gained(lost, gained)}", is_weaker=bool(lost) and not is_covered)


def _lost_and_gained(lost: frozenset[str], gained: frozenset[str]) -> str:
    parts = [f"without {', '.join(sorted(lost))}"] if lost else []
    parts += [f"with {', '.join(sorted(gained))}"] if gained else []
    return ", ".join(parts)


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


# A filter of Cloud Logging or Monitoring is read as clauses that all have to hold: one a line, or between `AND`s.
_JOINT = re.compile(r"\s*\n\s*|\s+AND\s+")
_VALUE = r'(?:"(?:[^"\\]|\\.)*"|[\w.\-/]+)'
# Of another form, such as one with `OR` between comparisons, a clause is only compared as a text.
_CLAUSE = re.compile(
    rf"(?P<negated>NOT\s+|-)?(?P<subject>[\w.\-/\"]+)\s*(?P<operator>=~|!~|!=|=|:)\s*"
    rf"(?P<value>{_VALUE}|\(\s*{_VALUE}(?:\s+OR\s+{_VALUE})*\s*\))"
)


def filter_changes(old: str, new: str) -> list[Difference]:
    """Every clause that differs, and whether less passes; empty for filters that differ in spaces and order only."""
    if max(len(old), len(new)) > MAX_FILTER_CHARACTERS:
        return [Difference("is too long to be compared", is_weaker=True)] if old != new else []
    before, after = _clauses(old), _clauses(new)
    gained = after - before
    changes: list[Difference] = []
    for clause in sorted((before - after).elements()):
        partner = next((new for new in sorted(+gained) if _subject(new) == _subject(clause) is not None), None)
        if partner is None:
            changes.append(Difference(f"removed: {clause}", is_weaker=_subject(clause) is None))
        else:
            gained[partner] -= 1
            changes.append(_clause_change(clause, partner))
    return [*changes, *(Difference(f"also requires: {clause}", is_weaker=True) for clause in sorted(+gained))]


def _clauses(text: str) -> Counter[str]:
    return Counter(clause for part in _JOINT.split(text.strip()) if (clause := " ".join(part.split())))


def _subject(clause: str) -> tuple[str, str] | None:
    """What is compared and how; None for a clause of another form."""
    match = _CLAUSE.fullmatch(clause)
    return ((match["negated"] or "") + match["subject"], match["operator"]) if match else None


def _clause_change(old: str, new: str) -> Difference:
    subject, operator = _subject(old) or (old, "")
    before, after = _values(old), _values(new)
    lost, gained = before - after, after - before
    if not lost and not gained:
        return Difference(f"{old} -> {new}: it is not known whether that is weaker", is_weaker=True)
    lets_through_the_rest = subject.startswith(("NOT ", "-")) is not operator.startswith("!")
    is_weaker = bool(gained if lets_through_the_rest else lost)
    return Difference(f"{subject} {_lost_and_gained(lost, gained)}", is_weaker=is_weaker)


def _values(clause: str) -> frozenset[str]:
    """The values of which a clause takes any: of a list, and of a regular expression its alternatives."""
    match = _CLAUSE.fullmatch(clause)
    found = [value.strip('"') for value in re.findall(_VALUE, match["value"] if match else "") if value != "OR"]
    is_pattern = match is not None and match["operator"].endswith("~")
    return frozenset(piece for value in found for piece in (alternatives(value) if is_pattern else [value]))
