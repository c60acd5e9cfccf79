"""A rule on a gauge works however late the samples become visible: at the present time, and at the stated delay.

No source says whether Monitoring evaluates a rule now, where the newest samples are not visible yet, or later. Under
a delay `d` a window `w` contains what `[w - d] offset d` contains if every sample is visible at once. So the scenarios
also run on a copy of the rule with these windows, beside the deployed text (test_scenarios.py).

Rates are left out: a longer window pages on a burst of one minute (docs/adr/0001-alert-rules.md).
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from readiness.alerts.definition import EVALUATION_INTERVAL_SECONDS
from readiness.alerts.metric_catalogue import ASSUMED_DELAY_SECONDS, METRICS, Metric, known_metrics
from readiness.alerts.scenarios.cases import cases_of
from readiness.alerts.scenarios.incident import Fires
from readiness.alerts.scenarios.promtool import Case, Rule, run_cases
from readiness.alerts.scenarios.stack import Stack
from tests.alerts.stacks import EVERY_DELIVERY, runs_in_make_test
from tests.alerts.verdicts import MEMORY_OF_LATE_SAMPLES, run_in_two_sets
from tests.projects import settings_of

# Figures that are written twice a day are left out: their rules look 25 hours back, and lose nothing by some minutes.
_GAUGES = frozenset(
    metric.promql_name for metric in METRICS if metric.kind == "GAUGE" and metric.resources != ("global",)
)
# What changes with the delay, since a late sample looks like a missing one: a window contains fewer samples, so two
# failing probes a minute apart may page (one never does), and two missing samples in a row restart a duration.
# If samples are lost as well, the tests only check that a rule pages, and in time.
HOLD_WITHOUT_A_DELAY = frozenset(
    {
        "every_region_fails_for_a_probe_less_than_stated",
        "every_region_fails_for_two_probes_less_than_stated",
        "every_second_probe_fails_for_ten_minutes",
        "the_automatic_increase_does_not_happen_and_two_samples_are_missing",
        "two_minutes_without_samples_in_a_lasting_breach",
    }
)
# No function of these rules extrapolates, so only the samples in a window count. Where the edges of windows are on the
# half minutes of the evaluations, phases 1, 7, 15 and 29 put the same samples into every window.
PHASES_THAT_DIFFER = (0, 15, 31)
# What `make test` tries of them: nothing is lost, and the third of three samples is.
_USUAL_PHASES = (15, 29)
_WINDOW = re.compile(r"(?P<metric>\w+:\w+)(?P<matchers>\{[^}]*\})\[(?P<count>\d+)(?P<unit>[mh])\]")
_SECONDS = {"m": 60, "h": 3600}


def _delay_seconds(metric: Metric) -> int:
    return ASSUMED_DELAY_SECONDS if metric.delay is None else metric.delay.seconds


def reads_a_gauge(rule: Rule) -> bool:
    """Whether the samples of a gauge decide, which may become visible late."""
    return any(found["metric"] in _GAUGES for found in _WINDOW.finditer(rule["expr"]))


def as_under_a_delay(query: str, metrics: dict[str, Metric]) -> str:
    """The query as it sees a metric whose samples become visible as late as the catalogue says."""

    def shifted(found: re.Match[str]) -> str:
        delay = _delay_seconds(metrics[found["metric"]])
        seconds = int(found["count"]) * _SECONDS[found["unit"]]
        return f"{found['metric']}{found['matchers']}[{seconds - delay}s] offset {delay}s"

    return _WINDOW.sub(shifted, query)


def _late(case: Case) -> Case:
    """The same case, in which a page and its end may come later by the longest delay."""
    expect = case.incident.expect
    if not isinstance(expect, Fires):
        return case
    is_whole = case.delivery.lost is None
    # Two probes must be in the window: with one of them lost, in a later one.
    is_of_probes = case.alert == "FailedHealthChecks" and not is_whole
    later_seconds = 2 * settings_of(case.stack).uptime_checks.period_seconds if is_of_probes else 0
    late = dataclasses.replace(
        expect,
        not_before_seconds=expect.not_before_seconds if is_whole else 0,
        within_seconds=expect.within_seconds + ASSUMED_DELAY_SECONDS + later_seconds,
        # How long it stays open is tested on the deployed text.
        until_seconds=None,
        lasts=is_whole and expect.lasts and expect.until_seconds is None,
    )
    return dataclasses.replace(case, incident=dataclasses.replace(case.incident, expect=late))


@pytest.fixture(scope="session")
def late_rules(rules: dict[tuple[str, str], Rule]) -> dict[tuple[str, str], Rule]:
    """The rules on gauges as they see late samples; the text that is deployed is unchanged."""
    metrics = known_metrics([])
    return {
        key: {**rule, "expr": as_under_a_delay(rule["expr"], metrics)}
        for key, rule in rules.items()
        if reads_a_gauge(rule)
    }


def _has_edges_between_evaluations(rule: Rule) -> bool:
    """Whether a metric's delay moves a window's edge to where no evaluation is."""
    metrics = known_metrics([])
    delays = [_delay_seconds(metrics[found["metric"]]) for found in _WINDOW.finditer(rule["expr"])]
    return any(delay % EVALUATION_INTERVAL_SECONDS for delay in delays)


def _is_usual(case: Case) -> bool:
    """Whether `make test` runs the case with late samples; `make test-deliveries` runs the others."""
    return runs_in_make_test(case) and case.delivery.phase_seconds in _USUAL_PHASES


@pytest.fixture(scope="session")
def late_cases(stacks: list[Stack], rules: dict[tuple[str, str], Rule]) -> list[Case]:
    """Every scenario of these rules as `make test` delivers it, or at all loss patterns and phases that differ."""
    return [
        _late(case)
        for stack in stacks
        if stack.name != "staging"
        for case in cases_of(stack)
        if reads_a_gauge(rules[case.stack, case.alert])
        and (EVERY_DELIVERY or _is_usual(case))
        and case.id.split("/")[2] not in HOLD_WITHOUT_A_DELAY
        and (
            not EVERY_DELIVERY
            or case.delivery.phase_seconds in PHASES_THAT_DIFFER
            or _has_edges_between_evaluations(rules[case.stack, case.alert])
        )
    ]


def _asked(cases: list[Case], rules: dict[tuple[str, str], Rule]) -> dict[tuple[str, str], Rule]:
    asked = {(case.stack, case.alert) for case in cases}
    return {key: rule for key, rule in rules.items() if key in asked}


def _lines(failures: dict[str, str]) -> str:
    return "\n".join(f"{id_} {why}" for id_, why in list(failures.items())[:8])


def test_a_window_under_a_delay_is_shorter_and_ends_earlier() -> None:
    """Each metric by its own delay; a rule of several windows has several."""
    backends = "cloudsql_googleapis_com:database_postgresql_num_backends"
    passed = "monitoring_googleapis_com:uptime_check_check_passed"
    query = f'{backends}{{a="[.]"}}[5m]) / 9 and max_over_time({passed}{{}}[2h]) > 1'
    late = f'{backends}{{a="[.]"}}[135s] offset 165s) / 9 and max_over_time({passed}{{}}[7020s] offset 180s) > 1'
    assert as_under_a_delay(query, known_metrics([])) == late


def test_the_rules_on_gauges_are_found(rules: dict[tuple[str, str], Rule]) -> None:
    """By the metric that they read; a new one is found without being named here."""
    known = {"FailedHealthChecks", "HealthChecksSilent", "InstanceLimitReached", "DatabaseConnectionsRunOut"}
    reading = {alert for (_, alert), rule in rules.items() if reads_a_gauge(rule)}
    assert reading >= known
    assert not reading & {"HighCpuUsage", "DatabaseConnectionErrors", "LowDeploymentSuccess", "NoDeploymentSuccess"}


def test_the_copy_differs_in_every_window(
    rules: dict[tuple[str, str], Rule], late_rules: dict[tuple[str, str], Rule]
) -> None:
    """A window that the copy left as it is would be tested without a delay twice."""
    for key, rule in late_rules.items():
        assert rule["expr"].count(" offset ") == len(re.findall(r"\[\d+[mh]\]", rules[key]["expr"])) > 0


def test_rules_on_gauges_hold_where_samples_become_visible_late(
    promtool: Path, late_cases: list[Case], late_rules: dict[tuple[str, str], Rule], tmp_path: Path
) -> None:
    """They page when they must, later by the delay at most, and only then."""
    asked = _asked(late_cases, late_rules)
    failed = run_in_two_sets(promtool, tmp_path, late_cases, asked, MEMORY_OF_LATE_SAMPLES, is_usual=_is_usual)
    assert not failed, _lines(failed)


def test_rules_on_gauges_hold_late_under_the_newest_prometheus_too(
    prometheus_3: Path, late_cases: list[Case], late_rules: dict[tuple[str, str], Rule], tmp_path: Path
) -> None:
    """Prometheus 3 counts only the later edge of a window."""
    failed = run_cases(prometheus_3, tmp_path, late_cases, _asked(late_cases, late_rules))
    assert not failed, _lines(failed)


def test_a_window_that_is_too_short_does_not_fire_under_a_delay(
    promtool: Path,
    rules: dict[tuple[str, str], Rule],
    late_cases: list[Case],
    tmp_path: Path,
) -> None:
    """The check itself can fail: three minutes, less two of delay, hold no sample when each third one is lost."""
    key = ("prod", "InstanceLimitReached")
    short = {**rules[key], "expr": rules[key]["expr"].replace("[5m]", "[3m]")}
    late = {key: {**short, "expr": as_under_a_delay(short["expr"], known_metrics([]))}}
    cases = [
        case for case in late_cases if (case.stack, case.alert) == key and "/near_its_limit_for_a_long_time/" in case.id
    ]
    assert cases
    assert run_cases(promtool, tmp_path, cases, late)
