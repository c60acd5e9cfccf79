"""The instant at which all tests happen: they say the same on any day. conftest.py sets the clock to it."""

from __future__ import annotations

from datetime import UTC, datetime

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TODAY = NOW.date()
