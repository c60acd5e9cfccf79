"""Two figures over a longer time than an alert can read: the success ratio of the last 20, the days since a success.

They are custom metrics instead of log-based ones: log-based metrics are counters that are kept for six weeks, these are
gauges that are kept for two years. An alert reads the last value within its 25 hours. Each time, the program computes
them again from GitHub's list of runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any

from ..apis import Apis
from .deployments import Deployment, history
from .settings import Settings

SUCCESS_RATIO_20 = "custom.googleapis.com/readiness/success_ratio_20"
DAYS_SINCE_SUCCESS = "custom.googleapis.com/readiness/days_since_success"

LAST = 20
# The limit of the search: each attempt needs a call of the API.
MAX_ATTEMPTS = 200
_SECONDS_PER_DAY = 86_400


def success_ratio(newest_first: Iterable[Deployment]) -> float | None:
    """The share of successes among the last 20 that succeeded or failed; None until there are 20."""
    last = list(islice((deployment for deployment in newest_first if deployment.counts), LAST))
    return sum(deployment.outcome == "success" for deployment in last) / LAST if len(last) == LAST else None


def days_since_success(newest_first: Iterable[Deployment], now: datetime) -> float | None:
    """Days, with fractions; None if there has never been a success."""
    newest = max(
        (deployment.finished_at for deployment in newest_first if deployment.outcome == "success"), default=None
    )
    return None if newest is None else max(0.0, (now - newest).total_seconds() / _SECONDS_PER_DAY)


def write_figures(apis: Apis, settings: Settings, now: datetime) -> dict[str, dict[str, float]]:
    """Writes both figures of every environment and returns them by environment and metric."""
    written: dict[str, dict[str, float]] = {}
    for environment in settings.environments:
        recent: list[Deployment] = []
        for deployment in islice(history(apis, environment), MAX_ATTEMPTS):
            recent.append(deployment)
            if sum(deployment.counts for deployment in recent) >= LAST and any(
                deployment.outcome == "success" for deployment in recent
            ):
                break
        values = {SUCCESS_RATIO_20: success_ratio(recent), DAYS_SINCE_SUCCESS: days_since_success(recent, now)}
        written[environment.name] = {metric: value for metric, value in values.items() if value is not None}
    apis.write_points(
        [
            _point(settings, environment, metric, value, now)
            for environment, values in written.items()
            for metric, value in values.items()
        ]
    )
    return written


def _point(settings: Settings, environment: str, metric: str, value: float, now: datetime) -> dict[str, Any]:
    return {
        "metric": {"type": metric, "labels": {"environment": environment}},
        "resource": {"type": "global", "labels": {"project_id": settings.project}},
        "metricKind": "GAUGE",
        "valueType": "DOUBLE",
        "points": [{"interval": {"endTime": now.isoformat()}, "value": {"doubleValue": value}}],
    }
