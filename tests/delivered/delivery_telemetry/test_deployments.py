"""Which attempts of a run are deployments, how they ended, how long they took, and what the log has of them."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.delivered.delivery_telemetry.deployments import (
    deployment_of,
    entry_of,
    history,
    read_deployment,
    time_of,
)
from tests.delivered.delivery_telemetry.world import World, a_deployment, a_job, a_run, environment, job


def test_a_deployment_is_the_result_of_the_deploying_job() -> None:
    """Its duration is the job's: the ten minutes that the run waited for an approval are no part of it."""
    found = deployment_of(environment(), a_run(), [a_job(name="Notify"), a_job()])
    assert found is not None
    assert (found.outcome, found.duration_seconds, found.trigger) == ("success", 450.0, "workflow_dispatch")
    assert found.finished_at == time_of("2026-11-10T10:07:30Z")
    assert found.url.endswith("/actions/runs/18412345601/attempts/1")
    assert (found.actor, found.commit[:7]) == ("ada-example", "6dcb09b")


@pytest.mark.parametrize(
    ("conclusion", "outcome"),
    [("success", "success"), ("failure", "failure"), ("timed_out", "failure"), ("cancelled", "cancelled")],
)
def test_every_conclusion_is_one_of_few_outcomes(conclusion: str, outcome: str) -> None:
    """Labels of a metric are bounded."""
    found = deployment_of(environment(), a_run(), [a_job(conclusion=conclusion)])
    assert found is not None
    assert found.outcome == outcome


def test_a_refused_approval_is_no_failed_deployment() -> None:
    """GitHub ends such a job as a failure, without ever having given it a runner."""
    found = deployment_of(environment(), a_run(), [a_job(conclusion="failure", runner_id=0, steps=[])])
    assert found is not None
    assert (found.outcome, found.duration_seconds, found.counts) == ("not_started", 0.0, False)


@pytest.mark.parametrize(
    ("run", "jobs"),
    [
        ({"event": "pull_request"}, [{}]),
        ({"event": "merge_group"}, [{}]),
        ({}, [{"conclusion": "skipped"}]),
        ({}, [{"conclusion": "a_new_conclusion"}]),
        ({}, [{"conclusion": None, "status": "in_progress"}]),
        ({}, [{"name": "Run Tests and Linting"}]),
        ({}, []),
        ({"run_attempt": 2}, [{"run_attempt": 1}]),
    ],
)
def test_what_did_not_deploy_is_no_deployment(run: dict[str, Any], jobs: list[dict[str, Any]]) -> None:
    """A pull request, a skipped job, and a re-run of other jobs that lists this one as it was."""
    assert deployment_of(environment(), a_run(**run), [a_job(**job) for job in jobs]) is None


def test_an_unknown_trigger_is_called_other() -> None:
    """The trigger is one of few words, whatever GitHub invents."""
    found = deployment_of(environment(), a_run(event="repository_dispatch"), [a_job()])
    assert found is not None
    assert found.trigger == "other"


def test_the_log_entry_has_every_field_of_the_schema() -> None:
    """Metrics, alerts and reports read these names."""
    entry = entry_of(
        a_deployment("success", minutes=0), restored_after=1200.0, lead_seconds=5400.0, changes=3, rework=True
    )
    payload = entry["jsonPayload"]
    assert {name: payload[name] for name in ("schema", "event", "environment", "service", "outcome", "trigger")} == {
        "schema": 1,
        "event": "deployment",
        "environment": "production",
        "service": "all",
        "outcome": "success",
        "trigger": "push",
    }
    assert (payload["duration_seconds"], payload["restore_seconds"]) == (450.0, 1200.0)
    assert (payload["lead_seconds"], payload["changes"], payload["rework"]) == (5400.0, 3, "yes")
    assert entry["timestamp"] == "2026-11-10T12:00:00+00:00"


def test_what_is_not_known_is_not_in_the_entry() -> None:
    """A missing value that were written as 0 would count as restored at once."""
    payload = entry_of(a_deployment())["jsonPayload"]
    assert payload.keys().isdisjoint({"restore_seconds", "lead_seconds", "changes", "rework"})
    assert entry_of(a_deployment(), rework=False)["jsonPayload"]["rework"] == "no"


def test_only_a_failure_is_an_error_in_the_log() -> None:
    """Who filters the log by severity finds failed deployments."""
    severities = {outcome: entry_of(a_deployment(outcome))["severity"] for outcome in ("success", "failure")}
    assert severities == {"success": "INFO", "failure": "ERROR"}


def test_a_re_run_is_another_entry_and_a_repeated_event_is_the_same() -> None:
    """Cloud Logging keeps one of two entries with the same insertId and time."""
    first, again, re_run = (entry_of(a_deployment(attempt=number)) for number in (1, 1, 2))
    assert (first["insertId"], first["timestamp"]) == (again["insertId"], again["timestamp"])
    assert re_run["insertId"] != first["insertId"]


def test_the_history_holds_every_attempt_and_leaves_pull_requests_out() -> None:
    """GitHub lists a run once, as its newest attempt; a failure that was re-run with success must not vanish."""
    world = World()
    world.add(a_run(id=1, event="pull_request"), a_job(run_id=1))
    world.add(a_run(id=2, run_attempt=1, conclusion="failure"), a_job(run_id=2, conclusion="failure"))
    world.add(a_run(id=2, run_attempt=2), a_job(run_id=2, run_attempt=2))
    world.add(a_run(id=3), a_job(run_id=3, conclusion="skipped"))
    found = list(history(job(world).apis, environment()))
    assert [(deployment.run_id, deployment.attempt, deployment.outcome) for deployment in found] == [
        (2, 2, "success"),
        (2, 1, "failure"),
    ]


def test_the_history_is_read_page_by_page_and_no_further_than_needed() -> None:
    """The newest success ends most questions: 250 runs cost two calls then."""
    world = World()
    for number in range(250):
        world.add_deployment(number + 1, "2026-11-10T10:00:00Z")
    apis = job(world).apis
    assert next(history(apis, environment())).run_id == 250
    assert len(world.calls) == 2
    assert len(list(history(apis, environment()))) == 250


def test_an_attempt_is_read_as_github_has_it_now() -> None:
    """The event's own description may be old."""
    world = World()
    world.add_deployment(7, "2026-11-10T10:00:00Z", "failure")
    found = read_deployment(job(world).apis, environment(), 7, 1)
    assert found is not None
    assert found.outcome == "failure"
