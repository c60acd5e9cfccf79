"""Drill and snooze where Google's answers are not what its API describes, or where they do not come."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from readiness.live import drill as drills
from readiness.live.drill import drill_record_path, live_policies, running_drill
from readiness.live.google_api import Google, GoogleError
from tests.edits import add, endpoint_lines
from tests.live.google_alerting import Monitoring, policy
from tests.live.loopback import Reply, Request, serving
from tests.projects import Command

TOKEN = {"GOOGLE_OAUTH_ACCESS_TOKEN": "placeholder"}
STANDS = "run the drill again, which deletes it first"


def google(url: str) -> Google:
    """The API at an address."""
    return Google(project="ytgrs-464303", token="placeholder", endpoints={"monitoring": f"{url}/v3/"})  # noqa: S106


def answering(method: str, reply: Reply) -> Callable[[Request], Reply]:
    """A project with one alert of staging, whose API answers one method in its own way."""
    usual = Monitoring([policy(1, "high-latency")])
    return lambda request: reply if request.method == method else usual.answer(request)


def drilled(answer: Callable[[Request], Reply]) -> list[str]:
    """Runs a whole drill; the methods that were asked for."""
    with serving(answer) as server:
        with running_drill(google(server.url), "staging", "00c0ffee"):
            pass
        return [request.method for request in server.requests]


@pytest.mark.parametrize(
    "broken", [{"name": None}, {"name": 5}, {"notificationChannels": None}, {"notificationChannels": [{}]}]
)
def test_a_malformed_live_policy_is_one_error(broken: dict[str, Any]) -> None:
    """A drill over half of the channels, or a snooze of half of the alerts, would look like a whole one."""
    with serving(Monitoring([policy(1, "x"), {**policy(2, "y"), **broken}]).answer) as server:
        with pytest.raises(GoogleError, match="a policy of staging is not as the API describes policies"):
            live_policies(google(server.url), "staging")
        assert live_policies(google(server.url), "production") == [], "nor does it trouble the other stack"


@pytest.mark.parametrize("labels", [None, ["managed_by"], {"managed_by": ["readiness"], "environment": {}}])
def test_a_policy_of_others_may_have_labels_of_any_kind(labels: Any) -> None:
    """It is none of ours."""
    with serving(Monitoring([{**policy(1, "x"), "userLabels": labels}, policy(2, "y")]).answer) as server:
        assert [policy.alert for policy in live_policies(google(server.url), "staging")] == ["y"]


@pytest.mark.parametrize(
    ("method", "reply", "said"),
    [
        ("POST", Reply(404, {"error": {"message": "no"}}), "alertPolicies: 404 no"),
        ("POST", Reply(500, "boom"), STANDS),
        ("POST", Reply(200, "<html>"), STANDS),
        ("POST", Reply(200, {}), STANDS),
        ("POST", Reply(200, {"name": 7}), STANDS),
        ("DELETE", Reply(500, "boom"), STANDS),
        ("DELETE", Reply(403, {"error": {"message": "no\n::error::forged"}}), "403 no ::error::forged; its policy"),
    ],
)
def test_a_policy_that_may_still_exist_is_reported(method: str, reply: Reply, said: str) -> None:
    """A drill that never ends pages for ever; what Google has refused was never made."""
    with pytest.raises(GoogleError) as failed:
        drilled(answering(method, reply))
    assert said in str(failed.value)
    assert (STANDS in str(failed.value)) == ("404" not in str(failed.value))


def test_deleting_a_policy_that_no_longer_exists_succeeds() -> None:
    """Somebody has deleted it in the console meanwhile."""
    gone = Reply(404, {"error": {"message": "not found"}})
    assert drilled(answering("DELETE", gone)) == ["GET", "POST", "DELETE"]


def test_a_drill_that_gets_a_signal_deletes_its_policy(
    project: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cancelled job gets SIGTERM, and not always Ctrl-C before it; afterwards the signal means what it meant."""

    def cancelled(_minutes: int) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(drills, "wait_minutes", cancelled)
    before = signal.getsignal(signal.SIGTERM)
    with serving(Monitoring([policy(1, "high-latency")]).answer) as server:
        add(project, endpoint_lines({"monitoring": f"{server.url}/v3/"}), "Pulumi.staging.yaml")
        done = command("drill", "staging", cwd=project, **TOKEN)
        assert server.requests[-1].method == "DELETE"
    assert done.status == 130
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("name", ["", "  ", "\n"])
def test_a_receipt_names_somebody(project: Path, command: Command, name: str) -> None:
    """Nobody's receipt proves nothing."""
    done = command("drill", "staging", "--received", "00c0ffee", "--by", name, cwd=project)
    assert (done.status, done.out) == (1, "")
    assert "Name who received it: --by NAME" in done.err


def test_a_user_without_a_name_is_asked_for_one(
    project: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container runs under a number that no list of users has."""

    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 54321")

    monkeypatch.setattr("readiness.cli.common.getpass.getuser", unknown)
    done = command("drill", "staging", "--received", "00c0ffee", cwd=project)
    assert done.status == 1
    assert "Name who received it" in done.err


@pytest.mark.parametrize(
    "changed", [{"channels": "ab"}, {"nonce": 7}, {"received": "abc"}, {"received": [{"by": 1, "at": "x"}]}]
)
def test_a_record_of_other_types_is_refused_and_kept(project: Path, command: Command, changed: dict[str, Any]) -> None:
    """It would be rewritten with letters for channels."""
    path = drill_record_path(project / "Pulumi.staging.yaml", "staging")
    path.parent.mkdir()
    drill = {"nonce": "00c0ffee", "sent": "2026-11-25T09:00:00Z", "channels": ["a"], "received": list[str](), **changed}
    text = json.dumps({"schema": 1, "stack": "staging", "drills": [drill]})
    path.write_text(text, encoding="utf-8")
    done = command("drill", "staging", "--received", "00c0ffee", "--by", "ada", cwd=project)
    assert "is not a record of drills" in done.err
    assert path.read_text(encoding="utf-8") == text


def test_a_folder_in_place_of_the_record_is_refused(project: Path, command: Command) -> None:
    """As one sentence that says what is wrong."""
    drill_record_path(project / "Pulumi.staging.yaml", "staging").mkdir(parents=True)
    done = command("drill", "staging", "--received", "00c0ffee", "--by", "ada", cwd=project)
    assert (done.status, "is not a record of drills" in done.err) == (1, True)
