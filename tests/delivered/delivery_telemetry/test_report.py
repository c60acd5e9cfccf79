"""The weekly and the monthly report, by hand-counted weeks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from readiness.delivered.delivery_telemetry.deployments import entry_of
from readiness.delivered.delivery_telemetry.incidents import Incident
from readiness.delivered.delivery_telemetry.report import (
    p95,
    period_before,
    read_lead_times,
    read_period,
    report_lines,
)
from readiness.delivered.delivery_telemetry.rollbacks import rollbacks_in
from tests.delivered.delivery_telemetry.world import NOW, World, a_deployment, audit, environment, job, settings

# A Tuesday; its last whole week is 2 to 8 November.
WEEK = period_before("week", NOW)


@pytest.mark.parametrize(
    ("name", "now", "title"),
    [
        ("week", NOW, "Deployments, week 2026-11-02 to 2026-11-08"),
        ("week", datetime(2026, 11, 9, tzinfo=UTC), "Deployments, week 2026-11-02 to 2026-11-08"),
        ("month", NOW, "Deployments, month 2026-10-01 to 2026-10-31"),
        ("month", datetime(2026, 3, 1, 6, tzinfo=UTC), "Deployments, month 2026-02-01 to 2026-02-28"),
        ("month", datetime(2026, 1, 1, tzinfo=UTC), "Deployments, month 2025-12-01 to 2025-12-31"),
    ],
)
def test_a_report_is_of_the_last_whole_period(name: str, now: datetime, title: str) -> None:
    """Monday to Sunday, or the calendar month."""
    assert period_before(name, now).title == title


def at(day: int, hour: int = 10) -> datetime:
    """A time in November."""
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def test_a_week_is_counted_as_by_hand() -> None:
    """Successes of 400, 440 and 900 s, a failure that was over after two hours, a rollback, a cancelled one.

    The rollback of 5 November is of the success of 3 November, 10:00; by the audit log it served 45 minutes.
    """
    deployments = [
        a_deployment(duration_seconds=100, finished_at=at(1)),
        a_deployment(duration_seconds=400, finished_at=at(2)),
        a_deployment("failure", duration_seconds=5, finished_at=at(3, 8)),
        a_deployment(duration_seconds=440, finished_at=at(3, 10)),
        a_deployment("cancelled", finished_at=at(4)),
        a_deployment(duration_seconds=900, finished_at=at(8, 23)),
        a_deployment(duration_seconds=100, finished_at=at(9, 0)),
    ]
    entries = [audit(0, None, served="00041-abc"), audit(45, "00041-abc")]
    for entry in entries:
        entry["timestamp"] = entry["timestamp"].replace("2026-11-10", "2026-11-05")
    incidents = [
        an_incident(at(3, 8), at(3, 9)),
        an_incident(at(5, 10), at(5, 10) + timedelta(minutes=20)),
        an_incident(at(1, 10), at(1, 11)),
        an_incident(at(8, 10), None),
        an_incident(at(6, 10), at(6, 22), environment="staging"),
    ]
    rollbacks = rollbacks_in(settings(), entries)
    lines = report_lines(settings(), environment(), WEEK, deployments, rollbacks, incidents, [3600, 90_000, 7200])
    assert lines == [
        "*production*",
        "• 3 deployments, 3.0 a week (target: over 1)",
        "• :warning: 75% succeeded, 1 failed (target: over 95%)",
        "• :warning: 9 min 40 s on average, 95th percentile 15 min (target: 8 min)",
        "• 50% of the changes failed: 1 while deploying, 1 rolled back",
        "• 50% of the deployments were rework",
        "• :warning: failed changes restored after 1 h 22 min on average (target: 30 min)",
        "• 1 rolled back, after 45 min on average",
        "• lead time from commit to deployment: 2 h, the median",
        "• :warning: incident high-error-rate is still open",
        "• :warning: 2 incidents, restored after 40 min on average (target: 30 min)",
    ]


def an_incident(opened: datetime, closed: datetime | None, *, environment: str = "production") -> Incident:
    """An incident of the error rate."""
    return Incident(
        name="projects/p/alerts/1", environment=environment, alert="high-error-rate", opened_at=opened, closed_at=closed
    )


def test_a_week_without_deployments_says_so_and_no_more() -> None:
    """No ratio of nothing."""
    assert report_lines(settings(), environment(), WEEK, [], [], []) == [
        "*production*",
        "• :warning: 0 deployments, 0.0 a week (target: over 1)",
        "• no incident",
    ]


def test_what_is_not_known_is_reported() -> None:
    """Incidents that cannot be read, and entries of before lead times were measured."""
    lines = report_lines(settings(), environment(), WEEK, [a_deployment(finished_at=at(3))], [])
    assert lines[-2:] == [
        "• lead time from commit to deployment: not known: no log entry contains one",
        "• :warning: incidents: not known: the list of Cloud Monitoring cannot be read",
    ]


def test_lead_times_are_read_from_the_log() -> None:
    """Those of the entries that have one."""
    world = World()
    for number, lead in enumerate((100.0, None)):
        entry = entry_of(a_deployment(run_id=number, finished_at=at(3)), lead_seconds=lead)
        world.entries[entry["insertId"]] = entry
    assert read_lead_times(job(world).apis, environment(), WEEK) == [100.0]


def test_a_rollback_of_unknown_duration_is_counted() -> None:
    """And one of another environment is not."""
    entry = audit(45, "00041-abc")
    entry["timestamp"] = "2026-11-05T10:00:00Z"
    (rollback,) = rollbacks_in(settings(), [entry])
    assert "• 1 rolled back" in report_lines(settings(), environment(), WEEK, [], [rollback], [])
    assert len(report_lines(settings(), environment("staging"), WEEK, [], [rollback], [])) == 3


def test_the_period_is_read_back_to_a_success_before_it() -> None:
    """A failure of the week before is what the first success of this one restored from."""
    world = World()
    for number, (finished, conclusion) in enumerate(
        [
            ("2026-10-20T10:00:00Z", "success"),
            ("2026-10-31T10:00:00Z", "success"),
            ("2026-11-01T10:00:00Z", "failure"),
            ("2026-11-02T10:00:00Z", "success"),
        ]
    ):
        world.add_deployment(number + 1, finished, conclusion)
    found = read_period(job(world).apis, environment(), WEEK)
    assert [run.run_id for run in found] == [4, 3, 2]
    assert "• :warning: failed changes restored after 1 d on average (target: 30 min)" in report_lines(
        settings(), environment(), WEEK, found, []
    )


def test_the_95th_percentile_is_a_value_that_occurred() -> None:
    """The nearest rank."""
    assert p95([1.0]) == 1.0
    assert p95([float(number) for number in range(1, 21)]) == 19.0
    assert p95([float(number) for number in range(1, 101)]) == 95.0


def test_a_period_has_no_moment_of_the_next() -> None:
    """Midnight belongs to one of two weeks."""
    assert WEEK.contains(WEEK.start)
    assert not WEEK.contains(WEEK.end)
    assert WEEK.contains(WEEK.end - timedelta(seconds=1))
