"""Services and their objectives (monitoring v3). Sources: the descriptions in the discovery document."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.rules.body_view import BodyView
from readiness.rules.prose_rules.common import Rule, exactly_one_of, inside, labels_well_formed, matches
from readiness.rules.violation import FieldMessage

# The provider refuses more too; the 0.999 of its documentation is older than its check.
MAX_GOAL = 0.9999
MAX_ROLLING_DAYS = 30
_SECONDS_PER_DAY = 86_400
_RATIO = ("goodServiceFilter", "badServiceFilter", "totalServiceFilter")


def _goal(objective: BodyView) -> Iterator[FieldMessage]:
    """`0 < goal <= 0.9999`."""
    goal = objective.number("goal")
    if not objective.has("goal") or (goal is not None and not 0 < goal <= MAX_GOAL):
        yield objective.finding("goal", f"must be a share above 0 and at most {MAX_GOAL}")


def _rolling_days(objective: BodyView) -> Iterator[FieldMessage]:
    """`Must be an integer multiple of 1 day no larger than 30 days.`"""
    seconds = objective.seconds("rollingPeriod")
    days = None if seconds is None else seconds / _SECONDS_PER_DAY
    if days is not None and not (1 <= days <= MAX_ROLLING_DAYS and days == int(days)):
        yield objective.finding("rollingPeriod", f"is {days:g} days; the API takes 1 to {MAX_ROLLING_DAYS} whole days")


def _calendar_period(objective: BodyView) -> Iterator[FieldMessage]:
    """`Only DAY, WEEK, FORTNIGHT, and MONTH are supported.`"""
    period = objective.text("calendarPeriod")
    if period not in (None, "DAY", "WEEK", "FORTNIGHT", "MONTH"):
        yield objective.finding("calendarPeriod", f"{period} is none of DAY, WEEK, FORTNIGHT, MONTH")


def _two_of_the_ratio(ratio: BodyView) -> Iterator[FieldMessage]:
    """`Must have exactly two of` good, bad and total."""
    written = ratio.written(*_RATIO)
    if len(written) != 2:
        yield ratio.finding("", f"has {len(written)} of {', '.join(_RATIO)}; the API takes exactly two")


SERVICE_RULES: tuple[Rule, ...] = (labels_well_formed("userLabels"),)
SERVICE_INPUT_RULES: tuple[Rule, ...] = (
    matches("serviceId", r"[a-z0-9-]{1,63}", "a service's id: at most 63 of a-z, 0-9 and -"),
)
OBJECTIVE_RULES: tuple[Rule, ...] = (
    labels_well_formed("userLabels"),
    _goal,
    exactly_one_of("rollingPeriod", "calendarPeriod"),
    _rolling_days,
    _calendar_period,
    inside(
        "serviceLevelIndicator",
        exactly_one_of("basicSli", "requestBased", "windowsBased"),
        inside("requestBased", inside("goodTotalRatio", _two_of_the_ratio)),
    ),
)
