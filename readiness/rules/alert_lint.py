"""What is wrong with the meaning of a plan's alert queries: mistakes that neither a provider nor promtool sees.

A misspelt metric or label parses, deploys, and never fires. The limits of a policy around its query (one condition,
intervals, documentation, links, auto-close, how far it looks back) are the API's contract: `alert_policies.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import promql_parser as promql

from readiness.alerts.definition import SAMPLE_PERIOD_SECONDS
from readiness.alerts.deployment_figures import DAYS_SINCE_SUCCESS, SUCCESS_RATIO_20
from readiness.alerts.deployment_metrics import delivery_metrics
from readiness.alerts.metric_catalogue import ASSUMED_DELAY_SECONDS, Metric
from readiness.alerts.promql import (
    Node,
    PromqlError,
    PromqlLimitError,
    lookback_seconds,
    number,
    parse,
    selectors,
    walk,
)
from readiness.alerts.query_units import UNIT_KEEPING, unit_of
from readiness.resource_types import ALERT_POLICY, LOG_METRIC
from readiness.rules.alert_policies import MAX_LOOKBACK_SECONDS
from readiness.rules.rule import Remark, Resource, Rule, Surroundings

# Functions of counters: on a gauge they make nonsense of every fall.
_OF_COUNTERS = frozenset({"rate", "increase", "irate", "resets"})
# Aggregations that came later.
_AGGREGATIONS_AFTER_2_44 = frozenset({"limitk", "limit_ratio"})
# What Monitoring promises to have (docs/facts/monitoring.md#promql-of-prometheus-244).
_FUNCTIONS_OF_2_44 = UNIT_KEEPING | _OF_COUNTERS | frozenset(
    {
        "absent", "absent_over_time", "acos", "acosh", "asin", "asinh", "atan", "atanh", "changes", "cos", "cosh",
        "count_over_time", "day_of_month", "day_of_week", "day_of_year", "days_in_month", "deg", "delta", "deriv",
        "exp", "histogram_count", "histogram_fraction", "histogram_quantile", "histogram_sum", "holt_winters", "hour",
        "idelta", "label_join", "label_replace", "ln", "log10", "log2", "minute", "month", "pi", "predict_linear",
        "present_over_time", "rad", "scalar", "sgn", "sin", "sinh", "sqrt", "stddev_over_time", "stdvar_over_time",
        "sum_over_time", "tan", "tanh", "time", "timestamp", "vector", "year",
    }
)  # fmt: skip
# Of a log-based or custom metric. Google's own metrics go further back, where the condition has no duration
# (docs/facts/monitoring.md#how-far-a-query-looks-back); readiness/rules/alert_policies.py checks that.
_USER_DEFINED = ("logging_googleapis_com:user_", "custom_googleapis_com:")
MIN_SAMPLES = 2
# Nobody alerts on less than a tenth of a second: 5 means seconds, and Google counts milliseconds.
_LEAST_MS = 100
# Comparisons, and how they read from the other side.
_COMPARISONS = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "==", "!=": "!="}

# A check of one node of a query. What it yields continues a sentence that starts with "the query".
Complaints = Iterator[str]
QueryCheck = Callable[[Node, Mapping[str, Metric]], Complaints]


def lint_query(query: str, metrics: Mapping[str, Metric], checks: Sequence[QueryCheck] | None = None) -> list[str]:
    """Everything that is wrong with a query by some checks (all by default), each once. `metrics`: by series name."""
    try:
        root = parse(query)
    except PromqlLimitError as error:
        return [f"is over a limit: {error}"]
    except PromqlError as error:
        return [f"does not parse: {error}"]
    nodes = list(walk(Node(expression=root)))
    used = QUERY_CHECKS if checks is None else checks
    return list(dict.fromkeys(complaint for check in used for node in nodes for complaint in check(node, metrics)))


def _queries(alert: Resource) -> Iterator[str]:
    for condition in alert.inputs.get("conditions", []):
        query = condition.get("conditionPrometheusQueryLanguage", {}).get("query")
        if isinstance(query, str):
            yield query


def _faulty_queries(alert: Resource, surroundings: Surroundings) -> Iterator[Remark]:
    for query in _queries(alert):
        for complaint in lint_query(query, surroundings.metrics):
            yield ("", f"the query {complaint}")


def _unwritten_metrics(alert: Resource, surroundings: Surroundings) -> Iterator[Remark]:
    """A condition on deployments that no stack counts: it never fires.

    A log metric that this plan declares has its writer in the plan; any other log metric is one that `metrics` lacks.
    """
    counted = surroundings.counted_environments
    place = str(alert.inputs.get("project")), str(alert.inputs.get("userLabels", {}).get("environment"))
    if counted is None or place in counted:
        return
    declared = {metric.inputs.get("name") for metric in surroundings.of_type(LOG_METRIC)}
    counters = [metric.promql_name for metric in delivery_metrics(*place) if metric.name not in declared]
    for query in _queries(alert):
        for name in (SUCCESS_RATIO_20, DAYS_SINCE_SUCCESS, *counters):
            if name in query:
                yield ("", f"the query reads {name}, which nobody writes for the environment {place[1]}")


def _matchers(selector: Any) -> list[Any]:
    """What a selector filters by, its metric's name apart."""
    return [matcher for matcher in selector.matchers.matchers if matcher.name != "__name__"]


def unknown_metric(node: Node, metrics: Mapping[str, Metric]) -> Complaints:
    """A name that is in no list of metrics: it has no data, so the alert never fires."""
    selector = node.expression
    if not isinstance(selector, promql.VectorSelector) or selector.name in metrics:
        return
    if selector.name is None:
        yield f"reads {selector.prettify()}; write the metric's name before the brackets, as run_googleapis_com:…"
    else:
        yield f"reads {selector.name}, which no list of metrics has; spell it right, or add it to metric_catalogue.py"


def missing_resource(node: Node, metrics: Mapping[str, Metric]) -> Complaints:
    """Monitoring needs the resource type if a metric is written for several."""
    selector = node.expression
    if not isinstance(selector, promql.VectorSelector) or selector.name not in metrics:
        return
    allowed = metrics[selector.name].resources
    wanted = [matcher for matcher in _matchers(selector) if matcher.name == "monitored_resource"]
    if not any(item.op == promql.MatchOp.Equal for item in wanted):
        yield f'reads {selector.name} without monitored_resource; write monitored_resource="{allowed[0]}"'
    for item in wanted:
        if item.op == promql.MatchOp.Equal and item.value not in allowed:
            yield f"reads {selector.name} of {item.value or 'none'}, and it is written for {', '.join(allowed)}"


def unknown_label(node: Node, metrics: Mapping[str, Metric]) -> Complaints:
    """A label that no series has: a filter on it matches nothing, and `by` and `on` keep nothing of it."""
    read = selectors(node.expression)
    known = [_labels_of(selector, metrics) for selector in read if selector.name in metrics]
    for label in _named_labels(node.expression):
        if known and not any(label in labels for labels in known):
            yield f"names the label {label}, which {read[0].name} does not have; it has {', '.join(sorted(known[0]))}"


def _named_labels(expression: Any) -> list[str]:
    """The labels that an expression itself names, in a filter, in `by` and `without`, or in `on` and the like."""
    if isinstance(expression, promql.VectorSelector):
        return [matcher.name for matcher in _matchers(expression)]
    modifier = getattr(expression, "modifier", None)
    if isinstance(expression, promql.AggregateExpr):
        return list(modifier.labels) if modifier is not None else []
    if isinstance(expression, promql.BinaryExpr) and modifier is not None:
        matched = modifier.matching.labels if modifier.matching is not None else []
        return [*matched, *(modifier.group_labels or [])]
    return []


def _labels_of(selector: Any, metrics: Mapping[str, Metric]) -> frozenset[str]:
    metric = metrics[selector.name]
    labels = frozenset(label for resource in metric.resources for label in metric.labels_on(resource))
    return labels | {"le"} if selector.name.endswith("_bucket") and metric.is_distribution else labels


def rate_on_a_gauge(node: Node, metrics: Mapping[str, Metric]) -> Complaints:
    """To a rate, a gauge that falls looks like a counter that restarts."""
    call = node.expression
    if isinstance(call, promql.Call) and call.func.name in _OF_COUNTERS:
        for selector in selectors(call):
            if selector.name in metrics and metrics[selector.name].kind == "GAUGE":
                yield f"takes {call.func.name} of {selector.name}, a gauge; compare it as it is"


def counter_without_rate(node: Node, metrics: Mapping[str, Metric]) -> Complaints:
    """A counter's value is what it has counted since an unknown time."""
    selector = node.expression
    if isinstance(selector, promql.VectorSelector) and selector.name in metrics:
        functions = [parent.func.name for parent in node.around if isinstance(parent, promql.Call)]
        if metrics[selector.name].kind == "DELTA" and not _OF_COUNTERS.intersection(functions):
            yield f"compares {selector.name}, which only grows; take its rate or increase"


def quantile_without_le(node: Node, metrics: Mapping[str, Metric]) -> Complaints:
    """Without the buckets' bounds there is no quantile, and the result is empty."""
    call = node.expression
    if not isinstance(call, promql.Call) or call.func.name != "histogram_quantile":
        return
    for inner in walk(Node(expression=call)):
        sum_ = inner.expression
        if isinstance(sum_, promql.AggregateExpr):
            by = sum_.modifier is None or sum_.modifier.type == promql.AggModifierType.By
            if ("le" in _named_labels(sum_)) is not by:
                yield "takes a quantile of buckets that are added up without `le`; write `by (…, le)`"
    for selector in selectors(call):
        if selector.name in metrics and not selector.name.endswith("_bucket"):
            yield f"takes a quantile of {selector.name}, which has no buckets"


def impossible_quantile(node: Node, _: Mapping[str, Metric]) -> Complaints:
    """Above 1 every quantile is infinite, so that the alert always fires; below 0 it never does."""
    call = node.expression
    if isinstance(call, promql.Call) and call.func.name in ("histogram_quantile", "quantile_over_time"):
        quantile = number(call.args[0])
        if quantile is not None and not 0 <= quantile <= 1:
            yield f"takes the quantile {quantile:g}, and there are those from 0 to 1; the 95th percentile is 0.95"


def short_window(node: Node, _: Mapping[str, Metric]) -> Complaints:
    """A rate needs two samples; with one a minute, a shorter window is empty in Prometheus."""
    matrix = node.expression
    if isinstance(matrix, promql.MatrixSelector):
        seconds = matrix.range.total_seconds()
        if seconds < MIN_SAMPLES * SAMPLE_PERIOD_SECONDS:
            yield (
                f"reads {seconds:g} s, in which there are fewer than {MIN_SAMPLES} samples of one a minute; "
                f"write {MIN_SAMPLES * SAMPLE_PERIOD_SECONDS} s or more"
            )


def short_gauge_window(node: Node, metrics: Mapping[str, Metric]) -> Complaints:
    """The newest samples of a gauge are not visible yet: a short window that ends now contains none of them."""
    matrix = node.expression
    if not isinstance(matrix, promql.MatrixSelector):
        return
    metric = metrics.get(str(matrix.vector_selector.name))
    seconds = matrix.range.total_seconds()
    if metric is None or metric.kind != "GAUGE" or seconds >= metric.min_gauge_window_seconds:
        return
    delay = (
        f"up to {metric.delay.seconds} s late"
        if metric.delay
        else f"late by a time that no source states (we assume up to {ASSUMED_DELAY_SECONDS} s)"
    )
    yield (
        f"reads {seconds:g} s of {matrix.vector_selector.name}, whose samples become visible {delay}; "
        f"write {metric.min_gauge_window_seconds} s or more, which is the delay and {MIN_SAMPLES} samples"
    )


def new_function(node: Node, _: Mapping[str, Metric]) -> Complaints:
    """Monitoring promises what Prometheus 2.44 has."""
    call = node.expression
    name = ""
    if isinstance(call, promql.Call) and call.func.name not in _FUNCTIONS_OF_2_44:
        name = call.func.name
    elif isinstance(call, promql.AggregateExpr) and str(call.op) in _AGGREGATIONS_AFTER_2_44:
        name = str(call.op)
    if name:
        yield f"calls {name}, which Prometheus 2.44 does not have, nor therefore Monitoring"


def long_lookback(node: Node, _: Mapping[str, Metric]) -> Complaints:
    """Monitoring takes 25 hours of a user-defined metric, all windows and offsets around a selector together."""
    if not isinstance(node.expression, promql.VectorSelector):
        return
    name = node.expression.name or ""
    if not name.startswith(_USER_DEFINED):
        return
    seconds = lookback_seconds(node)
    if seconds > MAX_LOOKBACK_SECONDS:
        limit = f"{MAX_LOOKBACK_SECONDS // 3600} h of a log-based or custom metric"
        yield f"looks back {seconds / 3600:g} h, and Monitoring takes {limit}"


def wrong_unit(node: Node, metrics: Mapping[str, Metric]) -> Complaints:
    """A threshold in another unit than its figure: 5 for 5000 ms, 80 for a share of 0.8."""
    comparison = node.expression
    if not isinstance(comparison, promql.BinaryExpr) or str(comparison.op) not in _COMPARISONS:
        return
    figure, operator, threshold = comparison.lhs, str(comparison.op), number(comparison.rhs)
    if threshold is None:
        figure, operator, threshold = comparison.rhs, _COMPARISONS[operator], number(comparison.lhs)
    if threshold is None:
        return
    unit = unit_of(figure, metrics)
    if unit == "share" and (threshold > 1 or (threshold == 1 and operator == ">")):
        yield f"compares a share of 1 with {threshold:g}, which it never passes; {threshold:g} % is {threshold / 100:g}"
    if unit == "ms" and threshold < _LEAST_MS:
        yield f"compares milliseconds with {threshold:g}; {threshold:g} s are {threshold * 1000:g}"


QUERY_CHECKS: tuple[QueryCheck, ...] = (
    unknown_metric,
    missing_resource,
    unknown_label,
    rate_on_a_gauge,
    counter_without_rate,
    quantile_without_le,
    impossible_quantile,
    short_window,
    short_gauge_window,
    new_function,
    long_lookback,
    wrong_unit,
)
ALERT_RULES = (
    Rule(
        id="alert-query",
        description="Every query of an alert policy can fire: it reads metrics that exist, in their units.",
        hint="Fix the query in readiness/alerts/",
        check=_faulty_queries,
        types=(ALERT_POLICY,),
    ),
    Rule(
        id="alert-metric-unwritten",
        description="Every alert on deployments is of an environment whose deployments are counted.",
        hint="Remove the alert, or add readiness:deployment_telemetry",
        check=_unwritten_metrics,
        types=(ALERT_POLICY,),
        needs_project=True,
    ),
)
