"""Runs the incidents of a stack on its deployed rules: whether the alerts page when they must, and only then."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from readiness.alerts.scenarios.cases import ALL_SCENARIOS, USUAL_DELIVERY, case_of, deliveries_of, incidents_of
from readiness.alerts.scenarios.incident import Fires, Incident, Scenario
from readiness.alerts.scenarios.promtool import (
    Case,
    Rule,
    expected_page,
    first_page_tests,
    page_minutes,
    processors,
    promtool_tests,
    run_promtool,
    write_test_file,
)
from readiness.alerts.scenarios.stack import Stack

_SECONDS = re.compile(r"got: \{\} (\S+)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """An incident in which the alert did not do what it must.

    `expected` and `found` are sentences with the minutes of the incident. `deliveries`: at how many of the `tried`
    arrival times of its samples it failed; `phase_seconds` and `lost` are those of the first.
    """

    scenario: str
    why: str
    must_page: bool
    expected: str
    found: str
    page_minute: float | None
    phase_seconds: int
    lost: int | None
    deliveries: int
    tried: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertProof:
    """The results of the incidents of one alert. `not_built`: scenarios that the settings rule out, with the reason."""

    alert: str
    query: str
    duration: str
    must_page: int
    must_stay_quiet: int
    failures: tuple[Failure, ...]
    not_built: tuple[tuple[str, str], ...]

    @property
    def pages(self) -> int:
        """How many incidents page when they must."""
        return self.must_page - sum(failure.must_page for failure in self.failures)

    @property
    def stays_quiet(self) -> int:
        """How many incidents that must stay quiet do."""
        return self.must_stay_quiet - sum(not failure.must_page for failure in self.failures)

    @property
    def gap(self) -> str:
        """Why the alert is not proven although nothing failed: no incident that pages, or none that is quiet."""
        if not self.must_page:
            return "no incident that must page fits the settings"
        return "" if self.must_stay_quiet else "no incident that must stay quiet fits the settings"


def scenarios_of(alert: str) -> list[Scenario]:
    """The built-in scenarios of an alert. Empty for a custom alert."""
    return [scenario for scenario in ALL_SCENARIOS if scenario.alert == alert]


def prove(
    stack: Stack,
    rules: Mapping[str, Rule],
    promtool: Path,
    *,
    every_phase: bool,
    deadline_seconds: float,
    done: Callable[[int, int], None] = lambda finished, total: None,
) -> list[AlertProof]:
    """The results of each rule, in their order. `rules`: by alert. `done` gets the number of finished and of all rules.

    The caller leaves out alerts without scenarios. Raises PromtoolError, without starting promtool again.
    """
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(processors()) as pool:

        def proof(item: tuple[str, Rule]) -> AlertProof:
            alert, rule = item
            return _proof(stack, alert, rule, promtool, Path(folder), every_phase, deadline_seconds)

        finished: list[AlertProof] = []
        try:
            for proven in pool.map(proof, rules.items()):
                finished.append(proven)
                done(len(finished), len(rules))
        except BaseException:
            # A promtool that hangs for one alert hangs for the next one too.
            pool.shutdown(cancel_futures=True)
            raise
        return finished


def _proof(
    stack: Stack, alert: str, rule: Rule, promtool: Path, folder: Path, every_phase: bool, deadline_seconds: float
) -> AlertProof:
    built: list[tuple[Scenario, list[Case]]] = []
    not_built: list[tuple[str, str]] = []
    for scenario, incident in incidents_of(stack, scenarios_of(alert)):
        if isinstance(incident, Incident):
            # Without lost samples, because their effect on a count or a probe depends on the settings.
            whole = tuple(delivery for delivery in deliveries_of(scenario) if delivery.lost is None)
            deliveries = whole if every_phase else (USUAL_DELIVERY,)
            built.append((scenario, [case_of(stack, scenario, incident, delivery) for delivery in deliveries]))
        else:
            not_built.append((scenario.name, incident))
    cases = [case for _, of_scenario in built for case in of_scenario]

    def run(name: str, tests: str) -> dict[str, str]:
        file = write_test_file(folder, f"{alert}-{name}", rule, tests)
        return run_promtool(promtool, [file], deadline_seconds=deadline_seconds)

    failed = run("incidents", promtool_tests(cases, rule)) if cases else {}
    wrong = [case for case in cases if case.id in failed]
    pages = run("pages", first_page_tests(wrong)) if wrong else {}
    pages_by_scenario = [isinstance(of_scenario[0].incident.expect, Fires) for _, of_scenario in built]
    return AlertProof(
        alert=alert,
        query=rule["expr"],
        duration=rule["for"],
        must_page=sum(pages_by_scenario),
        must_stay_quiet=len(built) - sum(pages_by_scenario),
        failures=tuple(_failures(built, failed, pages)),
        not_built=tuple(not_built),
    )


def _failures(
    built: Iterable[tuple[Scenario, Sequence[Case]]], failed: Mapping[str, str], pages: Mapping[str, str]
) -> Iterable[Failure]:
    for scenario, cases in built:
        wrong = [case for case in cases if case.id in failed]
        if wrong:
            first = wrong[0]
            minute = _minute(pages.get(first.id))
            yield Failure(
                scenario=scenario.name,
                why=scenario.why,
                must_page=isinstance(first.incident.expect, Fires),
                expected=expected_page(first),
                found=_found(first, minute),
                page_minute=minute,
                phase_seconds=first.delivery.phase_seconds,
                lost=first.delivery.lost,
                deliveries=len(wrong),
                tried=len(cases),
            )


def _minute(answer: str | None) -> float | None:
    """The minute of the first page, from promtool's answer to `first_page_tests`. None if nothing pages."""
    found = _SECONDS.search(answer or "")
    return round(float(found[1]) / 60, 1) if found else None


def _found(case: Case, minute: float | None) -> str:
    if minute is None:
        return "nobody is notified"
    page = f"the first page is at minute {minute:g}"
    expect = case.incident.expect
    if not isinstance(expect, Fires):
        return page
    early, late = page_minutes(case, expect)
    # The minute is rounded to a tenth.
    if minute > late + 0.1:
        return f"{page}, too late"
    if minute < early - 0.1:
        return f"{page}, too early"
    return f"{page}, but with other labels, or it ends too early or too late"
