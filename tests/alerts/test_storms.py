"""Four outages run through all rules: how many incidents notify each channel, and which alerts fire."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from readiness.alerts.rules import rules_of
from readiness.alerts.scenarios.promtool import Rule
from readiness.alerts.scenarios.stack import Stack
from readiness.alerts.scenarios.storms import (
    AFTER_MINUTES,
    BEFORE_MINUTES,
    HEALTHY,
    STORMS,
    MissingMetricError,
    Opened,
    Storm,
    incidents_in,
    missing_metrics,
    notified,
    series_of,
)
from readiness.settings.channels import CHANNEL_DEFINITIONS, PAGE
from tests.alerts.stacks import EVERY_DELIVERY
from tests.projects import ROOT, STACKS

STACK = "prod"
PAGE_OF_THE_DOCUMENTATION = "docs/notifications.md"
DEADLINE_SECONDS = 600
# Incidents that each kind of channel hears of: e-mail, Slack, PagerDuty.
CHANNELS = {
    "database_down": (7, 5, 4),
    "bad_deployment": (5, 3, 3),
    "out_of_memory": (4, 4, 2),
    "traffic_spike": (8, 6, 1),
}
# The alerts that fire: those that page, and the others.
ALERTS = {
    "database_down": (
        {"DatabaseDown", "ErrorBudgetBurn", "FailedHealthChecks", "HighErrorRate"},
        {"DatabaseConnectionErrors", "HighLatency", "SlowErrorBudgetBurn"},
    ),
    "bad_deployment": (
        {"ErrorBudgetBurn", "FailedHealthChecks", "HighErrorRate"},
        {"DeploymentFailed", "SlowErrorBudgetBurn"},
    ),
    "out_of_memory": ({"ErrorBudgetBurn", "HighErrorRate"}, {"ContainerCrashLoop", "HighMemoryUsage"}),
    "traffic_spike": (
        {"ErrorBudgetBurn"},
        {
            "DatabaseConnectionErrors",
            "DatabaseConnectionsRunOut",
            "DatabaseHighCpu",
            "HighCpuUsage",
            "HighLatency",
            "InstanceLimitReached",
            "SlowErrorBudgetBurn",
        },
    ),
}


def rules_of_stack(rules: dict[tuple[str, str], Rule], stack: Stack) -> list[Rule]:
    """The rules that the stack deploys."""
    return [rule for (name, _), rule in rules.items() if name == stack.name]


def rows(page: str) -> dict[str, list[str]]:
    """The rows of the page's tables that begin with the title of an outage, by title and number of columns."""
    found = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] in {storm.title for storm in STORMS}:
            found[f"{cells[0]} {len(cells)}"] = cells
    return found


@pytest.mark.parametrize("storm", STORMS if EVERY_DELIVERY else STORMS[:1], ids=lambda storm: storm.name)
def test_an_outage_notifies_as_often_as_stated(
    storm: Storm, stacks: list[Stack], rules: dict[tuple[str, str], Rule], promtool: Path, tmp_path: Path
) -> None:
    """Each alert opens one incident, which closes. Only the symptoms page."""
    stack = next(stack for stack in stacks if stack.name == STACK)
    kinds = {rule.definition.name: rule.channel_kinds for rule in rules_of(stack.settings)}
    incidents = incidents_in(
        stack, storm, rules_of_stack(rules, stack), promtool, tmp_path, deadline_seconds=DEADLINE_SECONDS
    )
    pages, others = ALERTS[storm.name]
    assert incidents == [Opened(alert=alert, opened=1, closed=1) for alert in sorted(pages | others)]
    assert {incident.alert for incident in incidents if kinds[incident.alert] == PAGE} == pages
    counts = notified(incidents, kinds)
    assert tuple(counts[definition.kind] for definition in CHANNEL_DEFINITIONS) == CHANNELS[storm.name]


def test_the_page_shows_the_measured_numbers() -> None:
    """In the present columns. The columns of an earlier, named commit do not change."""
    page = (ROOT / PAGE_OF_THE_DOCUMENTATION).read_text(encoding="utf-8")
    wanted = {}
    for storm in STORMS:
        pages, others = (", ".join(sorted(alerts)) for alerts in ALERTS[storm.name])
        wanted[f"{storm.title} 4"] = [storm.title, storm.description, pages, others]
        wanted[f"{storm.title} 7"] = [str(count) for count in CHANNELS[storm.name]]
    found = rows(page)
    shown = {name: cells[2::2] if name.endswith(" 7") else cells for name, cells in found.items()}
    assert shown == wanted


@pytest.mark.parametrize("name", STACKS)
def test_every_metric_of_every_rule_has_series_in_an_outage(
    name: str, stacks: list[Stack], rules: dict[tuple[str, str], Rule]
) -> None:
    """A new rule without series would always look quiet: add its metric to `SIGNALS`."""
    stack = next(stack for stack in stacks if stack.name == name)
    for storm in STORMS:
        assert missing_metrics(rules_of_stack(rules, stack), series_of(stack, storm)) == []


def test_a_rule_on_a_metric_without_series_in_the_outages_is_refused_by_name(
    stacks: list[Stack], promtool: Path, tmp_path: Path
) -> None:
    """The error names the place for its series."""
    rule: Rule = {"alert": "DiskFull", "expr": "cloudsql_googleapis_com:disk > 1", "for": "0s", "labels": {}}
    with pytest.raises(
        MissingMetricError, match=r"DiskFull reads cloudsql_googleapis_com:disk\. .*SIGNALS in .*storms"
    ):
        incidents_in(stacks[0], STORMS[0], [rule], promtool, tmp_path, deadline_seconds=DEADLINE_SECONDS)


def test_a_healthy_day_opens_nothing_and_an_incident_that_ends_twice_counts_twice(
    stacks: list[Stack], rules: dict[tuple[str, str], Rule], promtool: Path, tmp_path: Path
) -> None:
    """Otherwise the numbers above would not be about the outage."""
    stack = next(stack for stack in stacks if stack.name == STACK)
    calm = dataclasses.replace(STORMS[0], states=(HEALTHY,) * 60)
    quiet = [
        rule for rule in rules_of_stack(rules, stack) if rule["alert"] in ("HighErrorRate", "InstanceLimitReached")
    ]
    assert incidents_in(stack, calm, quiet, promtool, tmp_path, deadline_seconds=DEADLINE_SECONDS) == []
    busy = dataclasses.replace(HEALTHY, instances_ratio=1)
    states = (*(busy,) * 20, *(HEALTHY,) * 20, *(busy,) * 20)
    twice = dataclasses.replace(STORMS[0], states=states)
    assert incidents_in(stack, twice, quiet, promtool, tmp_path, deadline_seconds=DEADLINE_SECONDS) == [
        Opened(alert="InstanceLimitReached", opened=2, closed=2)
    ]
    assert BEFORE_MINUTES > 60
    assert AFTER_MINUTES > 120
