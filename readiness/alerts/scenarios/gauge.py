"""Describes an alert on the newest sample of a gauge, for the shared scenarios of `limits.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from readiness.alerts.scenarios.incident import Fires, Incident
from readiness.alerts.scenarios.series import Series, minutes
from readiness.alerts.scenarios.stack import NotBuildableError, Stack
from readiness.settings.base import GAUGE_WINDOW_SECONDS

# Every scenario begins with this number of healthy minutes.
H = 5
# One bad sample of a gauge is enough: it fires after the stated duration, one evaluation more, and the next one.
PATIENCE_SECONDS = 60
# How long the newest sample counts if no other sample follows.
WINDOW_MINUTES = GAUGE_WINDOW_SECONDS // 60
Counts = tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Gauge:
    """One of the alerts. `full`: a value that fires. `harmless`: the largest value that does not."""

    alert: str
    duration_minutes: Callable[[Stack], int]
    full: Callable[[Stack], float]
    harmless: Callable[[Stack], float]
    series: Callable[[Stack, Counts], tuple[Series, ...]]
    labels: Callable[[Stack], dict[str, str]]

    def pages(
        self,
        stack: Stack,
        *series: Series,
        labels: dict[str, str] | None = None,
        until_seconds: int | None = None,
    ) -> Incident:
        """A scenario that fires after the stated duration and stays open."""
        seconds = 60 * self.duration_minutes(stack)
        expect = Fires(
            labels=(labels or self.labels(stack),),
            first_bad_minute=H,
            not_before_seconds=seconds,
            within_seconds=seconds + PATIENCE_SECONDS,
            until_seconds=until_seconds,
        )
        return Incident(series=series, expect=expect)

    def little(self, stack: Stack) -> float:
        """1, or less if 1 is too much."""
        return min(1.0, self.harmless(stack) / 2)

    def lasting(self, stack: Stack, figure: float) -> Counts:
        """Five minutes with a low value, then the figure for longer than it takes to fire, even if samples are late."""
        return minutes((H, self.little(stack)), (self.duration_minutes(stack) + 8, figure))

    def require_a_longer_duration_than_the_window(self, stack: Stack) -> None:
        """Raises NotBuildableError if one sample, which counts for five minutes, is a breach by itself."""
        if self.duration_minutes(stack) < WINDOW_MINUTES:
            raise NotBuildableError("a gauge's last sample counts for five minutes, longer than the stated duration")
