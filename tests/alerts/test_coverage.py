"""Every policy has a case in which it fires and a case in which it stays quiet."""

from __future__ import annotations

import dataclasses

import pytest

from readiness.alerts.catalogue import ALERTS
from readiness.alerts.scenarios.cases import ALL_SCENARIOS, LOSSES, PHASES, cases_of, incidents_of
from readiness.alerts.scenarios.incident import Fires, Incident
from readiness.alerts.scenarios.promtool import Case, Rule
from readiness.alerts.scenarios.stack import Stack
from tests.alerts.stacks import all_cases, uncovered


def test_every_rule_of_the_plan_fires_in_one_case_and_is_quiet_in_another(
    rules: dict[tuple[str, str], Rule], cases: list[Case]
) -> None:
    """A policy that is added without scenarios fails here."""
    assert uncovered(rules, cases) == [], "write scenarios of it in readiness/alerts/scenarios/"


def test_the_check_names_a_rule_without_a_firing_case(rules: dict[tuple[str, str], Rule], cases: list[Case]) -> None:
    """The check can fail: without the firing cases of one alert it names that alert on each stack."""
    left = [c for c in cases if not (c.alert == "HighLatency" and isinstance(c.incident.expect, Fires))]
    assert uncovered(rules, left) == [
        "prod/HighLatency never fires",
        "staging/HighLatency never fires",
        "every-option/HighLatency never fires",
    ]


def test_the_check_names_a_rule_without_a_quiet_case(rules: dict[tuple[str, str], Rule], cases: list[Case]) -> None:
    """The same for quiet cases."""
    left = [c for c in cases if (c.stack, c.alert) != ("prod", "HighCpuUsage") or isinstance(c.incident.expect, Fires)]
    assert uncovered(rules, left) == ["prod/HighCpuUsage is never quiet"]


def test_the_check_names_a_policy_without_a_scenario(cases: list[Case]) -> None:
    """A new policy needs scenarios."""
    assert uncovered([("prod", "NewAlert")], cases) == ["prod/NewAlert never fires", "prod/NewAlert is never quiet"]


def test_every_case_names_a_rule_that_the_plan_declares(rules: dict[tuple[str, str], Rule], cases: list[Case]) -> None:
    """A quiet scenario of a misspelt alert would always pass."""
    assert {(case.stack, case.alert) for case in cases} <= set(rules)


def test_every_scenario_belongs_to_an_alert_of_the_catalogue() -> None:
    """A stack runs only scenarios of its alerts, so a scenario of a misspelt alert would never run."""
    assert {scenario.alert for scenario in ALL_SCENARIOS} <= {definition.name for definition in ALERTS}


def test_the_names_of_cases_are_unique(cases: list[Case]) -> None:
    """A verdict is found by the case's name."""
    assert len({case.id for case in cases}) == len(cases)


def test_every_scenario_has_a_reason() -> None:
    """The docstring is what a failing scenario prints first."""
    assert [scenario.name for scenario in ALL_SCENARIOS if len(scenario.why) < 20] == []


@pytest.mark.parametrize("every", [True, False], ids=["every-delivery", "usual"])
def test_scenarios_that_depend_on_time_run_at_six_phases_and_four_loss_patterns(
    stacks: list[Stack], every: bool
) -> None:
    """At an evaluation, just after it and between two; without losses, and with each third sample lost."""
    runs = [
        (case.delivery.phase_seconds, case.delivery.lost)
        for case in all_cases(stacks, every_delivery=every)
        if case.id.startswith("prod/HighErrorRate/a_lasting_breach_at_twice_the_threshold/")
    ]
    assert len(PHASES) >= 6
    assert len(set(runs)) == len(runs) == (4 if every else 1) * len(PHASES)
    assert {phase for phase, _ in runs} == set(PHASES)
    assert {lost for _, lost in runs} == set(LOSSES)


def test_a_stack_with_its_own_alert_settings_runs_at_every_phase(stacks: list[Stack]) -> None:
    """Only a stack with the same alert settings as another one runs at fewer phases. Long scenarios run once."""
    prod, staging, _ = stacks
    alone = len(list(cases_of(prod)))
    long = [scenario for scenario in ALL_SCENARIOS if scenario.long]
    again = alone - len(list(cases_of(prod, scenarios=long)))
    own_figures = prod.settings.model_copy(update={"alerts": stacks[2].settings.alerts})
    with_own, with_same = (dataclasses.replace(staging, settings=known) for known in (own_figures, prod.settings))
    assert len(all_cases([prod, with_own], every_delivery=True)) == alone + again
    built = [scenario for scenario, incident in incidents_of(prod) if isinstance(incident, Incident)]
    again = len(built) - len([scenario for scenario in built if scenario in long])
    assert len(all_cases([prod, with_same], every_delivery=True)) == alone + again
