"""Durations as Google's APIs write them."""

from __future__ import annotations


def duration_text(seconds: int) -> str:
    """`300` as `"300s"`: the only form that the APIs take; the provider lets `"5m"` through to fail at apply."""
    return f"{seconds}s"
