"""Settings of what is watched beyond the five alerts: uptime checks, availability, connections, the drill, prices."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from readiness.settings.base import DurationSeconds, HttpsUrl, Ratio, Section

# The API's own list (UptimeCheckConfig, `selectedRegions`). USA alone is three places: Oregon, Iowa, Virginia.
UptimeRegion = Literal["USA", "EUROPE", "SOUTH_AMERICA", "ASIA_PACIFIC", "USA_OREGON", "USA_IOWA", "USA_VIRGINIA"]
PLACES_OF_REGION = {"USA": 3}

# ISO 8601; in quotes, because the engine rewrites a bare date.
Date = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Price = Annotated[float, Field(ge=0, le=1000)]


class ConnectionPool(Section):
    """One pool of database connections that an instance of the service opens."""

    size: Annotated[int, Field(ge=1, le=10_000)]
    overflow: Annotated[int, Field(ge=0, le=10_000, description="Connections beyond `size` while all are in use.")] = 0


class DatabaseConnections(Section):
    """Share of the instance's connections that are open."""

    connections_ratio: Ratio = 0.8
    duration_seconds: DurationSeconds = 300


class InstanceLimit(Section):
    """How long a service may run as many instances as it may have."""

    duration_seconds: DurationSeconds = 300


class ContainerCrashLoop(Section):
    """Lines of Cloud Run's log about containers that died; one death writes one or two."""

    line_count: Annotated[int, Field(ge=2, le=10_000, description="More than this many in the window page.")] = 5
    window_seconds: Annotated[int, Field(ge=300, le=3600, multiple_of=60)] = 3600


class SlowStartUp(Section):
    """Median of the time that containers need to start. Cloud Run gives up after 240 s."""

    latency_ms: Annotated[int, Field(ge=1000, le=240_000, description="Milliseconds: 30 s is 30000.")] = 30_000
    window_seconds: Annotated[int, Field(ge=600, le=3600, multiple_of=60)] = 1800


class UptimeChecks(Section):
    """How Google asks every service for its `health_path` from outside, over TLS."""

    period_seconds: Literal[60, 300, 600, 900] = 60
    timeout_seconds: Annotated[int, Field(ge=1, le=60)] = 10
    regions: Annotated[tuple[UptimeRegion, ...], Field(strict=False, min_length=1)] = ("USA", "EUROPE", "ASIA_PACIFIC")


class Availability(Section):
    """The objective of every service: the share of requests not answered 5xx. Google takes at most 0.9999."""

    goal: Annotated[float, Field(gt=0, le=0.9999, description="A share of 1: 0.995 is 99.5 %.")] = 0.995
    period_days: Annotated[int, Field(ge=1, le=30)] = 28


class NotificationDrill(Section):
    """When the weekly drill notifies, for ten minutes. 0 is Sunday; the hour is UTC."""

    weekday: Annotated[int, Field(ge=0, le=6)] = 1
    hour: Annotated[int, Field(ge=0, le=23)] = 9


class Prices(Section):
    """List prices in USD, as `source` shows them on `date`. Without them a plan says "not priced"."""

    source: HttpsUrl
    date: Date
    alert_condition_month: Price
    uptime_execution: Price
    uptime_executions_free_month: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
