"""Dates in the settings until which something is accepted: none too far ahead, and a warning before one expires."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from readiness.finding import Finding
from readiness.settings.base import refusal_of
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath

# Ours: time to decide, to have the change reviewed, and to deploy it.
WARNING_DAYS = 30
# Our own limit: an acceptance ends, so that somebody decides again within the year.
MAX_AHEAD = timedelta(days=365)


def _day_of_the_calendar(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise refusal_of("day", "is no day of the calendar", 'Write it as "2027-03-31"') from None
    return text


# ISO 8601; in quotes, because the engine rewrites a bare date.
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_day_of_the_calendar)]


def expiry_problems(
    config: StackConfig, path: KeyPath, day: date, today: date, hint: str, longest: timedelta = MAX_AHEAD
) -> Iterator[Finding]:
    """An error where the date `day` at `path` is more than `longest` after `today`.

    A warning where it is 0 to `WARNING_DAYS` days away; `hint` says what to do.
    """
    days_left = (day - today).days
    if day - today > longest:
        latest = f"Write {today + longest} or an earlier day; it can be renewed when it comes"
        yield config.error("settings-date-too-late", path, f"is more than {longest.days} days away", latest)
    elif 0 <= days_left <= WARNING_DAYS:
        when = "today" if days_left == 0 else "in 1 day" if days_left == 1 else f"in {days_left} days"
        yield config.warning("settings-date-expires-soon", path, f"expires on {day}, {when}", hint)
