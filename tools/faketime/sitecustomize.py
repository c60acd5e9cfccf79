"""Lets Python sleep under `faketime`; tools/try_dates.sh puts this folder on PYTHONPATH.

Python 3.11 and later sleep until an instant of the monotonic clock. libfaketime 0.9.10 takes that for an instant of the
faked clock even when told to leave the monotonic one alone, and `time.sleep` fails with "Invalid argument".
"""

from __future__ import annotations

import select
import time
from typing import Any


def _sleep(seconds: Any, /) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select((), (), (), seconds)


time.sleep = _sleep
