"""How many points an alert's query returns each time that it is evaluated, read from its PromQL.

Google counts a query by its clauses: it is split at every comparison, `and`, `or` and `unless`, and clauses without a
metric are dropped (https://docs.cloud.google.com/monitoring/alerts/cost-control, "Use Metrics Explorer to verify the
count of points returned"). The series that the remaining clauses return are added up here.

The number is an upper limit as far as the labels of the series have known values: it assumes that every service has
data all the time, and runs in one region.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import promql_parser as promql

from readiness.alerts.metric_catalogue import Metric
from readiness.alerts.promql import Node, PromqlError, parse, selectors, unwrapped, walk

_SPLITTING = frozenset({">", "<", ">=", "<=", "==", "!=", "and", "or", "unless"})
# Labels that follow from another one: a service has one configuration and, in our stacks, one region; a host one check.
_FOLLOWING = frozenset(
    {"project_id", "monitored_resource", "location", "region", "configuration_name", "check_id", "checked_resource_id"}
)
# Functions that return one series whatever they read.
_ONE_SERIES = frozenset({"absent", "absent_over_time", "scalar"})
# Texts beside each other in a regular expression, `a|b[.]c`, without any wildcard.
_LITERALS = re.compile(r"(?:\\.|\[\.\]|[\w :/@%=,-])+(?:\|(?:\\.|\[\.\]|[\w :/@%=,-])+)*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Returned:
    """`series` that an evaluation returns, and `references`: how often the query names a metric.

    `assumed` are the labels whose number of values is an assumption of the settings, `unknown` those that nothing
    limits, which are counted as one value; or why the query cannot be counted.
    """

    series: int
    references: int
    assumed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class LabelValues:
    """How many values a label has where no matcher says it.

    `by_label` are known numbers; `assumed`, where given, is the settings' limit for every other label. `metrics` are
    the known ones by the name of their series.
    """

    by_label: Mapping[str, int] = field(default_factory=dict)
    assumed: int | None = None
    metrics: Mapping[str, Metric] = field(default_factory=dict)


def returned_by(query: str, values: LabelValues) -> Returned:
    """What one evaluation of the query returns."""
    try:
        tree = parse(query)
    except PromqlError:
        return Returned(series=1, references=1, unknown=("the query, which cannot be read",))
    counter = _Counter(values)
    series = sum(counter.series(clause) for clause in _clauses(tree))
    return Returned(
        series=series,
        references=len(selectors(tree)),
        assumed=tuple(sorted(counter.assumed)),
        unknown=tuple(sorted(counter.unknown)),
    )


def _clauses(expression: Any) -> Iterator[Any]:
    """The largest parts that read a metric and hold no comparison, `and`, `or` or `unless`."""
    if not selectors(expression):
        return
    parts = [node for node in walk(Node(expression=expression)) if _splits(node.expression)]
    if not parts:
        yield expression
    elif _splits(expression):
        yield from _clauses(expression.lhs)
        yield from _clauses(expression.rhs)
    else:
        for node in walk(Node(expression=expression)):
            if len(node.around) == 1:
                yield from _clauses(node.expression)


def _splits(expression: Any) -> bool:
    # The parser writes `> bool` for a comparison with that modifier.
    return isinstance(expression, promql.BinaryExpr) and str(expression.op).partition(" ")[0] in _SPLITTING


@dataclass(slots=True)
class _Counter:
    """Counts series, and collects the labels whose values are not known."""

    values: LabelValues
    assumed: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)

    def series(self, expression: Any) -> int:
        """How many series the expression returns, at most."""
        inner = unwrapped(expression)
        if isinstance(inner, promql.AggregateExpr):
            return self._aggregate(inner)
        if isinstance(inner, promql.BinaryExpr):
            return self._arithmetic(inner)
        if isinstance(inner, promql.Call):
            return self._call(inner)
        if isinstance(inner, promql.VectorSelector):
            metric = self.values.metrics.get(inner.name or "")
            if metric is None:
                return self._values("every label of an unknown metric", [inner])
            labels = set[str]().union(*(metric.labels_on(resource) for resource in metric.resources))
            return prod(self._values(label, [inner]) for label in sorted(labels))
        if isinstance(inner, promql.MatrixSelector):
            return self.series(inner.vector_selector)
        return self.series(inner.expr) if hasattr(inner, "expr") else 1

    def _aggregate(self, inner: Any) -> int:
        if str(inner.op) in ("topk", "bottomk", "limitk", "limit_ratio", "count_values"):
            return self.series(inner.expr)
        if inner.modifier is None:
            return 1
        if str(inner.modifier.type).endswith("Without"):
            return self.series(inner.expr)
        return prod(self._values(label, selectors(inner.expr)) for label in sorted(set(inner.modifier.labels)))

    def _call(self, inner: Any) -> int:
        arguments = [argument for argument in inner.args if selectors(argument)]
        if inner.func.name in _ONE_SERIES or not arguments:
            return 1
        if inner.func.name != "histogram_quantile":
            return self.series(arguments[0])
        # The quantile is taken over `le`, so that it has one series for all of its values.
        quantile = _Counter(replace(self.values, by_label={**self.values.by_label, "le": 1}))
        series = quantile.series(arguments[-1])
        self._take_over(quantile)
        return series

    def _arithmetic(self, inner: Any) -> int:
        sides = [side for side in (inner.lhs, inner.rhs) if selectors(side)]
        if len(sides) == 1:
            return self.series(sides[0])
        cardinality = str(inner.modifier.card) if inner.modifier else ""
        if cardinality.endswith("ManyToOne"):
            return self.series(inner.lhs)
        if cardinality.endswith("OneToMany"):
            return self.series(inner.rhs)
        # One series of each side is matched with one of the other: there are no more pairs than on the smaller side.
        counted = [(counter.series(side), counter) for side in sides for counter in [_Counter(self.values)]]
        series, chosen = min(counted, key=lambda found: (len(found[1].unknown), found[0]))
        self._take_over(chosen)
        return series

    def _take_over(self, other: _Counter) -> None:
        self.assumed |= other.assumed
        self.unknown |= other.unknown

    def _values(self, label: str, read: list[Any]) -> int:
        """How many values the label has in series that are on all of these selectors."""
        counts = [count for selector in read if (count := _matched(selector, label)) is not None]
        if counts:
            return min(counts)
        if label in self.values.by_label:
            return self.values.by_label[label]
        if label in _FOLLOWING:
            return 1
        if self.values.assumed is not None:
            self.assumed.add(label)
            return self.values.assumed
        self.unknown.add(label)
        return 1


def _matched(selector: Any, label: str) -> int | None:
    """How many values the matchers of a selector let through; None where they do not say it."""
    for matcher in selector.matchers.matchers:
        if matcher.name == label and (named := _named(matcher)):
            return len(named)
    return None


def _named(matcher: Any) -> frozenset[str]:
    """The values that a matcher matches; none if it does not list them."""
    if str(matcher.op).endswith(".Equal"):
        return frozenset({matcher.value})
    is_list = str(matcher.op).endswith(".Re") and _LITERALS.fullmatch(matcher.value)
    return frozenset(matcher.value.split("|")) if is_list else frozenset()


def values_in(queries: Iterable[str], label: str) -> frozenset[str]:
    """Every value of the label that matchers in these queries name."""
    found: set[str] = set()
    for query in queries:
        try:
            read = selectors(parse(query))
        except PromqlError:
            continue
        for selector in read:
            for matcher in selector.matchers.matchers:
                if matcher.name == label:
                    found |= _named(matcher)
    return frozenset(found)
