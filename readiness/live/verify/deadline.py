"""The one time limit that all checks of a run share."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from readiness import clock

# For everything that one command asks of Google and of GitHub; `verify` and `audit --url` have limits of their own.
COMMAND_SECONDS = 300.0
# What is left for a request when the limit is near: a timeout of 0 would mean "do not wait at all" to a socket.
_LEAST_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadline:
    """`ends_at` is a reading of `now_seconds`, the clock that everything within the limit is measured by.

    `sleep` waits for a number of seconds of that clock.
    """

    seconds: float
    ends_at: float
    now_seconds: Callable[[], float] = clock.monotonic_seconds
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def after(
        cls,
        seconds: float,
        *,
        since: float | None = None,
        now_seconds: Callable[[], float] = clock.monotonic_seconds,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Deadline:
        """So many seconds from `since`, a reading of `now_seconds`; from now without it."""
        start = now_seconds() if since is None else since
        return cls(seconds=seconds, ends_at=start + seconds, now_seconds=now_seconds, sleep=sleep)

    def earlier(self, seconds: float) -> Deadline:
        """So many seconds before this one."""
        return replace(self, ends_at=self.ends_at - seconds)

    def seconds_left(self) -> float:
        """Never negative."""
        return max(0.0, self.ends_at - self.now_seconds())

    def request_seconds(self) -> float:
        """How long a request may wait for the next byte."""
        return max(_LEAST_SECONDS, self.seconds_left())
