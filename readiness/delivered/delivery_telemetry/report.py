"""The weekly and the monthly report, against the targets."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from ..apis import Apis
from .deployments import Deployment, history, restore_seconds
from .messages import duration_text
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

    def holds(self, moment: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.start <= moment < self.end

    @property
    def title(self) -> str:
        """For example `Deployments, week 2026-11-16 to 2026-11-22`."""
        last = self.end - timedelta(days=1)
        return f"Deployments, {self.name} {self.start:%Y-%m-%d} to {last:%Y-%m-%d}"


def period_before(name: str, now: datetime) -> Period:
    """The last whole `week` (Monday to Sunday) or calendar `month`."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if name == "week":
        end = today - timedelta(days=today.weekday())
        return Period(name=name, start=end - _WEEK, end=end)
    end = today.replace(day=1)
    return Period(name=name, start=(end - timedelta(days=1)).replace(day=1), end=end)


def read_period(apis: Apis, environment: Environment, period: Period) -> list[Deployment]:
    """The deployments of a period, and before it those back to the success that a failure would be measured from."""
    found: list[Deployment] = []
    for deployment in islice(history(apis, environment), MAX_ATTEMPTS):
        found.append(deployment)
        if deployment.finished_at < period.start and deployment.outcome == "success":
            break
    return found


def report_lines(
    settings: Settings,
    environment: Environment,
    period: Period,
    deployments: Iterable[Deployment],
    rollbacks: Iterable[Rollback],
) -> list[str]:
    """The figures of an environment; each line says whether the target was met."""
    known = list(deployments)
    within = [deployment for deployment in known if period.holds(deployment.finished_at)]
    counted = [deployment for deployment in within if deployment.counts]
    good = [deployment for deployment in counted if deployment.outcome == "success"]
    restores = [seconds for deployment in good if (seconds := restore_seconds(deployment, known)) is not None]
    back = [
        rollback for rollback in rollbacks if rollback.environment == environment.name and period.holds(rollback.at)
    ]
    times = sorted(deployment.duration_seconds for deployment in good)
    a_week = len(good) / ((period.end - period.start) / _WEEK)
    lines = [
        f"*{environment.name}*",
        _line(
            a_week > environment.deployments_per_week,
            f"{len(good)} deployments, {a_week:.1f} a week (target: over {environment.deployments_per_week:g})",
        ),
    ]
    if counted:
        ratio = len(good) / len(counted)
        text = f"{ratio:.0%} succeeded, {len(counted) - len(good)} failed (target: over {settings.success_ratio:.0%})"
        lines.append(_line(ratio > settings.success_ratio, text))
    if times:
        average = sum(times) / len(times)
        target = duration_text(environment.duration_seconds)
        text = f"{duration_text(average)} on average, 95th percentile {duration_text(p95(times))} (target: {target})"
        lines.append(_line(average < environment.duration_seconds, text))
    if restores:
        average = sum(restores) / len(restores)
        text = f"restored after {duration_text(average)} on average (target: {duration_text(settings.restore_seconds)})"
        lines.append(_line(average < settings.restore_seconds, text))
    if back:
        timed = [rollback.duration_seconds for rollback in back if rollback.duration_seconds is not None]
        after = f", after {duration_text(sum(timed) / len(timed))} on average" if timed else ""
        lines.append(f"• {len(back)} rolled back{after}")
    return lines


def p95(ordered: list[float]) -> float:
    """The nearest rank: a value that occurred."""
    return ordered[math.ceil(0.95 * len(ordered)) - 1]


def _line(met: bool, text: str) -> str:
    return f"• {text}" if met else f"• :warning: {text}"
