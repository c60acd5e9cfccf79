"""Every scenario, on every stack: the alert pages when it must, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.alerts.scenarios.cases import ALL_SCENARIOS
from readiness.alerts.scenarios.incident import Scenario
from readiness.alerts.scenarios.promtool import Case, Rule, run_cases
from tests.alerts.stacks import EVERY_DELIVERY

SCENARIOS = [scenario for scenario in ALL_SCENARIOS if EVERY_DELIVERY or not scenario.long]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario.alert}-{scenario.name}")
def test_the_alert_does_what_the_scenario_says(scenario: Scenario, cases: list[Case], failures: dict[str, str]) -> None:
    """On every stack, at every sample phase and loss pattern that the scenario asks for."""
    own = [case.id for case in cases if f"/{scenario.alert}/{scenario.name}/" in case.id]
    failed = [f"{id_} {failures[id_]}" for id_ in own if id_ in failures]
    assert own, "the scenario made no case"
    assert not failed, "\n".join([scenario.why, f"{len(failed)} of {len(own)} cases fail:", *failed[:8]])


def test_every_failure_of_promtool_belongs_to_a_case(cases: list[Case], failures: dict[str, str]) -> None:
    """Otherwise a failure could stay unnoticed."""
    assert set(failures) <= {case.id for case in cases}


def test_every_scenario_also_passes_with_the_newest_prometheus(
    prometheus_3: Path, cases: list[Case], rules: dict[tuple[str, str], Rule], tmp_path: Path
) -> None:
    """Prometheus 3 counts only the later edge of a window, as Monitoring does; 2.x counts both."""
    failed = run_cases(prometheus_3, tmp_path, cases, rules)
    assert not failed, "\n".join(f"{id_} {why}" for id_, why in list(failed.items())[:8])
