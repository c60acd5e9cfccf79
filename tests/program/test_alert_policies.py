"""The alert policies of a stack, read from its plan."""

from __future__ import annotations

import re
from typing import Any

import pytest

from readiness.alerting import catalogue
from readiness.alerting.definition import AlertDefinition
from readiness.review.offline_plan import Plan
from readiness.settings.channels import PAGERDUTY_SERVICE_KEY, SLACK_AUTH_TOKEN
from tests.program.variations import METRIC, POLICY, condition_of, own_plan_with, plan_with, policies_of, services
from tests.projects import EVERY_OPTION, STACKS, config_of, settings_of

# The seed's table (section 1.2): latency goes by e-mail, all else by e-mail and Slack. PagerDuty goes with Slack.
TOLD_BY = {
    "HighCpuUsage": {"email", "slack", "pagerduty"},
    "HighMemoryUsage": {"email", "slack", "pagerduty"},
    "HighErrorRate": {"email", "slack", "pagerduty"},
    "HighLatency": {"email"},
    "DatabaseConnectionErrors": {"email", "slack", "pagerduty"},
}
# Of the others, those that can wait for the next working day; all else goes everywhere.
FEWER = {
    "SlowErrorBudgetBurn": {"email"},
    "SlowStartUp": {"email"},
    "DeploymentFailed": {"email"},
    "LowDeploymentSuccess": {"email", "slack"},
    "NoDeploymentSuccess": {"email", "slack"},
}
CHANNELS_OF = TOLD_BY | FEWER
EVERYWHERE = {"email", "slack", "pagerduty"}

# Section, key, an unusual value, and how it stands at the end of the query.
THRESHOLDS = [
    ("HighCpuUsage", "high_cpu_usage", "cpu_ratio", 0.71, "> 0.71"),
    ("HighMemoryUsage", "high_memory_usage", "memory_ratio", 0.72, "> 0.72"),
    ("HighErrorRate", "high_error_rate", "error_ratio", 0.0123, "> 0.0123"),
    ("HighLatency", "high_latency", "latency_ms", 4321, "> 4321"),
    ("DatabaseConnectionErrors", "database_connection_errors", "error_count", 7, "> 7"),
]


def alerts_of(stack: str, section: str, **changed: float) -> dict[str, Any]:
    """The stack's `alerts`, with some keys of one section changed."""
    alerts = config_of(stack).values["readiness:alerts"]
    return {**alerts, section: {**alerts[section], **changed}}


@pytest.mark.parametrize("count", [1, 2, 40])
def test_the_number_of_policies_does_not_depend_on_the_number_of_services(count: int) -> None:
    """Google bills by the condition; one policy covers all services of the stack."""
    plan = plan_with("prod", services=services(count))
    policies = policies_of(plan)
    assert TOLD_BY.keys() < policies.keys()
    assert policies.keys() == {definition.name for definition in catalogue.alerts_of(settings_of("prod"))}
    query = condition_of(policies["HighErrorRate"])["query"]
    assert query.count("-prod") == 2 * count, "every service stands in it, in the numerator and the denominator"


@pytest.mark.parametrize("stack", STACKS)
def test_each_alert_has_one_policy_with_one_condition(plans: dict[str, Plan], stack: str) -> None:
    """Named after its alert in every place: the resource, the rule, the label."""
    policies = policies_of(plans[stack])
    assert list(policies) == sorted(policies)
    declared = list(catalogue.alerts_of(settings_of(stack)))
    assert policies.keys() == {definition.name for definition in declared}
    for definition in declared:
        policy = policies[definition.name]
        assert policy["name"] == f"alerts-{definition.slug}"
        assert policy["inputs"]["userLabels"]["alert"] == definition.slug
        assert policy["inputs"]["severity"] == definition.severity
        assert policy["inputs"]["combiner"] == "OR"
        assert condition_of(policy)["evaluationInterval"] == "30s"


@pytest.mark.parametrize("alert", CHANNELS_OF)
def test_the_channels_of_an_alert_are_those_of_the_table(plans: dict[str, Plan], alert: str) -> None:
    """With every channel configured; existing ones by id count with their kind."""
    channels = {
        "email": [
            "<channels-email-first.person@shop.example.net.id>",
            "<channels-email-second+alerts@shop.example.net.id>",
            "projects/ytgrs-464303/notificationChannels/1001",
        ],
        "slack": ["<channels-slack.id>", "projects/ytgrs-464303/notificationChannels/1002"],
        "pagerduty": ["<channels-pagerduty.id>"],
    }
    policy = policies_of(plans[EVERY_OPTION])[alert]
    expected = [identity for kind in CHANNELS_OF[alert] for identity in channels[kind]]
    assert sorted(policy["inputs"]["notificationChannels"]) == sorted(expected)


def test_a_stack_with_e_mail_alone_sends_every_alert_by_e_mail(plans: dict[str, Plan]) -> None:
    """No alert is left without a channel because Slack is not there yet."""
    for stack in ("prod", "staging"):
        for policy in policies_of(plans[stack]).values():
            (channel,) = policy["inputs"]["notificationChannels"]
            assert channel.startswith("<channels-email-")


@pytest.mark.parametrize(("alert", "section", "key", "value", "end"), THRESHOLDS)
def test_a_threshold_from_the_settings_reaches_the_query(
    alert: str, section: str, key: str, value: float, end: str
) -> None:
    """And the words in which the condition is shown, and no other alert."""
    policies = policies_of(plan_with("staging", alerts=alerts_of("staging", section, **{key: value})))
    before = policies_of(plan_with("staging"))
    assert condition_of(policies[alert])["query"].endswith(end)
    words, words_before = (each[alert]["inputs"]["conditions"][0]["displayName"] for each in (policies, before))
    assert words != words_before
    others = [name for name in policies if name != alert]
    assert {name: policies[name]["inputs"] for name in others} == {name: before[name]["inputs"] for name in others}


@pytest.mark.parametrize(("alert", "section"), [each[:2] for each in THRESHOLDS if "database" not in each[1]])
def test_a_duration_from_the_settings_reaches_the_condition(alert: str, section: str) -> None:
    """As the API writes it."""
    policies = policies_of(plan_with("staging", alerts=alerts_of("staging", section, duration_seconds=1320)))
    assert condition_of(policies[alert])["duration"] == "1320s"


def test_the_window_of_the_connection_errors_reaches_the_query() -> None:
    """The count itself is the condition, so that nothing is held on top of the window."""
    alerts = alerts_of("staging", "database_connection_errors", window_seconds=1320)
    condition = condition_of(policies_of(plan_with("staging", alerts=alerts))["DatabaseConnectionErrors"])
    before = condition_of(policies_of(plan_with("staging"))["DatabaseConnectionErrors"])
    assert "* 300 / " in before["query"]
    assert "* 1320 / " in condition["query"]
    assert condition["duration"] == before["duration"] == "0s"


@pytest.mark.parametrize("stack", STACKS)
def test_a_policy_that_reads_logs_waits_for_the_metrics_and_skips_their_validation(
    plans: dict[str, Plan], stack: str
) -> None:
    """A log-based metric is unknown to Monitoring at first; a query on it is refused until it exists."""
    own = [metric for metric in plans[stack].of_type(METRIC) if metric["name"].startswith("log-metrics-")]
    series = {metric["urn"]: f"logging_googleapis_com:user_{metric['inputs']['name']}{{" for metric in own}
    readers: dict[str, set[str]] = {}
    for name, policy in policies_of(plans[stack]).items():
        query = condition_of(policy)["query"]
        readers[name] = {urn for urn, start in series.items() if start in query}
        assert readers[name] == series.keys() & set(policy["options"]["dependencies"])
        made_late = "logging_googleapis_com:user_" in query or "custom_googleapis_com:" in query
        assert condition_of(policy)["disableMetricValidation"] is made_late
    assert len(readers["DatabaseConnectionErrors"]) == 3
    assert set().union(*readers.values()) == set(series), "a counter that no alert reads"


@pytest.mark.parametrize("stack", STACKS)
def test_opening_and_closing_are_told_and_an_incident_without_data_closes(plans: dict[str, Plan], stack: str) -> None:
    """`notificationRateLimit` is not there: the API takes it for log matches alone. Of security alerts too."""
    seconds = settings_of(stack).alerts.auto_close_seconds
    for policy in plans[stack].of_type(POLICY):
        strategy = policy["inputs"]["alertStrategy"]
        assert strategy == {"autoClose": f"{seconds}s", "notificationPrompts": ["OPENED", "CLOSED"]}


@pytest.mark.parametrize("stack", STACKS)
def test_user_labels_are_of_the_characters_that_the_api_takes(plans: dict[str, Plan], stack: str) -> None:
    """Keys and values: lower-case letters, digits, `_` and `-`, at most 63; a key begins with a letter."""
    for policy in plans[stack].of_type(POLICY):
        labels = policy["inputs"]["userLabels"]
        assert labels["environment"] == settings_of(stack).environment.name
        for key, value in labels.items():
            assert re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", key)
            assert re.fullmatch(r"[a-z0-9_-]{1,63}", value)


@pytest.mark.parametrize("stack", STACKS)
def test_names_are_within_the_limits_of_the_api_and_unlike_each_other(plans: dict[str, Plan], stack: str) -> None:
    """512 characters for a display name, 255 bytes for a subject; the name ends in its stack, or in `project`."""
    policies = list(plans[stack].of_type(POLICY))
    names = [policy["inputs"]["displayName"] for policy in policies]
    assert len(set(names)) == len(names)
    for policy in policies:
        inputs = policy["inputs"]
        whose = "project" if policy["name"].startswith("security-alerts-") else settings_of(stack).environment.name
        assert inputs["displayName"].endswith(f"({whose})")
        assert len(inputs["displayName"]) <= 512
        assert len(inputs["conditions"][0]["displayName"]) <= 512
        assert len(inputs["documentation"]["subject"].encode()) <= 255


@pytest.mark.parametrize(
    ("stack", "definition"),
    [(stack, definition) for stack in STACKS for definition in catalogue.alerts_of(settings_of(stack))],
    ids=lambda each: each if isinstance(each, str) else each.name,
)
def test_the_documentation_says_what_it_means_what_to_do_first_and_where_to_read_on(
    plans: dict[str, Plan], stack: str, definition: AlertDefinition
) -> None:
    """Who is paged at night reads only this."""
    documentation = policies_of(plans[stack])[definition.name]["inputs"]["documentation"]
    link = f"{settings_of(stack).runbook.url}#{definition.name.lower()}"
    assert documentation["mimeType"] == "text/markdown"
    assert documentation["links"] == [{"displayName": "Runbook", "url": link}]
    assert definition.meaning in documentation["content"]
    assert re.findall(r"^(\d)\. (.+)$", documentation["content"], flags=re.MULTILINE) == [
        (str(number), step) for number, step in enumerate(definition.first_steps, start=1)
    ]
    assert len(definition.first_steps) == 3
    assert f"Runbook: {link}" in documentation["content"]
    assert settings_of(stack).environment.name in documentation["subject"]


def test_slack_and_pagerduty_configured_later_reach_what_is_urgent_and_not_latency() -> None:
    """Production as it will be: nothing but the channels changes."""
    channels = {
        "emails": ["ops@example.com"],
        "slack": {"channel_name": "#alerts"},
        "pagerduty": {"service_name": "Production"},
    }
    policies = policies_of(own_plan_with("prod", (SLACK_AUTH_TOKEN, PAGERDUTY_SERVICE_KEY), channels=channels))
    ids = {
        "email": "<channels-email-ops@example.com.id>",
        "slack": "<channels-slack.id>",
        "pagerduty": "<channels-pagerduty.id>",
    }
    for alert, policy in policies.items():
        expected = [ids[kind] for kind in ids if kind in CHANNELS_OF.get(alert, EVERYWHERE)]
        assert policy["inputs"]["notificationChannels"] == expected, alert
