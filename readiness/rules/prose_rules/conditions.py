"""Conditions of alert policies (monitoring v3, `Condition`).

Sources: the descriptions in the discovery document and google-cloud-monitoring 2.32.0 `types/alert.py`
(docs/facts/monitoring.md#limits-of-an-alert-policy).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.rules.body_view import BodyView
from readiness.rules.prose_rules.common import Rule, at_most_characters, exactly_one_of, inside, matches
from readiness.rules.violation import FieldMessage

EVALUATION_STEP_SECONDS = 30
# Window and duration together; a longer window goes only without a duration
# (docs/facts/monitoring.md#how-far-a-query-looks-back).
MAX_LOOKBACK_SECONDS = 25 * 3600
MAX_FILTER_CHARACTERS = 2048
MIN_ABSENCE_SECONDS = 120

_LABEL_NAME = r"[a-zA-Z_][a-zA-Z0-9_]*"
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
_RANGE = re.compile(r"\[\s*([0-9a-z]+)\s*(?::[^\]]*)?\]")
_UNIT_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}
_KINDS = (
    "conditionAbsent",
    "conditionMatchedLog",
    "conditionMonitoringQueryLanguage",
    "conditionPrometheusQueryLanguage",
    "conditionSql",
    "conditionThreshold",
)


def _query_not_empty(condition: BodyView) -> Iterator[FieldMessage]:
    """`This field must not be empty.`"""
    query = condition.text("query")
    if query is not None and not query.strip():
        yield condition.finding("query", "is empty")


def _evaluation_interval(condition: BodyView) -> Iterator[FieldMessage]:
    """`Must be a positive multiple of 30 seconds or missing.`"""
    seconds = condition.seconds("evaluationInterval")
    if seconds is not None and (seconds <= 0 or seconds % EVALUATION_STEP_SECONDS):
        message = f"is {seconds:g} s; the API takes positive multiples of {EVALUATION_STEP_SECONDS} s"
        yield condition.finding("evaluationInterval", message)


def _duration_not_negative(condition: BodyView) -> Iterator[FieldMessage]:
    """`Must be a non-negative duration or missing.`"""
    seconds = condition.seconds("duration")
    if seconds is not None and seconds < 0:
        yield condition.finding("duration", f"is {seconds:g} s; the API takes no negative duration")


def _lookback(condition: BodyView) -> Iterator[FieldMessage]:
    """A look back of more than 25 h, the duration included, goes only with no duration."""
    longest = max(
        (_seconds_of(text) for text in _RANGE.findall(_QUOTED.sub('""', condition.text("query") or ""))), default=0
    )
    duration_seconds = condition.seconds("duration") or 0
    if duration_seconds > 0 and longest + duration_seconds > MAX_LOOKBACK_SECONDS:
        back = f"the query looks back {longest / 3600:g} h"
        with_duration = "" if longest > MAX_LOOKBACK_SECONDS else "with the duration "
        yield condition.finding("duration", f"must be 0s: {back}, {with_duration}more than 25 h")


def _seconds_of(text: str) -> float:
    parts = re.findall(r"(\d+)(ms|[smhdwy])", text)
    return sum(int(number) * _UNIT_SECONDS[unit] for number, unit in parts)


def _log_metrics_may_not_exist_yet(condition: BodyView) -> Iterator[FieldMessage]:
    """A log metric that has no data yet is refused with 404 (hashicorp/terraform-provider-google#11102, #20491)."""
    if "logging_googleapis_com:user_" in (condition.text("query") or "") and not condition.flag(
        "disableMetricValidation"
    ):
        yield condition.finding("disableMetricValidation", "must be true where the query reads a log-based metric")


def _label_names(condition: BodyView) -> Iterator[FieldMessage]:
    """`Label names must be valid` Prometheus names."""
    for key, value in condition.entries("labels"):
        if not re.fullmatch(_LABEL_NAME, key):
            yield value.finding("", "is no valid Prometheus label name")


def _whole_minutes(condition: BodyView) -> Iterator[FieldMessage]:
    """`Currently, only values that are a multiple of a minute […] are supported.`"""
    seconds = condition.seconds("duration")
    if seconds is not None and seconds % 60:
        yield condition.finding("duration", f"is {seconds:g} s; the API takes whole minutes")


def _absence_of_two_minutes(condition: BodyView) -> Iterator[FieldMessage]:
    """`The minimum value of this field is 120 seconds.`"""
    seconds = condition.seconds("duration")
    if seconds is not None and seconds < MIN_ABSENCE_SECONDS:
        yield condition.finding("duration", f"is {seconds:g} s; the API takes {MIN_ABSENCE_SECONDS} s or more")


def _comparison(condition: BodyView) -> Iterator[FieldMessage]:
    """`Only COMPARISON_LT and COMPARISON_GT are supported currently.`"""
    comparison = condition.text("comparison")
    if comparison not in (None, "COMPARISON_GT", "COMPARISON_LT"):
        yield condition.finding("comparison", f"{comparison} is not supported; COMPARISON_GT and COMPARISON_LT are")


def _missing_data(condition: BodyView) -> Iterator[FieldMessage]:
    """`To use this control, the value of the duration field must be greater than or equal to 60 seconds.`"""
    seconds = condition.seconds("duration")
    if condition.has("evaluationMissingData") and seconds is not None and seconds < 60:
        yield condition.finding("evaluationMissingData", "needs a duration of 60 s or more")


def _filter_names_metric_and_resource(condition: BodyView) -> Iterator[FieldMessage]:
    """`The filter must specify the metric type and the resource type.`"""
    text = condition.text("filter")
    for name in ("metric.type", "resource.type"):
        if text is not None and name not in text:
            yield condition.finding("filter", f"does not name {name}")


def _alignment(field: str) -> Rule:
    """`The value must be at least 60 seconds`, and is required beside an aligner (`Aggregation.alignmentPeriod`)."""

    def check(condition: BodyView) -> Iterator[FieldMessage]:
        for aggregation in condition.each(field):
            seconds = aggregation.seconds("alignmentPeriod")
            if seconds is not None and seconds < 60:
                yield aggregation.finding("alignmentPeriod", f"is {seconds:g} s; the API takes 60 s or more")
            aligned = aggregation.text("perSeriesAligner") not in (None, "ALIGN_NONE")
            if aligned and not aggregation.has("alignmentPeriod"):
                yield aggregation.finding("alignmentPeriod", "is required beside perSeriesAligner")

    return check


CONDITION_RULES: tuple[Rule, ...] = (
    exactly_one_of(*_KINDS),
    inside(
        "conditionPrometheusQueryLanguage",
        _query_not_empty,
        _evaluation_interval,
        _duration_not_negative,
        _lookback,
        _log_metrics_may_not_exist_yet,
        _label_names,
        matches("alertRule", _LABEL_NAME, "a valid Prometheus label name"),
        at_most_characters("alertRule", 2048),
        at_most_characters("ruleGroup", 2048),
    ),
    inside(
        "conditionThreshold",
        _whole_minutes,
        _duration_not_negative,
        _comparison,
        _missing_data,
        _filter_names_metric_and_resource,
        at_most_characters("filter", MAX_FILTER_CHARACTERS),
        at_most_characters("denominatorFilter", MAX_FILTER_CHARACTERS),
        _alignment("aggregations"),
        _alignment("denominatorAggregations"),
    ),
    inside(
        "conditionAbsent",
        _whole_minutes,
        _absence_of_two_minutes,
        _filter_names_metric_and_resource,
        at_most_characters("filter", MAX_FILTER_CHARACTERS),
        _alignment("aggregations"),
    ),
)
