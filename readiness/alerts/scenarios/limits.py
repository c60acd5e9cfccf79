"""Gauges that come near what they may be at most: instances, connections, and what the database instance has."""

from __future__ import annotations

from readiness.alerts.scenarios.database_instance import INSTANCE_GAUGES
from readiness.alerts.scenarios.gauge import WINDOW_MINUTES, Counts, Gauge, H
from readiness.alerts.scenarios.incident import Collection, Incident, Scenario, quiet
from readiness.alerts.scenarios.series import Series, minutes
from readiness.alerts.scenarios.stack import NotBuildableError, Place, Stack
from readiness.settings.services import Service


def _limited(stack: Stack) -> list[tuple[Service, int]]:
    """The services that have a limit of instances, with it; the backend first, then the frontend."""
    order = [stack.backend.service]
    if len(stack.settings.services) > 1:
        order.append(stack.frontend.service)
    services = sorted(stack.settings.services, key=lambda service: (*order, service.name).index(service.name))
    return [(service, service.max_instances) for service in services if service.max_instances is not None]


def _most(stack: Stack) -> int:
    """The most instances of the first limited service."""
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
    """Less than a limit, and twice of it is the limit or more. Raises NotBuildableError where there is none."""
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
    """The most connections that page nobody."""
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
def near_its_limit_for_long(gauge: Gauge, stack: Stack) -> Incident:
    """Pages after the stated duration, whenever the samples arrive and whichever third of them is lost."""
    return gauge.pages(stack, *gauge.series(stack, gauge.lasting(stack, gauge.full(stack))))


@EVERY_GAUGE.add(phases=True)
def near_its_limit_for_a_minute_less_than_stated(gauge: Gauge, stack: Stack) -> Incident:
    """A peak that passes by itself needs nobody."""
    short = gauge.duration_minutes(stack) - 1
    return quiet(
        gauge.series(stack, minutes((H, gauge.little(stack)), (short, gauge.full(stack)), (6, gauge.little(stack))))
    )


@EVERY_GAUGE.add()
def just_below_what_pages(gauge: Gauge, stack: Stack) -> Incident:
    """For as long as it likes."""
    return quiet(gauge.series(stack, gauge.lasting(stack, gauge.harmless(stack))))


@EVERY_GAUGE.add(losses=True)
def the_samples_end_in_the_middle_of_a_short_breach(gauge: Gauge, stack: Stack) -> Incident:
    """The last sample stands for the figure for five minutes more: a breach five minutes shorter than stated is quiet.

    Monitoring may show a sample nearly three minutes late, so that a missing one looks like a late one.
    """
    gauge.require_a_longer_duration_than_the_window(stack)
    short = gauge.duration_minutes(stack) - WINDOW_MINUTES + 1
    return quiet(gauge.series(stack, minutes((H, gauge.little(stack)), (short, gauge.full(stack)), (10, None))))


@EVERY_GAUGE.add()
def it_is_over_five_minutes_after_the_last_sample(gauge: Gauge, stack: Stack) -> Incident:
    """The samples end with the breach, as those of a revision that is gone: it stays open for the window, no longer."""
    count = gauge.duration_minutes(stack) + 3
    series = gauge.series(stack, minutes((H, gauge.little(stack)), (count, gauge.full(stack)), (10, None)))
    return gauge.pages(stack, *series, until_seconds=60 * (count - 1 + WINDOW_MINUTES) - 1)


@EVERY_GAUGE.add()
def it_is_over_with_the_first_sample_below(gauge: Gauge, stack: Stack) -> Incident:
    """The newest sample counts, and no older one of the window."""
    count = gauge.duration_minutes(stack) + 3
    series = gauge.series(
        stack, minutes((H, gauge.little(stack)), (count, gauge.full(stack)), (10, gauge.harmless(stack)))
    )
    return gauge.pages(stack, *series, until_seconds=60 * count - 1)


@EVERY_GAUGE.add(losses=True)
def at_its_limit_from_the_first_sample_on(gauge: Gauge, stack: Stack) -> Incident:
    """A new service or database has no past, and needs none."""
    counts = minutes((H, None), (gauge.duration_minutes(stack) + 8, gauge.full(stack)))
    return gauge.pages(stack, *gauge.series(stack, counts))


@EVERY_GAUGE.add(losses=True)
def it_flaps_between_its_limit_and_no_samples(gauge: Gauge, stack: Stack) -> Incident:
    """One minute at the limit and a scale to zero, again and again: each of them is short."""
    gauge.require_a_longer_duration_than_the_window(stack)
    flap = minutes((1, gauge.full(stack)), (gauge.duration_minutes(stack) + 2, None))
    return quiet(gauge.series(stack, (*minutes((H, gauge.little(stack))), *flap * 3)))


@EVERY_GAUGE.add()
def two_minutes_without_samples_in_a_lasting_breach(gauge: Gauge, stack: Stack) -> Incident:
    """A gap must not begin the count anew."""
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
    """As the setting says: a limit of each revision is not reached by half of it twice, one of the service is."""
    service, most = _limited(stack)[-1 if len(_limited(stack)) == 1 else 1]
    place = stack.place_of(service)
    series = _two_revisions(stack, place, _part(most), _part(most))
    if service.max_instances_per == "service":
        return INSTANCES.pages(stack, *series, labels=place.alert_labels)
    return quiet(series)


@OF_INSTANCES.add()
def the_limit_is_that_of_each_revision(stack: Stack) -> Incident:
    """Half of it twice, while traffic is split between two revisions: both can still grow."""
    if _limited(stack)[0][0].max_instances_per == "service":
        raise NotBuildableError("the limit is that of the service")
    part = _part(_most(stack))
    return quiet(_two_revisions(stack, _place(stack), part, part))


@OF_INSTANCES.add()
def one_of_two_revisions_is_at_its_limit(stack: Stack) -> Incident:
    """The other one can still grow, and its users are not those who wait."""
    return INSTANCES.pages(stack, *_two_revisions(stack, _place(stack), _most(stack), INSTANCES.little(stack)))


@OF_INSTANCES.add()
def it_has_more_active_instances_than_its_limit(stack: Stack) -> Incident:
    """Cloud Run may exceed the limit for a while: https://cloud.google.com/run/docs/about-instance-autoscaling."""
    return INSTANCES.pages(stack, _instances(_place(stack), INSTANCES.lasting(stack, _most(stack) + 1.0)))


@OF_INSTANCES.add(losses=True)
def an_old_revision_is_idle_while_the_new_one_is_active(stack: Stack) -> Incident:
    """Three idle old ones and three active new ones of five: a deployment, and two more may start."""
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
    """Kept warm after a peak: they take the next requests."""
    most = INSTANCES.lasting(stack, _most(stack))
    return quiet(
        [
            _instances(_place(stack), most, state="idle"),
            _instances(_place(stack), INSTANCES.lasting(stack, 0.0)),
        ]
    )


@OF_INSTANCES.add()
def one_of_its_instances_is_idle(stack: Stack) -> Incident:
    """All are there, and one is free."""
    most = _most(stack)
    return quiet(
        [
            _instances(_place(stack), INSTANCES.lasting(stack, most - 1.0)),
            _instances(_place(stack), INSTANCES.lasting(stack, 1.0), state="idle"),
        ]
    )


@OF_INSTANCES.add()
def the_limit_is_reached_on_both_sides_of_a_cut_over(stack: Stack) -> Incident:
    """The old revision is at its limit, and then the new one: users have waited all the time."""
    most, half = _most(stack), INSTANCES.duration_minutes(stack) // 2
    little = INSTANCES.little(stack)
    old = minutes((H, little), (half, float(most)), (half + 8, 0.0))
    new = minutes((H, None), (half - 1, little), (half + 9, float(most)))
    return INSTANCES.pages(
        stack, _instances(_place(stack), old), _instances(_place(stack).of_revision("00042-new"), new)
    )


@OF_INSTANCES.add()
def a_new_revision_takes_all_instances_for_two_minutes(stack: Stack) -> Incident:
    """The cut-over of a deployment: it starts with everything, and scales in."""
    most = _most(stack)
    after = INSTANCES.duration_minutes(stack) + 5
    new: Counts = minutes((H, None), (2, float(most)), (after, min(2.0, most - 1.0)))
    old: Counts = (*minutes((H, min(3.0, most - 1.0)), (2, 0.0)), *minutes((after, None)))
    return quiet([_instances(_place(stack), old), _instances(_place(stack).of_revision("00042-new"), new)])


OF_CONNECTIONS = Collection({CONNECTIONS.alert: ()})


@OF_CONNECTIONS.add()
def a_deployment_doubles_the_connections_for_two_minutes(stack: Stack) -> Incident:
    """Two revisions, each with its own pools; the old one gives its connections back."""
    few, many = _share(stack) * 0.6, _share(stack) * 1.2
    return quiet([_connections(stack, minutes((H, few), (2, many), (10, few)))])


@OF_CONNECTIONS.add()
def the_database_restarts_while_its_connections_are_nearly_used_up(stack: Stack) -> Incident:
    """It reports nothing for two minutes, and begins with none."""
    few, many = CONNECTIONS.little(stack), _share(stack) + 1
    short = CONNECTIONS.duration_minutes(stack) - 2
    return quiet([_connections(stack, minutes((H, few), (short, many), (2, None), (3, few), (short, many), (2, few)))])


@OF_INSTANCES.add()
def the_frontend_is_at_its_own_limit(stack: Stack) -> Incident:
    """Each service has its own."""
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
    """The limit holds in each region for itself."""
    half = INSTANCES.lasting(stack, _part(_most(stack)))
    return quiet([_instances(_place(stack), half), _instances(_place(stack).in_location(stack.other_location), half)])


@OF_INSTANCES.add()
def services_of_others_are_at_the_limit(stack: Stack) -> Incident:
    """The other environment's, neighbours', and a worker pool of the same name."""
    others = (stack.other_backend, *stack.neighbours, stack.backend.of_resource("cloud_run_worker_pool"))
    return quiet([_instances(place, INSTANCES.lasting(stack, 50.0)) for place in others])


@OF_CONNECTIONS.add()
def two_databases_of_the_instance_share_its_connections(stack: Stack) -> Incident:
    """Neither has many for itself."""
    half = CONNECTIONS.lasting(stack, _share(stack) / 2 + 1)
    return CONNECTIONS.pages(stack, _connections(stack, half), _connections(stack, half, database="postgres"))


@OF_CONNECTIONS.add()
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


SCENARIOS: tuple[Scenario, ...] = tuple(EVERY_GAUGE.scenarios + OF_INSTANCES.scenarios + OF_CONNECTIONS.scenarios)
