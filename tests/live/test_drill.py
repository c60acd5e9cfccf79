"""`readiness drill` against a Monitoring API on the loopback interface."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from readiness.live import drill as drills
from readiness.live.drill import (
    MAX_DRILLS,
    Receipt,
    RecordedDrill,
    drill_policy,
    drill_record_path,
    new_nonce,
    read_drills,
    response_text,
    write_drills,
)
from readiness.rules.plan_rules import body_remarks
from readiness.times import instant_text
from tests.edits import add, endpoint_lines
from tests.live.google_alerting import CHANNELS, PROJECT, Monitoring, policy
from tests.live.loopback import Loopback, serving
from tests.pinned_clock import NOW
from tests.projects import Command, Result

TOKEN = {"GOOGLE_OAUTH_ACCESS_TOKEN": "placeholder"}
Run = Callable[..., tuple[Result, Loopback]]


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The minutes for which a drill would have waited."""
    minutes: list[int] = []
    monkeypatch.setattr(drills, "wait_minutes", minutes.append)
    return minutes


@pytest.fixture
def run(project: Path, command: Command) -> Run:
    """The command on a project whose Monitoring API is the given one."""

    def run_here(monitoring: Monitoring, *arguments: str) -> tuple[Result, Loopback]:
        with serving(monitoring.answer) as server:
            add(project, endpoint_lines({"monitoring": f"{server.url}/v3/"}), "Pulumi.staging.yaml")
            return command(*arguments, cwd=project, **TOKEN), server

    return run_here


def record_of(project: Path) -> Path:
    """Where staging's drills are recorded."""
    return drill_record_path(project / "Pulumi.staging.yaml", "staging")


def test_a_drill_notifies_every_channel_with_a_code_word_and_ends_itself(
    run: Run, project: Path, waited: list[int]
) -> None:
    """Made, waited for, deleted; the channels are those of the stack's live policies, each once."""
    monitoring = Monitoring([policy(1, "high-latency", channels=CHANNELS[:1]), policy(2, "high-error-rate")])
    monitoring.policies.append(policy(3, "high-error-rate", environment="production", channels=("other",)))
    done, server = run(monitoring, "drill", "staging", "--wait-minutes", "2")
    assert done.status == 0, done.text
    (made,) = server.asked("POST")
    assert made.body["notificationChannels"] == list(CHANNELS)
    (recorded,) = read_drills(record_of(project))
    assert recorded.channels == CHANNELS
    assert recorded.nonce in made.body["displayName"]
    assert recorded.nonce in made.body["documentation"]["content"]
    assert recorded.nonce in made.body["documentation"]["subject"]
    assert f"--received {recorded.nonce}" in done.out
    assert waited == [2]
    assert len(monitoring.policies) == 3, "only the drill's own policy is deleted"
    assert server.requests[-1].method == "DELETE"


def test_the_policy_of_a_drill_keeps_the_apis_contract() -> None:
    """The same check that the declared policies pass; it is true at every evaluation."""
    body = drill_policy("staging", "00c0ffee", CHANNELS)
    assert body_remarks("gcp:monitoring/alertPolicy:AlertPolicy", body) == []
    assert body["conditions"][0]["conditionPrometheusQueryLanguage"]["query"] == "vector(1)"


def test_an_interrupted_drill_is_ended_and_its_code_word_is_recorded(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while it waits: no policy may stay that pages for ever."""

    def interrupted(_minutes: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(drills, "wait_minutes", interrupted)
    monitoring = Monitoring([policy(1, "high-latency")])
    done, server = run(monitoring, "drill", "staging")
    assert done.status == 130
    assert server.requests[-1].method == "DELETE"
    assert len(read_drills(record_of(project))) == 1


def test_what_an_earlier_drill_left_behind_is_deleted_first(run: Run, waited: list[int]) -> None:
    """A machine that lost its power leaves a policy; its channels are no channels of the stack."""
    left = policy(7, "none", channels=("gone",), drill="deadbeef")
    monitoring = Monitoring([policy(1, "high-latency"), left])
    _, server = run(monitoring, "drill", "staging")
    assert [request.path.rpartition("/")[2] for request in server.asked("DELETE")] == ["7", "901"]
    assert server.asked("POST")[0].body["notificationChannels"] == list(CHANNELS)
    assert waited == [5]


def test_without_a_live_policy_the_hint_is_to_run_an_update_first(run: Run, project: Path) -> None:
    """A drill would reach nobody; nothing is made, nothing recorded."""
    done, server = run(Monitoring([policy(1, "high-latency", environment="production")]), "drill", "staging")
    assert done.status == 1
    assert "Run `pulumi up` first" in done.err
    assert server.asked("POST") == []
    assert not record_of(project).exists()


def test_a_refusal_by_google_is_one_line(run: Run, project: Path) -> None:
    """With Google's own words and without the token; a word that nobody was sent is not recorded."""
    monitoring = Monitoring([policy(1, "high-latency")], refuses={("POST", "/alertPolicies"): 0})
    done, _ = run(monitoring, "drill", "staging")
    assert (done.status, done.out) == (1, "")
    assert "403 Permission denied" in done.err
    assert "placeholder" not in done.err
    assert not record_of(project).exists()


def test_without_a_token_it_says_which_is_missing(project: Path, command: Command) -> None:
    """Before anything is asked."""
    done = command("drill", "staging", cwd=project, GOOGLE_OAUTH_ACCESS_TOKEN="", PATH="")
    assert done.status == 1
    assert "gcloud auth application-default login" in done.err


def sent(project: Path, *nonces: str) -> Path:
    """A record of drills that were sent."""
    path = record_of(project)
    drilled = [RecordedDrill(nonce=nonce, sent="2026-11-25T09:00:00Z", channels=CHANNELS) for nonce in nonces]
    write_drills(path, "staging", drilled)
    return path


def test_a_received_code_word_is_recorded_with_who_and_when(project: Path, command: Command) -> None:
    """Several may have received it; the word is taken as it is typed. No token is needed."""
    path = sent(project, "00c0ffee", "deadbeef")
    for name in ("ada", "grace"):
        done = command("drill", "staging", "--received", " DEADBEEF", "--by", name, cwd=project, PATH="")
        assert (done.status, done.out) == (
            0,
            f"recorded: {name} received deadbeef; commit records/drill.staging.json\n"
            "response time 180.0 min, target under 5 min: MISSED\n",
        )
    first, second = read_drills(path)
    assert first.received == ()
    assert [receipt.by for receipt in second.received] == ["ada", "grace"]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", receipt.at) for receipt in second.received)


@pytest.mark.parametrize("nonces", [(), ("00c0ffee",)])
def test_an_unknown_code_word_is_refused(project: Path, command: Command, nonces: tuple[str, ...]) -> None:
    """A receipt for nothing would prove nothing; the record stays as it was."""
    path = sent(project, *nonces) if nonces else record_of(project)
    before = path.read_text(encoding="utf-8") if nonces else None
    done = command("drill", "staging", "--received", "deadbeef", "--by", "ada", cwd=project)
    assert done.status == 1
    assert "contains no drill with the code word deadbeef" in done.err
    assert (path.read_text(encoding="utf-8") if path.exists() else None) == before


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 2, "drills": []}', '{"schema": 1, "drills": [{}]}', "[" * 5000])
def test_a_record_that_is_none_is_refused_and_kept(project: Path, command: Command, text: str) -> None:
    """It is somebody's evidence."""
    path = sent(project, "00c0ffee")
    path.write_text(text, encoding="utf-8")
    done = command("drill", "staging", "--received", "00c0ffee", "--by", "ada", cwd=project)
    assert done.status == 1
    assert "is not a record of drills" in done.err
    assert path.read_text(encoding="utf-8") == text


def test_the_record_keeps_the_newest_drills(project: Path) -> None:
    """A weekly one for a year."""
    path = sent(project, *(f"{number:08x}" for number in range(MAX_DRILLS + 3)))
    kept = read_drills(path)
    assert [kept[0].nonce, len(kept)] == [f"{3:08x}", MAX_DRILLS]
    assert json.loads(path.read_text(encoding="utf-8"))["stack"] == "staging"


def test_a_code_word_is_new_each_time_and_easy_to_type() -> None:
    """Eight of sixteen characters."""
    words = {new_nonce() for _ in range(50)}
    assert len(words) == 50
    assert all(re.fullmatch(r"[0-9a-f]{8}", word) for word in words)


def test_the_names_of_policies_are_of_the_project() -> None:
    """The loopback API answers as Google's does."""
    assert policy(1, "x")["name"] == f"{PROJECT}/alertPolicies/1"


def recorded(sent: str, *receipts: str, nonce: str = "00c0ffee") -> RecordedDrill:
    """A drill that was received at these times."""
    return RecordedDrill(
        nonce=nonce, sent=sent, channels=CHANNELS, received=tuple(Receipt(by="Ada", at=at) for at in receipts)
    )


def test_the_response_time_is_that_of_the_first_receipt() -> None:
    """Whoever answers later has no say; five minutes sharp are not under five minutes."""
    sent = "2026-11-24T11:50:00Z"
    early = recorded(sent, "2026-11-24T12:30:00Z", "2026-11-24T11:54:30Z")
    assert response_text(early, 5) == "response time 4.5 min, target under 5 min: met"
    assert (
        response_text(recorded(sent, "2026-11-24T11:55:00Z"), 5) == "response time 5.0 min, target under 5 min: MISSED"
    )
    assert response_text(recorded(sent), 5) == "response time not known: nobody has recorded that the code word arrived"


def test_recording_a_code_word_prints_the_response_time(project: Path, command: Command) -> None:
    """The pinned clock is the moment of the receipt."""
    sent = NOW - timedelta(minutes=4)
    write_drills(record_of(project), "staging", [recorded(instant_text(sent))])
    done = command("drill", "staging", "--received", "00C0FFEE", "--by", "Ada", cwd=project)
    assert done.status == 0, done.text
    assert done.out.splitlines()[1] == "response time 4.0 min, target under 5 min: met"


def test_the_report_has_every_drill_and_a_summary(project: Path, command: Command) -> None:
    """An unanswered one counts as not answered, and never as a response time of 0."""
    none = command("drill", "staging", "--report", cwd=project)
    assert none.out == (
        "no drill of staging is recorded: response time not known. Send one with: readiness drill staging\n"
    )
    write_drills(
        record_of(project),
        "staging",
        [
            recorded("2026-11-02T09:00:00Z", "2026-11-02T09:03:00Z", nonce="00000001"),
            recorded("2026-11-09T09:00:00Z", "2026-11-09T09:09:00Z", nonce="00000002"),
            recorded("2026-11-16T09:00:00Z", nonce="00000003"),
        ],
    )
    done = command("drill", "staging", "--report", cwd=project)
    assert done.status == 0, done.text
    assert done.out.splitlines() == [
        "2026-11-02T09:00:00Z  00000001  response time 3.0 min, target under 5 min: met",
        "2026-11-09T09:00:00Z  00000002  response time 9.0 min, target under 5 min: MISSED",
        "2026-11-16T09:00:00Z  00000003  response time not known: nobody has recorded that the code word arrived",
        "2 of 3 drills were answered, 1 within 5 min; median 6.0 min",
    ]
    both = command("drill", "staging", "--report", "--received", "00000001", cwd=project)
    assert both.status == 1
    assert "give either --report or --received" in both.err


def test_each_form_of_the_drill_has_a_json_document(
    run: Run, project: Path, command: Command, waited: list[int]
) -> None:
    """Sending, recording and reporting describe a drill with the same keys."""
    sent, _ = run(Monitoring([policy(1, "high-latency")]), "drill", "staging", "--format", "json")
    assert sent.status == 0, sent.text
    drill = json.loads(sent.out)
    assert sent.err == f"sent {drill['word']} to 2 channels; the drill ends in 5 minutes\n"
    assert (drill["stack"], drill["channels"], drill["received"]) == ("staging", list(CHANNELS), [])
    assert (drill["response_seconds"], drill["target_minutes"], drill["is_met"]) == (None, 5, None)
    word = ("--received", drill["word"], "--by", "Ada")
    received = json.loads(command("drill", "staging", *word, "--format", "json", cwd=project).out)
    assert received == {
        **drill,
        "received": [{"by": "Ada", "at": instant_text(NOW)}],
        "response_seconds": 0.0,
        "is_met": True,
    }
    report = json.loads(command("drill", "staging", "--report", "--format", "json", cwd=project).out)
    del received["stack"]
    assert report == {"stack": "staging", "drills": [received]}


def test_a_record_with_a_time_that_is_none_is_refused(project: Path, command: Command) -> None:
    """Somebody has edited it by hand."""
    write_drills(record_of(project), "staging", [recorded("yesterday")])
    done = command("drill", "staging", "--report", cwd=project)
    assert done.status == 1
    assert "is not a record of drills" in done.err
