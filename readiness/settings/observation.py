"""What is watched beside the alerts' thresholds: uptime checks, the objective, the drill."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from readiness.finding import Finding
from readiness.settings.base import Listed, Section
from readiness.settings.stack_files import StackConfig

# The API's own list (UptimeCheckConfig, `selectedRegions`). USA alone is three places: Oregon, Iowa, Virginia.
UptimeRegion = Literal["USA", "EUROPE", "SOUTH_AMERICA", "ASIA_PACIFIC", "USA_OREGON", "USA_IOWA", "USA_VIRGINIA"]
PLACES_OF_REGION = {"USA": 3}

MIN_PLACES = 3
# How many times faster than the objective allows; what pages is this share of errors over a window
# (readiness/alerts/availability_alerts.py).
BURN_FACTORS = (14.4, 6.0, 3.0)


class UptimeChecks(Section):
    """How Google asks every service for its `health_path` from outside, over TLS."""

    period_seconds: Literal[60, 300, 600, 900] = 60
    timeout_seconds: Annotated[int, Field(ge=1, le=60)] = 10
    regions: Annotated[Listed[UptimeRegion], Field(min_length=1)] = ("USA", "EUROPE", "ASIA_PACIFIC")


class Availability(Section):
    """The objective of every service: the share of requests not answered 5xx. Google takes at most 0.9999."""

    goal: Annotated[float, Field(gt=0, le=0.9999, description="A share of 1: 0.995 is 99.5 %.")] = 0.995
    period_days: Annotated[int, Field(ge=1, le=30)] = 28


class NotificationDrill(Section):
    """When the weekly drill notifies, for ten minutes. 0 is Sunday; the hour is UTC."""

    weekday: Annotated[int, Field(ge=0, le=6)] = 1
    hour: Annotated[int, Field(ge=0, le=23)] = 9
    target_response_minutes: Annotated[
        int,
        Field(
            ge=1,
            le=1440,
            description="Of `readiness drill`: the limit from sending a word to the first receipt.",
        ),
    ] = 5


def uptime_problems(config: StackConfig, checks: UptimeChecks) -> Iterator[Finding]:
    """The API wants checks from several places."""
    places = sum(PLACES_OF_REGION.get(region, 1) for region in dict.fromkeys(checks.regions))
    if places < MIN_PLACES:
        path, message = ("uptime_checks", "regions"), f"are {places} places, and the API takes {MIN_PLACES} or more"
        yield config.error("settings-uptime-regions", path, message, "Add a region; USA alone is three places")


def availability_problems(config: StackConfig, availability: Availability) -> Iterator[Finding]:
    """An objective that allows so many errors that a faster burn is more than all requests."""
    allowed = 1 - availability.goal
    factor = next((factor for factor in BURN_FACTORS if factor * allowed >= 1), None)
    if factor is not None:
        message = f"is so low that {factor:g} times the allowed errors are {factor * allowed:.0%} of all requests"
        hint = f"No alert could page for that: write more than {1 - 1 / factor:.3g}"
        yield config.error("settings-availability-goal", ("availability", "goal"), message, hint)
