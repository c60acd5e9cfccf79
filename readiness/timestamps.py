"""Instants as RFC 3339 writes them; a time without its zone is refused, because it could be any of a day's."""

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
