"""The one time limit that all checks of a run share."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

# For everything that one command asks of Google and of GitHub; `verify` and `audit --url` have limits of their own.
COMMAND_SECONDS = 300.0
# What is left for a request when the limit is near: a timeout of 0 would mean "do not wait at all" to a socket.
_LEAST_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadline:
    """`ends_at` is a reading of `time.monotonic()`."""

    seconds: float
    ends_at: float

    @classmethod
    def after(cls, seconds: float, *, since: float | None = None) -> Deadline:
        """So many seconds from `since`, a reading of `time.monotonic()`; from now without it."""
        return cls(seconds=seconds, ends_at=(time.monotonic() if since is None else since) + seconds)

    def earlier(self, seconds: float) -> Deadline:
        """So many seconds before this one."""
        return replace(self, ends_at=self.ends_at - seconds)

    def seconds_left(self) -> float:
        """Never negative."""
        return max(0.0, self.ends_at - time.monotonic())

    def request_seconds(self) -> float:
        """How long a request may wait for the next byte."""
        return max(_LEAST_SECONDS, self.seconds_left())
