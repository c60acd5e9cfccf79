"""Scenarios that all alerts on Cloud Run's metrics must pass: CPU, memory, error rate, latency.

`(60, 6)` is a minute with 60 observations of which 6 are bad: requests that fail or are slow, instances at their limit.
"""

from __future__ import annotations

from readiness.alerts.scenarios.incident import Collection, Incident, Scenario, quiet
from readiness.alerts.scenarios.series import minutes
from readiness.alerts.scenarios.signals import HEALTHY_MINUTES as H
from readiness.alerts.scenarios.signals import PATIENCE_SECONDS, SIGNALS, Signal
from readiness.alerts.scenarios.stack import Stack

# If everything is bad, the first bad sample is enough: the alert fires after the stated duration, one evaluation more,
# and the next one.
AT_THE_NEXT_EVALUATION_SECONDS = 60

EVERY_SIGNAL = Collection({signal.alert: (signal,) for signal in SIGNALS})


@EVERY_SIGNAL.add(losses=True)
def a_lasting_breach_at_twice_the_threshold(signal: Signal, stack: Stack) -> Incident:
    """Notifies within 3 minutes after the stated duration, whenever samples arrive and whichever third is lost."""
    duration = signal.duration_minutes(stack)
    timeline = minutes((H, (60, 0)), (duration + 5, signal.twice_of_60(stack)))
    return signal.pages(stack, signal.series(stack, stack.backend, timeline), of=stack.backend)


@EVERY_SIGNAL.add(losses=True)
def a_breach_one_minute_shorter_than_stated(signal: Signal, stack: Stack) -> Incident:
    """Even if everything is bad: too long a window would extend the breach to the stated duration."""
    duration = signal.duration_minutes(stack)
    timeline = minutes((H, (60, 0)), (duration - 1, (60, 60)), (6, (60, 0)))
    return quiet(signal.series(stack, stack.backend, timeline))


@EVERY_SIGNAL.add(losses=True)
def a_single_bad_observation_in_an_idle_half_hour(signal: Signal, stack: Stack) -> Incident:
    """One of eight is 12 %, and 100 % of its minute. That alone must not notify."""
    idle, alone = (0.0, 0.0), (1.0, 1.0)
    rare = minutes((1, (1.0, 0.0)), (7, idle))
    return quiet(signal.series(stack, stack.backend, (*rare, *rare, alone, *rare, *minutes((5, idle)))))


@EVERY_SIGNAL.add(losses=True)
def everything_is_bad_at_one_a_minute(signal: Signal, stack: Stack) -> Incident:
    """Low traffic must not silence the alert: the query has no minimum of requests per second."""
    timeline = minutes((H, (1, 0)), (signal.duration_minutes(stack) + 5, (1, 1)))
    series = signal.series(stack, stack.backend, timeline)
    # A third of the first window is bad, and all of it two minutes later.
    soon = signal.is_quantile or signal.threshold(stack.settings.alerts) < 0.3
    patience_seconds = AT_THE_NEXT_EVALUATION_SECONDS if soon else PATIENCE_SECONDS
    return signal.pages(stack, series, of=stack.backend, patience_seconds=patience_seconds)


@EVERY_SIGNAL.add()
def every_other_minute_is_bad(signal: Signal, stack: Stack) -> Incident:
    """Half of all requests are bad the whole time. One good minute must not restart the duration."""
    signal.require_that_half_is_bad(stack)
    pairs = (signal.duration_minutes(stack) + 6) // 2
    timeline = minutes((H, (60, 0))) + minutes((1, (60, 60)), (1, (60, 0))) * pairs
    return signal.pages(stack, signal.series(stack, stack.backend, timeline), of=stack.backend)


@EVERY_SIGNAL.add()
def everything_is_bad_for_two_minutes_of_a_deployment(signal: Signal, stack: Stack) -> Incident:
    """Everything is bad while traffic moves to the new revision."""
    return quiet(signal.series(stack, stack.backend, minutes((H, (60, 0)), (2, (60, 60)), (H, (60, 0)))))


@EVERY_SIGNAL.add()
def the_frontend_breaks_while_the_backend_has_100_times_its_traffic(signal: Signal, stack: Stack) -> Incident:
    """The sum over both hides it: the services must be counted separately."""
    length = signal.duration_minutes(stack) + 5
    return signal.pages(
        stack,
        signal.series(stack, stack.frontend, minutes((H, (60, 0)), (length, signal.twice_of_60(stack)))),
        signal.series(stack, stack.backend, minutes((H + length, (6000, 0)))),
        of=stack.frontend,
    )


@EVERY_SIGNAL.add()
def one_region_breaks_while_another_has_100_times_its_traffic(signal: Signal, stack: Stack) -> Incident:
    """The same service must be counted separately in each region."""
    length = signal.duration_minutes(stack) + 5
    broken = stack.backend.in_location(stack.other_location)
    return signal.pages(
        stack,
        signal.series(stack, broken, minutes((H, (60, 0)), (length, signal.twice_of_60(stack)))),
        signal.series(stack, stack.backend, minutes((H + length, (6000, 0)))),
        of=broken,
    )


@EVERY_SIGNAL.add()
def a_new_revision_takes_a_tenth_of_the_traffic_and_breaks(signal: Signal, stack: Stack) -> Incident:
    """Its series are new, and the old one is healthy. It takes more traffic if a tenth of the requests may fail."""
    part = signal.part_that_shows(stack)
    length = signal.duration_minutes(stack) + 8
    return signal.pages(
        stack,
        signal.series(stack, stack.backend, minutes((H, (60, 0)), (length, (60 - part, 0)))),
        signal.series(stack, stack.backend.of_revision("00042-new"), minutes((H, None), (length, (part, part)))),
        of=stack.backend,
    )


@EVERY_SIGNAL.add()
def the_traffic_falls_to_a_hundredth_and_what_is_left_breaks(signal: Signal, stack: Stack) -> Incident:
    """The earlier healthy traffic must no longer count after one window."""
    length = signal.duration_minutes(stack) + 5
    timeline = minutes((H, (6000, 0)), (length, signal.twice_of_60(stack)))
    return signal.pages(stack, signal.series(stack, stack.backend, timeline), of=stack.backend)


@EVERY_SIGNAL.add()
def a_canary_that_takes_one_percent_of_the_traffic_is_broken(signal: Signal, stack: Stack) -> Incident:
    """Revisions are added up, not compared. One percent of bad requests is below every threshold."""
    bad = signal.harmless_of_60(stack)
    length = H + signal.duration_minutes(stack) + 5
    return quiet(
        signal.series(stack, stack.backend, minutes((length, (60 - bad, 0)))),
        signal.series(stack, stack.backend.of_revision("00042-canary"), minutes((length, (bad, bad)))),
    )


@EVERY_SIGNAL.add()
def scaled_to_zero(signal: Signal, stack: Stack) -> Incident:
    """Without instances there are no samples, and nobody is notified, also when the service starts again."""
    return quiet(signal.series(stack, stack.backend, minutes((H, (60, 0)), (15, None), (H, (60, 0)))))


@EVERY_SIGNAL.add()
def scaled_to_zero_in_the_middle_of_a_short_breach(signal: Signal, stack: Stack) -> Incident:
    """Missing samples must not extend the breach before them."""
    return quiet(signal.series(stack, stack.backend, minutes((H, (60, 0)), (2, (60, 60)), (10, None))))


@EVERY_SIGNAL.add()
def the_other_environment_is_broken(signal: Signal, stack: Stack) -> Incident:
    """Both environments share a project, and each stack notifies only for its own services."""
    length = signal.duration_minutes(stack) + 5
    return quiet(
        signal.series(stack, stack.other_backend, minutes((H, (60, 0)), (length, (60, 60)))),
        signal.series(stack, stack.backend, minutes((H + length, (60, 0)))),
    )


@EVERY_SIGNAL.add()
def services_whose_names_contain_ours_are_broken(signal: Signal, stack: Stack) -> Incident:
    """`…-backend-prod2` and `x…-backend-prod` are other services: the query matches whole names."""
    timeline = minutes((H, (60, 0)), (signal.duration_minutes(stack) + 5, (60, 60)))
    return quiet(*(signal.series(stack, neighbour, timeline) for neighbour in stack.neighbours))


@EVERY_SIGNAL.add()
def another_kind_of_resource_of_the_same_name_is_broken(signal: Signal, stack: Stack) -> Incident:
    """A metric may be written for several resource types, and PromQL reads them all unless the query names one."""
    timeline = minutes((H, (60, 0)), (signal.duration_minutes(stack) + 5, (60, 60)))
    return quiet(signal.series(stack, stack.backend.of_resource("cloud_run_worker_pool"), timeline))


@EVERY_SIGNAL.add(losses=True)
def a_new_service_is_bad_from_its_first_sample_on(signal: Signal, stack: Stack) -> Incident:
    """The alert needs no earlier healthy samples."""
    timeline = minutes((H, None), (signal.duration_minutes(stack) + 5, (60, 60)))
    series = signal.series(stack, stack.backend, timeline)
    return signal.pages(stack, series, of=stack.backend, patience_seconds=AT_THE_NEXT_EVALUATION_SECONDS)


@EVERY_SIGNAL.add(losses=True)
def the_first_sample_ever_is_bad_and_alone(signal: Signal, stack: Stack) -> Incident:
    """A new counter begins with its first event. One bad request or instance must not notify."""
    return quiet(signal.series(stack, stack.backend, minutes((H, None), (1, (1, 1)), (10, None))))


@EVERY_SIGNAL.add(losses=True)
def it_flaps_between_bad_and_scaled_to_zero(signal: Signal, stack: Stack) -> Incident:
    """Two bad minutes and seven without samples, repeatedly: the duration restarts each time.

    The error budget counts these requests (error_budget.py).
    """
    flaps = minutes((2, (60, 60)), (7, None)) * 5
    return quiet(signal.series(stack, stack.backend, (*minutes((H, (60, 0))), *flaps)))


@EVERY_SIGNAL.add(losses=True)
def both_revisions_are_bad_in_the_minute_of_a_cut_over(signal: Signal, stack: Stack) -> Incident:
    """The old one while it stops, the new one while it starts. Then the new one is healthy."""
    old = minutes((H, (60, 0)), (1, (60, 60)), (9, None))
    new = minutes((H, None), (1, (40, 40)), (9, (60, 0)))
    return quiet(
        signal.series(stack, stack.backend, old), signal.series(stack, stack.backend.of_revision("00042-new"), new)
    )


SCENARIOS: tuple[Scenario, ...] = tuple(EVERY_SIGNAL.scenarios)
