"""The component `AlertPolicies`."""

from __future__ import annotations

import dataclasses

import pulumi
import pytest

from components.alert_policies import (
    AlertPolicies,
    AlertPoliciesArgs,
    AlertPolicyArgs,
    PromqlConditionArgs,
    ThresholdConditionArgs,
)
from components.log_metrics import LogMetricArgs, LogMetrics, LogMetricsArgs
from readiness.alerts.catalogue import ALERTS
from readiness.alerts.log_metric import LogMetric
from readiness.alerts.rules import AlertRule
from readiness.alerts.security_alerts import SECURITY_ALERTS, SecurityRule
from tests.components.conftest import Declare

CHANNEL = "projects/shop-1234/notificationChannels/1"
PROMQL = AlertPolicyArgs(
    key="high-latency",
    display_name="High latency (production)",
    condition_name="p95 above 5 s for 5 min",
    condition=PromqlConditionArgs(
        query="latency > 5000", alert_rule="HighLatency", rule_group="readiness-production", duration_seconds=300
    ),
    severity="WARNING",
    documentation="What to do first",
    subject="[production] High latency",
    runbook_url="https://wiki.shop.example.net/runbook#highlatency",
    channel_ids=[CHANNEL],
)
THRESHOLD = dataclasses.replace(
    PROMQL,
    key="bucket-permission-change",
    condition_name="at least 1 in 5 min",
    condition=ThresholdConditionArgs(filter='metric.type="logging.googleapis.com/user/buckets"', window_seconds=300),
)
COUNTER = LogMetric(slug="errors", name="errors", description="Errors", filter="severity=ERROR")
ARGS = AlertPoliciesArgs(
    project="shop-1234", environment="production", auto_close_seconds=1800, policies=[PROMQL, THRESHOLD]
)


def test_a_policy_with_a_query_has_one_condition_of_promql(declare: Declare) -> None:
    """It has the query, its duration, and the rule and group under which Monitoring lists it."""
    inputs = declare(lambda: AlertPolicies("alerts", ARGS)).inputs("alerts-high-latency")
    assert inputs["conditions"] == [
        {
            "displayName": "p95 above 5 s for 5 min",
            "conditionPrometheusQueryLanguage": {
                "query": "latency > 5000",
                "duration": "300s",
                "evaluationInterval": "30s",
                "ruleGroup": "readiness-production",
                "alertRule": "HighLatency",
                "disableMetricValidation": False,
            },
        }
    ]


def test_a_query_may_read_metrics_that_monitoring_does_not_know_and_be_asked_less_often(declare: Declare) -> None:
    """Monitoring refuses a query on an unknown metric unless the policy says so."""
    condition = PromqlConditionArgs(
        query="x > 0",
        alert_rule="New",
        rule_group="group",
        duration_seconds=0,
        evaluation_interval_seconds=60,
        reads_new_metrics=True,
    )
    args = dataclasses.replace(ARGS, policies=[dataclasses.replace(PROMQL, condition=condition)])
    (registered,) = declare(lambda: AlertPolicies("alerts", args)).inputs("alerts-high-latency")["conditions"]
    query = registered["conditionPrometheusQueryLanguage"]
    assert [query[name] for name in ("duration", "evaluationInterval", "disableMetricValidation")] == [
        "0s",
        "60s",
        True,
    ]


def test_a_policy_with_a_filter_has_one_condition_on_a_threshold(declare: Declare) -> None:
    """It fires on any increase of the counter within the window."""
    inputs = declare(lambda: AlertPolicies("alerts", ARGS)).inputs("alerts-bucket-permission-change")
    assert inputs["conditions"] == [
        {
            "displayName": "at least 1 in 5 min",
            "conditionThreshold": {
                "filter": 'metric.type="logging.googleapis.com/user/buckets"',
                "comparison": "COMPARISON_GT",
                "thresholdValue": 0.0,
                "duration": "0s",
                "aggregations": [
                    {
                        "alignmentPeriod": "300s",
                        "perSeriesAligner": "ALIGN_DELTA",
                        "crossSeriesReducer": "REDUCE_SUM",
                    }
                ],
                "trigger": {"count": 1},
            },
        }
    ]


def test_a_policy_says_whom_it_notifies_and_what_to_do(declare: Declare) -> None:
    """Severity, documentation, runbook, channels and labels; an incident closes after the given time."""
    inputs = declare(lambda: AlertPolicies("alerts", ARGS)).inputs("alerts-high-latency")
    assert {name: value for name, value in inputs.items() if name != "conditions"} == {
        "project": "shop-1234",
        "displayName": "High latency (production)",
        "combiner": "OR",
        "severity": "WARNING",
        "documentation": {
            "content": "What to do first",
            "mimeType": "text/markdown",
            "subject": "[production] High latency",
            "links": [{"displayName": "Runbook", "url": "https://wiki.shop.example.net/runbook#highlatency"}],
        },
        "alertStrategy": {"autoClose": "1800s", "notificationPrompts": ["OPENED", "CLOSED"]},
        "notificationChannels": [CHANNEL],
        "userLabels": {"alert": "high-latency", "environment": "production", "managed_by": "readiness"},
    }


def test_a_single_channel_may_be_another_resources_output(declare: Declare) -> None:
    """The list of channels may contain plain ids and outputs."""

    def program() -> None:
        created = pulumi.Output.from_input("projects/shop-1234/notificationChannels/2")
        policy = dataclasses.replace(PROMQL, channel_ids=[CHANNEL, created])
        AlertPolicies("alerts", dataclasses.replace(ARGS, policies=[policy]))

    assert declare(program).inputs("alerts-high-latency")["notificationChannels"] == [
        CHANNEL,
        "projects/shop-1234/notificationChannels/2",
    ]


def test_a_policy_waits_for_its_own_metrics(declare: Declare) -> None:
    """Monitoring refuses a condition on a metric that it does not know."""

    def program() -> None:
        counter = LogMetricArgs(key="buckets", name="buckets", description="Changes", filter="severity=NOTICE")
        metrics = LogMetrics("logs", LogMetricsArgs(project="shop-1234", metrics=[counter]))
        waiting = dataclasses.replace(THRESHOLD, depends_on=[metrics.metrics["buckets"]])
        AlertPolicies("alerts", dataclasses.replace(ARGS, policies=[PROMQL, waiting]))

    declared = declare(program)
    assert declared.dependencies_of("alerts-high-latency") == set()
    assert declared.dependencies_of("alerts-bucket-permission-change") == {"logs-buckets"}


@pytest.mark.parametrize("log_metrics", [(), (COUNTER,)])
@pytest.mark.parametrize("reads_late_metrics", [False, True])
def test_an_alert_of_the_catalogue_becomes_a_policy_with_its_query(
    log_metrics: tuple[LogMetric, ...], reads_late_metrics: bool
) -> None:
    """With `reads_new_metrics` if the query reads a log-based metric, or one that others write later."""
    definition = dataclasses.replace(ALERTS[0], reads_late_metrics=reads_late_metrics, former_slugs=("former",))
    rule = AlertRule(
        definition=definition,
        severity="ERROR",
        channel_kinds=definition.channel_kinds,
        query="up == 0",
        duration_seconds=300,
        condition="Down for 5 min",
        display_name="Down (production)",
        documentation_subject="[production] Down",
        documentation="What to do first",
        runbook_url="https://wiki.shop.example.net/runbook#down",
        log_metrics=log_metrics,
    )
    assert AlertPolicyArgs.of(rule, rule_group="group", channel_ids=[CHANNEL]) == AlertPolicyArgs(
        key=definition.slug,
        display_name="Down (production)",
        condition_name="Down for 5 min",
        condition=PromqlConditionArgs(
            query="up == 0",
            alert_rule=definition.name,
            rule_group="group",
            duration_seconds=300,
            reads_new_metrics=bool(log_metrics) or reads_late_metrics,
        ),
        severity="ERROR",
        former_keys=("former",),
        documentation="What to do first",
        subject="[production] Down",
        runbook_url="https://wiki.shop.example.net/runbook#down",
        channel_ids=[CHANNEL],
    )


def test_a_security_alert_becomes_a_policy_with_its_filter() -> None:
    """It has the severity of the alert."""
    alert = SECURITY_ALERTS[0]
    rule = SecurityRule(
        alert=alert,
        display_name="Owners changed (project)",
        documentation_subject="[shop-1234] Owners changed",
        documentation="What to do first",
        runbook_url="https://wiki.shop.example.net/runbook#owners",
        condition="at least 1 in 5 min",
        condition_filter='metric.type="owners"',
        window_seconds=300,
    )
    assert AlertPolicyArgs.of_security(rule, channel_ids=[CHANNEL]) == AlertPolicyArgs(
        key=alert.slug,
        display_name="Owners changed (project)",
        condition_name="at least 1 in 5 min",
        condition=ThresholdConditionArgs(filter='metric.type="owners"', window_seconds=300),
        severity=alert.severity,
        documentation="What to do first",
        subject="[shop-1234] Owners changed",
        runbook_url="https://wiki.shop.example.net/runbook#owners",
        channel_ids=[CHANNEL],
    )
