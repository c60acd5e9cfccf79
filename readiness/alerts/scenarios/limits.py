"""Gauges that come near their limits: instances, connections, and figures of the database instance."""

from __future__ import annotations

from readiness.alerts.scenarios.database_instance import INSTANCE_GAUGES
from readiness.alerts.scenarios.gauge import WINDOW_MINUTES, Counts, Gauge, H
from readiness.alerts.scenarios.incident import Collection, Incident, Scenario, quiet
from readiness.alerts.scenarios.series import Series, minutes
from readiness.alerts.scenarios.stack import NotBuildableError, Place, Stack
from readiness.settings.services import Service


def _limited(stack: Stack) -> list[tuple[Service, int]]:
    """The services with a limit of instances, and the limit. The backend comes first, then the frontend."""
    order = [stack.backend.service]
    if len(stack.settings.services) > 1:
        order.append(stack.frontend.service)
    services = sorted(stack.settings.services, key=lambda service: (*order, service.name).index(service.name))
    return [(service, service.max_instances) for service in services if service.max_instances is not None]


def _most(stack: Stack) -> int:
    """The limit of the first service that has one."""
    return _limited(stack)[0][1]


def _place(stack: Stack) -> Place:
    return stack.place_of(_limited(stack)[0][0])


def _second(stack: Stack) -> tuple[Service, int]:
    """Another service with a limit. Raises NotBuildableError without one."""
    limited = _limited(stack)
    if len(limited) == 1:
        raise NotBuildableError("only one service has a limit of instances")
    return limited[1]


def _part(most: int) -> float:
    """A number below the limit whose double is at least the limit. Raises NotBuildableError if there is none."""
    if most == 1:
        raise NotBuildableError("the limit is one instance, and no smaller number can be active")
    return min(most // 2 + 1.0, most - 1.0)


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
    """The largest number of connections that does not fire."""
    ratio, slots = stack.settings.alerts.database_connections.connections_ratio, _slots(stack)
    share = ratio * slots
    return share if share / slots <= ratio else share * (1 - 1e-9)


INSTANCES = Gauge(
    alert="InstanceLimitReached",
    duration_minutes=lambda stack: stack.settings.alerts.instance_limit.duration_seconds // 60,
    full=lambda stack: _most(stack),
    harmless=lambda stack: _most(stack) - 1,
    series=lambda stack, counts: (_instances(_place(stack), counts),),
    labels=lambda stack: _place(stack).alert_labels,
)
CONNECTIONS = Gauge(
    alert="DatabaseConnectionsRunOut",
    duration_minutes=lambda stack: stack.settings.alerts.database_connections.duration_seconds // 60,
    full=lambda stack: _share(stack) + 1,
    harmless=_share,
    series=lambda stack, counts: (_connections(stack, counts),),
    labels=lambda stack: {"database_id": stack.settings.database_id},
)

EVERY_GAUGE = Collection({gauge.alert: (gauge,) for gauge in (INSTANCES, CONNECTIONS, *INSTANCE_GAUGES)})


@EVERY_GAUGE.add(losses=True)
def near_its_limit_for_a_long_time(gauge: Gauge, stack: Stack) -> Incident:
    """Fires after the stated duration, whenever the samples arrive and whichever third of them is lost."""
    return gauge.pages(stack, *gauge.series(stack, gauge.lasting(stack, gauge.full(stack))))


@EVERY_GAUGE.add(phases=True)
def near_its_limit_for_a_minute_less_than_stated(gauge: Gauge, stack: Stack) -> Incident:
    """A short peak must not fire."""
    short = gauge.duration_minutes(stack) - 1
    return quiet(
        gauge.series(stack, minutes((H, gauge.little(stack)), (short, gauge.full(stack)), (6, gauge.little(stack))))
    )


@EVERY_GAUGE.add()
def just_below_the_limit(gauge: Gauge, stack: Stack) -> Incident:
    """Quiet for any duration."""
    return quiet(gauge.series(stack, gauge.lasting(stack, gauge.harmless(stack))))


@EVERY_GAUGE.add(losses=True)
def the_samples_end_in_the_middle_of_a_short_breach(gauge: Gauge, stack: Stack) -> Incident:
    """The last sample counts for five minutes more, so a breach that is five minutes too short must be quiet.

    Monitoring may show a sample nearly three minutes late, so a missing sample looks like a late one.
    """
    gauge.require_a_longer_duration_than_the_window(stack)
    short = gauge.duration_minutes(stack) - WINDOW_MINUTES + 1
    return quiet(gauge.series(stack, minutes((H, gauge.little(stack)), (short, gauge.full(stack)), (10, None))))


@EVERY_GAUGE.add()
def it_closes_five_minutes_after_the_last_sample(gauge: Gauge, stack: Stack) -> Incident:
    """The samples end with the breach, as for a deleted revision: it stays open for the window, and no longer."""
    count = gauge.duration_minutes(stack) + 3
    series = gauge.series(stack, minutes((H, gauge.little(stack)), (count, gauge.full(stack)), (10, None)))
    return gauge.pages(stack, *series, until_seconds=60 * (count - 1 + WINDOW_MINUTES) - 1)


@EVERY_GAUGE.add()
def it_closes_with_the_first_sample_below(gauge: Gauge, stack: Stack) -> Incident:
    """The newest sample counts, not an older one of the window."""
    count = gauge.duration_minutes(stack) + 3
    series = gauge.series(
        stack, minutes((H, gauge.little(stack)), (count, gauge.full(stack)), (10, gauge.harmless(stack)))
    )
    return gauge.pages(stack, *series, until_seconds=60 * count - 1)


@EVERY_GAUGE.add(losses=True)
def at_its_limit_from_the_first_sample_on(gauge: Gauge, stack: Stack) -> Incident:
    """The alert needs no earlier samples of a new service or database."""
    counts = minutes((H, None), (gauge.duration_minutes(stack) + 8, gauge.full(stack)))
    return gauge.pages(stack, *gauge.series(stack, counts))


@EVERY_GAUGE.add(losses=True)
def it_flaps_between_its_limit_and_no_samples(gauge: Gauge, stack: Stack) -> Incident:
    """One minute at the limit, then scaled to zero, repeatedly: each breach is short."""
    gauge.require_a_longer_duration_than_the_window(stack)
    flap = minutes((1, gauge.full(stack)), (gauge.duration_minutes(stack) + 2, None))
    return quiet(gauge.series(stack, (*minutes((H, gauge.little(stack))), *flap * 3)))


@EVERY_GAUGE.add()
def two_minutes_without_samples_in_a_lasting_breach(gauge: Gauge, stack: Stack) -> Incident:
    """A gap must not restart the duration."""
    counts = minutes(
        (H, gauge.little(stack)),
        (2, gauge.full(stack)),
        (2, None),
        (gauge.duration_minutes(stack) + 2, gauge.full(stack)),
    )
    return gauge.pages(stack, *gauge.series(stack, counts))


def _two_revisions(stack: Stack, place: Place, old: float, new: float) -> tuple[Series, Series]:
    return (
        _instances(place, INSTANCES.lasting(stack, old)),
        _instances(place.of_revision("00042-new"), INSTANCES.lasting(stack, new)),
    )


OF_INSTANCES = Collection({INSTANCES.alert: ()})


@OF_INSTANCES.add(losses=True)
def two_revisions_of_a_service_have_its_limit_together(stack: Stack) -> Incident:
    """Half of the limit in each of two revisions reaches a limit of the service, but not a limit of each revision."""
    service, most = _limited(stack)[-1 if len(_limited(stack)) == 1 else 1]
    place = stack.place_of(service)
    series = _two_revisions(stack, place, _part(most), _part(most))
    if service.max_instances_per == "service":
        return INSTANCES.pages(stack, *series, labels=place.alert_labels)
    return quiet(series)


@OF_INSTANCES.add()
def the_limit_is_that_of_each_revision(stack: Stack) -> Incident:
    """Each of two revisions has half of the limit, so both can still grow."""
    if _limited(stack)[0][0].max_instances_per == "service":
        raise NotBuildableError("the limit is for the service")
    part = _part(_most(stack))
    return quiet(_two_revisions(stack, _place(stack), part, part))


@OF_INSTANCES.add()
def one_of_two_revisions_is_at_its_limit(stack: Stack) -> Incident:
    """The other one can still grow, but users of the first one wait."""
    return INSTANCES.pages(stack, *_two_revisions(stack, _place(stack), _most(stack), INSTANCES.little(stack)))


@OF_INSTANCES.add()
def it_has_more_active_instances_than_its_limit(stack: Stack) -> Incident:
    """Cloud Run may exceed the limit for a while: https://cloud.google.com/run/docs/about-instance-autoscaling."""
    return INSTANCES.pages(stack, _instances(_place(stack), INSTANCES.lasting(stack, _most(stack) + 1.0)))


@OF_INSTANCES.add(losses=True)
def an_old_revision_is_idle_while_the_new_one_is_active(stack: Stack) -> Incident:
    """Three idle old instances and three active new ones at a limit of five: two more may start."""
    part = _part(_most(stack))
    return quiet(
        [
            _instances(_place(stack), INSTANCES.lasting(stack, part), state="idle"),
            _instances(_place(stack), INSTANCES.lasting(stack, 0.0)),
            _instances(_place(stack).of_revision("00042-new"), INSTANCES.lasting(stack, part)),
        ]
    )


@OF_INSTANCES.add()
def every_instance_is_idle(stack: Stack) -> Incident:
    """Idle instances after a peak take the next requests."""
    most = INSTANCES.lasting(stack, _most(stack))
    return quiet(
        [
            _instances(_place(stack), most, state="idle"),
            _instances(_place(stack), INSTANCES.lasting(stack, 0.0)),
        ]
    )


@OF_INSTANCES.add()
def one_of_its_instances_is_idle(stack: Stack) -> Incident:
    """All instances run, and one is free."""
    most = _most(stack)
    return quiet(
        [
            _instances(_place(stack), INSTANCES.lasting(stack, most - 1.0)),
            _instances(_place(stack), INSTANCES.lasting(stack, 1.0), state="idle"),
        ]
    )


@OF_INSTANCES.add()
def the_limit_is_reached_on_both_sides_of_a_cut_over(stack: Stack) -> Incident:
    """The old revision is at its limit, and then the new one: users wait the whole time."""
    most, half = _most(stack), INSTANCES.duration_minutes(stack) // 2
    little = INSTANCES.little(stack)
    old = minutes((H, little), (half, float(most)), (half + 8, 0.0))
    new = minutes((H, None), (half - 1, little), (half + 9, float(most)))
    return INSTANCES.pages(
        stack, _instances(_place(stack), old), _instances(_place(stack).of_revision("00042-new"), new)
    )


@OF_INSTANCES.add()
def a_new_revision_takes_all_instances_for_two_minutes(stack: Stack) -> Incident:
    """A cut-over: the new revision starts with all instances, and then scales in."""
    most = _most(stack)
    after = INSTANCES.duration_minutes(stack) + 5
    new: Counts = minutes((H, None), (2, float(most)), (after, min(2.0, most - 1.0)))
    old: Counts = (*minutes((H, min(3.0, most - 1.0)), (2, 0.0)), *minutes((after, None)))
    return quiet([_instances(_place(stack), old), _instances(_place(stack).of_revision("00042-new"), new)])


OF_CONNECTIONS = Collection({CONNECTIONS.alert: ()})


@OF_CONNECTIONS.add()
def a_deployment_doubles_the_connections_for_two_minutes(stack: Stack) -> Incident:
    """Two revisions, each with its own pools. Then the old one closes its connections."""
    few, many = _share(stack) * 0.6, _share(stack) * 1.2
    return quiet([_connections(stack, minutes((H, few), (2, many), (10, few)))])


@OF_CONNECTIONS.add()
def the_database_restarts_while_its_connections_are_nearly_used_up(stack: Stack) -> Incident:
    """It reports nothing for two minutes, and then few connections."""
    few, many = CONNECTIONS.little(stack), _share(stack) + 1
    short = CONNECTIONS.duration_minutes(stack) - 2
    return quiet([_connections(stack, minutes((H, few), (short, many), (2, None), (3, few), (short, many), (2, few)))])


@OF_INSTANCES.add()
def the_frontend_is_at_its_own_limit(stack: Stack) -> Incident:
    """Each service has its own limit."""
    service, most = _second(stack)
    place = stack.place_of(service)
    return INSTANCES.pages(
        stack,
        _instances(place, INSTANCES.lasting(stack, most)),
        _instances(_place(stack), INSTANCES.lasting(stack, INSTANCES.little(stack))),
        labels=place.alert_labels,
    )


@OF_INSTANCES.add()
def two_regions_have_half_of_the_instances_each(stack: Stack) -> Incident:
    """The limit applies to each region separately."""
    half = INSTANCES.lasting(stack, _part(_most(stack)))
    return quiet([_instances(_place(stack), half), _instances(_place(stack).in_location(stack.other_location), half)])


@OF_INSTANCES.add()
def services_of_others_are_at_the_limit(stack: Stack) -> Incident:
    """Of the other environment, with similar names, and a worker pool of the same name."""
    others = (stack.other_backend, *stack.neighbours, stack.backend.of_resource("cloud_run_worker_pool"))
    return quiet([_instances(place, INSTANCES.lasting(stack, 50.0)) for place in others])


@OF_CONNECTIONS.add()
def two_databases_of_the_instance_share_its_connections(stack: Stack) -> Incident:
    """Neither has many alone, but their sum is near the limit."""
    half = CONNECTIONS.lasting(stack, _share(stack) / 2 + 1)
    return CONNECTIONS.pages(stack, _connections(stack, half), _connections(stack, half, database="postgres"))


@OF_CONNECTIONS.add()
def instances_of_others_are_full(stack: Stack) -> Incident:
    """Of the other environment, one whose name contains ours, and another kind of resource."""
    full = CONNECTIONS.lasting(stack, 5000.0)
    return quiet(
        [
            _connections(stack, full, database_id=stack.other.database_id),
            _connections(stack, full, database_id=f"{stack.settings.database_id}-replica"),
            _connections(stack, full, resource="cloudsql_instance"),
        ]
    )


SCENARIOS: tuple[Scenario, ...] = tuple(EVERY_GAUGE.scenarios + OF_INSTANCES.scenarios + OF_CONNECTIONS.scenarios)
