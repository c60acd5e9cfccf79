"""`readiness snooze` against a Monitoring API on the loopback interface."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from readiness.live.google_api import Google, GoogleError
from readiness.live.snooze import MAX_MINUTES, MAX_POLICIES, snooze
from readiness.times import instant_text
from tests.edits import add, endpoint_lines
from tests.live.google_alerting import PROJECT, Monitoring, policy
from tests.live.loopback import serving
from tests.pinned_clock import NOW as NOW_PINNED
from tests.projects import Command

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)
TOKEN = {"GOOGLE_OAUTH_ACCESS_TOKEN": "placeholder"}


def many(count: int) -> list[dict[str, object]]:
    """So many policies of staging."""
    return [policy(number, f"alert-{number}") for number in range(count)]


def google(url: str) -> Google:
    """The API at an address."""
    return Google(project="ytgrs-464303", token="placeholder", endpoints={"monitoring": f"{url}/v3/"})  # noqa: S106


def test_the_stacks_policies_tell_nobody_for_the_time_given() -> None:
    """Those of the other environment do, and the weekly drill, and a drill that runs."""
    live = [
        *many(2),
        policy(8, "notification-drill"),
        policy(9, "high-latency", environment="production"),
        policy(10, "", drill="deadbeef"),
    ]
    with serving(Monitoring(live).answer) as server:
        done = snooze(google(server.url), "staging", 45, NOW)
    (asked,) = server.asked("POST")
    assert asked.body == {
        "displayName": "Deployment of staging",
        "criteria": {"policies": [f"{PROJECT}/alertPolicies/0", f"{PROJECT}/alertPolicies/1"]},
        "interval": {"startTime": "2026-11-25T12:30:00Z", "endTime": "2026-11-25T13:15:00Z"},
    }
    assert done == (2, "2026-11-25T13:15:00Z")


def test_a_snooze_names_no_more_policies_than_the_api_takes() -> None:
    """Several snoozes then, and each policy in one of them."""
    with serving(Monitoring(many(MAX_POLICIES * 2 + 1)).answer) as server:
        assert snooze(google(server.url), "staging", 10, NOW)[0] == 33
    named = [request.body["criteria"]["policies"] for request in server.asked("POST")]
    assert [len(group) for group in named] == [16, 16, 1]
    assert len({name for group in named for name in group}) == 33


def test_a_refusal_half_way_says_how_many_are_snoozed() -> None:
    """They are, and nothing can delete a snooze."""
    monitoring = Monitoring(many(20), refuses={("POST", "/snoozes"): 1})
    with serving(monitoring.answer) as server, pytest.raises(GoogleError) as refused:
        snooze(google(server.url), "staging", 10, NOW)
    assert "16 of 20 policies are snoozed until 2026-11-25T12:40:00Z; then monitoring" in str(refused.value)


def test_the_command_says_how_many_and_until_when(project: Path, command: Command) -> None:
    """As a workflow calls it around a deployment."""
    with serving(Monitoring(many(3)).answer) as server:
        add(project, endpoint_lines({"monitoring": f"{server.url}/v3/"}), "Pulumi.staging.yaml")
        done = command("snooze", "staging", "--for", "30", cwd=project, **TOKEN)
    assert done.status == 0, done.text
    assert done.out.startswith("3 policies of staging notify nobody until 20")


def test_the_json_form_has_the_same_facts(project: Path, command: Command) -> None:
    """For a workflow that waits until the snooze ends."""
    with serving(Monitoring(many(3)).answer) as server:
        add(project, endpoint_lines({"monitoring": f"{server.url}/v3/"}), "Pulumi.staging.yaml")
        done = command("snooze", "staging", "--for", "30", "--format", "json", cwd=project, **TOKEN)
    until = instant_text(NOW_PINNED + timedelta(minutes=30))
    assert json.loads(done.out) == {"stack": "staging", "policies": 3, "until": until}


def test_a_stack_without_live_policies_and_a_refusal_are_reported(project: Path, command: Command) -> None:
    """Each by one line, exit status 1."""
    for monitoring, said in (
        (Monitoring(), "has no live alert policy of staging"),
        (Monitoring(many(1), refuses={("POST", "/snoozes"): 0}), "staging is not snoozed: monitoring"),
    ):
        with serving(monitoring.answer) as server:
            stack = project / "Pulumi.staging.yaml"
            text = stack.read_text(encoding="utf-8")
            add(project, endpoint_lines({"monitoring": f"{server.url}/v3/"}), "Pulumi.staging.yaml")
            done = command("snooze", "staging", "--for", "1", cwd=project, **TOKEN)
            stack.write_text(text, encoding="utf-8")
        assert (done.status, done.out) == (1, "")
        assert said in done.err


@pytest.mark.parametrize("minutes", ["0", str(MAX_MINUTES + 1), "-5", "an hour"])
def test_a_time_out_of_bounds_is_refused(project: Path, command: Command, minutes: str) -> None:
    """An alert that is off for longer than a deployment is changed where it is declared."""
    done = command("snooze", "staging", "--for", minutes, cwd=project, **TOKEN)
    assert done.status != 0
    assert "--for" in done.err
