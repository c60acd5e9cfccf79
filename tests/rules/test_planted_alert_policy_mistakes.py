"""Mistakes in alert policies and their conditions, each found at its path."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.rules.good_inputs import ALERT_POLICY, good_inputs, resource
from tests.rules.planting import LEFT_OUT, Mistake, assert_found, check_plan, planted

THRESHOLD_CONDITION: dict[str, Any] = {
    "displayName": "Many errors",
    "conditionThreshold": {
        "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_RATE"}],
        "comparison": "COMPARISON_GT",
        "duration": "60s",
        "evaluationMissingData": "EVALUATION_MISSING_DATA_INACTIVE",
        "filter": 'metric.type="logging.googleapis.com/user/errors" resource.type="cloud_run_revision"',
        "thresholdValue": 5,
        "trigger": {"count": 1},
    },
}
ABSENCE_CONDITION: dict[str, Any] = {
    "displayName": "No data",
    "conditionAbsent": {
        "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_RATE"}],
        "duration": "600s",
        "filter": 'metric.type="run.googleapis.com/request_count" resource.type="cloud_run_revision"',
    },
}
LOG_CONDITION: dict[str, Any] = {"displayName": "A line", "conditionMatchedLog": {"filter": "severity>=ERROR"}}
LONG_FILTER = "metric.type resource.type" + "x" * 2048
PROMQL = "conditions[0].conditionPrometheusQueryLanguage"
DOCUMENTATION = "documentation"


def _policy(sentence: str, path: str, value: object, message: str, found_at: str | None = None) -> Mistake:
    return Mistake(sentence, ALERT_POLICY, path, value, message, found_at)


def _condition(sentence: str, good: dict[str, object], path: str, value: object, message: str) -> Mistake:
    """A mistake in a condition of another kind, which then is the policy's only one."""
    conditions = planted({"conditions": [copy.deepcopy(good)]}, f"conditions[0].{path}", value)
    return _policy(sentence, "conditions", conditions["conditions"], message, f"conditions[0].{path}")


POLICY_MISTAKES = [
    _policy("a misspelt field at the top", "severty", "ERROR", "Did you mean `severity`?"),
    _policy("a misspelt field deep down", f"{PROMQL}.evaluationIntervall", "30s", "`evaluationInterval`"),
    _policy("a field that only the API writes", "validity", {"code": 3}, "is written by the API only"),
    _policy("a severity in lower case", "severity", "critical", "is not one of CRITICAL, ERROR, WARNING"),
    _policy("a combiner that does not exist", "combiner", "XOR", '"XOR" is not one of AND, OR'),
    _policy("a number in place of a text", "displayName", 5, "is not of type string"),
    _policy("a text in place of a list", "notificationChannels", "ops", "is not of type array"),
    _policy("a text in place of a flag", f"{PROMQL}.disableMetricValidation", "no", "is not of type boolean"),
    _policy("a duration in minutes", f"{PROMQL}.duration", "5m", "write seconds, such as 300s"),
    _policy("a duration in words", "alertStrategy.autoClose", "1 day", "write seconds"),
    _policy("no query", f"{PROMQL}.query", LEFT_OUT, "is required"),
    _policy("an empty query", f"{PROMQL}.query", " ", "is empty"),
    _policy("an interval off the grid", f"{PROMQL}.evaluationInterval", "45s", "multiples of 30 s"),
    _policy("an interval of nothing", f"{PROMQL}.evaluationInterval", "0s", "30 s or more"),
    _policy("a negative duration", f"{PROMQL}.duration", "-60s", "no negative duration"),
    _policy("an alert rule that is no label", f"{PROMQL}.alertRule", "not a label!", "a valid Prometheus label name"),
    _policy("an alert rule too long", f"{PROMQL}.alertRule", "a" * 2049, "the API takes 2048"),
    _policy("a rule group too long", f"{PROMQL}.ruleGroup", "a" * 2049, "the API takes 2048"),
    _policy("a label of no valid name", f"{PROMQL}.labels", {"a-b": "c"}, "label name", f"{PROMQL}.labels.a-b"),
    _policy(
        "26 hours of lookback with a duration",
        f"{PROMQL}.query",
        'rate(x{path="[90d]"}[26h]) > 0',
        "looks back 26 h",
        f"{PROMQL}.duration",
    ),
    _policy(
        "a subquery of two days with a duration",
        f"{PROMQL}.query",
        "max_over_time(x[1d24h:5m]) > 0",
        "looks back 48 h",
        f"{PROMQL}.duration",
    ),
    _policy(
        "a log metric that must exist already",
        f"{PROMQL}.query",
        "rate(logging_googleapis_com:user_errors[5m]) > 0",
        "must be true",
        f"{PROMQL}.disableMetricValidation",
    ),
    _policy("no condition", "conditions", [], "takes 1 to 6"),
    _policy("seven conditions", "conditions", [THRESHOLD_CONDITION] * 7, "has 7 items"),
    _policy("a condition of no kind", "conditions", [{"displayName": "empty"}], "has none of", "conditions[0]"),
    _policy(
        "a condition of two kinds",
        "conditions[0].conditionThreshold",
        THRESHOLD_CONDITION["conditionThreshold"],
        "is written beside conditionPrometheusQueryLanguage",
    ),
    _policy(
        "a PromQL condition beside another",
        "conditions",
        [{"conditionPrometheusQueryLanguage": {"query": "up == 0"}}, THRESHOLD_CONDITION],
        "the only condition",
        PROMQL,
    ),
    _policy("an incident that closes too soon", "alertStrategy.autoClose", "600s", "1800 s or more"),
    _policy(
        "a rate limit without a log match", "alertStrategy.notificationRateLimit", {"period": "300s"}, "matches logs"
    ),
    _policy("prompts that never open", "alertStrategy.notificationPrompts", ["CLOSED"], "[OPENED] or [OPENED, CLOSED]"),
    _policy(
        "a reminder every minute",
        "alertStrategy.notificationChannelStrategy",
        [{"renotifyInterval": "60s"}],
        "1800 to 86400 s",
        "alertStrategy.notificationChannelStrategy[0].renotifyInterval",
    ),
    _policy("a text too long", f"{DOCUMENTATION}.content", "x" * 8193, "8193 characters"),
    _policy("a text with too many bytes", f"{DOCUMENTATION}.content", "é" * 5121, "10242 bytes"),
    _policy("a text one byte too long", f"{DOCUMENTATION}.content", "é" * 5120 + "x", "10241 bytes"),
    _policy("a text in HTML", f"{DOCUMENTATION}.mimeType", "text/html", "text/markdown"),
    _policy("a subject that is cut", f"{DOCUMENTATION}.subject", "x" * 256, "cut it at 255"),
    _policy("four links", f"{DOCUMENTATION}.links", [{"displayName": "a", "url": "b"}] * 4, "the API takes 3"),
    _policy("a link without a name", f"{DOCUMENTATION}.links[0].displayName", "", "takes 1 to 63"),
    _policy("a link with a long name", f"{DOCUMENTATION}.links[0].displayName", "a" * 64, "takes 1 to 63"),
    _policy("a link too long", f"{DOCUMENTATION}.links[0].url", "a" * 2084, "the API takes 2083"),
    _policy("a title too long", "displayName", "x" * 513, "the API takes 512"),
    _policy("a label's key with a space", "userLabels", {"a b": "c"}, "no key of a label", "userLabels.a b"),
    _policy("a label's value in capitals", "userLabels.environment", "Production", "no value of a label"),
    _policy("65 labels", "userLabels", {f"k{n}": "v" for n in range(65)}, "the API takes 64"),
    _policy("17 channels", "notificationChannels", ["<c.id>"] * 17, "a policy takes 16"),
    _policy("a channel by its bare number", "notificationChannels[0]", "1234", "projects/P/notificationChannels/N"),
]
THRESHOLD_MISTAKES = [
    _condition(sentence, THRESHOLD_CONDITION, f"conditionThreshold.{path}", value, message)
    for sentence, path, value, message in [
        ("a comparison that is not supported", "comparison", "COMPARISON_GE", "is not one of"),
        ("a duration of part of a minute", "duration", "90s", "multiples of 60 s"),
        ("a filter without a resource", "filter", 'metric.type="a"', "does not name resource.type"),
        ("a filter too long", "filter", LONG_FILTER, "the API takes 2048"),
        ("a denominator too long", "denominatorFilter", "x" * 2049, "the API takes 2048"),
        ("an alignment of 30 seconds", "aggregations[0].alignmentPeriod", "30s", "60 s or more"),
        ("an aligner without its period", "aggregations[0].alignmentPeriod", LEFT_OUT, "is required beside"),
        ("an aligner that does not exist", "aggregations[0].perSeriesAligner", "ALIGN_AVG", "is not one of"),
        ("a threshold as text", "thresholdValue", "5000", "is not of type number"),
        ("a count with a fraction", "trigger.count", 1.5, "is not of type integer"),
    ]
]
ABSENCE_MISTAKES = [
    _policy(
        "missing data without a duration",
        "conditions",
        [planted(copy.deepcopy(THRESHOLD_CONDITION), "conditionThreshold.duration", "0s")],
        "60 s or more",
        "conditions[0].conditionThreshold.evaluationMissingData",
    ),
    _condition("an absence of one minute", ABSENCE_CONDITION, "conditionAbsent.duration", "60s", "120 s or more"),
    _condition(
        "an absence of part of a minute", ABSENCE_CONDITION, "conditionAbsent.duration", "150s", "multiples of 60 s"
    ),
    _condition("an absence's filter too long", ABSENCE_CONDITION, "conditionAbsent.filter", LONG_FILTER, "takes 2048"),
    _condition(
        "an absence aligned to 30 seconds",
        ABSENCE_CONDITION,
        "conditionAbsent.aggregations[0].alignmentPeriod",
        "30s",
        "60 s or more",
    ),
    _condition("an absence of no metric", ABSENCE_CONDITION, "conditionAbsent.filter", "resource.type", "metric.type"),
]


@pytest.mark.parametrize("mistake", [*POLICY_MISTAKES, *THRESHOLD_MISTAKES, *ABSENCE_MISTAKES], ids=str)
def test_a_mistake_in_an_alert_policy_is_found(mistake: Mistake) -> None:
    """Schema of `AlertPolicy`, and docs/facts/monitoring.md#limits-of-an-alert-policy."""
    assert_found(mistake, mistake.found_in_body())


def test_a_log_match_has_a_rate_limit_and_notifies_of_openings_only() -> None:
    """The API takes no other form where a condition matches logs."""
    inputs = planted(good_inputs(ALERT_POLICY), "conditions", [LOG_CONDITION])
    found = check_plan([resource(ALERT_POLICY, inputs)])
    paths = [finding.path for finding in found]
    assert paths == ["alertStrategy.notificationPrompts", "alertStrategy.notificationRateLimit"]
    inputs["alertStrategy"] |= {"notificationRateLimit": {"period": "300s"}, "notificationPrompts": ["OPENED"]}
    assert check_plan([resource(ALERT_POLICY, inputs)]) == []


def test_a_three_day_window_without_a_duration_is_taken() -> None:
    """The way out that the refusal names."""
    inputs = planted(good_inputs(ALERT_POLICY), f"{PROMQL}.query", "rate(x[3d]) > 0")
    assert check_plan([resource(ALERT_POLICY, planted(inputs, f"{PROMQL}.duration", "0s"))]) == []


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("93600000ms", "26"),
        ("93600s", "26"),
        ("1560m", "26"),
        ("26h", "26"),
        ("2d", "48"),
        ("1w", "168"),
        ("1y", "8760"),
        ("25h1s", "25.0003"),
    ],
)
def test_a_look_back_is_read_in_every_unit(text: str, hours: str) -> None:
    """All units of Prometheus; 25 hours is the most that goes with a duration."""
    inputs = planted(good_inputs(ALERT_POLICY), f"{PROMQL}.query", f"rate(x[{text}]) > 0")
    (found,) = check_plan([resource(ALERT_POLICY, inputs)])
    assert found.message == f"must be 0s: the query looks back {hours} h, more than 25 h"
    assert check_plan([resource(ALERT_POLICY, planted(inputs, f"{PROMQL}.duration", LEFT_OUT))]) == []


def test_the_duration_counts_in_how_far_a_query_looks_back() -> None:
    """25 hours are window and duration together; without a duration the window may have them all."""
    inputs = planted(good_inputs(ALERT_POLICY), f"{PROMQL}.query", "rate(x[25h]) > 0")
    (found,) = check_plan([resource(ALERT_POLICY, planted(inputs, f"{PROMQL}.duration", "30s"))])
    assert found.message == "must be 0s: the query looks back 25 h, with the duration more than 25 h"
    assert check_plan([resource(ALERT_POLICY, planted(inputs, f"{PROMQL}.duration", "0s"))]) == []


ROW_COUNT = {"comparison": "COMPARISON_GT", "threshold": "0"}
ALONE: list[dict[str, Any]] = [
    {"conditionMonitoringQueryLanguage": {"query": "fetch", "duration": "60s"}},
    {"conditionSql": {"query": "SELECT 1", "minutes": {"periodicity": 5}, "rowCountTest": ROW_COUNT}},
    {"conditionPrometheusQueryLanguage": {"query": "up == 0"}},
    LOG_CONDITION,
]


@pytest.mark.parametrize("condition", ALONE, ids=lambda condition: sorted(condition)[0])
def test_a_condition_of_these_kinds_is_taken_alone_and_refused_beside_another(condition: dict[str, Any]) -> None:
    """PromQL, log match, SQL, MQL."""
    (kind,) = (name for name in condition if name.startswith("condition"))
    inputs = good_inputs(ALERT_POLICY)
    if condition is LOG_CONDITION:
        inputs["alertStrategy"] |= {"notificationRateLimit": {"period": "300s"}, "notificationPrompts": ["OPENED"]}
    assert check_plan([resource(ALERT_POLICY, {**inputs, "conditions": [condition]})]) == []
    both = {**inputs, "conditions": [THRESHOLD_CONDITION, condition]}
    assert [item.path for item in check_plan([resource(ALERT_POLICY, both)])] == [f"conditions[1].{kind}"]


@pytest.mark.parametrize("interval", ["1799s", "86401s"])
def test_a_reminder_comes_between_half_an_hour_and_a_day(interval: str) -> None:
    """Both ends."""
    path = "alertStrategy.notificationChannelStrategies"
    inputs = planted(good_inputs(ALERT_POLICY), path, [{"renotifyInterval": interval}])
    (found,) = check_plan([resource(ALERT_POLICY, inputs)])
    assert found.path == "alertStrategy.notificationChannelStrategy[0].renotifyInterval"


def test_the_denominator_is_aligned_like_the_numerator() -> None:
    """The same rules for its aggregations."""
    path = "conditionThreshold.denominatorAggregations"
    condition = planted(copy.deepcopy(THRESHOLD_CONDITION), path, [{"alignmentPeriod": "30s"}])
    inputs = planted(good_inputs(ALERT_POLICY), "conditions", [condition])
    (found,) = check_plan([resource(ALERT_POLICY, inputs)])
    assert found.path == f"conditions[0].{path}[0].alignmentPeriod"


def test_a_threshold_has_no_negative_duration() -> None:
    """Which its missing data would refuse as well."""
    condition = planted(copy.deepcopy(THRESHOLD_CONDITION), "conditionThreshold.duration", "-60s")
    del condition["conditionThreshold"]["evaluationMissingData"]
    (found,) = check_plan([resource(ALERT_POLICY, planted(good_inputs(ALERT_POLICY), "conditions", [condition]))])
    assert found.message == "is -60 s; the API takes no negative duration"
