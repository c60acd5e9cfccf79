"""Instants as RFC 3339 writes them, and durations as Google's APIs write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})?")


def instant(text: object) -> datetime:
    """`2025-10-17T08:00:00.123456789Z` as a time in UTC, to the microsecond. Raises ValueError saying what is wrong."""
    found = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("is no RFC 3339 time")
    if found[2] is None:
        raise ValueError("has no time zone")
    try:
        return datetime.fromisoformat(found[0].upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is no time that exists") from None


def instant_text(moment: datetime) -> str:
    """The instant to the second: `2025-10-17T08:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdwy])")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}


def duration_text(seconds: int) -> str:
    """`300` as `"300s"`: the only form that the APIs take; the provider accepts `"5m"`, and the apply then fails."""
    return f"{seconds}s"


def seconds_of(text: object) -> float | None:
    """`300s`, `30d`, and PromQL's `5m` or `179s999ms`, in seconds; None for anything else."""
    if not isinstance(text, str) or not re.fullmatch(f"(?:{_PART.pattern})+", text):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
