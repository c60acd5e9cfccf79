"""The stacks of the fixture projects, their rules, and the cases that the tests run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from readiness.alerts.rule_file import rule_groups
from readiness.alerts.scenarios.cases import ALL_SCENARIOS, cases_of
from readiness.alerts.scenarios.incident import Fires
from readiness.alerts.scenarios.promtool import Case, Rule
from readiness.alerts.scenarios.series import Delivery
from readiness.alerts.scenarios.stack import Stack
from readiness.plan.offline_plan import Plan
from readiness.resource_types import ALERT_POLICY
from readiness.settings.model import Alerts, Settings
from tests.projects import EVERY_OPTION

# `make test-deliveries` sets it, and also runs the outages that `make test` leaves out: six times the work of promtool.
EVERY_DELIVERY = "READINESS_EVERY_DELIVERY" in os.environ
# What `make test` tries: each phase once, and each loss pattern once. Phases 1, 7 and 29 put samples between the same
# two evaluations as phase 15, where nothing is lost.
USUAL_DELIVERIES = frozenset(
    Delivery(phase_seconds=phase, lost=lost)
    for phase, lost in ((0, None), (1, 0), (7, 1), (15, None), (29, 2), (31, None))
)
_LONG_SCENARIOS = frozenset(f"{scenario.alert}/{scenario.name}" for scenario in ALL_SCENARIOS if scenario.long)


def runs_in_make_test(case: Case) -> bool:
    """Whether `make test` runs the case; `make test-deliveries` runs the others.

    It leaves out the other deliveries, and scenarios of many hours: promtool evaluates a rule every 30 s, so a third of
    its time is theirs.
    """
    scenario = "/".join(case.id.split("/")[1:3])
    return case.delivery in USUAL_DELIVERIES and scenario not in _LONG_SCENARIOS


def all_cases(stacks: Sequence[Stack], *, every_delivery: bool = EVERY_DELIVERY) -> list[Case]:
    """Every scenario on every stack. Of real stacks with the same alert settings, only the first runs every phase."""
    seen: list[Alerts] = []
    cases: list[Case] = []
    for stack in stacks:
        alerts = stack.settings.alerts
        scenarios = [scenario for scenario in ALL_SCENARIOS if not (seen and scenario.long)]
        every_phase = stack.name != EVERY_OPTION and alerts not in seen
        made = cases_of(stack, every_phase=every_phase, scenarios=scenarios)
        cases += (case for case in made if every_delivery or runs_in_make_test(case))
        seen.append(alerts)
    return cases


def stacks_of(settings: Mapping[str, Settings]) -> list[Stack]:
    """Each stack, beside the next one as the other environment of the project."""
    names = list(settings)
    return [
        Stack(name=name, settings=settings[name], other=settings[names[(index + 1) % len(names)]])
        for index, name in enumerate(names)
    ]


def rules_in(plans: Mapping[str, Plan]) -> dict[tuple[str, str], Rule]:
    """The rules that `readiness rules` prints, by stack and alert."""
    return {
        (stack, rule["alert"]): rule
        for stack, plan in plans.items()
        for group in rule_groups(plan.of_type(ALERT_POLICY))["groups"]
        for rule in group["rules"]
    }


def uncovered(rules: Iterable[tuple[str, str]], cases: Iterable[Case]) -> list[str]:
    """What no case proves: `prod/HighLatency never fires`, for every rule without a firing or without a quiet case."""
    firing, still = set(), set()
    for case in cases:
        (firing if isinstance(case.incident.expect, Fires) else still).add((case.stack, case.alert))
    return [
        f"{stack}/{alert} {what}"
        for stack, alert in rules
        for what, proven in (("never fires", firing), ("is never quiet", still))
        if (stack, alert) not in proven
    ]
