"""The safe apply, command by command: the fake `pulumi` records its arguments and gives planned answers.

What the commands do is shown under the real engine (tests/engine/test_safe_apply.py).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from readiness.live.pulumi_cli import run_apply, unfinished_creations, unsent_secrets
from readiness.live.stack_lock import held_lock
from readiness.resource_types import ALERT_POLICY
from tests.edits import PLACEHOLDERS, TWO_PEOPLE, send_google_to, write_real_addresses
from tests.live.loopback import Reply, serving
from tests.projects import Command, write_runbook

EXPORT = "stack export --stack staging"
UP = "up --stack staging --refresh"
CHECK = "preview --stack staging --refresh --expect-no-changes"
PULUMI = """#!/bin/sh
echo "$*" >> "$0.calls"
case "$1" in
stack) cat "$0.state" 2> /dev/null || { echo "error: no stack named 'staging' found" >&2; exit 6; } ;;
up) cat "$0.errors" >&2 2> /dev/null; exit "$(cat "$0.up" 2> /dev/null || echo 0)" ;;
preview) exit "$(cat "$0.preview" 2> /dev/null || echo 0)" ;;
esac
"""
CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"
PARENT = "urn:pulumi:staging::readiness::readiness:alerting:NotificationChannels::channels"
URN = f"urn:pulumi:staging::readiness::readiness:alerting:NotificationChannels${CHANNEL}::channels-slack"
CREATING = {"type": "creating", "resource": {"urn": URN, "type": CHANNEL, "parent": PARENT}}
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x:x"}
CREDENTIALS = {
    "GOOGLE_OAUTH_ACCESS_TOKEN": "unused",
    "PULUMI_BACKEND_URL": "file:///nowhere",
    "PULUMI_CONFIG_PASSPHRASE": "",
}
FAILED = {"urn": URN, "type": CHANNEL, "initErrors": ["Error 403"], "inputs": {"sensitiveLabels": [SECRET]}}


class Fake:
    """A `pulumi` on PATH."""

    def __init__(self, folder: Path) -> None:
        self._program = folder / "pulumi"
        self._program.write_text(PULUMI, encoding="utf-8")
        self._program.chmod(0o755)
        self.has_state({"resources": []})

    def has_state(self, deployment: dict[str, Any] | None) -> None:
        """What `stack export` prints."""
        self._file("state").write_text(json.dumps({"version": 3, "deployment": deployment}), encoding="utf-8")

    def prints(self, data: bytes) -> None:
        """The same, whatever it is."""
        self._file("state").write_bytes(data)

    def has_no_stack(self) -> None:
        """What a `pulumi stack init` is missing for."""
        self._file("state").unlink()

    def ends(self, command: str, status: int) -> None:
        """The exit status of `up` or `preview`."""
        self._file(command).write_text(str(status), encoding="utf-8")

    def complains(self, text: str) -> None:
        """What `up` writes to stderr."""
        self._file("errors").write_text(text, encoding="utf-8")

    def has_a_language_host(self) -> None:
        """As an official release has, beside the CLI."""
        self._program.with_name("pulumi-language-python").touch()

    @property
    def calls(self) -> list[str]:
        """What it was asked, in order."""
        file = self._file("calls")
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def _file(self, name: str) -> Path:
        return self._program.with_name(f"pulumi.{name}")


@pytest.fixture
def pulumi(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """The fake, first on PATH."""
    folder = tmp_path_factory.mktemp("bin")
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return Fake(folder)


def test_an_apply_reads_the_state_applies_with_a_refresh_and_looks_again(pulumi: Fake, project: Path) -> None:
    """Three commands, and nothing to say when all of them end well."""
    assert run_apply(project, "staging", assume_yes=False) is None
    assert pulumi.calls == [EXPORT, UP, CHECK]


def test_nobody_is_asked_where_that_is_wanted_and_further_arguments_go_to_up_alone(pulumi: Fake, project: Path) -> None:
    """The check afterwards looks at the whole stack, whatever was applied."""
    assert run_apply(project, "staging", assume_yes=True, arguments=("--target", "URN")) is None
    assert pulumi.calls == [EXPORT, f"{UP} --yes --target URN", CHECK]


def test_a_new_stack_has_no_deployment_and_is_applied(pulumi: Fake, project: Path) -> None:
    """Before its first update, `stack export` gives none."""
    pulumi.has_state(None)
    assert run_apply(project, "staging", assume_yes=True) is None


def test_a_stack_that_does_not_exist_is_told_in_the_engines_words(pulumi: Fake, project: Path) -> None:
    """Nothing is applied."""
    pulumi.has_no_stack()
    wrong = run_apply(project, "staging", assume_yes=True) or ""
    assert "no stack named 'staging' found" in wrong
    assert pulumi.calls == [EXPORT]


@pytest.mark.parametrize("printed", [b"", b"not json", b"[]", b'{"deployment": 3}', b"\xff\xfe"])
def test_what_is_no_state_is_refused(pulumi: Fake, project: Path, printed: bytes) -> None:
    """Nothing is known of what is unfinished or unsent, so that nothing is applied."""
    pulumi.prints(printed)
    wrong = run_apply(project, "staging", assume_yes=True) or ""
    assert "The state of stack staging cannot be read" in wrong
    assert pulumi.calls == [EXPORT]


@pytest.mark.parametrize("argument", ["--refresh=false", "-r", "--stack", "-s=prod"])
def test_the_stack_and_the_refresh_cannot_be_argued_away(pulumi: Fake, project: Path, argument: str) -> None:
    """The engine takes the last of two: another stack would be applied than the one that is checked."""
    wrong = run_apply(project, "staging", assume_yes=True, arguments=(argument,)) or ""
    assert f"leave out {argument}" in wrong
    assert pulumi.calls == []


def test_an_up_that_fails_is_not_checked_and_the_way_on_is_said(pulumi: Fake, project: Path) -> None:
    """Run again: it refreshes first."""
    pulumi.ends("up", 255)
    wrong = run_apply(project, "staging", assume_yes=True) or ""
    assert "run `readiness up staging` again" in wrong
    assert pulumi.calls[-1].startswith("up ")


# As pulumi 3.274.1 writes it (pkg/backend/diy/lock.go); the engine test holds a real lock.
LOCK = (
    "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the "
    "lock file with `pulumi cancel`.\n  gs://state/.pulumi/locks/organization/readiness/staging/x.json: created by "
    "runner@fv-az1 (pid 42) at 2026-11-30T10:00:00Z\n"
)


def test_a_held_lock_is_one_error_with_who_since_when_and_the_command(pulumi: Fake, project: Path) -> None:
    """Also that nothing was applied, and when the lock may be removed."""
    pulumi.ends("up", 255)
    pulumi.complains(LOCK)
    wrong = run_apply(project, "staging", assume_yes=True) or ""
    assert wrong.startswith("Stack staging is locked:")
    assert "  - runner@fv-az1 (process 42), since 2026-11-30T10:00:00Z\n" in wrong
    assert "Nothing was applied." in wrong
    assert wrong.endswith("  pulumi cancel --stack staging")


def test_a_lock_of_pulumi_cloud_is_recognized_without_its_holder() -> None:
    """It answers 409 and names nobody."""
    wrong = held_lock("error: [409] Conflict: Another update is currently in progress.\n", "acme/prod") or ""
    assert "Pulumi Cloud shows who" in wrong
    assert wrong.endswith("pulumi cancel --stack acme/prod")


def test_another_failure_is_no_lock(pulumi: Fake, project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What the engine writes is passed on as it comes, once."""
    pulumi.ends("up", 255)
    pulumi.complains("error: 403 on the lock of the door\n")
    assert "locked" not in (run_apply(project, "staging", assume_yes=True) or "")
    assert capfd.readouterr().err == "error: 403 on the lock of the door\n"


@pytest.mark.parametrize(
    ("status", "said"),
    [(7, "still shows changes"), (255, "the preview that checks it failed (status 255)"), (1, "(status 1)")],
)
def test_what_the_check_finds_and_its_own_failure_are_told_apart(
    pulumi: Fake, project: Path, status: int, said: str
) -> None:
    """The engine ends with 7 where it expected no changes and found some."""
    pulumi.ends("preview", status)
    assert said in (run_apply(project, "staging", assume_yes=True) or "")


def test_an_unfinished_creation_is_refused_with_the_commands_that_mend_it(pulumi: Fake, project: Path) -> None:
    """Applying would make it a second time."""
    pulumi.has_state({"resources": [], "pending_operations": [CREATING]})
    wrong = run_apply(project, "staging", assume_yes=True) or ""
    assert f"  - {CHANNEL} channels-slack" in wrong
    assert f"--parent parent={PARENT} {CHANNEL} channels-slack ID" in wrong
    assert "pulumi refresh --stack staging --clear-pending-creates" in wrong
    assert pulumi.calls == [EXPORT]


def test_other_unfinished_operations_are_left_to_the_refresh(pulumi: Fake, project: Path) -> None:
    """An update or a deletion that was cut off shows in what lives."""
    pulumi.has_state({"pending_operations": [{**CREATING, "type": kind} for kind in ("updating", "deleting")]})
    assert run_apply(project, "staging", assume_yes=True) is None


def test_a_secret_whose_update_failed_is_refused_until_it_is_replaced(pulumi: Fake, project: Path) -> None:
    """The API never gives it back, so that no refresh can tell; the command to send it is in the message."""
    pulumi.has_state({"resources": [FAILED]})
    wrong = run_apply(project, "staging", assume_yes=True) or ""
    assert f"readiness up staging --replace '{URN}'" in wrong
    assert pulumi.calls == [EXPORT]
    assert run_apply(project, "staging", assume_yes=True, arguments=("--replace", URN)) is None


def test_a_failed_update_without_a_secret_and_a_secret_without_a_failure_are_no_doubt() -> None:
    """A refresh reads the first back, and the second was taken."""
    assert unsent_secrets({"resources": [{**FAILED, "inputs": {"displayName": "x"}}]}) == []
    assert unsent_secrets({"resources": [{**FAILED, "initErrors": None}]}) == []
    assert unsent_secrets({"resources": [FAILED]}) == [URN]
    assert unsent_secrets({}) == []
    assert unfinished_creations({}) == []


def test_the_command_ends_with_one_line_when_all_agrees(pulumi: Fake, project: Path, command: Command) -> None:
    """On a CI runner nobody is asked; arguments that are not its own go to `pulumi up`."""
    pulumi.has_a_language_host()
    write_runbook(project)
    with serving(lambda _: Reply(200, {})) as server:
        send_google_to(project, dict.fromkeys(("monitoring", "logging"), server.url))
        done = command("up", "staging", "--message", "text", cwd=project, CI="true", **CREDENTIALS)
    assert done.status == 0, done.text
    assert done.out.splitlines()[-1] == "staging is applied: program, state and live resources agree."
    assert f"{UP} --yes --message text" in pulumi.calls
    command("up", "staging", cwd=project, CI="", **CREDENTIALS)
    assert UP in pulumi.calls
    command("up", "staging", "--yes", cwd=project, CI="", **CREDENTIALS)
    assert f"{UP} --yes" in pulumi.calls


def test_a_thing_that_exists_twice_fails_the_command_and_is_named_with_the_command_that_deletes_it(
    pulumi: Fake, project: Path, command: Command
) -> None:
    """The one that the state does not hold. Without a double the same apply ends well."""
    pulumi.has_a_language_host()
    pulumi.has_state({"resources": [{"type": ALERT_POLICY, "id": "projects/ytgrs-464303/alertPolicies/1"}]})
    write_runbook(project)
    labels = {"managed_by": "readiness", "environment": "staging"}
    live = [
        {"name": f"projects/1/alertPolicies/{number}", "displayName": "High CPU usage (staging)", "userLabels": labels}
        for number in (1, 2)
    ]
    with serving(lambda asked: Reply(200, {"alertPolicies": live} if "alertPolicies" in asked.path else {})) as server:
        send_google_to(project, dict.fromkeys(("monitoring", "logging"), server.url))
        done = command("up", "staging", cwd=project, CI="true", **CREDENTIALS)
        del live[1]
        without = command("up", "staging", cwd=project, CI="true", **CREDENTIALS)
    assert done.status == 1
    assert "agree" not in done.out
    assert done.err.count("gcloud monitoring policies delete") == 1
    assert "gcloud monitoring policies delete projects/1/alertPolicies/2 --project=ytgrs-464303\n" in done.err
    assert (without.status, without.out.splitlines()[-1]) == (
        0,
        "staging is applied: program, state and live resources agree.",
    )


def test_a_deleted_log_bucket_is_restored_only_when_somebody_agrees(
    pulumi: Fake, project: Path, command: Command
) -> None:
    """Without an answer nothing is applied; with `--yes` nobody is asked."""
    pulumi.has_a_language_host()
    write_runbook(project)
    write_real_addresses(project)
    file = project / "Pulumi.prod.yaml"
    text = file.read_text(encoding="utf-8").replace(PLACEHOLDERS, TWO_PEOPLE)
    file.write_text(text, encoding="utf-8")
    with serving(lambda asked: Reply(200, {"lifecycleState": "DELETE_REQUESTED"})) as server:
        send_google_to(project, dict.fromkeys(("monitoring", "logging"), server.url))
        done = command("up", "prod", cwd=project, CI="", **CREDENTIALS)
        assert done.status == 1
        assert "Restore it, with its entries?" in done.out
        assert not any(call.startswith(("up", "preview")) for call in pulumi.calls)
        assert server.asked("POST") == []
        done = command("up", "prod", "--yes", cwd=project, CI="", **CREDENTIALS)
    assert done.status == 0, done.text
    assert [asked.path.rpartition("/")[2] for asked in server.asked("POST")] == [
        "readiness-deployments:undelete",
        "_Default:undelete",
    ]


def test_the_command_ends_with_one_error_when_not(pulumi: Fake, project: Path, command: Command) -> None:
    """Status 1, and the message once."""
    pulumi.has_a_language_host()
    pulumi.ends("preview", 7)
    write_runbook(project)
    done = command("up", "staging", cwd=project, CI="true", **CREDENTIALS)
    assert done.status == 1
    assert done.err.count("error: ") == 1


def test_the_command_says_what_is_missing_and_applies_nothing(pulumi: Fake, project: Path, command: Command) -> None:
    """All of it at once; unlike a preview it has nothing else to show."""
    done = command("up", "staging", cwd=project, HOME=str(project), **dict.fromkeys(CREDENTIALS, ""))
    assert done.status == 1
    assert "error: nothing is applied, because something is missing:" in done.err
    assert done.err.count("\n  - ") == 3
    assert pulumi.calls == []


def test_the_command_refuses_what_check_with_the_plan_refuses_and_starts_nothing(
    pulumi: Fake, project: Path, command: Command
) -> None:
    """Without a runbook every alert leads nowhere."""
    pulumi.has_a_language_host()
    done = command("up", "staging", cwd=project, CI="", **CREDENTIALS)
    assert done.status == 1
    assert "write that with `readiness runbook`" in done.err
    assert pulumi.calls == []
