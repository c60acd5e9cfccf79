"""A clock for deadlines that moves only when a test says so: however slow the machine is, the result is the same."""

from __future__ import annotations

from dataclasses import dataclass

from readiness.live.web import Deadline


@dataclass(kw_only=True, slots=True)
class FakeTime:
    """`seconds` have passed since the start. To sleep is to move them on, without waiting."""

    seconds: float = 0.0

    def now_seconds(self) -> float:
        """A reading of this clock."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Moves the clock on."""
        self.seconds += seconds

    def deadline(self, seconds: float) -> Deadline:
        """A deadline so many seconds from now, by this clock."""
        return Deadline.after(seconds, now_seconds=self.now_seconds, sleep=self.sleep)
