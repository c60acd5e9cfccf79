"""Every scenario on every stack, at the sample phases and loss patterns at which it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from readiness.alerts.catalogue import alerts_of
from readiness.alerts.rule_file import rule_groups
from readiness.plan.offline_plan import Plan
from readiness.resource_types import ALERT_POLICY
from readiness.settings.model import Alerts, Settings
from tests.alerts.incident import Fires, Scenario
from tests.alerts.promtool import Case, Rule
from tests.alerts.scenarios_of_containers import SCENARIOS as OF_CONTAINERS
from tests.alerts.scenarios_of_deployments import SCENARIOS as OF_DEPLOYMENTS
from tests.alerts.scenarios_of_health_checks import SCENARIOS as OF_HEALTH_CHECKS
from tests.alerts.scenarios_of_limits import SCENARIOS as OF_LIMITS
from tests.alerts.scenarios_of_migrations import SCENARIOS as OF_MIGRATIONS
from tests.alerts.scenarios_of_services import SCENARIOS as OF_SERVICES
from tests.alerts.scenarios_of_the_database import SCENARIOS as OF_THE_DATABASE
from tests.alerts.scenarios_of_the_drill import SCENARIOS as OF_THE_DRILL
from tests.alerts.scenarios_of_the_error_budget import SCENARIOS as OF_THE_ERROR_BUDGET
from tests.alerts.scenarios_of_the_registry import SCENARIOS as OF_THE_REGISTRY
from tests.alerts.scenarios_of_thresholds import SCENARIOS as OF_THRESHOLDS
from tests.alerts.series import Delivery
from tests.alerts.stack import Stack
from tests.projects import EVERY_OPTION

ALL_SCENARIOS: tuple[Scenario, ...] = (
    *OF_SERVICES,
    *OF_THRESHOLDS,
    *OF_THE_DATABASE,
    *OF_THE_REGISTRY,
    *OF_HEALTH_CHECKS,
    *OF_THE_ERROR_BUDGET,
    *OF_CONTAINERS,
    *OF_LIMITS,
    *OF_DEPLOYMENTS,
    *OF_THE_DRILL,
    *OF_MIGRATIONS,
)

# Seconds after the full minute at which samples arrive; rules are evaluated at 0 and 30. On the grid, just off it, and
# between: a shape that is right at one can be wrong at another.
PHASES = (0, 1, 7, 15, 29, 31)
LOSSES = (None, 0, 1, 2)
# Where the scenarios run that are not about time.
USUAL_DELIVERY = Delivery(phase_seconds=15)


def deliveries_of(scenario: Scenario) -> tuple[Delivery, ...]:
    """The phases and loss patterns at which a scenario runs."""
    if not scenario.phases:
        return (USUAL_DELIVERY,)
    losses = LOSSES if scenario.losses else (None,)
    return tuple(Delivery(phase_seconds=phase, lost=lost) for phase in PHASES for lost in losses)


def cases_of(
    stack: Stack, *, every_phase: bool = True, scenarios: Sequence[Scenario] = ALL_SCENARIOS
) -> Iterator[Case]:
    """The cases of a stack: at every phase that its scenarios ask for, or at the usual one only."""
    declared = {definition.name for definition in alerts_of(stack.settings)}
    for scenario in scenarios:
        if scenario.alert not in declared:
            continue
        incident = scenario.on(stack)
        for delivery in deliveries_of(scenario) if every_phase else (USUAL_DELIVERY,):
            when = f"phase-{delivery.phase_seconds}" + ("" if delivery.lost is None else f"-lost-{delivery.lost}")
            yield Case(
                id=f"{stack.name}/{scenario.alert}/{scenario.name}/{when}",
                alert=scenario.alert,
                stack=stack.name,
                incident=incident,
                delivery=delivery,
            )


def all_cases(stacks: Sequence[Stack]) -> list[Case]:
    """Every scenario on every stack. Of real stacks with the same alert settings, only the first runs every phase."""
    seen: list[Alerts] = []
    cases: list[Case] = []
    for stack in stacks:
        alerts = stack.settings.alerts
        scenarios = [scenario for scenario in ALL_SCENARIOS if not (seen and scenario.long)]
        every_phase = stack.name != EVERY_OPTION and alerts not in seen
        cases += cases_of(stack, every_phase=every_phase, scenarios=scenarios)
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
