"""`readiness rules`: the declared policies as a Prometheus rule file."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from readiness.alerts.rule_file import rule_file_header, rule_groups
from readiness.plan.offline_plan import Plan
from readiness.resource_types import ALERT_POLICY
from readiness.yaml_text import yaml_text
from tests.projects import FIRST_CUSTOMER, STACKS


def _policy(alert: str, **promql: Any) -> dict[str, Any]:
    condition = {"alertRule": alert, "query": "x > 1", "duration": "60s", "evaluationInterval": "30s", "ruleGroup": "g"}
    inputs = {
        "displayName": alert,
        "severity": "ERROR",
        "conditions": [{"conditionPrometheusQueryLanguage": {**condition, **promql}}],
    }
    return {"inputs": inputs}


@pytest.mark.parametrize("stack", STACKS)
def test_every_promql_policy_of_the_plan_stands_in_the_file_once(plans: dict[str, Plan], stack: str) -> None:
    """With its text, duration and interval unchanged."""
    policies = list(plans[stack].of_type(ALERT_POLICY))
    read = yaml.safe_load(rule_file_header(stack) + yaml_text(rule_groups(policies)))
    declared = {
        (promql["alertRule"], promql["query"], promql["duration"], promql["evaluationInterval"])
        for policy in policies
        for condition in policy["inputs"]["conditions"]
        if (promql := condition.get("conditionPrometheusQueryLanguage"))
    }
    written = [
        (rule["alert"], rule["expr"], rule["for"], group["interval"])
        for group in read["groups"]
        for rule in group["rules"]
    ]
    assert len(written) == len(declared) >= 5
    assert set(written) == declared


def test_the_five_alerts_have_the_names_of_the_task_list(plans: dict[str, Plan]) -> None:
    """The first customer uses these names."""
    groups = rule_groups(plans["prod"].of_type(ALERT_POLICY))["groups"]
    names = [rule["alert"] for group in groups for rule in group["rules"]]
    expected = ["DatabaseConnectionErrors", "HighCpuUsage", "HighErrorRate", "HighLatency", "HighMemoryUsage"]
    assert [name for name in names if name in expected] == expected


def test_rules_are_grouped_by_group_and_interval_and_sorted() -> None:
    """The same policies give the same file in any order."""
    policies = [_policy("B"), _policy("C", evaluationInterval="60s"), _policy("A"), _policy("D", ruleGroup="a")]
    groups = rule_groups(policies)["groups"]
    shown = [(group["name"], group["interval"], [rule["alert"] for rule in group["rules"]]) for group in groups]
    assert shown == [("a", "30s", ["D"]), ("g", "30s", ["A", "B"]), ("g", "60s", ["C"])]
    assert rule_groups(reversed(policies))["groups"] == groups


def test_a_policy_without_promql_is_left_out() -> None:
    """Log match and threshold conditions are not Prometheus rules."""
    other = {
        "inputs": {"displayName": "x", "severity": "ERROR", "conditions": [{"conditionThreshold": {"filter": "x"}}]}
    }
    assert rule_groups([other, {"inputs": {}}]) == {"groups": []}


def test_a_rule_has_the_labels_of_policy_and_condition_and_the_runbook() -> None:
    """They are part of a notification."""
    policy = _policy("A", labels={"team": "shop"})
    policy["inputs"] |= {"userLabels": {"environment": "prod"}, "documentation": {"links": [{"url": "https://r#a"}]}}
    (rule,) = rule_groups([policy])["groups"][0]["rules"]
    assert rule["labels"] == {"severity": "ERROR", "environment": "prod", "team": "shop"}
    assert rule["annotations"] == {"summary": "A", "runbook_url": "https://r#a"}


def test_the_command_prints_the_file_of_the_plan(plans: dict[str, Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    """`readiness rules prod` is what the scenarios run on."""
    from readiness.cli.main import cli

    monkeypatch.chdir(FIRST_CUSTOMER)
    done = CliRunner().invoke(cli, ["rules", "prod"])
    expected = rule_file_header("prod") + yaml_text(rule_groups(plans["prod"].of_type(ALERT_POLICY)))
    assert done.exit_code == 0
    assert done.output == expected
