"""Each alert has one policy, which notifies the channels of its kinds and waits for the metrics that it reads."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.alerts.catalogue import log_metrics_of
from readiness.alerts.rules import rules_of
from readiness.alerts.security_alerts import security_rules
from readiness.plan.offline_plan import Plan
from tests.program.declared import CHANNEL, METRIC, POLICY, depends_on
from tests.projects import EVERY_OPTION, STACKS, settings_of


def policies_of(plan: Plan) -> dict[str, dict[str, Any]]:
    """The policies of a plan by their names."""
    return {policy["name"]: policy for policy in plan.of_type(POLICY)}


def channel_ids(plan: Plan, stack: str) -> dict[str, list[str]]:
    """The ids of a stack's channels by kind: those that it declares, and the existing ones."""
    ids: dict[str, list[str]] = {}
    for channel in plan.of_type(CHANNEL):
        ids.setdefault(channel["inputs"]["type"], []).append(f"<{channel['name']}.id>")
    for existing in settings_of(stack).channels.existing:
        ids.setdefault(existing.kind, []).append(existing.id)
    return ids


@pytest.mark.parametrize("stack", STACKS)
def test_each_alert_has_one_policy(plans: dict[str, Plan], stack: str) -> None:
    """It is named after its alert. The security alerts belong to the stack that owns the shared resources."""
    settings = settings_of(stack)
    assert set(policies_of(plans[stack])) == {
        *(f"alerts-{rule.definition.slug}" for rule in rules_of(settings)),
        *(f"security-alerts-{rule.alert.slug}" for rule in security_rules(settings)),
    }


@pytest.mark.parametrize("stack", STACKS)
def test_an_alert_notifies_the_channels_of_its_kinds(plans: dict[str, Plan], stack: str) -> None:
    """In a stack with e-mail alone, every alert goes by e-mail. An existing channel counts by its kind."""
    settings = settings_of(stack)
    ids = channel_ids(plans[stack], stack)
    policies = policies_of(plans[stack])
    kinds = {f"alerts-{rule.definition.slug}": rule.channel_kinds for rule in rules_of(settings)}
    kinds |= {f"security-alerts-{rule.alert.slug}": rule.alert.channel_kinds for rule in security_rules(settings)}
    for name, wanted in kinds.items():
        expected = [channel_id for kind in sorted(wanted) for channel_id in ids.get(kind, [])]
        assert expected, name
        assert sorted(policies[name]["inputs"]["notificationChannels"]) == sorted(expected), name


def test_a_stack_declares_the_channels_of_its_settings(plans: dict[str, Plan]) -> None:
    """Existing channels are not declared."""
    declared = {stack: [channel["name"] for channel in plans[stack].of_type(CHANNEL)] for stack in STACKS}
    assert declared == {
        "prod": ["channels-email-ops@example.com"],
        "staging": ["channels-email-dev-alerts@example.com"],
        EVERY_OPTION: [
            "channels-email-first.person@shop.example.net",
            "channels-email-second+alerts@shop.example.net",
            "channels-pagerduty",
            "channels-slack",
        ],
    }


@pytest.mark.parametrize("stack", STACKS)
def test_an_alert_waits_for_the_log_metrics_that_it_reads(plans: dict[str, Plan], stack: str) -> None:
    """Monitoring refuses a query on a metric that it has never seen."""
    settings = settings_of(stack)
    policies = policies_of(plans[stack])
    for rule in rules_of(settings):
        waits = depends_on(plans[stack], policies[f"alerts-{rule.definition.slug}"])
        metrics = {name for name in waits if name.startswith("log-metrics-")}
        assert metrics == {f"log-metrics-{metric.slug}" for metric in rule.log_metrics}
    for rule in security_rules(settings):
        waits = depends_on(plans[stack], policies[f"security-alerts-{rule.alert.slug}"])
        assert f"security-alerts-metric-{rule.alert.metric.slug}" in waits


@pytest.mark.parametrize("stack", STACKS)
def test_every_log_metric_of_the_alerts_is_declared_with_its_filter(plans: dict[str, Plan], stack: str) -> None:
    """With the filter that other tests try on log entries."""
    declared = {metric["name"]: metric["inputs"] for metric in plans[stack].of_type(METRIC)}
    assert {
        name: (inputs["name"], inputs["filter"]) for name, inputs in declared.items() if name.startswith("log-metrics-")
    } == {f"log-metrics-{metric.slug}": (metric.name, metric.filter) for metric in log_metrics_of(settings_of(stack))}


def test_metrics_of_the_two_stacks_have_different_names(plans: dict[str, Plan]) -> None:
    """Both stacks are in one project, where a metric's name exists once."""
    names = [metric["inputs"]["name"] for stack in ("prod", "staging") for metric in plans[stack].of_type(METRIC)]
    assert len(set(names)) == len(names) > 6
