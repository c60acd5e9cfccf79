"""An alert on the newest sample of a gauge, as what the shared scenarios of `limits.py` need to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from readiness.alerts.scenarios.incident import Fires, Incident
from readiness.alerts.scenarios.series import Series, minutes
from readiness.alerts.scenarios.stack import NotBuildableError, Stack
from readiness.settings.base import GAUGE_WINDOW_SECONDS

# Every scenario begins with so many healthy minutes.
H = 5
# A gauge's first bad sample is enough: the stated duration passes, one evaluation more, and the next one pages.
PATIENCE_SECONDS = 60
# How long the newest sample counts when no other one comes.
WINDOW_MINUTES = GAUGE_WINDOW_SECONDS // 60
Counts = tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Gauge:
    """One of the alerts. `full`: a figure that pages; `harmless`: the largest that does not."""

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
        """A scenario that pages after the stated duration and lasts."""
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
        """1, or less where that is too much."""
        return min(1.0, self.harmless(stack) / 2)

    def lasting(self, stack: Stack, figure: float) -> Counts:
        """Five minutes with little, then the figure until it pages, also where samples are late, and longer."""
        return minutes((H, self.little(stack)), (self.duration_minutes(stack) + 8, figure))

    def require_a_longer_duration_than_the_window(self, stack: Stack) -> None:
        """Raises NotBuildableError where one sample, which counts for five minutes, is a breach by itself."""
        if self.duration_minutes(stack) < WINDOW_MINUTES:
            raise NotBuildableError("a gauge's last sample counts for five minutes, longer than the stated duration")
