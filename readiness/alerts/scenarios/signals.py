"""The four alerts over Cloud Run's metrics, as what the shared scenarios need to know of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from readiness.alerts.scenarios.cloud_run import (
    CPU_UTILIZATIONS,
    FINE_LATENCY_BOUNDS,
    MEMORY_UTILIZATIONS,
    REQUEST_LATENCIES,
    UTILISATION_BOUNDS,
    Timeline,
    observations,
    requests,
)
from readiness.alerts.scenarios.incident import Fires, Incident
from readiness.alerts.scenarios.series import Series
from readiness.alerts.scenarios.stack import Place, Stack
from readiness.settings.model import Alerts

# Every scenario begins with so many healthy minutes; the breach's first sample is that of the next one.
HEALTHY_MINUTES = 5
# A lasting breach pages this long after its stated duration at the latest; half a minute of it is the evaluation by
# which every rule waits longer than stated (readiness/alerts/rules.py).
PATIENCE_SECONDS = 180


@dataclass(frozen=True, kw_only=True, slots=True)
class Signal:
    """One alert. `twice`: how many of 60 observations are bad when the figure is twice the threshold (or at its most).

    A bad utilisation is 0.97: twice 0.8 does not exist.
    """

    alert: str
    duration_seconds: Callable[[Alerts], int]
    twice: Callable[[Alerts], float]
    series_of: Callable[[Alerts, Place, Timeline], tuple[Series, ...]]

    def duration_minutes(self, stack: Stack) -> int:
        """How long the condition must hold."""
        return self.duration_seconds(stack.settings.alerts) // 60

    def twice_of_60(self, stack: Stack) -> tuple[float, float]:
        """A minute with 60 observations, at twice the threshold."""
        return (60, self.twice(stack.settings.alerts))

    def harmless_of_60(self, stack: Stack) -> float:
        """How many bad ones of 60 are no breach: one percent, or a quarter of twice the threshold if that is less."""
        return min(0.6, self.twice(stack.settings.alerts) / 4)

    def series(self, stack: Stack, place: Place, timeline: Timeline) -> tuple[Series, ...]:
        """What Monitoring gets from a place."""
        return self.series_of(stack.settings.alerts, place, timeline)

    def pages(
        self, stack: Stack, *series: tuple[Series, ...], of: Place, patience_seconds: int = PATIENCE_SECONDS
    ) -> Incident:
        """A scenario that pages for one place and lasts to its end."""
        duration_seconds = self.duration_seconds(stack.settings.alerts)
        expect = Fires(
            labels=(of.alert_labels,),
            first_bad_minute=HEALTHY_MINUTES,
            not_before_seconds=duration_seconds,
            within_seconds=duration_seconds + patience_seconds,
        )
        return Incident(series=tuple(series_ for group in series for series_ in group), expect=expect)


def _utilisation_series(metric: str) -> Callable[[Alerts, Place, Timeline], tuple[Series, ...]]:
    return lambda _alerts, place, timeline: observations(
        metric, place, timeline, bounds=UTILISATION_BOUNDS, good=0.3, bad=0.97
    )


CPU = Signal(
    alert="HighCpuUsage",
    duration_seconds=lambda alerts: alerts.high_cpu_usage.duration_seconds,
    twice=lambda _alerts: 60,
    series_of=_utilisation_series(CPU_UTILIZATIONS),
)
MEMORY = Signal(
    alert="HighMemoryUsage",
    duration_seconds=lambda alerts: alerts.high_memory_usage.duration_seconds,
    twice=lambda _alerts: 60,
    series_of=_utilisation_series(MEMORY_UTILIZATIONS),
)
ERROR_RATE = Signal(
    alert="HighErrorRate",
    duration_seconds=lambda alerts: alerts.high_error_rate.duration_seconds,
    twice=lambda alerts: 60 * 2 * alerts.high_error_rate.error_ratio,
    series_of=lambda _alerts, place, timeline: requests(place, timeline),
)
LATENCY = Signal(
    alert="HighLatency",
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
