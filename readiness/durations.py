"""Durations as Google's APIs write them."""

from __future__ import annotations

import re

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdwy])")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}


def duration_text(seconds: int) -> str:
    """`300` as `"300s"`: the only form that the APIs take; the provider lets `"5m"` through to fail at apply."""
    return f"{seconds}s"


def days_text(days: int) -> str:
    """`30` as `"2592000s"`: Artifact Registry answers in seconds, and a plan compares the texts."""
    return duration_text(days * 86_400)


def seconds_of(text: object) -> float | None:
    """`300s`, `30d`, and PromQL's `5m` or `179s999ms`, in seconds; None for anything else."""
    if not isinstance(text, str) or not re.fullmatch(f"(?:{_PART.pattern})+", text):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
