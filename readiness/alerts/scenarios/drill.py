"""NotificationDrill: once a week, for ten minutes. promtool's clock begins on a Thursday at midnight (1970-01-01)."""

from __future__ import annotations

from readiness.alerts.scenarios.incident import Collection, Fires, Incident, Scenario, quiet
from readiness.alerts.scenarios.series import Series
from readiness.alerts.scenarios.stack import NotBuildableError, Stack

ALERT = "NotificationDrill"
_THURSDAY = 4
_MINUTES_A_DAY = 24 * 60


def _clock(minutes: int) -> tuple[Series, ...]:
    """An unrelated series, which sets the length of the scenario."""
    return (Series(metric="clock", labels={}, minutes=(0.0, *(None,) * (minutes - 2), 0.0), gauge=True),)


def _begin(stack: Stack) -> int:
    """Minutes from the start of promtool's clock to the drill."""
    drill = stack.settings.notification_drill
    begin = (drill.weekday - _THURSDAY) % 7 * _MINUTES_A_DAY + drill.hour * 60
    if begin == 0:
        raise NotBuildableError("promtool's clock starts on a Thursday at midnight, when the drill starts too")
    return begin


DRILL = Collection({ALERT: ()})


@DRILL.add()
def ten_minutes_of_the_week(stack: Stack) -> Incident:
    """From the full hour to ten past it. Not at that hour of other days, nor at that minute of other hours."""
    begin = _begin(stack)
    expect = Fires(
        labels=({},), first_bad_minute=begin - 1, not_before_seconds=-60, within_seconds=30, until_seconds=570
    )
    return Incident(series=_clock(begin + _MINUTES_A_DAY + 30), expect=expect)


@DRILL.add()
def the_hours_of_another_day(stack: Stack) -> Incident:
    """At that hour of another weekday nobody is notified. The other scenario checks the whole week."""
    return quiet(_clock(min(_begin(stack) - 5, _MINUTES_A_DAY)))


SCENARIOS: tuple[Scenario, ...] = tuple(DRILL.scenarios)
