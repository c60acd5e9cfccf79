"""The unit of a query's result, if it is known. A threshold must have this unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import promql_parser as promql

from readiness.alerts.metric_catalogue import DISTRIBUTION_PARTS, Metric
from readiness.alerts.promql import number, selectors, unwrapped

# Functions and aggregations that leave the unit of their argument as it is.
UNIT_KEEPING = frozenset(
    {
        "round", "ceil", "floor", "abs", "clamp", "clamp_max", "clamp_min", "sort", "sort_desc", "avg_over_time",
        "max_over_time", "min_over_time", "last_over_time", "quantile_over_time",
    }
)  # fmt: skip
_KEEPING_AGGREGATIONS = ("sum", "avg", "min", "max")
_SETS = ("or", "and", "unless")

Metrics = Mapping[str, Metric]


def unit_of(expression: Any, metrics: Metrics) -> str | None:
    """`ms`, `share`, another unit of the catalogue, or None if the unit is not known."""
    inner = unwrapped(expression)
    if isinstance(inner, promql.AggregateExpr):
        return unit_of(inner.expr, metrics) if str(inner.op) in _KEEPING_AGGREGATIONS else None
    if isinstance(inner, promql.SubqueryExpr):
        return unit_of(inner.expr, metrics)
    if isinstance(inner, promql.BinaryExpr):
        return _of_two(inner, metrics)
    if isinstance(inner, promql.Call):
        if inner.func.name == "histogram_quantile":
            return next(
                (metrics[selector.name].unit for selector in selectors(inner) if selector.name in metrics), None
            )
        return unit_of(inner.args[0], metrics) if inner.func.name in UNIT_KEEPING else None
    if isinstance(inner, promql.MatrixSelector):
        return unit_of(inner.vector_selector, metrics)
    if isinstance(inner, promql.VectorSelector) and inner.name in metrics:
        return None if inner.name.endswith(DISTRIBUTION_PARTS) else metrics[inner.name].unit
    return None


def _of_two(both: Any, metrics: Metrics) -> str | None:
    if str(both.op) in _SETS:
        return unit_of(both.lhs, metrics)
    if str(both.op) != "/":
        return None
    above, below = ({selector.name for selector in selectors(side)} for side in (both.lhs, both.rhs))
    if (above and above == below) or unit_of(both.lhs, metrics) == unit_of(both.rhs, metrics) == "bytes":
        return "share"
    if number(both.rhs) is not None:
        # A count divided by its limit: connections by slots, instances by their limit.
        is_count = any(name in metrics and metrics[name].kind == "GAUGE" for name in above)
        return "share" if is_count and unit_of(both.lhs, metrics) == "1" else None
    return _of_a_mean(above, below, metrics)


def _of_a_mean(above: set[Any], below: set[Any], metrics: Metrics) -> str | None:
    """The unit of a distribution's sum divided by its count."""
    if len(above) != 1 or len(below) != 1:
        return None
    (total,), (count,) = above, below
    if not (isinstance(total, str) and total.endswith("_sum") and total in metrics):
        return None
    return metrics[total].unit if count == f"{total.removesuffix('_sum')}_count" else None
