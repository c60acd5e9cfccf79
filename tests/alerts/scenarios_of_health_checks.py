"""FailedHealthChecks: probes from several regions, of which two or more get no healthy answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.alerts.incident import Fires, Incident, Scenario, quiet, scenario
from tests.alerts.series import Series
from tests.alerts.stack import Stack

Tell = Callable[[Stack], Incident]

ALERT = "FailedHealthChecks"
METRIC = "monitoring_googleapis_com:uptime_check_check_passed"
DURATION_SECONDS = 120
# A probe after the other: G is answered well, F is not.
HEALTHY = "GGGGG"
DOWN = "FFFFFFFF"


def _period(stack: Stack) -> int:
    """Minutes from one probe to the next."""
    return stack.settings.uptime_checks.period_seconds // 60


def probes(
    stack: Stack, region: str, probes: Iterable[str], *, host: str = "", check: str = "ours", resource: str = ""
) -> Series:
    """What one region says of one host, probe by probe."""
    values = [1.0 if probe == "G" else 0.0 for probe in probes]
    gap = (None,) * (_period(stack) - 1)
    return Series(
        metric=METRIC,
        labels={
            "monitored_resource": resource or "uptime_url",
            "host": host or stack.host_of("backend"),
            "check_id": check,
            "checker_location": region,
        },
        minutes=tuple(sample for value in values for sample in (value, *gap)),
        gauge=True,
    )


def _pages(stack: Stack, *series: Series, host: str = "") -> Incident:
    period_seconds = 60 * _period(stack)
    expect = Fires(
        labels=({"host": host or stack.host_of("backend"), "check_id": "ours"},),
        first_bad_minute=len(HEALTHY) * _period(stack),
        not_before_seconds=DURATION_SECONDS,
        within_seconds=period_seconds + DURATION_SECONDS + 60,
    )
    return Incident(series=series, expect=expect)


def two_of_three_regions_get_no_healthy_answer(stack: Stack) -> Incident:
    """Within a probe, the stated two minutes and one more, whenever the samples arrive and whichever third is lost."""
    return _pages(
        stack,
        probes(stack, "usa", HEALTHY + DOWN),
        probes(stack, "eur", HEALTHY + DOWN),
        probes(stack, "apac", "G" * len(HEALTHY + DOWN)),
    )


def the_frontend_answers_from_nowhere(stack: Stack) -> Incident:
    """Every service of the stack is asked."""
    host = stack.host_of("frontend")
    return _pages(
        stack, *(probes(stack, region, HEALTHY + DOWN, host=host) for region in ("usa", "eur", "apac")), host=host
    )


def one_region_gets_no_healthy_answer(stack: Stack) -> Incident:
    """It may have lost its own way; the others still get through."""
    return quiet(
        [
            probes(stack, "usa", HEALTHY + DOWN),
            probes(stack, "eur", "G" * 13),
            probes(stack, "apac", "G" * 13),
        ]
    )


def two_of_three_regions_fail_at_any_time_but_never_the_same_two(stack: Stack) -> Incident:
    """A check that flaps: two probes of the same region must fail in a row."""
    return quiet(
        [
            probes(stack, "usa", "G" + "FFG" * 5),
            probes(stack, "eur", "G" + "FGF" * 5),
            probes(stack, "apac", "G" + "GFF" * 5),
        ]
    )


def every_region_fails_for_less_than_stated(stack: Stack) -> Incident:
    """A deployment that cuts over: three probes a minute apart, or one of five minutes."""
    failing = "F" * (DURATION_SECONDS // 60 // _period(stack) + 1)
    return quiet([probes(stack, region, HEALTHY + failing + HEALTHY) for region in ("usa", "eur", "apac")])


def two_checks_of_one_host_fail_from_one_region_each(stack: Stack) -> Incident:
    """Somebody else's check of the same host must not add its region to ours."""
    return quiet([probes(stack, "usa", HEALTHY + DOWN), probes(stack, "eur", HEALTHY + DOWN, check="made-by-hand")])


def the_other_environment_is_down(stack: Stack) -> Incident:
    """It has hosts of its own."""
    host = next(service.host for service in stack.other.services if service.role == "backend")
    return quiet([probes(stack, region, HEALTHY + DOWN, host=host) for region in ("usa", "eur")])


def hosts_whose_names_hold_ours_are_down(stack: Stack) -> Incident:
    """Matched whole, and a dot is a dot."""
    ours = stack.host_of("backend")
    others = (f"x{ours}", f"{ours}.example.org", ours.replace(".", "-", 1))
    return quiet([probes(stack, region, HEALTHY + DOWN, host=host) for host in others for region in ("usa", "eur")])


def another_kind_of_resource_is_down(stack: Stack) -> Incident:
    """Uptime checks write for several resource types."""
    return quiet([probes(stack, region, HEALTHY + DOWN, resource="gce_instance") for region in ("usa", "eur")])


SCENARIOS: tuple[Scenario, ...] = (
    scenario(
        ALERT,
        two_of_three_regions_get_no_healthy_answer,
        tell=two_of_three_regions_get_no_healthy_answer,
        losses=True,
    ),
    scenario(ALERT, every_region_fails_for_less_than_stated, tell=every_region_fails_for_less_than_stated, phases=True),
    *(
        scenario(ALERT, tell, tell=tell)
        for tell in (
            the_frontend_answers_from_nowhere,
            one_region_gets_no_healthy_answer,
            two_of_three_regions_fail_at_any_time_but_never_the_same_two,
            two_checks_of_one_host_fail_from_one_region_each,
            the_other_environment_is_down,
            hosts_whose_names_hold_ours_are_down,
            another_kind_of_resource_is_down,
        )
    ),
)
