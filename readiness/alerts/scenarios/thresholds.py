"""Scenarios of single alerts: values at their thresholds, the share that counts, and values that must not count."""

from __future__ import annotations

from readiness.alerts.scenarios.cloud_run import (
    COARSE_LATENCY_BOUNDS,
    CPU_UTILIZATIONS,
    FINE_LATENCY_BOUNDS,
    MEMORY_UTILIZATIONS,
    REQUEST_LATENCIES,
    Minute,
    observations,
    requests,
    utilisation_bounds,
)
from readiness.alerts.scenarios.incident import Collection, Incident, Scenario, quiet
from readiness.alerts.scenarios.series import minutes
from readiness.alerts.scenarios.signals import (
    CPU,
    ERROR_RATE,
    LATENCY,
    MEMORY,
    Signal,
    bad_utilisation,
    good_utilisation,
)
from readiness.alerts.scenarios.signals import HEALTHY_MINUTES as H
from readiness.alerts.scenarios.stack import Stack

ERRORS = Collection({ERROR_RATE.alert: ()})
UTILISATIONS = Collection({CPU.alert: (CPU,), MEMORY.alert: (MEMORY,)})
UTILISATION_METRICS = Collection({CPU.alert: (CPU, CPU_UTILIZATIONS), MEMORY.alert: (MEMORY, MEMORY_UTILIZATIONS)})
LATENCIES = Collection({LATENCY.alert: ()})


def _lasting(signal: Signal, stack: Stack, before: Minute, then: Minute) -> tuple[Minute, ...]:
    return minutes((H, before), (signal.duration_minutes(stack) + 5, then))


# --- share of failing requests -------------------------------------------------------------------------------------


@ERRORS.add()
def errors_exactly_at_the_threshold(stack: Stack) -> Incident:
    """The condition is `> 5 %`, and 5 % is not above 5 %. 16 of 320 is exactly 0.05 as a float, 50 of 1000 is not."""
    all_ = 16 / stack.settings.alerts.high_error_rate.error_ratio
    # If the share is not an exact quotient of floats, a billionth below it.
    bad = 16 if all_.is_integer() else 16 * (1 - 1e-9)
    return quiet(requests(stack.backend, _lasting(ERROR_RATE, stack, (all_, 0), (all_, bad))))


@ERRORS.add()
def errors_a_fifth_above_the_threshold(stack: Stack) -> Incident:
    """Notifies as soon as a whole window is bad, which is a minute later than at twice the threshold."""
    bad = min(1000.0, 1200 * stack.settings.alerts.high_error_rate.error_ratio)
    series = requests(stack.backend, _lasting(ERROR_RATE, stack, (1000, 0), (1000, bad)))
    return ERROR_RATE.pages(stack, series, of=stack.backend)


@ERRORS.add()
def every_request_fails_from_the_first_one_on(stack: Stack) -> Incident:
    """No series of good responses exists: `1 - good / all` would have no value, and `bad / all` is 1."""
    timeline = minutes((H, None), (ERROR_RATE.duration_minutes(stack) + 5, (60.0, 60.0)))
    return ERROR_RATE.pages(stack, requests(stack.backend, timeline, good=None), of=stack.backend)


@ERRORS.add()
def one_failing_request_a_minute_among_probes(stack: Stack) -> Incident:
    """Successful probes are traffic too: six a minute, while the only user gets errors."""
    probes = min(6.0, 0.6 * (1 / stack.settings.alerts.high_error_rate.error_ratio - 1))
    series = requests(stack.backend, _lasting(ERROR_RATE, stack, (probes, 0), (probes + 1, 1)))
    return ERROR_RATE.pages(stack, series, of=stack.backend)


@ERRORS.add()
def half_of_the_requests_are_refused_with_4xx(stack: Stack) -> Incident:
    """A scanner or a faulty client is not a failure of the service."""
    return quiet(requests(stack.backend, _lasting(ERROR_RATE, stack, (60, 0), (60, 30)), bad="4xx"))


# --- CPU and memory ------------------------------------------------------------------------------------------------


@UTILISATIONS.add()
def one_of_five_instances_is_at_its_limit(signal: Signal, stack: Stack) -> Incident:
    """Its requests are slow although the mean is far below the threshold."""
    return signal.pages(
        stack, signal.series(stack, stack.backend, _lasting(signal, stack, (5, 0), (5, 1))), of=stack.backend
    )


@UTILISATIONS.add()
def one_of_forty_instances_is_at_its_limit(signal: Signal, stack: Stack) -> Incident:
    """The condition is on the 95th percentile, not on the maximum."""
    return quiet(signal.series(stack, stack.backend, _lasting(signal, stack, (40, 0), (40, 1))))


@UTILISATION_METRICS.add()
def every_instance_at_half_of_its_limit(signal: Signal, metric: str, stack: Stack) -> Incident:
    """Quiet: the unit is a share of 1, not percent. For a threshold below 0.5, half of it."""
    timeline = _lasting(signal, stack, (5, 0), (5, 0))
    threshold = _threshold(signal, stack)
    half = 0.5 if threshold >= 0.5 else threshold / 2
    bounds = utilisation_bounds(threshold)
    return quiet(observations(metric, stack.backend, timeline, bounds=bounds, good=half, bad=half))


@UTILISATION_METRICS.add()
def every_instance_just_above_the_threshold(signal: Signal, metric: str, stack: Stack) -> Incident:
    """Notifies as soon as a whole window is above it."""
    threshold = _threshold(signal, stack)
    share = threshold + min(0.04, (1 - threshold) / 2)
    timeline = _lasting(signal, stack, (5, 0), (5, 5))
    series = observations(
        metric,
        stack.backend,
        timeline,
        bounds=utilisation_bounds(threshold),
        good=good_utilisation(threshold),
        bad=share,
    )
    return signal.pages(stack, series, of=stack.backend)


@UTILISATION_METRICS.add()
def the_95th_percentile_exactly_at_the_threshold(signal: Signal, metric: str, stack: Stack) -> Incident:
    """19 of 20 are at the threshold and one is at 1: the figure equals the threshold, and is not above it."""
    timeline = minutes((H + signal.duration_minutes(stack) + 5, (20.0, 1.0)))
    at = _threshold(signal, stack)
    bounds = (at / 2, at, 1.0)
    return quiet(observations(metric, stack.backend, timeline, bounds=bounds, good=at, bad=bad_utilisation(at)))


@UTILISATIONS.add()
def the_other_figure_is_at_its_limit(signal: Signal, stack: Stack) -> Incident:
    """High memory must not fire the alert on CPU, and the other way round."""
    other = MEMORY if signal is CPU else CPU
    return quiet(
        other.series(stack, stack.backend, _lasting(signal, stack, (5, 0), (5, 5))),
        signal.series(stack, stack.backend, _lasting(signal, stack, (5, 0), (5, 0))),
    )


def _threshold(signal: Signal, stack: Stack) -> float:
    return signal.threshold(stack.settings.alerts)


# --- latency -------------------------------------------------------------------------------------------------------


@LATENCIES.add()
def one_in_ten_requests_is_slow(stack: Stack) -> Incident:
    """The 95th percentile shows it, and the median does not."""
    series = LATENCY.series(stack, stack.backend, _lasting(LATENCY, stack, (60, 0), (60, 6)))
    return LATENCY.pages(stack, series, of=stack.backend)


@LATENCIES.add()
def three_in_a_hundred_requests_are_slow(stack: Stack) -> Incident:
    """The condition is on the 95th percentile, not on the 99th."""
    return quiet(LATENCY.series(stack, stack.backend, _lasting(LATENCY, stack, (100, 0), (100, 3))))


@LATENCIES.add()
def requests_a_tenth_slower_than_the_threshold(stack: Stack) -> Incident:
    """If a bucket ends at the threshold, all slower requests are above it."""
    at = float(stack.settings.alerts.high_latency.latency_ms)
    timeline = _lasting(LATENCY, stack, (60, 0), (60, 60))
    bounds = (at / 4, at / 2, at, 1.2 * at, 2 * at)
    series = observations(REQUEST_LATENCIES, stack.backend, timeline, bounds=bounds, good=0.4 * at, bad=1.1 * at)
    return LATENCY.pages(stack, series, of=stack.backend)


@LATENCIES.add()
def slow_requests_in_coarse_buckets(stack: Stack) -> Incident:
    """Google does not publish the bucket bounds, so the alert must not depend on one set of them."""
    slow = 2 * stack.settings.alerts.high_latency.latency_ms
    timeline = _lasting(LATENCY, stack, (60, 0), (60, 60))
    series = observations(
        REQUEST_LATENCIES, stack.backend, timeline, bounds=COARSE_LATENCY_BOUNDS, good=slow / 6, bad=slow
    )
    return LATENCY.pages(stack, series, of=stack.backend)


@LATENCIES.add()
def requests_at_two_fifths_of_the_threshold_fine(stack: Stack) -> Incident:
    """Quiet under narrow buckets."""
    return _at_two_fifths(stack, FINE_LATENCY_BOUNDS)


@LATENCIES.add()
def requests_at_two_fifths_of_the_threshold_coarse(stack: Stack) -> Incident:
    """Quiet under wide buckets."""
    return _at_two_fifths(stack, COARSE_LATENCY_BOUNDS)


def _at_two_fifths(stack: Stack, bounds: tuple[float, ...]) -> Incident:
    figure = 0.4 * stack.settings.alerts.high_latency.latency_ms
    timeline = _lasting(LATENCY, stack, (60, 0), (60, 60))
    return quiet(observations(REQUEST_LATENCIES, stack.backend, timeline, bounds=bounds, good=figure, bad=figure))


@LATENCIES.add()
def the_95th_latency_exactly_at_the_threshold(stack: Stack) -> Incident:
    """19 of 20 requests take exactly the threshold, and one takes longer: the figure is not above it."""
    at = float(stack.settings.alerts.high_latency.latency_ms)
    timeline = minutes((H + LATENCY.duration_minutes(stack) + 5, (20.0, 1.0)))
    bounds = (at / 4, at / 2, at, at * 2, at * 4)
    return quiet(observations(REQUEST_LATENCIES, stack.backend, timeline, bounds=bounds, good=at, bad=2 * at))


SCENARIOS: tuple[Scenario, ...] = (
    *ERRORS.scenarios,
    *UTILISATIONS.scenarios,
    *UTILISATION_METRICS.scenarios,
    *LATENCIES.scenarios,
)
