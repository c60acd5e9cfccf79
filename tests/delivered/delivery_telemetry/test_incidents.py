"""Which of Monitoring's alerts are incidents, and for how long they were open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from readiness.alerts.catalogue import ALERTS
from readiness.delivered.apis import ApiError
from readiness.delivered.delivery_files import INCIDENT_ALERTS
from readiness.delivered.delivery_telemetry.__main__ import run
from readiness.delivered.delivery_telemetry.incidents import incident_entry, read_incidents
from tests.delivered.delivery_telemetry.world import NOW, World, an_alert, at_minute, job


def names(*alerts: dict[str, Any], days: float = 2) -> list[str]:
    """The incidents among alerts of the last days, by their last word."""
    started = job(World(alerts=list(alerts)))
    found = read_incidents(started.apis, started.settings, NOW - timedelta(days=days))
    return [incident.name.rpartition("/")[2] for incident in found]


def test_an_incident_runs_from_its_opening_to_its_closing() -> None:
    """While it is open it has no duration."""
    started = job(World(alerts=[an_alert("1", opened=-60, closed=-15), an_alert("2", opened=-5)]))
    still_open, closed = read_incidents(started.apis, started.settings, NOW - timedelta(days=2))
    assert (closed.environment, closed.alert, closed.seconds) == ("production", "high-error-rate", 2700)
    assert still_open.seconds is None
    payload = incident_entry(closed)["jsonPayload"]
    assert (payload["event"], payload["incident_seconds"]) == ("incident", 2700)


@pytest.mark.parametrize(
    "labels",
    [
        {"alert": "high-latency"},
        {"environment": "development"},
        {"managed_by": "terraform"},
        {"drill": "ab12cd34", "alert": ""},
    ],
)
def test_what_wakes_nobody_is_no_incident(labels: dict[str, str]) -> None:
    """Alerts of others, of another environment, of lower severity, and drills."""
    assert names(an_alert("1", opened=-60, closed=-15, **labels)) == []
    assert names(an_alert("1", opened=-60, closed=-15)) == ["1"]


def test_an_alert_without_a_policy_is_left_out() -> None:
    """A policy that was deleted leaves no snapshot."""
    bare = {"name": "projects/p/alerts/9", "openTime": NOW.isoformat()}
    assert names(bare) == []


def test_what_was_over_before_is_left_out_and_what_is_still_open_is_not() -> None:
    """However long ago it was opened, up to 30 days before the period."""
    day = 24 * 60
    old = [an_alert("over", opened=-4 * day, closed=-3 * day), an_alert("open", opened=-4 * day)]
    assert names(*old, an_alert("ancient", opened=-40 * day)) == ["open"]


def test_pages_are_read_newest_first_and_no_further_than_needed() -> None:
    """A page contains 1000 at most."""
    world = World(alerts=[an_alert(str(number), opened=-number) for number in range(1, 2502)])
    started = job(world)
    assert len(read_incidents(started.apis, started.settings, NOW - timedelta(days=2))) == 2501
    assert len(world.calls) == 3


def test_a_refusal_is_raised() -> None:
    """No incident and no answer are not the same."""
    world = World(google_status=403)
    started = job(world)
    with pytest.raises(ApiError, match="403"):
        read_incidents(started.apis, started.settings, NOW)


def test_the_watch_writes_an_incident_once_when_it_is_over() -> None:
    """However often it looks; an open one is not written."""
    world = World(alerts=[an_alert("1", opened=-60, closed=-15), an_alert("2", opened=-5)])
    started = [job(world) for _ in range(2)]
    assert [run("rollbacks", process) for process in started] == [0, 0]
    assert list(world.entries) == ["incident-1"]
    assert [process.said for process in started] == [["production: incident high-error-rate ended after 2700 s"], []]


def test_the_alerts_of_an_outage_exist_and_wake_somebody() -> None:
    """A name that no alert has would count nothing, and nobody would see it."""
    severities = {alert.slug: alert.severity for alert in ALERTS}
    assert {severities[slug] for slug in INCIDENT_ALERTS} == {"CRITICAL"}
    assert at_minute(0) == NOW
