"""Six weeks of deployments and their answers, worked out by hand from this list. No line of the product computed them.

Week 1 begins on Monday, 5 October 2026, 00:00 UTC. Production: two outages (weeks 2 and 5), one rollback (week 4), one
incident (week 5), one cancelled run and one refused approval (week 6). Staging: one failure in week 3, and one in week
6 that is still open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from readiness.delivered.delivery_telemetry.deployments import Deployment, entry_of
from readiness.delivered.delivery_telemetry.incidents import Incident, incident_entry
from readiness.delivered.delivery_telemetry.recovery import course_of, failed_change_entry, recovery_entry
from readiness.delivered.delivery_telemetry.rollbacks import Rollback
from readiness.delivered.delivery_telemetry.rollbacks import entry_of as rollback_entry

START = datetime(2026, 10, 5, tzinfo=UTC)
WEEKS = 6
ENVIRONMENTS = ("staging", "production")

# Week, day of the week (0 is Monday), hour, minute of the end; outcome; seconds.
_PRODUCTION = (
    (1, 1, 10, 0, "success", 400),
    (1, 3, 10, 0, "success", 440),
    (2, 1, 10, 0, "failure", 300),
    (2, 1, 10, 20, "success", 460),
    (3, 2, 10, 0, "success", 470),
    (4, 1, 10, 0, "success", 420),
    (4, 3, 10, 0, "success", 500),
    (5, 0, 10, 0, "failure", 200),
    (5, 0, 10, 30, "failure", 220),
    (5, 0, 11, 0, "success", 430),
    (5, 4, 10, 0, "success", 450),
    (6, 1, 10, 0, "cancelled", 100),
    (6, 2, 10, 0, "success", 410),
    (6, 3, 10, 0, "not_started", 0),
)
# A week's successes, one after the other every 12 hours from Monday noon, all of one duration.
_STAGING_SUCCESSES = ((1, 7, 530), (2, 8, 560), (3, 9, 590), (4, 10, 620), (5, 8, 580), (6, 6, 570))
# Ten minutes before Wednesday noon's success of week 3; Saturday of week 6, after the last success.
_STAGING_FAILURES = ((3, 2, 11, 50, "failure", 90), (6, 5, 20, 0, "failure", 95))
# Forty-five minutes after the second deployment of week 4.
_ROLLBACK_SECONDS = 2700
# Of every success in week N, N hours.
_LEAD_SECONDS_PER_WEEK = 3600
# Monday of week 5, 10:05 to 10:55, in the second outage.
_INCIDENT_SECONDS = 3000


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """By week, None where a chart has no point. Durations in seconds."""

    deployments: tuple[int, ...]
    failures: tuple[int, ...]
    success_ratio: tuple[float | None, ...]
    average_duration: tuple[float | None, ...]
    p95_duration: tuple[float | None, ...]
    time_to_rollback: tuple[float | None, ...]
    time_to_restore: tuple[float | None, ...]
    incidents: tuple[float | None, ...]
    lead_time: tuple[float | None, ...]
    change_fail_ratio: tuple[float | None, ...]
    rework_ratio: tuple[float | None, ...]


NONE = (None,) * WEEKS
# p95: the bucket in which 95 % of the week's successes are reached, and there the straight line between its bounds.
# Production, week 1: 400 lies in (360, 420], 440 in (420, 480]; 95 % of 2 are 1.9, so 420 + 0.9 x 60 = 474.
# Week 4: 420 in (360, 420], 500 in (480, 540]: 480 + 0.9 x 60 = 534. A week of one bucket: its lower bound + 0.95 x 60.
# No value is a bound: Monitoring counts it to the bucket above, Prometheus to the one below.
ANSWERS = {
    "production": Answers(
        deployments=(2, 1, 1, 2, 2, 1),
        failures=(0, 1, 0, 0, 2, 0),
        success_ratio=(1, 0.5, 1, 1, 0.5, 1),
        average_duration=(420, 460, 470, 460, 440, 410),
        p95_duration=(474, 477, 477, 534, 477, 417),
        time_to_rollback=(None, None, None, 2700, None, None),
        # Week 4: the rollback. The success of week 5's Monday ended nothing of it.
        time_to_restore=(None, 1200, None, 2700, 3600, None),
        incidents=(None, None, None, None, 3000, None),
        lead_time=(3600, 7200, 10_800, 14_400, 18_000, 21_600),
        # One of two each: a failure, a rollback, two failures of four.
        change_fail_ratio=(0, 0.5, 0, 0.5, 0.5, 0),
        # Week 2: the success after the failure. Week 5: all three of Monday, after week 4's rollback; Friday's is none.
        rework_ratio=(0, 0.5, 0, 0, 0.75, 0),
    ),
    "staging": Answers(
        deployments=(7, 8, 9, 10, 8, 6),
        failures=(0, 0, 1, 0, 0, 1),
        success_ratio=(1, 1, 0.9, 1, 1, 6 / 7),
        average_duration=(530, 560, 590, 620, 580, 570),
        p95_duration=(537, 597, 597, 657, 597, 597),
        time_to_rollback=NONE,
        time_to_restore=(None, None, 600, None, None, None),
        incidents=NONE,
        lead_time=(3600, 7200, 10_800, 14_400, 18_000, 21_600),
        change_fail_ratio=(0, 0, 0.1, 0, 0, 1 / 7),
        rework_ratio=(0, 0, 0.1, 0, 0, 0),
    ),
}
# Over all six weeks.
DEPLOYMENTS = {"production": 9, "staging": 48}
FAILURES = {"production": 3, "staging": 2}
# At the end of week 6: production has 12 that succeeded or failed, fewer than 20. Staging's last 20: 7 of week 6 with
# one failure, 8 of week 5, 5 of week 4.
SUCCESS_RATIO_20 = {"production": None, "staging": 0.95}
# Production: Wednesday 10:00 to Monday 00:00. Staging: the sixth of week 6, Monday noon + 60 h = Thursday 00:00.
DAYS_SINCE_SUCCESS = {"production": 4 + 14 / 24, "staging": 4.0}


def deployments(environment: str) -> list[Deployment]:
    """Every deployment of an environment, oldest first."""
    rows = list(_PRODUCTION) if environment == "production" else _staging_rows()
    found = []
    for number, (week, day, hour, minute, outcome, seconds) in enumerate(sorted(rows)):
        finished = START + timedelta(weeks=week - 1, days=day, hours=hour, minutes=minute)
        found.append(
            Deployment(
                environment=environment,
                run_id=number + 1,
                attempt=1,
                outcome=outcome,
                trigger="workflow_dispatch" if environment == "production" else "push",
                actor="ada-example",
                commit=f"{number:040x}",
                title="Show the score of each section",
                url=f"https://github.com/o/r/actions/runs/{number + 1}/attempts/1",
                finished_at=finished,
                duration_seconds=float(seconds),
            )
        )
    return found


def _staging_rows() -> list[tuple[int, int, int, int, str, int]]:
    rows = list(_STAGING_FAILURES)
    for week, count, seconds in _STAGING_SUCCESSES:
        for number in range(count):
            half_days = 1 + number
            rows.append((week, half_days // 2, 12 * (half_days % 2), 0, "success", seconds))
    return rows


def rollback() -> Rollback:
    """The rollback of week 4."""
    return Rollback(
        environment="production",
        service="ai-resume-review-v2-backend-prod",
        audit_id="audit",
        at=START + timedelta(weeks=3, days=3, hours=10, minutes=45),
        actor="ada@example.com",
        to_revision="ai-resume-review-v2-backend-prod-00041-abc",
        from_revision="ai-resume-review-v2-backend-prod-00042-def",
        duration_seconds=_ROLLBACK_SECONDS,
    )


def incident() -> Incident:
    """The incident of week 5."""
    opened = START + timedelta(weeks=4, hours=10, minutes=5)
    return Incident(
        name="projects/ytgrs-464303/alerts/1",
        environment="production",
        alert="high-error-rate",
        opened_at=opened,
        closed_at=opened + timedelta(seconds=_INCIDENT_SECONDS),
    )


def log_entries() -> list[dict[str, Any]]:
    """What the workflows would have written, by their own functions; oldest first."""
    entries = [rollback_entry(rollback()), incident_entry(incident())]
    for environment in ENVIRONMENTS:
        known = deployments(environment)
        course = course_of(environment, known, [rollback()], [incident()])
        for deployment in known:
            week = 1 + (deployment.finished_at - START) // timedelta(weeks=1)
            recovery = course.recovery_by(deployment)
            entries.append(
                entry_of(
                    deployment,
                    restored_after=recovery.seconds if recovery else None,
                    lead_seconds=week * _LEAD_SECONDS_PER_WEEK if deployment.outcome == "success" else None,
                    rework=course.is_rework(deployment) if deployment.counts else None,
                )
            )
        entries += [recovery_entry(recovery) for recovery in course.recoveries]
        entries += [failed_change_entry(failed) for failed in course.failed]
    log = "projects/ytgrs-464303/logs/readiness-deployments"
    named: list[dict[str, Any]] = [{"logName": log, "resource": {"type": "global"}, **entry} for entry in entries]
    return sorted(named, key=lambda entry: entry["timestamp"])
