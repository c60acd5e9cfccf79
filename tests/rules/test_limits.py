"""A value exactly at a limit is accepted: the opposite of every planted mistake."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.rules.good_inputs import (
    ALERT_POLICY,
    CHANNEL,
    DASHBOARD,
    ENVIRONMENT,
    JOB,
    LABEL,
    LOG_BUCKET,
    LOG_METRIC,
    LOG_SINK,
    OBJECTIVE,
    REGISTRY,
    SERVICE,
    UPTIME_CHECK,
    good_body,
    good_inputs,
    resource,
)
from tests.rules.planting import check_body, check_plan, planted
from tests.rules.test_planted_alert_policy_mistakes import ABSENCE_CONDITION, PROMQL, THRESHOLD_CONDITION

REMINDERS = [{"renotifyInterval": "1800s"}, {"renotifyInterval": "86400s"}]
KEEP = {"action": "KEEP", "mostRecentVersions": {"keepCount": 1}}
TEN = {f"keep-{number}": KEEP for number in range(10)}
SIX = [{"type": "User", "id": number} for number in range(1, 7)]
FILTER = "metric.type resource.type"
THRESHOLD = "conditionThreshold"

AT_THE_LIMIT: list[tuple[str, str, Any]] = [
    (ALERT_POLICY, "displayName", "x" * 512),
    (ALERT_POLICY, "userLabels", {f"k{number}": "v" for number in range(64)}),
    (ALERT_POLICY, "userLabels", {"k" * 63: "v" * 63, "empty": ""}),
    (ALERT_POLICY, "conditions", [THRESHOLD_CONDITION] * 6),
    (ALERT_POLICY, "alertStrategy.notificationChannelStrategy", REMINDERS),
    (ALERT_POLICY, "alertStrategy.notificationPrompts", ["OPENED"]),
    (ALERT_POLICY, "documentation.content", "x" * 8192),
    (ALERT_POLICY, "documentation.content", "é" * 5120),
    (ALERT_POLICY, "documentation.subject", "x" * 255),
    (ALERT_POLICY, "documentation.links", [{"displayName": "a" * 63, "url": "b" * 2083}] * 3),
    (ALERT_POLICY, "documentation.links", [{"displayName": "a", "url": "b"}]),
    (ALERT_POLICY, "notificationChannels", ["<c.id>"] * 16),
    (ALERT_POLICY, f"{PROMQL}.evaluationInterval", "60s"),
    (ALERT_POLICY, f"{PROMQL}.duration", "0s"),
    (ALERT_POLICY, f"{PROMQL}.query", "rate(x[24h55m]) > 0"),
    (ALERT_POLICY, f"{PROMQL}.alertRule", "a" * 2048),
    (ALERT_POLICY, f"{PROMQL}.ruleGroup", "a" * 2048),
    (CHANNEL, "displayName", "x" * 512),
    (CHANNEL, "description", "x" * 1024),
    (UPTIME_CHECK, "timeout", "1s"),
    (UPTIME_CHECK, "timeout", "60s"),
    (UPTIME_CHECK, "period", "60s"),
    (UPTIME_CHECK, "period", "600s"),
    (UPTIME_CHECK, "period", "900s"),
    (UPTIME_CHECK, "selectedRegions", ["USA"]),
    (UPTIME_CHECK, "selectedRegions", ["EUROPE", "ASIA_PACIFIC", "SOUTH_AMERICA"]),
    (UPTIME_CHECK, "contentMatchers", [{"content": "x" * 1024}]),
    (OBJECTIVE, "goal", 0.9999),
    (OBJECTIVE, "rollingPeriod", "86400s"),
    (OBJECTIVE, "rollingPeriod", "2592000s"),
    (SERVICE, "userLabels", {}),
    (DASHBOARD, "mosaicLayout", {"columns": 1, "tiles": [{"width": 1, "height": 1, "widget": {"title": "a"}}]}),
    (DASHBOARD, "mosaicLayout", {"columns": 48, "tiles": [{"width": 48, "height": 1, "widget": {"title": "a"}}]}),
    (LOG_METRIC, "name", "a" * 100),
    (LOG_METRIC, "filter", "x" * 20_000),
    (LOG_METRIC, "description", "x" * 8000),
    (LOG_BUCKET, "retentionDays", 1),
    (LOG_BUCKET, "retentionDays", 3650),
    (LOG_BUCKET, "description", "x" * 8000),
    (LOG_SINK, "name", "a" * 100),
    (LOG_SINK, "filter", "x" * 20_000),
    (LOG_SINK, "description", "x" * 8000),
    (LOG_SINK, "destination", "storage.googleapis.com/bucket"),
    (LOG_SINK, "destination", "bigquery.googleapis.com/projects/p/datasets/d"),
    (LOG_SINK, "destination", "pubsub.googleapis.com/projects/p/topics/t"),
    (REGISTRY, "cleanupPolicies", TEN),
    (REGISTRY, "cleanupPolicies", {"a" * 127: KEEP, "b": KEEP}),
    (ENVIRONMENT, "reviewers", SIX),
    (ENVIRONMENT, "reviewers", [{"type": "User", "id": 1}]),
    (ENVIRONMENT, "wait_timer", 0),
    (ENVIRONMENT, "wait_timer", 43_200),
    (ENVIRONMENT, "deployment_branch_policy", {"protected_branches": True, "custom_branch_policies": False}),
    (LABEL, "description", "x" * 100),
]
INPUTS_AT_THE_LIMIT = [
    (SERVICE, "serviceId", "a" * 63),
    (REGISTRY, "repositoryId", "a" * 63),
    (REGISTRY, "repositoryId", "a"),
    (REGISTRY, "cleanupPolicyDryRun", False),
    (JOB, "template.template.containers[0].envs[0]", {"name": "EMPTY"}),
    (JOB, "name", "a" * 49),
    (JOB, "runExecutionToken", "a" * 55),
]
CONDITIONS_AT_THE_LIMIT = [
    (THRESHOLD_CONDITION, f"{THRESHOLD}.filter", FILTER + "x" * (2048 - len(FILTER))),
    (THRESHOLD_CONDITION, f"{THRESHOLD}.denominatorFilter", "x" * 2048),
    (THRESHOLD_CONDITION, f"{THRESHOLD}.comparison", "COMPARISON_LT"),
    (THRESHOLD_CONDITION, f"{THRESHOLD}.denominatorAggregations", [{"alignmentPeriod": "60s"}]),
    (THRESHOLD_CONDITION, f"{THRESHOLD}.aggregations", [{"perSeriesAligner": "ALIGN_NONE"}]),
    (ABSENCE_CONDITION, "conditionAbsent.duration", "120s"),
    (ABSENCE_CONDITION, "conditionAbsent.filter", FILTER + "x" * (2048 - len(FILTER))),
]


@pytest.mark.parametrize(("type_", "path", "value"), AT_THE_LIMIT)
def test_what_stands_at_a_limit_of_a_body_is_taken(type_: str, path: str, value: Any) -> None:
    """No violation."""
    assert [str(item) for item in check_body(type_, planted(good_body(type_), path, copy.deepcopy(value)))] == []


@pytest.mark.parametrize(("type_", "path", "value"), INPUTS_AT_THE_LIMIT)
def test_what_stands_at_a_limit_of_the_inputs_is_taken(type_: str, path: str, value: Any) -> None:
    """No violation."""
    assert [str(item) for item in check_plan([resource(type_, planted(good_inputs(type_), path, value))])] == []


@pytest.mark.parametrize(("condition", "path", "value"), CONDITIONS_AT_THE_LIMIT)
def test_what_stands_at_a_limit_of_a_condition_is_taken(condition: dict[str, Any], path: str, value: Any) -> None:
    """No violation."""
    body = planted(good_body(ALERT_POLICY), "conditions", [planted(copy.deepcopy(condition), path, value)])
    assert [str(item) for item in check_body(ALERT_POLICY, body)] == []


@pytest.mark.parametrize("name", ["a", "a" * 255])
def test_an_environment_s_name_has_1_to_255_characters(name: str) -> None:
    """Beside the finding that it is alone in this plan."""
    found = check_plan([resource(ENVIRONMENT, planted(good_inputs(ENVIRONMENT), "environment", name))])
    assert [finding.path for finding in found] == ["deployment_branch_policy"]
