"""The effect of a stack's settings on the catalogue: its alerts, with figures, names and channels."""

from __future__ import annotations

import re

import pytest

from readiness.alerts.catalogue import alerts_of, log_metrics_of
from readiness.alerts.rules import AlertRule, rules_of
from readiness.alerts.security_alerts import SECURITY_ALERTS, security_rules
from readiness.alerts.service_alerts import HIGH_CPU_USAGE, HIGH_ERROR_RATE, HIGH_LATENCY
from readiness.settings.channels import EMAIL_ONLY, PAGE, TEAM, ExistingChannel, channels_notified
from readiness.settings.model import Settings
from readiness.settings.services import Service
from tests.projects import EVERY_OPTION, STACKS, settings_of

# What pages: symptoms, and the drill, which proves every channel.
PAGES = {
    "DatabaseDown",
    "FailedHealthChecks",
    "HighErrorRate",
    "ErrorBudgetBurn",
    "MigrationFailed",
    "NotificationDrill",
}
# By e-mail alone: latency as in the first customer's table, and what can wait until tomorrow.
BY_EMAIL = {"HighLatency", "SlowErrorBudgetBurn", "SlowStartUp", "DeploymentFailed"}
# Alert, section, key, an unusual value, and how the query ends with it.
THRESHOLDS = [
    ("HighCpuUsage", "high_cpu_usage", "cpu_ratio", 0.71, "> 0.71"),
    ("HighMemoryUsage", "high_memory_usage", "memory_ratio", 0.72, "> 0.72"),
    ("HighErrorRate", "high_error_rate", "error_ratio", 0.0123, "> 0.0123"),
    ("HighLatency", "high_latency", "latency_ms", 4321, "> 4321"),
    ("DatabaseConnectionErrors", "database_connection_errors", "error_count", 7, "> 7"),
    ("DatabaseDiskFull", "database_disk", "disk_ratio", 0.73, "> 0.73"),
    ("DatabaseHighCpu", "database_cpu", "cpu_ratio", 0.74, "> 0.74"),
    ("DatabaseHighMemory", "database_memory", "memory_ratio", 0.76, "> 0.76"),
    ("TransactionIdWraparound", "transaction_ids", "used_ratio", 0.77, "> 0.77"),
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


def test_symptoms_page_and_causes_go_to_the_team_or_by_email() -> None:
    """Alerts in neither set notify e-mail and Slack."""
    kinds = {alert.name: alert.channel_kinds for alert in alerts_of(settings_of(EVERY_OPTION))}
    assert kinds.keys() >= PAGES | BY_EMAIL
    assert {name for name, of_alert in kinds.items() if of_alert == PAGE} == PAGES
    assert {name for name, of_alert in kinds.items() if of_alert == EMAIL_ONLY} == BY_EMAIL
    assert {of_alert for name, of_alert in kinds.items() if name not in PAGES | BY_EMAIL} == {TEAM}
    assert {alert.channel_kinds for alert in SECURITY_ALERTS} == {TEAM}


@pytest.mark.parametrize("stack", STACKS)
def test_every_critical_alert_pages_and_everything_that_pages_is_critical(stack: str) -> None:
    """The exception is the drill. A CRITICAL alert that does not page would mislead its readers."""
    rules = [rule for rule in rules_of(settings_of(stack)) if rule.definition.name != "NotificationDrill"]
    critical = {rule.definition.name for rule in rules if rule.severity == "CRITICAL"}
    assert critical == {rule.definition.name for rule in rules if rule.channel_kinds & (PAGE - TEAM)}
    assert critical >= {"FailedHealthChecks", "HighErrorRate"}
    assert {rule.alert.severity for rule in security_rules(settings_of(stack))} <= {"ERROR", "WARNING"}


def test_a_failed_migration_pages_only_in_production() -> None:
    """Elsewhere it is an ERROR for the team. A stack without the setting counts as production."""
    settings = settings_of("prod")
    assert settings.environment.production
    elsewhere = settings.model_copy(
        update={"environment": settings.environment.model_copy(update={"production": False})}
    )
    before, after = rules(settings), rules(elsewhere)
    assert (before["MigrationFailed"].severity, before["MigrationFailed"].channel_kinds) == ("CRITICAL", PAGE)
    assert (after["MigrationFailed"].severity, after["MigrationFailed"].channel_kinds) == ("ERROR", TEAM)
    assert {name for name in before if before[name] != after[name]} == {"MigrationFailed"}
    assert not settings_of("staging").environment.production


def test_an_alert_notifies_only_channels_that_the_stack_has() -> None:
    """Existing channels count. Kinds that the alert or the stack does not have are left out."""
    every, email = settings_of(EVERY_OPTION).channels, settings_of("prod").channels
    assert channels_notified(HIGH_ERROR_RATE.channel_kinds, every) == ["e-mail", "Slack", "PagerDuty"]
    assert channels_notified(HIGH_CPU_USAGE.channel_kinds, every) == ["e-mail", "Slack"]
    assert channels_notified(HIGH_LATENCY.channel_kinds, every) == ["e-mail"]
    assert channels_notified(HIGH_ERROR_RATE.channel_kinds, email) == ["e-mail"]
    existing = (ExistingChannel(kind="slack", id="projects/p/notificationChannels/1"),)
    managed = email.model_copy(update={"existing": existing})
    assert channels_notified(HIGH_ERROR_RATE.channel_kinds, managed) == ["e-mail", "Slack"]


@pytest.mark.parametrize("count", [2, 40])
def test_the_number_of_alerts_does_not_depend_on_the_number_of_services(count: int) -> None:
    """Google bills each condition, and one policy covers all services of the stack."""
    found = rules(with_services(count))
    assert found.keys() == rules(with_services(1)).keys()
    query = found["HighErrorRate"].query
    assert len(re.findall(r"shop-\d\d\d", query)) == 2 * count, "every service is in numerator and denominator"


def test_an_alert_on_an_option_is_declared_only_with_the_option() -> None:
    """Without it, the metric of the alert does not exist."""
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
    """It also reaches the text of the condition, and no other alert."""
    before, after = rules(settings_of("staging")), rules(with_alerts(section, **{key: value}))
    assert after[alert].query.endswith(end)
    assert after[alert].condition != before[alert].condition
    assert {name for name in before if before[name] != after[name]} == {alert}


@pytest.mark.parametrize(
    ("alert", "section"),
    [row[:2] for row in THRESHOLDS if row[1] not in ("database_connection_errors", "failed_logins")],
)
def test_a_duration_from_the_settings_reaches_the_condition(alert: str, section: str) -> None:
    """In seconds, with one evaluation more (rules.py has the reason)."""
    assert rules(with_alerts(section, duration_seconds=1320))[alert].duration_seconds == 1350


def test_the_limit_of_instances_is_for_each_revision_or_for_the_service() -> None:
    """The query compares the largest revision, or the sum of all, as set for each service."""
    query = rules(settings_of(EVERY_OPTION))["InstanceLimitReached"].query
    (of_revisions,) = re.findall(r'max by [^=]*="cloud_run_revision",service_name=~"([^"]*)"', query)
    (of_services,) = re.findall(r'sum by [^=]*="cloud_run_revision",service_name=~"([^"]*)"', query)
    assert (of_revisions, of_services) == ("shop-api", "shop-web")


def test_the_window_of_dead_containers_reaches_the_query() -> None:
    """The second window of the query is never longer."""
    for seconds, still_dying in ((300, "6m"), (3600, "11m")):
        rule = rules(with_alerts("container_crash_loop", window_seconds=seconds))["ContainerCrashLoop"]
        assert f"* {seconds} / {seconds + 60}) > " in rule.query
        assert re.findall(r"\[(\w+)\]", rule.query) == [f"{seconds // 60 + 1}m", still_dying]


def test_the_window_of_the_connection_errors_reaches_the_query() -> None:
    """The count itself is the condition, so it has no duration."""
    for seconds in (300, 1320):
        rule = rules(with_alerts("database_connection_errors", window_seconds=seconds))["DatabaseConnectionErrors"]
        assert f"* {seconds} / " in rule.query
        assert rule.duration_seconds == 0


def test_the_burn_rates_follow_the_objective() -> None:
    """14.4, 6 and 3 times half a percent. Another objective changes only these three."""
    settings = settings_of("prod")
    before = rules(settings)
    other = settings.model_copy(update={"availability": settings.availability.model_copy(update={"goal": 0.99})})
    after = rules(other)
    shares = {
        "ErrorBudgetBurn": ([("0.072", "0.03")], [("0.144", "0.06")]),
        "SlowErrorBudgetBurn": ([("0.015",)], [("0.03",)]),
    }
    assert {name for name in before if before[name].query != after[name].query} == shares.keys()
    for name, values in shares.items():
        for rule, (of_rates,) in zip((before[name], after[name]), values, strict=True):
            rates = rule.query.split(" or ")
            for rate, share in zip(rates, of_rates, strict=True):
                assert rate.count(f" > {share} and ") == 2
                assert rate.endswith(" > 2")


@pytest.mark.parametrize("stack", STACKS)
def test_a_query_reads_exactly_the_log_metrics_of_its_rule(stack: str) -> None:
    """A misspelt metric has no data, and a metric that the rule does not name may not exist before the policy."""
    settings = settings_of(stack)
    own = {metric: f"{metric.promql_name}{{" for metric in log_metrics_of(settings)}
    assert len(own) > 3
    for rule in rules_of(settings):
        assert {metric for metric, start in own.items() if start in rule.query} == set(rule.log_metrics)
        made_late = "logging_googleapis_com:user_" in rule.query or "custom_googleapis_com:" in rule.query
        assert (bool(rule.log_metrics) or rule.definition.reads_late_metrics) is made_late
    assert len(rules(settings)["DatabaseConnectionErrors"].log_metrics) == 3


@pytest.mark.parametrize("stack", STACKS)
def test_no_query_contains_a_value_that_is_unknown_before_the_first_update(stack: str) -> None:
    """The id of an uptime check is such a value, so the alert selects the checks by their host."""
    found = rules(settings_of(stack))
    # The offline plan writes such a value in angle brackets.
    assert [name for name, rule in found.items() if re.search(r"<(?![ =])", rule.query)] == []
    assert 'check_id="' not in found["FailedHealthChecks"].query


@pytest.mark.parametrize("stack", STACKS)
def test_an_alert_is_named_after_its_title_and_the_stack(stack: str) -> None:
    """Names are unique, and have at most the 512 characters that Monitoring accepts."""
    settings = settings_of(stack)
    environment = settings.environment.name
    names = [rule.display_name for rule in (*rules_of(settings), *security_rules(settings))]
    assert len(set(names)) == len(names)
    assert max(map(len, [*names, *(rule.condition for rule in rules_of(settings))])) <= 512
    assert all(rule.display_name == f"{rule.definition.title} ({environment})" for rule in rules_of(settings))
    assert all(rule.display_name == f"{rule.alert.title} (project)" for rule in security_rules(settings))


@pytest.mark.parametrize("stack", STACKS)
def test_a_notification_begins_with_what_to_do_and_fits_on_a_phone(stack: str) -> None:
    """Page, value, threshold, service and console follow, one on each line."""
    settings = settings_of(stack)
    for rule in (*rules_of(settings), *security_rules(settings)):
        first, *lines = rule.documentation.strip().split("\n\n")
        assert re.fullmatch(r"\*\*Do first: [A-Z][a-z]+ [^$`?]{5,110}\.\*\*", first), first
        assert [line.partition(": ")[0] for line in lines] == ["Runbook", "Value", "Threshold", "On", "Console"]
        assert lines[0] == f"Runbook: {rule.runbook_url}"
        assert rule.condition in lines[2]
        assert lines[4].startswith("Console: https://console.cloud.google.com/")
        assert lines[4].endswith(f"?project={settings.project}")


@pytest.mark.parametrize("stack", STACKS)
def test_a_notification_contains_its_value_and_the_meaning_of_the_value(stack: str) -> None:
    """It uses the variable of a PromQL query's result, with an explanation."""
    for rule in rules_of(settings_of(stack)):
        assert f"Value: ${{metric.label.value}} ({rule.definition.value})" in rule.documentation
        assert rule.definition.value != "the result of the query", rule.definition.name
        assert rule.definition.subject(settings_of(stack)) in rule.documentation
        assert len(rule.definition.first_steps) == 3
        assert rule.documentation_subject.startswith(f"[{settings_of(stack).environment.name}] ")
