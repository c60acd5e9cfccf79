"""Failed changes, recoveries and rework of an environment, from its events in order of time.

The definitions of https://dora.dev/guides/dora-metrics/, as far as runs and the audit log contain them:

- A change failed if its deployment failed, or if its deployment succeeded and was rolled back afterwards.
- The time to restore starts at the end of the deployment that failed or was rolled back. It ends at the rollback or at
  the next successful deployment, whichever comes first.
- Rework is a deployment because of a failed change or an incident: every deployment after a failed change up to the
  first that succeeds, and every one that began while an incident was open.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .deployments import Deployment
from .incidents import Incident
from .rollbacks import Rollback


@dataclass(frozen=True, kw_only=True)
class FailedChange:
    """A deployment that failed, or that was rolled back at `at`; `service` is "all" if a deployment failed."""

    deployment: Deployment
    at: datetime
    by_rollback: bool
    service: str = "all"


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """From a failed change to its end by a deployment, or by the rollback with this audit id (`ended_by` is None)."""

    environment: str
    service: str
    failed_at: datetime
    at: datetime
    ended_by: Deployment | None = None
    audit_id: str = ""

    @property
    def seconds(self) -> float:
        """The time to restore."""
        return max(0.0, (self.at - self.failed_at).total_seconds())


@dataclass(kw_only=True)
class Course:
    """The failed changes, recoveries and rework of one environment."""

    failed: list[FailedChange] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)
    rework: set[Deployment] = field(default_factory=set)

    def recovery_by(self, deployment: Deployment) -> Recovery | None:
        """The recovery that this deployment ended."""
        return next((item for item in self.recoveries if item.ended_by == deployment), None)

    def is_rework(self, deployment: Deployment) -> bool:
        """Whether the deployment was because of a failed change or an incident."""
        return deployment in self.rework


def course_of(
    environment: str,
    deployments: Iterable[Deployment],
    rollbacks: Iterable[Rollback],
    incidents: Sequence[Incident] = (),
) -> Course:
    """The course of an environment. Events can come in any order, and twice; other environments are left out."""
    course = Course()
    failing_since: datetime | None = None
    # The last success until it is rolled back; and whether the next deployment is rework.
    live: Deployment | None = None
    is_to_be_reworked = False
    for event in _in_order(environment, deployments, rollbacks):
        if isinstance(event, Rollback):
            is_to_be_reworked = True
            if failing_since is not None:
                course.recoveries.append(_by_rollback(event, failing_since))
            elif live is not None:
                failed = FailedChange(deployment=live, at=event.at, by_rollback=True, service=event.service)
                course.failed.append(failed)
                course.recoveries.append(_by_rollback(event, _failed_at(live, event)))
            # A script rolls back one service after the other: the second rollback is of the same change.
            failing_since = live = None
            continue
        if is_to_be_reworked or _began_in_an_incident(event, incidents):
            course.rework.add(event)
        if event.outcome == "failure":
            course.failed.append(FailedChange(deployment=event, at=event.finished_at, by_rollback=False))
            failing_since, is_to_be_reworked = failing_since or event.finished_at, True
            continue
        if failing_since is not None:
            course.recoveries.append(
                Recovery(
                    environment=environment,
                    service="all",
                    failed_at=failing_since,
                    at=event.finished_at,
                    ended_by=event,
                )
            )
        failing_since, live, is_to_be_reworked = None, event, False
    return course


def recovery_entry(recovery: Recovery) -> dict[str, Any]:
    """The log entry. Its insertId makes a second reading the same entry."""
    deployment = recovery.ended_by
    by = "rollback" if deployment is None else "deployment"
    key = recovery.audit_id if deployment is None else f"{deployment.run_id}-{deployment.attempt}"
    return {
        "insertId": f"recovery-{by}-{key}",
        "timestamp": recovery.at.isoformat(),
        "severity": "INFO",
        "jsonPayload": {
            "schema": 1,
            "event": "recovery",
            "environment": recovery.environment,
            "service": recovery.service,
            "by": by,
            "failed_at": recovery.failed_at.isoformat(),
            "restore_seconds": recovery.seconds,
        },
    }


def failed_change_entry(failed: FailedChange) -> dict[str, Any]:
    """The log entry: one for each deployment, even if it is found to have failed several times."""
    deployment = failed.deployment
    return {
        "insertId": f"failed-change-{deployment.run_id}-{deployment.attempt}",
        "timestamp": failed.at.isoformat(),
        "severity": "WARNING",
        "jsonPayload": {
            "schema": 1,
            "event": "failed_change",
            "environment": deployment.environment,
            "service": failed.service,
            "by": "rollback" if failed.by_rollback else "deployment",
            "run": deployment.url,
            "commit": deployment.commit,
        },
    }


def _in_order(
    environment: str, deployments: Iterable[Deployment], rollbacks: Iterable[Rollback]
) -> list[Deployment | Rollback]:
    timed: list[tuple[datetime, int, Deployment | Rollback]] = [
        (deployment.finished_at, 0, deployment) for deployment in dict.fromkeys(deployments) if deployment.counts
    ]
    timed += [(rollback.at, 1, rollback) for rollback in rollbacks if rollback.environment == environment]
    return [event for _, _, event in sorted(timed, key=lambda item: item[:2])]


def _by_rollback(rollback: Rollback, failed_at: datetime) -> Recovery:
    return Recovery(
        environment=rollback.environment,
        service=rollback.service,
        failed_at=failed_at,
        at=rollback.at,
        audit_id=rollback.audit_id,
    )


def _failed_at(live: Deployment, rollback: Rollback) -> datetime:
    """When the rolled-back change began to serve: from the audit log if it is there, otherwise the run's end."""
    if rollback.duration_seconds is None:
        return live.finished_at
    return rollback.at - timedelta(seconds=rollback.duration_seconds)


def _began_in_an_incident(deployment: Deployment, incidents: Iterable[Incident]) -> bool:
    began = deployment.finished_at - timedelta(seconds=deployment.duration_seconds)
    return any(
        incident.environment == deployment.environment
        and incident.opened_at <= began
        and (incident.closed_at is None or began < incident.closed_at)
        for incident in incidents
    )
