"""A deployment is one attempt of the deploying job of a workflow run. GitHub's own list is the source of truth.

Everything is computed from that list, never from the order in which events arrive: they come late, twice, or never.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from ..apis import Apis
from .settings import Environment

# How many runs are searched if no run of a workflow deploys: one call of the API for each hundred.
MAX_RUNS = 1000
# A run with another conclusion is no deployment, so that the number of labels stays limited.
OUTCOMES = {
    "success": "success",
    "failure": "failure",
    "timed_out": "failure",
    "cancelled": "cancelled",
}
# A job that never got a runner: its approval was rejected or timed out.
NOT_STARTED = "not_started"
TRIGGERS = ("push", "workflow_dispatch", "schedule")
NEVER_A_DEPLOYMENT = ("pull_request", "pull_request_target", "merge_group")


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One attempt. `duration_seconds` is that of the job, without waiting for a runner or an approval."""

    environment: str
    run_id: int
    attempt: int
    outcome: str
    trigger: str
    actor: str
    commit: str
    title: str
    url: str
    finished_at: datetime
    duration_seconds: float

    @property
    def counts(self) -> bool:
        """Whether the outcome counts in the figures: it was neither cancelled nor rejected."""
        return self.outcome in ("success", "failure")


def time_of(text: str) -> datetime:
    """Parses GitHub's and Google's times. Python 3.10 and older do not read `Z`; 3.11 truncates nanoseconds."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def deployment_of(environment: Environment, run: dict[str, Any], jobs: list[dict[str, Any]]) -> Deployment | None:
    """The deployment of an attempt of a run; None if it was skipped, for a pull request, or not run again."""
    if run["event"] in NEVER_A_DEPLOYMENT:
        return None
    job = next((candidate for candidate in jobs if candidate["name"] == environment.job), None)
    # A re-run of only the failed jobs lists the others as in the attempt before.
    if job is None or job["status"] != "completed" or job.get("run_attempt", run["run_attempt"]) != run["run_attempt"]:
        return None
    outcome = OUTCOMES.get(job["conclusion"] or "")
    if outcome is None:
        return None
    started = bool(job.get("runner_id"))
    if outcome == "failure" and not started:
        outcome = NOT_STARTED
    finished_at = time_of(job["completed_at"])
    return Deployment(
        environment=environment.name,
        run_id=run["id"],
        attempt=run["run_attempt"],
        outcome=outcome,
        trigger=run["event"] if run["event"] in TRIGGERS else "other",
        actor=(run.get("triggering_actor") or run["actor"])["login"],
        commit=run["head_sha"],
        title=run.get("display_title") or "",
        url=f"{run['html_url']}/attempts/{run['run_attempt']}",
        finished_at=finished_at,
        duration_seconds=max(0.0, (finished_at - time_of(job["started_at"])).total_seconds()) if started else 0.0,
    )


def read_deployment(apis: Apis, environment: Environment, run_id: int, attempt: int) -> Deployment | None:
    """The deployment of an attempt, as GitHub returns it now."""
    return _deployment_of_run(apis, environment, apis.github(f"actions/runs/{run_id}/attempts/{attempt}"))


def history(apis: Apis, environment: Environment) -> Iterator[Deployment]:
    """Every deployment to the environment, newest runs first, and newest attempts first; read lazily."""
    runs = apis.github_pages(f"actions/workflows/{environment.file}/runs", "workflow_runs")
    for run in islice(runs, MAX_RUNS):
        for attempt in range(run["run_attempt"], 0, -1):
            if run["event"] in NEVER_A_DEPLOYMENT:
                break
            if attempt == run["run_attempt"]:
                found = _deployment_of_run(apis, environment, run)
            else:
                found = read_deployment(apis, environment, run["id"], attempt)
            if found is not None:
                yield found


def _deployment_of_run(apis: Apis, environment: Environment, run: dict[str, Any]) -> Deployment | None:
    path = f"actions/runs/{run['id']}/attempts/{run['run_attempt']}/jobs"
    return deployment_of(environment, run, list(apis.github_pages(path, "jobs")))


def entry_of(
    deployment: Deployment,
    *,
    restored_after: float | None = None,
    lead_seconds: float | None = None,
    changes: int | None = None,
    rework: bool | None = None,
) -> dict[str, Any]:
    """The log entry without unknown values (None). Its insertId makes a repeated event the same entry."""
    payload: dict[str, Any] = {
        "schema": 1,
        "event": "deployment",
        "environment": deployment.environment,
        # One run deploys every service of the environment.
        "service": "all",
        "outcome": deployment.outcome,
        "trigger": deployment.trigger,
        "duration_seconds": deployment.duration_seconds,
        "run": deployment.url,
        "commit": deployment.commit,
        "actor": deployment.actor,
    }
    known = {
        "restore_seconds": restored_after,
        "lead_seconds": lead_seconds,
        "changes": changes,
        # A word, because the metric's filter compares text.
        "rework": None if rework is None else "yes" if rework else "no",
    }
    return {
        "insertId": f"deployment-{deployment.run_id}-{deployment.attempt}",
        "timestamp": deployment.finished_at.isoformat(),
        "severity": "ERROR" if deployment.outcome == "failure" else "INFO",
        "jsonPayload": payload | {name: value for name, value in known.items() if value is not None},
    }
