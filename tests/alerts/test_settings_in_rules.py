"""What the settings of a stack make of the catalogue: which alerts, with which figures, names and channels."""

from __future__ import annotations

import re

import pytest

from readiness.alerts.catalogue import alerts_of, log_metrics_of
from readiness.alerts.rules import AlertRule, rules_of
from readiness.alerts.security_alerts import security_rules
from readiness.settings.channels import EVERY_CHANNEL
from readiness.settings.model import Settings
from readiness.settings.services import Service
from tests.projects import EVERY_OPTION, STACKS, settings_of

# The first customer's table: latency goes by e-mail, all else by e-mail and Slack. PagerDuty goes with Slack. Of the
# others, these can wait for the next working day; all else goes everywhere.
FEWER_CHANNELS = {
    "HighLatency": {"email"},
    "SlowErrorBudgetBurn": {"email"},
    "SlowStartUp": {"email"},
    "DeploymentFailed": {"email"},
    "LowDeploymentSuccess": {"email", "slack"},
    "NoDeploymentSuccess": {"email", "slack"},
    "FailedLogins": {"email", "slack"},
    "UnusualSecretAccess": {"email", "slack"},
}
# Alert, section, key, an unusual value, and how the query ends with it.
THRESHOLDS = [
    ("HighCpuUsage", "high_cpu_usage", "cpu_ratio", 0.71, "> 0.71"),
    ("HighMemoryUsage", "high_memory_usage", "memory_ratio", 0.72, "> 0.72"),
    ("HighErrorRate", "high_error_rate", "error_ratio", 0.0123, "> 0.0123"),
    ("HighLatency", "high_latency", "latency_ms", 4321, "> 4321"),
    ("DatabaseConnectionErrors", "database_connection_errors", "error_count", 7, "> 7"),
    ("FailedLogins", "failed_logins", "attempt_count", 9, "> 9"),
]


def rules(settings: Settings) -> dict[str, AlertRule]:
    """The rules of a stack by the name of their alert."""
    return {rule.definition.name: rule for rule in rules_of(settings)}


def with_alerts(section: str, **changed: float) -> Settings:
    """Staging's settings with some keys of one section of `alerts` changed."""
    settings = settings_of("staging")
    changed_section = getattr(settings.alerts, section).model_copy(update=changed)
    return settings.model_copy(update={"alerts": settings.alerts.model_copy(update={section: changed_section})})


def with_services(count: int) -> Settings:
    """Production's settings with so many services, each with a limit of instances."""
    services = tuple(
        Service(name=f"shop-{number:03}", role=f"r{number}", url=f"https://s{number}.example.net", max_instances=5)
        for number in range(count)
    )
    return settings_of("prod").model_copy(update={"services": services})


def names_without(section: str) -> set[str]:
    """The alerts that a stack with every option loses without a section."""
    settings = settings_of(EVERY_OPTION)
    without = settings.model_copy(update={section: None})
    return {alert.name for alert in alerts_of(settings)} - {alert.name for alert in alerts_of(without)}


def test_an_alert_notifies_the_channels_of_the_table() -> None:
    """What is not in it notifies every channel."""
    channels = {alert.name: set(alert.channel_kinds) for alert in alerts_of(settings_of(EVERY_OPTION))}
    assert channels == {name: FEWER_CHANNELS.get(name, set(EVERY_CHANNEL)) for name in channels}
    assert FEWER_CHANNELS.keys() <= channels.keys()


@pytest.mark.parametrize("count", [2, 40])
def test_the_number_of_alerts_does_not_depend_on_the_number_of_services(count: int) -> None:
    """Google bills by the condition; one policy covers all services of the stack."""
    found = rules(with_services(count))
    assert found.keys() == rules(with_services(1)).keys()
    query = found["HighErrorRate"].query
    assert len(re.findall(r"shop-\d\d\d", query)) == 2 * count, "every service is in numerator and denominator"


def test_an_alert_on_an_option_is_declared_with_the_option_alone() -> None:
    """Without it nothing writes what the alert reads."""
    assert names_without("migration_job") == {"MigrationFailed"}
    assert names_without("security_audit") == {"UnusualSecretAccess"}
    assert names_without("image_workflows") == {
        "ImagesDeletedByOthers",
        "LargeImageCleanup",
        "NewCriticalVulnerability",
    }


@pytest.mark.parametrize(("alert", "section", "key", "value", "end"), THRESHOLDS)
def test_a_threshold_from_the_settings_reaches_the_query(
    alert: str, section: str, key: str, value: float, end: str
) -> None:
    """And the words in which the condition is shown, and no other alert."""
    before, after = rules(settings_of("staging")), rules(with_alerts(section, **{key: value}))
    assert after[alert].query.endswith(end)
    assert after[alert].condition != before[alert].condition
    assert {name for name in before if before[name] != after[name]} == {alert}


@pytest.mark.parametrize(("alert", "section"), [row[:2] for row in THRESHOLDS[:4]])
def test_a_duration_from_the_settings_reaches_the_condition(alert: str, section: str) -> None:
    """In seconds, and one evaluation more (rules.py says why)."""
    assert rules(with_alerts(section, duration_seconds=1320))[alert].duration_seconds == 1350


def test_the_limit_of_instances_is_that_of_each_revision_or_of_the_service() -> None:
    """The largest revision is compared, or all of them together; each service as its setting says."""
    query = rules(settings_of(EVERY_OPTION))["InstanceLimitReached"].query
    (of_revisions,) = re.findall(r'max by [^=]*="cloud_run_revision",service_name=~"([^"]*)"', query)
    (of_services,) = re.findall(r'sum by [^=]*="cloud_run_revision",service_name=~"([^"]*)"', query)
    assert (of_revisions, of_services) == ("shop-api", "shop-web")


def test_the_window_of_dead_containers_reaches_the_query() -> None:
    """And what must have died lately is never older than the window."""
    for seconds, still_dying in ((300, "6m"), (3600, "11m")):
        rule = rules(with_alerts("container_crash_loop", window_seconds=seconds))["ContainerCrashLoop"]
        assert f"* {seconds} / {seconds + 60}) > " in rule.query
        assert re.findall(r"\[(\w+)\]", rule.query) == [still_dying, f"{seconds // 60 + 1}m"]


def test_the_window_of_the_connection_errors_reaches_the_query() -> None:
    """The count itself is the condition, so that no duration is added to the window."""
    for seconds in (300, 1320):
        rule = rules(with_alerts("database_connection_errors", window_seconds=seconds))["DatabaseConnectionErrors"]
        assert f"* {seconds} / " in rule.query
        assert rule.duration_seconds == 0


def test_the_burn_rates_page_for_what_the_objective_allows() -> None:
    """14.4, 6 and 3 times half a percent; another objective moves all three, and nothing else."""
    settings = settings_of("prod")
    before = rules(settings)
    other = settings.model_copy(update={"availability": settings.availability.model_copy(update={"goal": 0.99})})
    after = rules(other)
    shares = {
        "FastErrorBudgetBurn": ("0.072", "0.144"),
        "SteadyErrorBudgetBurn": ("0.03", "0.06"),
        "SlowErrorBudgetBurn": ("0.015", "0.03"),
    }
    assert {name for name in before if before[name].query != after[name].query} == shares.keys()
    for name, values in shares.items():
        for rule, share in zip((before[name], after[name]), values, strict=True):
            assert rule.query.count(f" > {share} and ") == 2
            assert rule.query.endswith(" > 2")


@pytest.mark.parametrize("stack", STACKS)
def test_a_query_reads_exactly_the_log_metrics_of_its_rule(stack: str) -> None:
    """A misspelt one has no data, and one that the rule does not name is not there before the policy."""
    settings = settings_of(stack)
    own = {metric: f"{metric.promql_name}{{" for metric in log_metrics_of(settings)}
    assert len(own) > 3
    for rule in rules_of(settings):
        assert {metric for metric, start in own.items() if start in rule.query} == set(rule.log_metrics)
        made_late = "logging_googleapis_com:user_" in rule.query or "custom_googleapis_com:" in rule.query
        assert (bool(rule.log_metrics) or rule.definition.reads_late_metrics) is made_late
    assert len(rules(settings)["DatabaseConnectionErrors"].log_metrics) == 3


@pytest.mark.parametrize("stack", STACKS)
def test_no_query_names_what_is_known_only_after_the_first_update(stack: str) -> None:
    """The id of an uptime check would be such a value: the alert finds the checks by their host."""
    found = rules(settings_of(stack))
    # The offline plan writes such a value in angle brackets.
    assert [name for name, rule in found.items() if re.search(r"<(?![ =])", rule.query)] == []
    assert 'check_id="' not in found["FailedHealthChecks"].query


@pytest.mark.parametrize("stack", STACKS)
def test_an_alert_is_named_after_its_title_and_the_stack(stack: str) -> None:
    """No two share a name, which is within the 512 characters that Monitoring takes."""
    settings = settings_of(stack)
    environment = settings.environment.name
    names = [rule.display_name for rule in (*rules_of(settings), *security_rules(settings))]
    assert len(set(names)) == len(names)
    assert max(map(len, [*names, *(rule.condition for rule in rules_of(settings))])) <= 512
    assert all(rule.display_name == f"{rule.definition.title} ({environment})" for rule in rules_of(settings))
    assert all(rule.display_name == f"{rule.alert.title} (project)" for rule in security_rules(settings))


@pytest.mark.parametrize("stack", STACKS)
def test_a_notification_numbers_its_three_steps_and_links_to_its_section_of_the_runbook(stack: str) -> None:
    """Who is paged at night reads only this."""
    settings = settings_of(stack)
    for rule in rules_of(settings):
        definition = rule.definition
        assert re.findall(r"^(\d)\. (.+)$", rule.documentation, flags=re.MULTILINE) == [
            (str(number), step) for number, step in enumerate(definition.first_steps, start=1)
        ]
        assert len(definition.first_steps) == 3
        assert rule.runbook_url == f"{settings.runbook.url}#{definition.name.lower()}"
        assert f"Runbook: {rule.runbook_url}" in rule.documentation
        assert rule.documentation_subject.startswith(f"[{settings.environment.name}] ")
