"""InstanceLimitReached and DatabaseConnectionsRunOut: gauges that come near what they may be at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.alerts.incident import Fires, Incident, Scenario, quiet, scenario
from tests.alerts.series import Series, minutes
from tests.alerts.stack import Place, Stack

H = 5
# A gauge's first bad sample is enough: it pages at the next evaluation after the stated duration.
PATIENCE_SECONDS = 30
Counts = tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Gauge:
    """One of the alerts. `full`: a figure that pages; `harmless`: the largest that does not."""

    alert: str
    duration_minutes: Callable[[Stack], int]
    full: Callable[[Stack], float]
    harmless: Callable[[Stack], float]
    series: Callable[[Stack, Counts], Series]
    labels: Callable[[Stack], dict[str, str]]

    def pages(self, stack: Stack, *series: Series, labels: dict[str, str] | None = None) -> Incident:
        """A scenario that pages after the stated duration and lasts."""
        seconds = 60 * self.duration_minutes(stack)
        expect = Fires(
            labels=(labels or self.labels(stack),),
            first_bad_minute=H,
            not_before_seconds=seconds,
            within_seconds=seconds + PATIENCE_SECONDS,
        )
        return Incident(series=series, expect=expect)

    def lasting(self, stack: Stack, figure: float) -> Counts:
        """Five minutes with little, then the figure for as long as it takes to page, and longer."""
        return minutes((H, 1.0), (self.duration_minutes(stack) + 5, figure))


def limit_of(stack: Stack, role: str) -> int:
    """The most instances that a service may have."""
    limit = next(service.max_instances for service in stack.settings.services if service.role == role)
    assert limit is not None
    return limit


def _instances(place: Place, counts: Counts, *, state: str = "active") -> Series:
    labels = {**place.labels, "state": state}
    return Series(metric="run_googleapis_com:container_instance_count", labels=labels, minutes=counts, gauge=True)


def _slots(stack: Stack) -> int:
    slots = stack.settings.required_database.max_connections
    assert slots is not None
    return slots


def _connections(
    stack: Stack, counts: Counts, *, database_id: str = "", database: str = "app", resource: str = "cloudsql_database"
) -> Series:
    return Series(
        metric="cloudsql_googleapis_com:database_postgresql_num_backends",
        labels={
            "monitored_resource": resource,
            "database_id": database_id or stack.settings.database_id,
            "database": database,
        },
        minutes=counts,
        gauge=True,
    )


def _share(stack: Stack) -> float:
    return stack.settings.alerts.database_connections.connections_ratio * _slots(stack)


INSTANCES = Gauge(
    alert="InstanceLimitReached",
    duration_minutes=lambda stack: stack.settings.alerts.instance_limit.duration_seconds // 60,
    full=lambda stack: limit_of(stack, "backend"),
    harmless=lambda stack: limit_of(stack, "backend") - 1,
    series=lambda stack, counts: _instances(stack.backend, counts),
    labels=lambda stack: stack.backend.alert_labels,
)
CONNECTIONS = Gauge(
    alert="DatabaseConnectionsRunOut",
    duration_minutes=lambda stack: stack.settings.alerts.database_connections.duration_seconds // 60,
    full=lambda stack: _share(stack) + 1,
    harmless=_share,
    series=_connections,
    labels=lambda stack: {"database_id": stack.settings.database_id},
)


def near_its_limit_for_long(gauge: Gauge, stack: Stack) -> Incident:
    """Pages after the stated duration, whenever the samples arrive and whichever third of them is lost."""
    return gauge.pages(stack, gauge.series(stack, gauge.lasting(stack, gauge.full(stack))))


def near_its_limit_for_a_minute_less_than_stated(gauge: Gauge, stack: Stack) -> Incident:
    """A peak that passes by itself needs nobody."""
    short = gauge.duration_minutes(stack) - 1
    return quiet([gauge.series(stack, minutes((H, 1.0), (short, gauge.full(stack)), (6, 1.0)))])


def just_below_what_pages(gauge: Gauge, stack: Stack) -> Incident:
    """For as long as it likes."""
    return quiet([gauge.series(stack, gauge.lasting(stack, gauge.harmless(stack)))])


def the_samples_end_in_the_middle_of_a_breach(gauge: Gauge, stack: Stack) -> Incident:
    """Missing samples must not prolong what was there before them."""
    short = gauge.duration_minutes(stack) - 2
    return quiet([gauge.series(stack, minutes((H, 1.0), (short, gauge.full(stack)), (10, None)))])


def two_revisions_together_have_more_than_the_limit(stack: Stack) -> Incident:
    """While a deployment cuts over; active and idle instances count alike."""
    part = limit_of(stack, "backend") // 2 + 1.0
    lasting = INSTANCES.lasting(stack, part)
    return INSTANCES.pages(
        stack, _instances(stack.backend, lasting), _instances(stack.backend.of_revision("2"), lasting, state="idle")
    )


def the_frontend_is_at_its_own_limit(stack: Stack) -> Incident:
    """Each service has its own."""
    return INSTANCES.pages(
        stack,
        _instances(stack.frontend, INSTANCES.lasting(stack, limit_of(stack, "frontend"))),
        _instances(stack.backend, INSTANCES.lasting(stack, 1.0)),
        labels=stack.frontend.alert_labels,
    )


def two_regions_have_half_of_the_instances_each(stack: Stack) -> Incident:
    """The limit holds in each region for itself."""
    half = INSTANCES.lasting(stack, limit_of(stack, "backend") // 2 + 1.0)
    return quiet([_instances(stack.backend, half), _instances(stack.backend.in_location("europe-west1"), half)])


def services_of_others_are_at_the_limit(stack: Stack) -> Incident:
    """The other environment's, neighbours', and a worker pool of the same name."""
    others = (stack.other_backend, *stack.neighbours, stack.backend.of_resource("cloud_run_worker_pool"))
    return quiet([_instances(place, INSTANCES.lasting(stack, 50.0)) for place in others])


def two_databases_of_the_instance_share_its_connections(stack: Stack) -> Incident:
    """Neither has many for itself."""
    half = CONNECTIONS.lasting(stack, _share(stack) / 2 + 1)
    return CONNECTIONS.pages(stack, _connections(stack, half), _connections(stack, half, database="postgres"))


def instances_of_others_are_full(stack: Stack) -> Incident:
    """The other environment's, one whose name holds ours, and another kind of resource."""
    full = CONNECTIONS.lasting(stack, 5000.0)
    return quiet(
        [
            _connections(stack, full, database_id=stack.other.database_id),
            _connections(stack, full, database_id=f"{stack.settings.database_id}-replica"),
            _connections(stack, full, resource="cloudsql_instance"),
        ]
    )


SCENARIOS: tuple[Scenario, ...] = (
    *(
        scenario(gauge.alert, partial(tell, gauge), tell=tell, losses=tell is near_its_limit_for_long, phases=phases)
        for gauge in (INSTANCES, CONNECTIONS)
        for tell, phases in (
            (near_its_limit_for_long, True),
            (near_its_limit_for_a_minute_less_than_stated, True),
            (just_below_what_pages, False),
            (the_samples_end_in_the_middle_of_a_breach, False),
        )
    ),
    *(
        scenario(INSTANCES.alert, tell, tell=tell)
        for tell in (
            two_revisions_together_have_more_than_the_limit,
            the_frontend_is_at_its_own_limit,
            two_regions_have_half_of_the_instances_each,
            services_of_others_are_at_the_limit,
        )
    ),
    *(
        scenario(CONNECTIONS.alert, tell, tell=tell)
        for tell in (two_databases_of_the_instance_share_its_connections, instances_of_others_are_full)
    ),
)
