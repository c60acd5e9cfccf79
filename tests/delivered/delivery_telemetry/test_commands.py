"""The commands: what each event makes of the log, the figures and Slack, and that whatever fails is loud."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from readiness.delivered.delivery_telemetry import __main__ as program
from readiness.delivered.delivery_telemetry.__main__ import ERROR, job_of, run
from tests.delivered.delivered import telemetry_files, written
from tests.delivered.delivery_telemetry.world import NOW, WEBHOOK, World, a_job, a_run, audit, environment, event, job

EVERY_EVENT = ("started", "waiting", "success", "failure", "rollback")


def world_of_one_run(conclusion: str = "success") -> World:
    """The run that the recorded event is about."""
    world = World()
    world.add(a_run(conclusion=conclusion), a_job(conclusion=conclusion))
    return world


def headline(message: dict[str, Any]) -> str:
    """What a notification shows."""
    return message["text"]


def test_a_completed_deployment_is_one_entry_in_the_log() -> None:
    """And nothing goes to Slack that the workflow itself sends already."""
    world = world_of_one_run()
    assert run("workflow-run", job(world, event=event())) == 0
    (entry,) = world.entries.values()
    # Committed at 16:12:03, the day before the job ended at 10:07:30.
    assert (entry["jsonPayload"]["lead_seconds"], entry["jsonPayload"]["changes"]) == (17 * 3600 + 55 * 60 + 27, 1)
    assert entry["jsonPayload"]["rework"] == "no"
    assert entry["logName"] == "projects/ytgrs-464303/logs/readiness-deployments"
    assert entry["resource"] == {"type": "global"}
    assert entry["jsonPayload"]["outcome"] == "success"
    assert world.slack == []


def test_the_same_event_twice_is_one_entry() -> None:
    """GitHub delivers at least once."""
    world = world_of_one_run()
    assert [run("workflow-run", job(world, event=event())) for _ in range(2)] == [0, 0]
    assert len(world.entries) == 1


def test_a_re_run_is_an_entry_of_its_own_and_says_what_it_restored() -> None:
    """Attempt 2 succeeds half an hour after attempt 1 failed."""
    world = World()
    world.add(a_run(conclusion="failure"), a_job(conclusion="failure"))
    world.add(a_run(run_attempt=2), a_job(run_attempt=2, completed_at="2026-11-10T10:37:30Z"))
    assert run("workflow-run", job(world, event=event(conclusion="failure"))) == 0
    assert run("workflow-run", job(world, event=event(run_attempt=2))) == 0
    assert [
        (entry["jsonPayload"]["event"], entry["jsonPayload"].get("restore_seconds")) for entry in world.entries.values()
    ] == [
        ("deployment", None),
        ("failed_change", None),
        ("deployment", 1800.0),
        ("recovery", 1800.0),
    ]
    assert [world.entries[f"deployment-18412345601-{attempt}"]["jsonPayload"]["rework"] for attempt in (1, 2)] == [
        "no",
        "yes",
    ]


def test_events_that_arrive_in_the_wrong_order_give_the_same_entries() -> None:
    """The failure's event after the success's: what is written is computed from GitHub's list, not from arrivals."""
    written = []
    for order in itertools.permutations([1, 2]):
        world = World()
        world.add_deployment(1, "2026-11-10T10:00:00Z", "failure")
        world.add_deployment(2, "2026-11-10T10:20:00Z")
        for number in order:
            assert run("workflow-run", job(world, event=event(id=number))) == 0
        written.append(dict(sorted(world.entries.items())))
    assert written[0] == written[1]
    assert written[0]["deployment-2-1"]["jsonPayload"]["restore_seconds"] == 1200
    assert written[0]["recovery-deployment-2-1"]["jsonPayload"]["restore_seconds"] == 1200


def test_a_success_after_a_rollback_restored_nothing() -> None:
    """The failed run of 11:00 was rolled back at 11:45; the next success is days later."""
    world = World(audit_log=[audit(0, None, served="00041-abc"), audit(45, "00041-abc")])
    world.add_deployment(1, "2026-11-10T11:05:00Z", "failure")
    assert run("rollbacks", job(world)) == 0
    assert world.entries["recovery-rollback-audit45"]["jsonPayload"]["restore_seconds"] == 2400
    world.add_deployment(2, "2026-11-13T10:00:00Z")
    assert run("workflow-run", job(world, event=event(id=2))) == 0
    payload = world.entries["deployment-2-1"]["jsonPayload"]
    assert "restore_seconds" not in payload
    assert payload["rework"] == "yes"
    assert "recovery-deployment-2-1" not in world.entries


def test_where_the_audit_log_cannot_be_read_recovery_is_not_reported() -> None:
    """Not known is not 0: the deployment is reported, its recovery and whether it is rework are left out."""
    world = world_of_one_run()
    world.google_refuses = "entries:list"
    started = job(world, environment(events=EVERY_EVENT), event=event())
    assert run("workflow-run", started) == 1
    (entry,) = world.entries.values()
    assert entry["jsonPayload"].keys().isdisjoint({"restore_seconds", "rework"})
    assert len(world.slack) == 1


def test_a_report_says_where_the_incidents_cannot_be_read() -> None:
    """The rest of it is written, and the run fails."""
    world = World(google_refuses="/alerts")
    started = job(world)
    assert run("week", started) == 1
    assert "incidents: not known: the list of Cloud Monitoring cannot be read" in started.summaries[0]


@pytest.mark.parametrize("name", ["pull_request", "pull_request_target", "merge_group"])
def test_the_run_of_a_pull_request_is_not_even_looked_at(name: str) -> None:
    """Its author chose its name; no call is made for it."""
    world = world_of_one_run()
    assert run("workflow-run", job(world, event=event(event=name))) == 0
    assert world.calls == []


def test_a_workflow_of_another_name_is_not_looked_at() -> None:
    """Whoever renames a workflow has to rename it in the settings."""
    world = world_of_one_run()
    assert run("workflow-run", job(world, event=event(name="Nightly"))) == 0
    assert world.calls == []


def test_a_skipped_deployment_is_printed_and_not_logged() -> None:
    """A push on which only tests ran."""
    world = World()
    world.add(a_run(), a_job(conclusion="skipped"))
    started = job(world, event=event())
    assert run("workflow-run", started) == 0
    assert world.entries == {}
    assert "skipped" in started.said[0]


@pytest.mark.parametrize(("conclusion", "expected"), [("success", "succeeded"), ("failure", "FAILED")])
def test_a_chosen_outcome_goes_to_slack(conclusion: str, expected: str) -> None:
    """For who has no such message in the workflow itself."""
    world = world_of_one_run(conclusion)
    assert run("workflow-run", job(world, environment(events=EVERY_EVENT), event=event())) == 0
    assert [headline(message) for message in world.slack] == [f"production: deployment {expected}"]


def test_a_cancelled_run_is_logged_and_sends_no_message() -> None:
    """Who cancelled it knows."""
    world = world_of_one_run("cancelled")
    assert run("workflow-run", job(world, environment(events=EVERY_EVENT), event=event())) == 0
    assert [entry["jsonPayload"]["outcome"] for entry in world.entries.values()] == ["cancelled"]
    assert world.slack == []


def test_the_figures_are_written_with_every_deployment() -> None:
    """An alert closes minutes after the deployment that ends its cause, not the next morning."""
    world = world_of_one_run()
    assert run("workflow-run", job(world, event=event())) == 0
    assert [point["metric"]["type"].rpartition("/")[2] for point in world.points] == ["days_since_success"]


def test_an_unset_webhook_fails_this_run_and_keeps_the_entry() -> None:
    """Loud, and nothing of the deployment is lost; it never ran in the deployment's own run."""
    world = world_of_one_run("failure")
    started = job(world, environment(events=EVERY_EVENT), event=event(), webhook="")
    assert run("workflow-run", started) == 1
    assert list(world.entries) == ["deployment-18412345601-1", "failed-change-18412345601-1"]
    assert started.said[-1].startswith(
        "::error title=Deployment telemetry::Slack: the secret SLACK_WEBHOOK_URL is not set"
    )


def test_an_unset_webhook_is_no_problem_if_no_message_is_sent() -> None:
    """Slack is an option."""
    world = world_of_one_run()
    assert run("workflow-run", job(world, environment(events=()), event=event(), webhook="")) == 0


def test_a_revoked_webhook_fails_this_run_keeps_the_entry_and_is_not_printed() -> None:
    """Slack answers 404 `no_service`; a `curl` without --fail would pass over it."""
    world = world_of_one_run()
    world.slack_answers = [404]
    started = job(world, environment(events=EVERY_EVENT), event=event())
    assert run("workflow-run", started) == 1
    assert len(world.entries) == 1
    assert "Slack: 404 no_service. Was the webhook revoked?" in started.said[-1]
    assert WEBHOOK not in "\n".join(started.said)


def test_slack_gets_the_message_even_if_google_refuses() -> None:
    """One system's trouble does not hide the deployment from the others; both refusals are said."""
    world = world_of_one_run()
    world.google_status = 403
    started = job(world, environment(events=EVERY_EVENT), event=event())
    assert run("workflow-run", started) == 1
    assert len(world.slack) == 1
    refused = [line.removeprefix(f"{ERROR}POST https://").partition(".")[0] for line in started.said if ERROR in line]
    # The audit log, the entry, the figures.
    assert refused == ["logging", "logging", "monitoring"]


def test_what_a_system_answers_cannot_forge_a_line_of_the_log() -> None:
    """A line that begins with `::` is a command to the runner."""
    world = world_of_one_run()
    world.google_status = 403
    started = job(world, event=event())
    run("workflow-run", started)
    assert not [line for line in "\n".join(started.said).splitlines() if line.startswith("::warning")]


def test_a_rollback_is_logged_and_reported_once() -> None:
    """However often the audit log is read."""
    world = World(audit_log=[audit(0, None, served="00041-abc"), audit(45, "00041-abc")])
    for _ in range(3):
        assert run("rollbacks", job(world)) == 0
    assert [entry["jsonPayload"]["duration_seconds"] for entry in world.entries.values()] == [2700.0]
    assert [headline(message) for message in world.slack] == ["production: rolled back"]


def test_if_slack_refuses_a_rollback_is_logged_and_not_reported_again() -> None:
    """A revoked webhook fails one run for each rollback, not every run until somebody looks."""
    world = World(audit_log=[audit(0, None, served="00041-abc"), audit(45, "00041-abc")])
    world.slack_answers = [404]
    assert [run("rollbacks", job(world)) for _ in range(2)] == [1, 0]
    assert len(world.entries) == 1


def test_a_rollback_that_is_not_chosen_is_written_only() -> None:
    """The metric counts it either way."""
    world = World(audit_log=[audit(0, None, served="00041-abc"), audit(45, "00041-abc")])
    assert run("rollbacks", job(world, environment(events=()))) == 0
    assert (len(world.entries), world.slack) == (1, [])


def test_the_figures_say_what_they_wrote() -> None:
    """And that a figure has no value yet."""
    started = job(World())
    assert run("figures", started) == 0
    assert started.said == ["production: not enough deployments yet"]


def test_the_live_test_posts_every_event_marked_as_a_test() -> None:
    """In the order of a deployment, with a line that nothing happened. Nothing but Slack is asked."""
    world = World()
    assert run("test-slack", job(world)) == 0
    assert set(world.calls) == {"POST hooks.slack.com/services/T0/B0/abcdef"}
    assert [headline(message) for message in world.slack] == [
        "[test] production: deployment started",
        "[test] production: deployment waits for an approval",
        "[test] production: deployment succeeded",
        "[test] production: deployment FAILED",
        "[test] production: rolled back",
        "[test] health check FAILED",
    ]
    for message in world.slack:
        first, *_, last = message["blocks"]
        assert "*[test] " in first["text"]["text"]
        assert last["elements"][-1]["text"] == "This is a test: nothing happened."


def test_the_live_test_stops_at_the_first_message_that_slack_refuses() -> None:
    """One error says what to do; the same one six times says no more."""
    world = World(slack_answers=[404])
    started = job(world)
    assert run("test-slack", started) == 1
    assert len(started.said) == 1
    assert started.said[0].startswith("::error title=Deployment telemetry::Slack: 404")
    assert len(world.calls) == 1


@pytest.mark.parametrize("period", ["week", "month"])
def test_a_report_is_in_the_summary_and_if_chosen_goes_to_slack(period: str) -> None:
    """The summary is always written, also where Slack refuses."""
    world = World()
    world.add_deployment(1, "2026-11-04T10:00:00Z")
    world.add_deployment(2, "2026-10-14T10:00:00Z")
    started = job(world)
    assert run(period, started) == 0
    assert f"## Deployments, {period} " in started.summaries[0]
    assert headline(world.slack[0]).startswith(f"Deployments, {period}")
    silent = job(world, slack_reports=False)
    assert run(period, silent) == 0
    assert (len(silent.summaries), len(world.slack)) == (1, 1)


@pytest.mark.parametrize(
    "payload", [{}, [], None, {"workflow_run": None}, {"workflow_run": {"name": "x"}}, event(id=99)]
)
def test_an_event_of_another_shape_is_an_error_of_this_run(payload: Any) -> None:
    """Reported in one line, without a traceback; nothing is written or sent."""
    world = World()
    started = job(world, event=event())
    started.event = payload
    assert run("workflow-run", started) == 1
    assert len(started.said) == 1
    assert started.said[0].startswith(ERROR)
    assert (world.entries, world.slack) == ({}, [])


def test_an_answer_of_another_shape_is_an_error_of_this_run() -> None:
    """A job without its conclusion; the figures of no other environment are lost by it."""
    world = World()
    world.add(a_run(), {"name": "Deploy to Production"})
    started = job(world, event=event())
    assert run("workflow-run", started) == 1
    assert "KeyError: 'status'" in started.said[-1]


def delivered(folder: Path) -> Path:
    """The files as they are in the application's repository."""
    return written(folder, telemetry_files("prod")) / ".github" / "readiness"


def run_by_itself(folder: Path, command: str, event_text: str) -> subprocess.CompletedProcess[str]:
    """The delivered program, isolated: neither this project nor anything that is installed is there to help."""
    program_folder = delivered(folder)
    (folder / "event.json").write_text(event_text, encoding="utf-8")
    environ = {
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_TOKEN": "t",
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
    }
    start = f"import runpy, sys; sys.path.insert(0, sys.argv[1]); sys.argv[1:] = ['{command}']; "
    start += "runpy.run_module('delivery_telemetry', run_name='__main__')"
    arguments = [sys.executable, "-I", "-S", "-c", start, str(program_folder)]
    return subprocess.run(arguments, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("command", "event_text", "said"),
    [
        ("test-slack", "{}", "Slack: the secret SLACK_WEBHOOK_URL is not set"),
        ("test-slack", "{", "Settings, event or environment cannot be read (JSONDecodeError"),
        ("deploy", "{}", "Name one of: workflow-run, rollbacks"),
    ],
)
def test_the_delivered_program_runs_by_itself(tmp_path: Path, command: str, event_text: str, said: str) -> None:
    """With the standard library only, from the folder that the workflows name; whatever keeps it from it is loud."""
    done = run_by_itself(tmp_path, command, event_text)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith(ERROR + said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [([], "Name one of"), (["test-slack", "now"], "Name one of"), (["figures"], "(KeyError: 'GITHUB_REPOSITORY')")],
)
def test_what_keeps_a_command_from_starting_is_reported(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    """No command, two, or a workflow that does not hand over what it should."""
    toml = delivered(tmp_path) / "delivery.toml"
    read = program.read_settings
    monkeypatch.setattr(program, "read_settings", lambda: read(toml))
    assert program.main(arguments, {}, NOW) == 1
    out = capsys.readouterr().out
    assert out.startswith(ERROR)
    assert said in out


def test_a_job_is_made_from_what_the_workflow_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens from the environment, the rest from the delivered settings."""
    toml = delivered(tmp_path) / "delivery.toml"
    read = program.read_settings
    monkeypatch.setattr(program, "read_settings", lambda: read(toml))
    (tmp_path / "event.json").write_text(json.dumps(event()), encoding="utf-8")
    environ = {
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_TOKEN": "github",
        "GOOGLE_TOKEN": "google",
        "SLACK_WEBHOOK_URL": WEBHOOK,
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }
    made = job_of(environ, NOW)
    made.summary("one\n")
    made.summary("two\n")
    assert (tmp_path / "summary.md").read_text(encoding="utf-8") == "one\ntwo\n"
    assert made.event["action"] == "completed"
    assert made.apis.google_token == "google"  # noqa: S105 - played
    assert [environment.name for environment in made.settings.environments] == ["staging", "production"]
    assert made.settings.of_service("ai-resume-review-v2-backend-staging") == made.settings.environments[0]
    made.say("said")
