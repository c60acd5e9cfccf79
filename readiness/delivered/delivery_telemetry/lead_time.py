"""Change lead time: from the commit of a change to its deployment in the environment.

A change is a commit that the last successful deployment did not have (GitHub's comparison of two commits, at most its
first 250). The lead time of a deployment is the median of its changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from ..apis import ApiError, Apis
from .deployments import Deployment, time_of


@dataclass(frozen=True, kw_only=True)
class LeadTime:
    """The median of the changes of one deployment, which are at least one."""

    seconds: float
    changes: int


def lead_time(apis: Apis, deployment: Deployment, earlier: Iterable[Deployment]) -> LeadTime | None:
    """The lead time of a success; None if it has no change, for example if it deploys the same commit again.

    Without an earlier success, or if GitHub no longer has its commit, only the newest commit counts. Raises ApiError.
    """
    if deployment.outcome != "success":
        return None
    before = [item for item in earlier if item.outcome == "success" and item.finished_at < deployment.finished_at]
    base = max(before, key=lambda item: item.finished_at).commit if before else ""
    commits = _new_commits(apis, base, deployment.commit)
    times = [time_of(commit["commit"]["committer"]["date"]) for commit in commits]
    waits = [max(0.0, (deployment.finished_at - committed).total_seconds()) for committed in times]
    return LeadTime(seconds=median(waits), changes=len(waits)) if waits else None


def _new_commits(apis: Apis, base: str, head: str) -> list[dict[str, Any]]:
    if base == head:
        return []
    if base:
        try:
            return apis.github(f"compare/{base}...{head}")["commits"]
        except ApiError as error:
            if error.status != 404:
                raise
    return [apis.github(f"commits/{head}")]
