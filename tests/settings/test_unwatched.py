"""An alert that a stack lacks for want of a setting is named, unless the team does without it."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.alerts.catalogue import alerts_of
from readiness.alerts.rules import rules_of
from readiness.finding import Finding, Severity
from readiness.rules.stack import check_config
from readiness.settings.stack_files import StackConfig
from readiness.settings.unwatched import alert_gaps
from tests.pinned_clock import TODAY
from tests.projects import EVERY_OPTION, config_of, settings_of

RULES = (
    "settings-alert-missing",
    "settings-unwatched-needless",
    "settings-database-storage",
    "settings-alert-duration",
)
STORAGE = {"automatic_increase": False}


def changed(stack: str, alerts: dict[str, Any] | None = None, **sections: Any) -> StackConfig:
    """A stack whose sections are replaced; None removes one. `alerts`: what is written over single alerts."""
    config = config_of(stack)
    for name, value in sections.items():
        config.values[f"readiness:{name}"] = value
        if value is None:
            del config.values[f"readiness:{name}"]
    config.values["readiness:alerts"] = {**config.values["readiness:alerts"], **(alerts or {})}
    return config


def found(config: StackConfig) -> list[Finding]:
    """What is found of these rules."""
    return [finding for finding in check_config(config, today=TODAY).problems if finding.rule_id in RULES]


def database(**values: Any) -> dict[str, Any]:
    """A database whose connections and storage are known."""
    return {"instance": "db", "max_connections": 100, "storage": STORAGE, **values}


def test_a_stack_that_sets_everything_or_names_what_it_does_without_has_no_gap() -> None:
    """every-option has a service without a limit, and says so."""
    assert found(config_of(EVERY_OPTION)) == []
    assert found(changed("staging", database=database())) == []


def test_a_database_without_its_limit_is_named() -> None:
    """DatabaseConnectionsRunOut was left out in silence."""
    instance = {"instance": "db", "storage": STORAGE}
    (finding,) = found(changed("staging", database=instance))
    assert (finding.key, finding.severity) == ("readiness:database.max_connections", Severity.WARNING)
    assert finding.message.startswith("is missing, so that DatabaseConnectionsRunOut is not declared")
    assert "or write DatabaseConnectionsRunOut into readiness:alerts.unwatched" in finding.hint
    without = {"unwatched": ["DatabaseConnectionsRunOut"]}
    assert found(changed("staging", without, database=instance)) == []


@pytest.mark.parametrize("engine", ["mysql", "sqlserver"])
def test_an_engine_that_alerts_do_not_know_is_named_with_these_alerts(engine: str) -> None:
    """One warning with all of them; those that the team does without are left out."""
    (finding,) = found(changed("staging", database=database(engine=engine)))
    assert finding.key == "readiness:database.engine"
    assert finding.message == (
        f"is {engine}, so that DatabaseConnectionErrors does not read this server's log, DatabaseConnectionsRunOut is "
        "not declared, TransactionIdWraparound is not declared"
    )
    without = {"unwatched": ["DatabaseConnectionErrors", "TransactionIdWraparound"]}
    (finding,) = found(changed("staging", without, database=database(engine=engine)))
    assert finding.message == f"is {engine}, so that DatabaseConnectionsRunOut is not declared"


def test_what_is_said_to_be_missing_is_missing() -> None:
    """The words of the warning and the catalogue agree."""
    settings = settings_of("prod")
    other = settings.model_copy(update={"database": settings.required_database.model_copy(update={"engine": "mysql"})})
    lost = {alert.name for alert in alerts_of(settings)} - {alert.name for alert in alerts_of(other)}
    assert lost == {"DatabaseConnectionsRunOut", "TransactionIdWraparound"}
    gaps = [gap.sentence for gap in alert_gaps(other)]
    assert sorted(gaps) == [
        "DatabaseConnectionErrors does not read this server's log",
        *(f"{name} is not declared" for name in sorted(lost)),
    ]


def test_a_log_that_is_not_postgresqls_is_not_counted_in_vain() -> None:
    """A counter of it would stay at zero, and the query would seem to watch the server."""
    settings = settings_of("prod")
    other = settings.model_copy(update={"database": settings.required_database.model_copy(update={"engine": "mysql"})})
    queries: list[str] = []
    counters: list[set[str]] = []
    for stack in (settings, other):
        (rule,) = [rule for rule in rules_of(stack) if rule.definition.name == "DatabaseConnectionErrors"]
        queries.append(rule.query)
        counters.append({metric.slug for metric in rule.log_metrics})
    assert "database_connection_errors_server" in queries[0]
    assert "database_connection_errors_server" not in queries[1]
    assert "round(max(sum(increase(" in queries[1]
    assert counters[0] - counters[1] == {"connection-errors-server"}


def test_an_unknown_engine_is_refused() -> None:
    """With those that are known."""
    problems = check_config(changed("staging", database=database(engine="oracle")), today=TODAY).problems
    (finding,) = [finding for finding in problems if finding.key == "readiness:database.engine"]
    assert finding.severity is Severity.ERROR
    assert "postgresql" in finding.message + finding.hint


def test_a_service_without_a_limit_of_instances_is_named() -> None:
    """All of them in one warning."""
    services = config_of("staging").values["readiness:services"]
    bare = [{name: value for name, value in service.items() if name != "max_instances"} for service in services]
    (finding,) = found(changed("staging", database=database(), services=bare))
    assert finding.key == "readiness:services"
    assert finding.message == (
        "has no max_instances at [0], [1], so that InstanceLimitReached does not watch these services"
    )
    (finding,) = found(changed("staging", database=database(), services=[services[0], bare[1]]))
    assert "has no max_instances at [1]," in finding.message


@pytest.mark.parametrize(
    ("section", "key", "alert"),
    [
        ("image_workflows", "readiness:image_workflows", "ImagesDeletedByOthers"),
        ("delivery", "readiness:alerts.delivery", "LowDeploymentSuccess"),
    ],
)
def test_a_registry_and_deployments_that_nobody_watches_are_named(section: str, key: str, alert: str) -> None:
    """The section that the alerts need is left out, and what it would watch is declared."""
    config = config_of(EVERY_OPTION)
    if section == "delivery":
        del config.values["readiness:alerts"]["delivery"]
    else:
        del config.values[f"readiness:{section}"]
    (finding,) = found(config)
    assert (finding.key, finding.severity) == (key, Severity.WARNING)
    assert alert in finding.message


def test_doing_without_an_alert_that_is_declared_is_named() -> None:
    """Else the list would hide a later gap."""
    without = {"unwatched": ["DatabaseConnectionsRunOut"]}
    (finding,) = found(changed("staging", without, database=database()))
    assert finding.key == "readiness:alerts.unwatched[0]"
    assert "which this stack declares" in finding.message


def test_an_alert_that_needs_no_setting_cannot_be_done_without() -> None:
    """Only gaps are accepted, not alerts switched off."""
    config = changed("staging", {"unwatched": ["DatabaseDown"]}, database=database())
    problems = check_config(config, today=TODAY).problems
    assert [f.severity for f in problems if f.key == "readiness:alerts.unwatched[0]"] == [Severity.ERROR]


def test_a_disk_of_which_the_growth_is_not_known_is_named() -> None:
    """It is watched, as one that does not grow."""
    (finding,) = found(changed("staging", database={"instance": "db", "max_connections": 100}))
    assert (finding.key, finding.severity) == ("readiness:database.storage", Severity.WARNING)


def test_a_limit_of_a_disk_that_does_not_grow_is_refused() -> None:
    """It would be read as the limit."""
    storage = {"automatic_increase": False, "limit_gib": 100}
    (finding,) = found(changed("staging", database=database(storage=storage)))
    assert (finding.key, finding.severity) == ("readiness:database.storage.limit_gib", Severity.ERROR)


@pytest.mark.parametrize("section", ["database_connections", "instance_limit"])
@pytest.mark.parametrize(("seconds", "warned"), [(180, True), (240, True), (300, False)])
def test_a_duration_in_which_one_sample_pages_is_named(section: str, seconds: int, warned: bool) -> None:
    """The newest sample of a gauge stands for five minutes."""
    findings = found(changed("staging", {section: {"duration_seconds": seconds}}, database=database()))
    assert [finding.key for finding in findings] == ([f"readiness:alerts.{section}.duration_seconds"] * warned)


@pytest.mark.parametrize("section", ["database_down", "database_disk", "database_cpu", "database_memory"])
def test_a_newer_alert_takes_no_such_duration(section: str) -> None:
    """Refused by the setting itself."""
    problems = check_config(changed("staging", {section: {"duration_seconds": 240}}), today=TODAY).problems
    assert [f.severity for f in problems if f.key == f"readiness:alerts.{section}.duration_seconds"] == [Severity.ERROR]
