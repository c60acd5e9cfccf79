"""The clock. Every other module is given a time, or asks here, so that a test decides what day it is.

Call these as `clock.now()`: a test replaces them in this module. Nothing in the environment changes what they return,
because that would let anybody extend what has expired.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The present day, in UTC."""
    return now().date()


def monotonic_seconds() -> float:
    """Seconds since an arbitrary start, for measuring how long something takes; never goes back."""
    return time.monotonic()
