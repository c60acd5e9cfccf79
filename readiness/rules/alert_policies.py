"""What Cloud Monitoring takes of an alert policy and its conditions.

Sources: the descriptions in the discovery document of monitoring v3, google-cloud-monitoring 2.32.0 `types/alert.py`,
and the API's own refusals as users have reported them (docs/facts/monitoring.md#limits-of-an-alert-policy).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.resource_types import ALERT_POLICY
from readiness.rules import checks
from readiness.rules.contract import Check, Contract, Field, Inputs, renamed, without
from readiness.rules.rule import Remark
from readiness.times import seconds_of

# Window and duration together; a longer window goes only without a duration
# (docs/facts/monitoring.md#how-far-a-query-looks-back).
MAX_LOOKBACK_SECONDS = 25 * 3600
MAX_FILTER_CHARACTERS = 2048

# A condition of one of these kinds is the only one of its policy (Google's pages on each; `AlertPolicy.conditions`).
_ALONE = ("conditionPrometheusQueryLanguage", "conditionMatchedLog", "conditionSql", "conditionMonitoringQueryLanguage")
_CHANNEL = r"projects/[^/]+/notificationChannels/[^/]+"
_LABEL_NAME = r"[a-zA-Z_][a-zA-Z0-9_]*"
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')
_RANGE = re.compile(r"\[\s*([0-9a-z]+)\s*(?::[^\]]*)?\]")


def _body(inputs: Inputs) -> Inputs:
    """The SDK has a plural for a list that the API names in the singular."""
    body = without(inputs)
    if isinstance(strategy := body.get("alertStrategy"), dict):
        body["alertStrategy"] = renamed(strategy, notificationChannelStrategies="notificationChannelStrategy")
    return body


def _some_conditions_are_alone(policy: Field) -> Iterator[Remark]:
    conditions = policy.items("conditions")
    for condition in conditions if len(conditions) > 1 else ():
        for kind in condition.written(*_ALONE):
            yield condition.remark(kind, "must be the only condition of its policy")


def _log_match(policy: Field) -> Iterator[Remark]:
    """A rate limit is required with a log match and `not implemented for` others (`AlertStrategy`).

    The prompts are `[OPENED]` or `[OPENED, CLOSED]`; with a log match `[OPENED]` (`types/alert.py`).
    """
    strategy = policy.field("alertStrategy")
    prompts = strategy.field("notificationPrompts").value
    matches_logs = any(condition.has("conditionMatchedLog") for condition in policy.items("conditions"))
    if matches_logs and not strategy.has("notificationRateLimit"):
        yield policy.remark("alertStrategy.notificationRateLimit", "is required if a condition matches logs")
    if not matches_logs and strategy.has("notificationRateLimit"):
        yield strategy.remark("notificationRateLimit", "is taken only if a condition matches logs")
    if isinstance(prompts, list) and matches_logs and prompts != ["OPENED"]:
        yield strategy.remark("notificationPrompts", "must be [OPENED] if a condition matches logs")
    elif isinstance(prompts, list) and "OPENED" not in prompts:
        yield strategy.remark("notificationPrompts", "must be [OPENED] or [OPENED, CLOSED]")


def _query_not_empty(condition: Field) -> Iterator[Remark]:
    """`This field must not be empty.`"""
    query = condition.text("query")
    if query is not None and not query.strip():
        yield condition.remark("query", "is empty")


def _lookback(condition: Field) -> Iterator[Remark]:
    ranges = _RANGE.findall(_QUOTED.sub('""', condition.text("query") or ""))
    longest = max((seconds_of(text) or 0 for text in ranges), default=0)
    duration_seconds = condition.seconds("duration") or 0
    if duration_seconds > 0 and longest + duration_seconds > MAX_LOOKBACK_SECONDS:
        back = f"the query looks back {longest / 3600:g} h"
        with_duration = "" if longest > MAX_LOOKBACK_SECONDS else "with the duration "
        yield condition.remark("duration", f"must be 0s: {back}, {with_duration}more than 25 h")


def _log_metrics_may_not_exist_yet(condition: Field) -> Iterator[Remark]:
    """A log metric that has no data yet is refused with 404 (hashicorp/terraform-provider-google#11102, #20491)."""
    validated = condition.field("disableMetricValidation").value is not True
    if validated and "logging_googleapis_com:user_" in (condition.text("query") or ""):
        yield condition.remark("disableMetricValidation", "must be true if the query reads a log-based metric")


def _label_names(condition: Field) -> Iterator[Remark]:
    """`Label names must be valid` Prometheus names."""
    for key, value in condition.entries("labels"):
        if not re.fullmatch(_LABEL_NAME, key):
            yield value.remark("", "is no valid Prometheus label name")


def _missing_data(condition: Field) -> Iterator[Remark]:
    """`To use this control, the value of the duration field must be greater than or equal to 60 seconds.`"""
    duration_seconds = condition.seconds("duration")
    if condition.has("evaluationMissingData") and duration_seconds is not None and duration_seconds < 60:
        yield condition.remark("evaluationMissingData", "needs a duration of 60 s or more")


def _filter_names_metric_and_resource(condition: Field) -> Iterator[Remark]:
    """`The filter must specify the metric type and the resource type.`"""
    text = condition.text("filter")
    for name in ("metric.type", "resource.type"):
        if text is not None and name not in text:
            yield condition.remark("filter", f"does not name {name}")


def _period_of_aligner(aggregation: Field) -> Iterator[Remark]:
    """An aligner needs its period (`Aggregation.alignmentPeriod`)."""
    aligned = aggregation.text("perSeriesAligner") not in (None, "ALIGN_NONE")
    if aligned and not aggregation.has("alignmentPeriod"):
        yield aggregation.remark("alignmentPeriod", "is required beside perSeriesAligner")


_FILTER: tuple[Check, ...] = (
    _filter_names_metric_and_resource,
    checks.length("filter", MAX_FILTER_CHARACTERS),
    checks.each("aggregations", checks.seconds("alignmentPeriod", 60), _period_of_aligner),
)
_CONDITION: tuple[Check, ...] = (
    checks.one_of(
        "conditionAbsent",
        "conditionMatchedLog",
        "conditionMonitoringQueryLanguage",
        "conditionPrometheusQueryLanguage",
        "conditionSql",
        "conditionThreshold",
    ),
    checks.inside(
        "conditionPrometheusQueryLanguage",
        _query_not_empty,
        # `Must be a positive multiple of 30 seconds or missing.`
        checks.seconds("evaluationInterval", 30, step=30),
        # `Must be a non-negative duration or missing.`
        checks.seconds("duration"),
        _lookback,
        _log_metrics_may_not_exist_yet,
        _label_names,
        checks.form("alertRule", _LABEL_NAME, "a valid Prometheus label name"),
        checks.length("alertRule", 2048),
        checks.length("ruleGroup", 2048),
    ),
    checks.inside(
        "conditionThreshold",
        # `Currently, only values that are a multiple of a minute […] are supported.`
        checks.seconds("duration", step=60),
        # `Only COMPARISON_LT and COMPARISON_GT are supported currently.`
        checks.choice("comparison", "COMPARISON_GT", "COMPARISON_LT"),
        _missing_data,
        *_FILTER,
        checks.length("denominatorFilter", MAX_FILTER_CHARACTERS),
        checks.each("denominatorAggregations", checks.seconds("alignmentPeriod", 60), _period_of_aligner),
    ),
    # `The minimum value of this field is 120 seconds.`
    checks.inside("conditionAbsent", checks.seconds("duration", 120, step=60), *_FILTER),
)

CONTRACTS = {
    ALERT_POLICY: Contract(
        schema=("monitoring.v3", "AlertPolicy"),
        body=_body,
        checks=(
            checks.length("displayName", 512),
            checks.labels("userLabels"),
            # `A policy can have from one to six conditions.`
            checks.count("conditions", 6, 1, takes="a policy takes"),
            _some_conditions_are_alone,
            checks.each("conditions", *_CONDITION),
            checks.inside(
                "alertStrategy",
                # `autoclose duration should be at least 30 minutes`: the API's refusal (nomadkaraoke/karaoke-gen#788).
                checks.seconds("autoClose", 1800),
                # `The value must be between 30 minutes and 24 hours.` (`NotificationChannelStrategy.renotifyInterval`)
                checks.each("notificationChannelStrategy", checks.seconds("renotifyInterval", 1800, 86_400)),
            ),
            _log_match,
            # The limits of `Documentation` and `Link`.
            checks.inside(
                "documentation",
                checks.length("content", 8192),
                checks.length("content", 10_240, of_bytes=True),
                checks.choice("mimeType", "text/markdown"),
                checks.length("subject", 255, of_bytes=True, takes="notifications cut it at"),
                checks.count("links", 3),
                checks.each("links", checks.length("displayName", 63, 1), checks.length("url", 2083)),
            ),
            # docs/facts/monitoring.md#channels-of-a-policy
            checks.count("notificationChannels", 16, takes="a policy takes"),
            checks.each(
                "notificationChannels", checks.form("", _CHANNEL, "of the form projects/P/notificationChannels/N")
            ),
        ),
    )
}
