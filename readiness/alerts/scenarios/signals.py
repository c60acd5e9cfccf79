"""Describes the four alerts on Cloud Run's metrics, for their shared scenarios."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from readiness.alerts.scenarios.cloud_run import (
    CPU_UTILIZATIONS,
    FINE_LATENCY_BOUNDS,
    MEMORY_UTILIZATIONS,
    REQUEST_LATENCIES,
    Timeline,
    observations,
    requests,
    utilisation_bounds,
)
from readiness.alerts.scenarios.incident import Fires, Incident
from readiness.alerts.scenarios.series import Series
from readiness.alerts.scenarios.stack import NotBuildableError, Place, Stack
from readiness.settings.model import Alerts

# Every scenario begins with this number of healthy minutes. The breach begins with the sample of the next minute.
HEALTHY_MINUTES = 5
# A lasting breach notifies at most this long after its stated duration. Half a minute of it is the additional
# evaluation for which every rule waits (readiness/alerts/rules.py).
PATIENCE_SECONDS = 180


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """One alert. `twice`: how many of 60 observations are bad if the figure is twice the threshold (or its maximum).

    A bad utilisation is 0.97, because twice 0.8 is more than 1.
    """

    alert: str
    threshold: Callable[[Alerts], float]
    duration_seconds: Callable[[Alerts], int]
    twice: Callable[[Alerts], float]
    series_of: Callable[[Alerts, Place, Timeline], tuple[Series, ...]]

    def duration_minutes(self, stack: Stack) -> int:
        """How long the condition must be true."""
        return self.duration_seconds(stack.settings.alerts) // 60

    def twice_of_60(self, stack: Stack) -> tuple[float, float]:
        """A minute with 60 observations, at twice the threshold."""
        return (60, self.twice(stack.settings.alerts))

    def harmless_of_60(self, stack: Stack) -> float:
        """How many bad of 60 are not a breach: one percent, or a quarter of `twice` if that is less."""
        return min(0.6, self.twice(stack.settings.alerts) / 4)

    @property
    def is_quantile(self) -> bool:
        """Whether the figure is a 95th percentile, and not a share of bad requests."""
        return self is not ERROR_RATE

    def part_that_shows(self, stack: Stack) -> float:
        """How many bad of 60 are a breach: a tenth, or more if the threshold is a higher share."""
        return 6.0 if self.is_quantile else max(6.0, self.twice(stack.settings.alerts))

    def require_that_half_is_bad(self, stack: Stack) -> None:
        """Raises NotBuildableError if half of the requests may fail without a breach.

        Every other minute is bad, so at least a third of a window of three minutes is bad.
        """
        threshold = self.threshold(stack.settings.alerts)
        if not self.is_quantile and threshold >= 0.33:
            raise NotBuildableError(f"a third of the requests is not clearly above the threshold of {threshold:g}")

    def series(self, stack: Stack, place: Place, timeline: Timeline) -> tuple[Series, ...]:
        """The series of a place."""
        return self.series_of(stack.settings.alerts, place, timeline)

    def pages(
        self, stack: Stack, *series: tuple[Series, ...], of: Place, patience_seconds: int = PATIENCE_SECONDS
    ) -> Incident:
        """A scenario that fires for one place and stays open until its end."""
        duration_seconds = self.duration_seconds(stack.settings.alerts)
        expect = Fires(
            labels=(of.alert_labels,),
            first_bad_minute=HEALTHY_MINUTES,
            not_before_seconds=duration_seconds,
            within_seconds=duration_seconds + patience_seconds,
        )
        return Incident(series=tuple(series_ for group in series for series_ in group), expect=expect)


def cpu_threshold(alerts: Alerts) -> float:
    """The share of CPU above which the alert fires."""
    return alerts.high_cpu_usage.cpu_ratio


def memory_threshold(alerts: Alerts) -> float:
    """The share of memory above which the alert fires."""
    return alerts.high_memory_usage.memory_ratio


def good_utilisation(threshold: float) -> float:
    """A share far below a threshold: 0.3, or half of a low threshold."""
    return min(0.3, threshold / 2)


def bad_utilisation(threshold: float) -> float:
    """A share above a threshold: 0.97, or the middle between a high threshold and 1."""
    return 0.97 if threshold <= 0.95 else (1 + threshold) / 2


def _utilisation_series(
    metric: str, threshold_of: Callable[[Alerts], float]
) -> Callable[[Alerts, Place, Timeline], tuple[Series, ...]]:
    def series(alerts: Alerts, place: Place, timeline: Timeline) -> tuple[Series, ...]:
        at = threshold_of(alerts)
        bounds = utilisation_bounds(at)
        return observations(metric, place, timeline, bounds=bounds, good=good_utilisation(at), bad=bad_utilisation(at))

    return series


CPU = Signal(
    alert="HighCpuUsage",
    threshold=cpu_threshold,
    duration_seconds=lambda alerts: alerts.high_cpu_usage.duration_seconds,
    twice=lambda _alerts: 60,
    series_of=_utilisation_series(CPU_UTILIZATIONS, cpu_threshold),
)
MEMORY = Signal(
    alert="HighMemoryUsage",
    threshold=memory_threshold,
    duration_seconds=lambda alerts: alerts.high_memory_usage.duration_seconds,
    twice=lambda _alerts: 60,
    series_of=_utilisation_series(MEMORY_UTILIZATIONS, memory_threshold),
)
ERROR_RATE = Signal(
    alert="HighErrorRate",
    threshold=lambda alerts: alerts.high_error_rate.error_ratio,
    duration_seconds=lambda alerts: alerts.high_error_rate.duration_seconds,
    twice=lambda alerts: min(60, 60 * 2 * alerts.high_error_rate.error_ratio),
    series_of=lambda _alerts, place, timeline: requests(place, timeline),
)
LATENCY = Signal(
    alert="HighLatency",
    threshold=lambda alerts: alerts.high_latency.latency_ms,
    duration_seconds=lambda alerts: alerts.high_latency.duration_seconds,
    twice=lambda _alerts: 60,
    series_of=lambda alerts, place, timeline: observations(
        REQUEST_LATENCIES,
        place,
        timeline,
        bounds=FINE_LATENCY_BOUNDS,
        good=0.3 * alerts.high_latency.latency_ms,
        bad=2 * alerts.high_latency.latency_ms,
    ),
)
SIGNALS = (CPU, MEMORY, ERROR_RATE, LATENCY)
