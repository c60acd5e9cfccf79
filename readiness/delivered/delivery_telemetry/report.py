"""The weekly and the monthly report, with the targets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import median

from ..apis import Apis
from .deployments import Deployment, history
from .incidents import Incident
from .messages import duration_text
from .recovery import course_of
from .rollbacks import Rollback
from .settings import Environment, Settings

MAX_ATTEMPTS = 400
_WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Period:
    """From `start` to before `end`, both midnight UTC."""

    name: str
    start: datetime
    end: datetime

    def contains(self, moment: datetime) -> bool:
        """Whether a moment is in the period."""
        return self.start <= moment < self.end

    @property
    def title(self) -> str:
        """For example `Deployments, week 2026-11-16 to 2026-11-22`."""
        last = self.end - timedelta(days=1)
        return f"Deployments, {self.name} {self.start:%Y-%m-%d} to {last:%Y-%m-%d}"


def period_before(name: str, now: datetime) -> Period:
    """The last complete `week` (Monday to Sunday) or calendar `month`."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if name == "week":
        end = today - timedelta(days=today.weekday())
        return Period(name=name, start=end - _WEEK, end=end)
    end = today.replace(day=1)
    return Period(name=name, start=(end - timedelta(days=1)).replace(day=1), end=end)


def read_period(apis: Apis, environment: Environment, period: Period) -> list[Deployment]:
    """The deployments of a period, and those before it back to the last success, where a failure's time starts."""
    found: list[Deployment] = []
    for deployment in islice(history(apis, environment), MAX_ATTEMPTS):
        found.append(deployment)
        if deployment.finished_at < period.start and deployment.outcome == "success":
            break
    return found


def read_lead_times(apis: Apis, environment: Environment, period: Period) -> list[float]:
    """The lead time of each deployment of a period that has one, in seconds, from the program's own log entries."""
    lines = (
        f'logName="{apis.log_name}"',
        'jsonPayload.event="deployment"',
        f'jsonPayload.environment="{environment.name}"',
        f'timestamp>="{period.start.isoformat()}"',
        f'timestamp<"{period.end.isoformat()}"',
    )
    payloads = [entry["jsonPayload"] for entry in apis.all_entries("\n".join(lines))]
    return [payload["lead_seconds"] for payload in payloads if "lead_seconds" in payload]


def report_lines(
    settings: Settings,
    environment: Environment,
    period: Period,
    deployments: Iterable[Deployment],
    rollbacks: Iterable[Rollback],
    incidents: Sequence[Incident] | None = None,
    lead_times: Sequence[float] = (),
) -> list[str]:
    """The figures of an environment; each line shows whether the target was met.

    `rollbacks` and `deployments` include some before the period. `incidents` is None if they could not be read.
    """
    known, back = list(deployments), list(rollbacks)
    within = [deployment for deployment in known if period.contains(deployment.finished_at)]
    counted = [deployment for deployment in within if deployment.counts]
    good = [deployment for deployment in counted if deployment.outcome == "success"]
    a_week = len(good) / ((period.end - period.start) / _WEEK)
    return [
        f"*{environment.name}*",
        _line(
            a_week > environment.deployments_per_week,
            f"{len(good)} deployments, {a_week:.1f} a week (target: over {environment.deployments_per_week:g})",
        ),
        *_quality_lines(settings, counted, good),
        *_duration_lines(environment, good),
        *_course_lines(settings, environment, period, known, back, incidents or (), counted),
        *_lead_lines(lead_times, good),
        *_incident_lines(settings, environment, period, incidents),
    ]


def _quality_lines(settings: Settings, counted: Sequence[Deployment], good: Sequence[Deployment]) -> list[str]:
    if not counted:
        return []
    ratio = len(good) / len(counted)
    text = f"{ratio:.0%} succeeded, {len(counted) - len(good)} failed (target: over {settings.success_ratio:.0%})"
    return [_line(ratio > settings.success_ratio, text)]


def _duration_lines(environment: Environment, good: Sequence[Deployment]) -> list[str]:
    times = sorted(deployment.duration_seconds for deployment in good)
    if not times:
        return []
    average = sum(times) / len(times)
    target = duration_text(environment.duration_seconds)
    text = f"{duration_text(average)} on average, 95th percentile {duration_text(p95(times))} (target: {target})"
    return [_line(average < environment.duration_seconds, text)]


def _course_lines(
    settings: Settings,
    environment: Environment,
    period: Period,
    known: Sequence[Deployment],
    back: Sequence[Rollback],
    incidents: Sequence[Incident],
    counted: Sequence[Deployment],
) -> list[str]:
    """Failed changes, rework, recoveries and rollbacks of the period."""
    course = course_of(environment.name, known, back, incidents)
    lines: list[str] = []
    if counted:
        # The changes that were deployed in the period, even if they were rolled back after its end.
        failed = [item for item in course.failed if period.contains(item.deployment.finished_at)]
        rework = [deployment for deployment in counted if course.is_rework(deployment)]
        rolled_back = sum(item.by_rollback for item in failed)
        lines += [
            f"• {len(failed) / len(counted):.0%} of the changes failed: {len(failed) - rolled_back} while deploying,"
            f" {rolled_back} rolled back",
            f"• {len(rework) / len(counted):.0%} of the deployments were rework",
        ]
    restores = [item.seconds for item in course.recoveries if period.contains(item.at)]
    if restores:
        average = sum(restores) / len(restores)
        target = duration_text(settings.restore_seconds)
        text = f"failed changes restored after {duration_text(average)} on average (target: {target})"
        lines.append(_line(average < settings.restore_seconds, text))
    own = [rollback for rollback in back if rollback.environment == environment.name and period.contains(rollback.at)]
    if own:
        timed = [rollback.duration_seconds for rollback in own if rollback.duration_seconds is not None]
        after = f", after {duration_text(sum(timed) / len(timed))} on average" if timed else ""
        lines.append(f"• {len(own)} rolled back{after}")
    return lines


def _lead_lines(lead_times: Sequence[float], good: Sequence[Deployment]) -> list[str]:
    if lead_times:
        return [f"• lead time from commit to deployment: {duration_text(median(lead_times))}, the median"]
    return ["• lead time from commit to deployment: not known: no log entry contains one"] if good else []


def _incident_lines(
    settings: Settings, environment: Environment, period: Period, incidents: Sequence[Incident] | None
) -> list[str]:
    if incidents is None:
        return ["• :warning: incidents: not known: the list of Cloud Monitoring cannot be read"]
    own = [incident for incident in incidents if incident.environment == environment.name]
    times = [
        incident.seconds
        for incident in own
        if incident.seconds is not None and incident.closed_at is not None and period.contains(incident.closed_at)
    ]
    still_open = [incident for incident in own if incident.closed_at is None and incident.opened_at < period.end]
    lines = [f"• :warning: incident {incident.alert} is still open" for incident in still_open]
    if times:
        average, target = sum(times) / len(times), duration_text(settings.restore_seconds)
        text = f"{len(times)} incidents, restored after {duration_text(average)} on average (target: {target})"
        lines.append(_line(average < settings.restore_seconds, text))
    return lines or ["• no incident"]


def p95(ordered: list[float]) -> float:
    """The 95th percentile by nearest rank, which is a value that occurred."""
    return ordered[math.ceil(0.95 * len(ordered)) - 1]


def _line(met: bool, text: str) -> str:
    return f"• {text}" if met else f"• :warning: {text}"
