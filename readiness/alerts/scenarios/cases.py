"""Every scenario on a stack, at the sample phases and loss patterns at which it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from readiness.alerts.catalogue import alerts_of
from readiness.alerts.scenarios.access import SCENARIOS as OF_ACCESS
from readiness.alerts.scenarios.containers import SCENARIOS as OF_CONTAINERS
from readiness.alerts.scenarios.database import SCENARIOS as OF_THE_DATABASE
from readiness.alerts.scenarios.database_instance import SCENARIOS as OF_THE_INSTANCE
from readiness.alerts.scenarios.deployments import SCENARIOS as OF_DEPLOYMENTS
from readiness.alerts.scenarios.drill import SCENARIOS as OF_THE_DRILL
from readiness.alerts.scenarios.error_budget import SCENARIOS as OF_THE_ERROR_BUDGET
from readiness.alerts.scenarios.health_checks import SCENARIOS as OF_HEALTH_CHECKS
from readiness.alerts.scenarios.incident import Incident, Scenario
from readiness.alerts.scenarios.limits import SCENARIOS as OF_LIMITS
from readiness.alerts.scenarios.migrations import SCENARIOS as OF_MIGRATIONS
from readiness.alerts.scenarios.promtool import Case
from readiness.alerts.scenarios.registry import SCENARIOS as OF_THE_REGISTRY
from readiness.alerts.scenarios.rollbacks import SCENARIOS as OF_ROLLBACKS
from readiness.alerts.scenarios.series import Delivery
from readiness.alerts.scenarios.services import SCENARIOS as OF_SERVICES
from readiness.alerts.scenarios.stack import NotBuildableError, Stack
from readiness.alerts.scenarios.thresholds import SCENARIOS as OF_THRESHOLDS

ALL_SCENARIOS: tuple[Scenario, ...] = (
    *OF_SERVICES,
    *OF_THRESHOLDS,
    *OF_THE_DATABASE,
    *OF_THE_INSTANCE,
    *OF_THE_REGISTRY,
    *OF_HEALTH_CHECKS,
    *OF_THE_ERROR_BUDGET,
    *OF_CONTAINERS,
    *OF_LIMITS,
    *OF_DEPLOYMENTS,
    *OF_THE_DRILL,
    *OF_MIGRATIONS,
    *OF_ACCESS,
    *OF_ROLLBACKS,
)

# Seconds after the full minute at which samples arrive. Rules are evaluated at 0 and 30. A query that is right at one
# phase can be wrong at another, so these are at an evaluation, just after it, and between two.
PHASES = (0, 1, 7, 15, 29, 31)
LOSSES = (None, 0, 1, 2)
# Used for scenarios that do not depend on time.
USUAL_DELIVERY = Delivery(phase_seconds=15)


def deliveries_of(scenario: Scenario) -> tuple[Delivery, ...]:
    """The phases and loss patterns at which a scenario runs."""
    if not scenario.phases:
        return (USUAL_DELIVERY,)
    losses = LOSSES if scenario.losses else (None,)
    return tuple(Delivery(phase_seconds=phase, lost=lost) for phase in PHASES for lost in losses)


def incidents_of(
    stack: Stack, scenarios: Iterable[Scenario] = ALL_SCENARIOS
) -> Iterator[tuple[Scenario, Incident | str]]:
    """The scenarios of the alerts that the stack declares, each with its incident, or the reason why it has none."""
    declared = {definition.name for definition in alerts_of(stack.settings)}
    for scenario in scenarios:
        if scenario.alert in declared:
            try:
                yield scenario, scenario.on(stack)
            except NotBuildableError as reason:
                yield scenario, str(reason)


def cases_of(
    stack: Stack, *, every_phase: bool = True, scenarios: Iterable[Scenario] = ALL_SCENARIOS
) -> Iterator[Case]:
    """The cases of a stack: at every phase that its scenarios need, or only at the usual one.

    `incidents_of` names the scenarios that have no case.
    """
    for scenario, incident in incidents_of(stack, scenarios):
        if isinstance(incident, Incident):
            for delivery in deliveries_of(scenario) if every_phase else (USUAL_DELIVERY,):
                yield case_of(stack, scenario, incident, delivery)


def case_of(stack: Stack, scenario: Scenario, incident: Incident, delivery: Delivery) -> Case:
    """The incident of a scenario with one delivery of its samples."""
    when = f"phase-{delivery.phase_seconds}" + ("" if delivery.lost is None else f"-lost-{delivery.lost}")
    return Case(
        id=f"{stack.name}/{scenario.alert}/{scenario.name}/{when}",
        alert=scenario.alert,
        stack=stack.name,
        incident=incident,
        delivery=delivery,
    )
