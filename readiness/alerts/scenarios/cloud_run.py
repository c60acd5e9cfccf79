"""The series that Cloud Run writes for a service: requests, latencies, utilisations.

Google publishes no bucket bounds for these distributions: every latency scenario runs with two assumed sets.
"""

from __future__ import annotations

from collections.abc import Sequence

from readiness.alerts.scenarios.series import Series, distribution
from readiness.alerts.scenarios.stack import Place

# One minute: the number of observations (requests or instances), and how many of them are bad. None: no sample.
Minute = tuple[float, float] | None
Timeline = Sequence[Minute]

REQUEST_COUNT = "run_googleapis_com:request_count"
REQUEST_LATENCIES = "run_googleapis_com:request_latencies"
CPU_UTILIZATIONS = "run_googleapis_com:container_cpu_utilizations"
MEMORY_UTILIZATIONS = "run_googleapis_com:container_memory_utilizations"

# Milliseconds. The settings allow thresholds of up to an hour, and the scenarios use twice that.
FINE_LATENCY_BOUNDS = tuple(round(1.4**power, 1) for power in range(12, 48))
COARSE_LATENCY_BOUNDS = tuple(10.0 * 2**power for power in range(3, 21))


def utilisation_bounds(threshold: float) -> tuple[float, ...]:
    """Bounds of shares from 0 to 1: every twentieth, the threshold and its half."""
    return tuple(sorted({*(step / 20 for step in range(1, 21)), threshold, threshold / 2}))


def requests(place: Place, timeline: Timeline, *, bad: str = "5xx", good: str | None = "2xx") -> tuple[Series, ...]:
    """Requests by class of response: bad requests have the class `bad`. With `good=None`, no good request exists."""
    counts = {bad: [minute and minute[1] for minute in timeline]}
    if good is not None:
        counts[good] = [minute and minute[0] - minute[1] for minute in timeline]
    return tuple(
        Series(
            metric=REQUEST_COUNT,
            labels={**place.labels, "response_code_class": answer, "response_code": f"{answer[0]}00"},
            minutes=tuple(values),
        )
        for answer, values in counts.items()
    )


def observations(
    metric: str, place: Place, timeline: Timeline, *, bounds: Sequence[float], good: float, bad: float
) -> tuple[Series, ...]:
    """A distribution in which good observations have one value and bad ones another."""
    samples = [minute and {good: minute[0] - minute[1], bad: minute[1]} for minute in timeline]
    return distribution(metric, place.labels, bounds, samples)
