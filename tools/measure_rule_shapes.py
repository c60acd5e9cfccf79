"""Prints the tables of docs/adr/0001-alert-rules.md: which shape of a rule is right at which phases, and how fast.

Every shape runs the scenarios that are about time, at eight sample phases and four loss patterns, under each promtool
that is named on the command line: `python -m tools.measure_rule_shapes .tools/promtool/promtool .tools/promtool-3`.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from readiness.alerts.scenarios.cases import ALL_SCENARIOS, LOSSES
from readiness.alerts.scenarios.incident import Fires, Incident, Scenario
from readiness.alerts.scenarios.promtool import Case, Rule, run_cases
from readiness.alerts.scenarios.series import Delivery
from readiness.alerts.scenarios.stack import Stack
from tests.alerts.stacks import rules_in, stacks_of
from tests.projects import plan_of_stack, settings_of

PHASES = (0, 1, 7, 15, 29, 30, 31, 59)
# The longest time after the stated duration that is looked at.
PATIENCE_SECONDS = range(0, 181, 30)

Shape = Callable[[Rule], Rule]


def _rate(window: str, wait_seconds: int) -> Shape:
    """The rule over another window, with another `for`."""
    return lambda rule: {**rule, "expr": _over(window, rule["expr"]), "for": f"{wait_seconds}s"}


def _count(window: str, *, scaled: bool) -> Shape:
    """The rule over another window, with the factor that scales the count back or without it."""

    def reshape(rule: Rule) -> Rule:
        query = _over(window, rule["expr"])
        return {**rule, "expr": query if scaled else re.sub(r" \* \d+ / \d+", "", query)}

    return reshape


def _over(window: str, query: str) -> str:
    return re.sub(r"\[[^\]]+\]", f"[{window}]", query)


# The shapes of a rule with the stated duration of 300 s, and of one that counts over the stated 5 minutes.
RATE_SHAPES: dict[str, Shape] = {
    f"`rate[{window}]` for {wait_seconds} s": _rate(window, wait_seconds)
    for window, wait_seconds in (
        ("2m", 300),
        ("3m", 300),
        ("3m", 330),
        ("3m", 360),
        ("4m", 360),
        ("5m", 300),
        ("5m", 450),
    )
}
COUNT_SHAPES: dict[str, Shape] = {
    "`increase[5m]`": _count("5m", scaled=False),
    "`increase[6m] * 5/6`": _count("6m", scaled=True),
}


def failing(promtool: Path, stack: Stack, rule: Rule, scenarios: Sequence[Scenario]) -> dict[str, list[str]]:
    """The deliveries at which each scenario fails, written as `phase` or `phase-lost-n`."""
    cases = [
        Case(
            id=f"{scenario.name}/{phase}" + ("" if lost is None else f"-lost-{lost}"),
            alert=scenario.alert,
            stack=stack.name,
            incident=scenario.on(stack),
            delivery=Delivery(phase_seconds=phase, lost=lost),
        )
        for scenario in scenarios
        for phase in PHASES
        for lost in (LOSSES if scenario.losses else (None,))
    ]
    with tempfile.TemporaryDirectory() as folder:
        failed = run_cases(promtool, Path(folder), cases, {(stack.name, scenarios[0].alert): rule})
    by_scenario = defaultdict(list)
    for id_ in failed:
        name, delivery = id_.split("/")
        by_scenario[name].append(delivery)
    return dict(by_scenario)


def shape_rows(promtool: Path, stack: Stack, rules: dict[tuple[str, str], Rule]) -> Iterator[str]:
    """One line a shape and alert."""
    for alert in ("HighErrorRate", "HighCpuUsage", "HighMemoryUsage", "HighLatency", "DatabaseConnectionErrors"):
        rule = rules[(stack.name, alert)]
        scenarios = [scenario for scenario in ALL_SCENARIOS if scenario.alert == alert and scenario.phases]
        for name, shape in (COUNT_SHAPES if alert == "DatabaseConnectionErrors" else RATE_SHAPES).items():
            found = failing(promtool, stack, shape(rule), scenarios)
            text = "; ".join(f"{scenario}: {', '.join(where)}" for scenario, where in found.items())
            yield f"| {alert} | {name} | {text or 'right everywhere'} |"


def speed_rows(promtool: Path, stack: Stack, rules: dict[tuple[str, str], Rule]) -> Iterator[str]:
    """For each firing scenario about time: the shortest and longest time to fire after the first bad sample."""
    for scenario in ALL_SCENARIOS:
        expect = scenario.on(stack).expect
        if not (scenario.phases and isinstance(expect, Fires) and expect.lasts):
            continue
        rule = rules[(stack.name, scenario.alert)]
        latest = [
            failing(promtool, stack, rule, [replace(scenario, on=_within(scenario, seconds))])
            for seconds in PATIENCE_SECONDS
        ]
        total = len(PHASES) * len(LOSSES)
        late = [sum(len(where) for where in found.values()) for found in latest]
        first = next(s for s, count in zip(PATIENCE_SECONDS, late, strict=True) if count < total)
        last = next(s for s, count in zip(PATIENCE_SECONDS, late, strict=True) if count == 0)
        minutes = [(expect.not_before_seconds + seconds) / 60 for seconds in (first, last)]
        yield f"| {scenario.alert} | {scenario.name} | {minutes[0]:g} | {minutes[1]:g} |"


def _within(scenario: Scenario, seconds: int) -> Callable[[Stack], Incident]:
    def on(stack: Stack) -> Incident:
        incident = scenario.on(stack)
        assert isinstance(incident.expect, Fires)
        expect = replace(incident.expect, within_seconds=incident.expect.not_before_seconds + seconds)
        return replace(incident, expect=expect)

    return on


def main(promtools: Sequence[str]) -> None:
    """Prints both tables for each promtool."""
    settings = {name: settings_of(name) for name in ("prod", "staging")}
    stack = stacks_of(settings)[0]
    rules = rules_in({"prod": plan_of_stack("prod")})
    for promtool in promtools:
        version = subprocess.run([promtool, "--version"], capture_output=True, text=True, check=True)
        print(f"\n### {(version.stdout or version.stderr).splitlines()[0]}\n\n| Alert | Shape | Fails |\n|---|---|---|")
        for row in shape_rows(Path(promtool), stack, rules):
            print(row, flush=True)
        print("\n| Alert | Scenario | fires after at least (min) | at most |\n|---|---|---|---|")
        for row in speed_rows(Path(promtool), stack, rules):
            print(row, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
