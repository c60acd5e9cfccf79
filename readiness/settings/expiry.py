"""Dates in the settings until which something is accepted: none too far ahead, and a warning before one expires."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from readiness.finding import Finding, Severity
from readiness.settings.located import problem_at
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath

# Ours: time to decide, to have the change reviewed, and to deploy it.
WARNING_DAYS = 30
# Ours: an acceptance ends. Whoever needs a longer one decides again within the year.
MAX_AHEAD = timedelta(days=365)


def too_late_problems(
    config: StackConfig, path: KeyPath, day: date, today: date, longest: timedelta = MAX_AHEAD
) -> Iterator[Finding]:
    """An error where the date `day` at `path` is more than `longest` after `today`."""
    if day - today > longest:
        message = f"is more than {longest.days} days away"
        hint = f"Write {today + longest} or an earlier day; it can be renewed when it comes"
        yield problem_at(config, path, message, hint, rule_id="settings-date-too-late")


def expiry_warnings(config: StackConfig, path: KeyPath, day: date, today: date, hint: str) -> Iterator[Finding]:
    """A warning where the date `day` at `path` is 0 to `WARNING_DAYS` days from `today`; `hint` says what to do."""
    days_left = (day - today).days
    if 0 <= days_left <= WARNING_DAYS:
        when = "today" if days_left == 0 else "in 1 day" if days_left == 1 else f"in {days_left} days"
        yield problem_at(
            config,
            path,
            f"expires on {day}, {when}",
            hint,
            severity=Severity.WARNING,
            rule_id="settings-date-expires-soon",
        )
