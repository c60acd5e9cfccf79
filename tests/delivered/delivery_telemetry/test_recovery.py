"""When a failed change was over, what counts as failed and as rework, by events in any order."""

from __future__ import annotations

import random
from typing import Any

import pytest

from readiness.delivered.delivery_telemetry.deployments import Deployment
from readiness.delivered.delivery_telemetry.incidents import Incident
from readiness.delivered.delivery_telemetry.recovery import (
    Course,
    course_of,
    failed_change_entry,
    recovery_entry,
)
from readiness.delivered.delivery_telemetry.rollbacks import Rollback
from tests.delivered.delivery_telemetry.world import BACKEND, a_deployment, at_minute

DAY_MINUTES = 24 * 60


def rolled_back(minutes: float, *, after: float | None = None, service: str = BACKEND, **more: Any) -> Rollback:
    """A rollback so many minutes after `NOW`; `after`: minutes since the deployment of the bad revision."""
    values: dict[str, Any] = {
        "environment": "production",
        "service": service,
        "audit_id": f"audit{minutes:g}",
        "at": at_minute(minutes),
        "actor": "ada@example.com",
        "to_revision": f"{service}-00041-abc",
        "from_revision": f"{service}-00042-def",
        "duration_seconds": None if after is None else after * 60,
    }
    return Rollback(**{**values, **more})


def course(*events: Deployment | Rollback, incidents: tuple[Incident, ...] = ()) -> Course:
    """What became of these events in production."""
    deployments = [event for event in events if isinstance(event, Deployment)]
    rollbacks = [event for event in events if isinstance(event, Rollback)]
    return course_of("production", deployments, rollbacks, incidents)


def minutes_of(found: Course) -> list[float]:
    """The recoveries, in minutes."""
    return [recovery.seconds / 60 for recovery in found.recoveries]


def test_the_clock_runs_from_the_first_failure() -> None:
    """Two failures in a row are one outage."""
    found = course(
        a_deployment(minutes=-90),
        a_deployment("failure", minutes=-60),
        a_deployment("failure", minutes=-30),
        a_deployment(),
    )
    assert minutes_of(found) == [60]
    assert found.recovery_by(a_deployment()) == found.recoveries[0]


def test_the_clock_stops_at_the_rollback_and_not_at_the_deployment_days_later() -> None:
    """A run that failed half-way is rolled back after twelve minutes; the next success is three days later."""
    later = a_deployment(minutes=3 * DAY_MINUTES)
    found = course(a_deployment("failure", minutes=0), rolled_back(12), later)
    assert minutes_of(found) == [12]
    assert found.recovery_by(later) is None


def test_a_success_that_is_rolled_back_is_a_failed_change_that_recovered() -> None:
    """By the audit log from the deployment of the bad revision, without it from the end of the run."""
    success = a_deployment(minutes=0)
    assert minutes_of(course(success, rolled_back(45, after=50))) == [50]
    found = course(success, rolled_back(45))
    assert minutes_of(found) == [45]
    assert [(failed.deployment, failed.by_rollback) for failed in found.failed] == [(success, True)]


def test_the_rollback_of_the_second_service_is_of_the_same_change() -> None:
    """A script rolls back one service after the other."""
    both = (rolled_back(12), rolled_back(13, service="ai-resume-review-v2-frontend-prod"))
    for first in (a_deployment("failure", minutes=0), a_deployment(minutes=0)):
        found = course(a_deployment(minutes=-60), first, *both)
        assert minutes_of(found) == [12]
        assert [failed.deployment for failed in found.failed] == [first]


def test_a_success_after_a_success_restored_nothing() -> None:
    """And a failure that nothing followed is not over."""
    assert (
        course(a_deployment("failure", minutes=-60), a_deployment(minutes=-10), a_deployment()).recovery_by(
            a_deployment()
        )
        is None
    )
    assert course(a_deployment("failure", minutes=-60), a_deployment("failure")).recoveries == []


def test_neither_cancelled_nor_refused_deployments_end_or_begin_an_outage() -> None:
    """They changed nothing, and are neither failed nor rework."""
    idle = (a_deployment("cancelled", minutes=-5), a_deployment("not_started", minutes=-90))
    assert course(*idle, a_deployment()).recoveries == []
    found = course(*idle, a_deployment("failure", minutes=-20), a_deployment())
    assert minutes_of(found) == [20]
    assert len(found.failed) == len(found.rework) == 1


def test_events_out_of_order_or_twice_change_nothing() -> None:
    """How things are listed has no say."""
    events = [
        a_deployment("failure", minutes=-80),
        a_deployment(minutes=-60),
        a_deployment("failure", minutes=-40),
        a_deployment("failure", minutes=-20),
        a_deployment(),
        rolled_back(10),
        a_deployment(minutes=20),
    ]
    orders = [random.Random(seed).sample([*events, *events[:5]], len(events) + 5) for seed in range(20)]  # noqa: S311
    assert {tuple(minutes_of(course(*order))) for order in orders} == {(20.0, 40.0, 10.0)}
    assert {len(course(*order).rework) for order in orders} == {4}


def test_another_environment_has_no_say() -> None:
    """Staging's rollback ends nothing in production."""
    found = course(a_deployment("failure", minutes=-30), rolled_back(-20, environment="staging"), a_deployment())
    assert minutes_of(found) == [30]


def test_rework_is_every_deployment_up_to_the_first_that_succeeds() -> None:
    """After a failure or a rollback, however late it comes."""
    failed, again, fixed, planned = (
        a_deployment("failure", minutes=0),
        a_deployment("failure", minutes=10),
        a_deployment(minutes=20),
        a_deployment(minutes=30),
    )
    found = course(failed, again, fixed, planned, rolled_back(40), a_deployment(minutes=5 * DAY_MINUTES))
    assert found.rework == {again, fixed, a_deployment(minutes=5 * DAY_MINUTES)}
    assert not found.is_rework(planned)


@pytest.mark.parametrize(
    ("opened", "closed", "is_rework"),
    [(-20, None, True), (-20, 5, True), (-20, -10, False), (-2, None, False)],
    ids=["open", "closed later", "closed before", "opened while deploying"],
)
def test_a_deployment_that_began_in_an_incident_is_rework(opened: float, closed: float | None, is_rework: bool) -> None:
    """The deployment began seven and a half minutes before `NOW`."""
    incident = Incident(
        name="projects/p/alerts/1",
        environment="production",
        alert="high-error-rate",
        opened_at=at_minute(opened),
        closed_at=None if closed is None else at_minute(closed),
    )
    assert course(a_deployment(), incidents=(incident,)).is_rework(a_deployment()) is is_rework


def test_the_entries_have_an_id_that_makes_a_second_reading_the_same() -> None:
    """By the deployment or the rollback that ended it; a failed change by its deployment, whoever found it."""
    found = course(a_deployment("failure", minutes=-30), a_deployment(run_id=2), rolled_back(45))
    assert [recovery_entry(recovery)["insertId"] for recovery in found.recoveries] == [
        "recovery-deployment-2-1",
        "recovery-rollback-audit45",
    ]
    assert [failed_change_entry(failed)["insertId"] for failed in found.failed] == [
        "failed-change-1-1",
        "failed-change-2-1",
    ]
    payload = recovery_entry(found.recoveries[0])["jsonPayload"]
    assert (payload["event"], payload["by"], payload["restore_seconds"]) == ("recovery", "deployment", 1800)
    assert failed_change_entry(found.failed[1])["jsonPayload"]["by"] == "rollback"
