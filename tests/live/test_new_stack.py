"""A stack that the backend does not have: the exact command without a terminal, an offer on one.

The real CLI does what the command says in tests/engine/test_new_stack.py.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from readiness.cli.new_stack import on_a_terminal
from readiness.live.new_stack import Presence, new_stack, stack_presence
from tests.projects import Command, write_runbook

# Keeps its stacks and its calls in files beside itself; `stack init` and `login` do as they are asked.
PULUMI = """#!/bin/sh
echo "$*" >> "$0.calls"
case "$1 $2" in
"stack export") [ -e "$0.down" ] && { echo "error: dial tcp: no such host" >&2; exit 1; }
  grep -qx "$4" "$0.stacks" 2> /dev/null || { echo "error: no stack named '$4' found" >&2; exit 6; }
  echo '{"deployment": null}' ;;
"stack init") [ -e "$0.refuses" ] && exit 3; echo "$3" >> "$0.stacks" ;;
"preview --stack") grep -qx "$3" "$0.stacks" 2> /dev/null || exit 6 ;;
esac
"""
BARE = {
    "GOOGLE_OAUTH_ACCESS_TOKEN": "unused",
    "PULUMI_ACCESS_TOKEN": "",
    "PULUMI_CONFIG_PASSPHRASE": "",
    "CI": "",
}
LOCAL = {**BARE, "PULUMI_BACKEND_URL": "file:///state"}
INIT = "pulumi stack init staging --secrets-provider=passphrase"


class Fake:
    """A `pulumi` on PATH, with its language host."""

    def __init__(self, folder: Path) -> None:
        self._program = folder / "pulumi"
        self._program.write_text(PULUMI, encoding="utf-8")
        self._program.chmod(0o755)
        self._program.with_name("pulumi-language-python").touch()

    def sets(self, name: str) -> None:
        """Makes it unreachable (`down`) or has it refuse (`refuses`)."""
        self._program.with_name(f"pulumi.{name}").touch()

    @property
    def calls(self) -> list[str]:
        """What it was asked, in order."""
        file = self._program.with_name("pulumi.calls")
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


@pytest.fixture
def pulumi(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """The fake, first on PATH."""
    folder = tmp_path_factory.mktemp("bin")
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    monkeypatch.setenv("HOME", str(folder))
    return Fake(folder)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What somebody at a terminal answers, in order; every answer is asked for."""
    given: list[str] = []

    def answer(*_: object, **__: object) -> str:
        return given.pop(0)

    monkeypatch.setattr("readiness.cli.new_stack.on_a_terminal", lambda: True)
    monkeypatch.setattr("click.termui.visible_prompt_func", answer)
    return given


@pytest.mark.parametrize("name", ["up", "preview"])
def test_without_a_terminal_the_exact_command_is_printed_and_nothing_is_created(
    pulumi: Fake, project: Path, command: Command, name: str
) -> None:
    """One error, which says where the stack is missing and what is to be committed afterwards."""
    write_runbook(project)
    done = command(name, "staging", cwd=project, **LOCAL)
    assert done.status == 1
    assert done.err.splitlines()[-3:] == [
        "error: The stack staging does not exist in file:///state. Create it once:",
        f"  {INIT}",
        "It writes the secrets provider into Pulumi.staging.yaml: commit that file.",
    ]
    assert not [call for call in pulumi.calls if call.startswith(("stack init", "up", "login"))]


@pytest.mark.parametrize("name", ["up", "preview"])
def test_a_missing_passphrase_does_not_hide_that_the_stack_is_missing(
    pulumi: Fake, project: Path, command: Command, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Another secrets provider needs none; this one does, and the message says so."""
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    without = {key: value for key, value in LOCAL.items() if key != "PULUMI_CONFIG_PASSPHRASE"}
    done = command(name, "staging", cwd=project, **without)
    assert done.status == 1
    assert f"\n  {INIT}\n" in done.err
    assert "on a runner set PULUMI_CONFIG_PASSPHRASE or its _FILE first." in done.err


def test_a_backend_that_cannot_be_asked_is_not_taken_for_one_without_the_stack(
    pulumi: Fake, project: Path, command: Command
) -> None:
    """The engine's own words, and no command that would create what may exist."""
    pulumi.sets("down")
    write_runbook(project)
    assert stack_presence(project, "staging") == (Presence.NOT_KNOWN, "dial tcp: no such host")
    done = command("up", "staging", cwd=project, **LOCAL)
    assert done.status == 1
    assert "no such host" in done.err
    assert "stack init" not in done.text


def test_a_cli_that_does_not_run_is_not_known(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after it was removed between two commands."""
    monkeypatch.setenv("PATH", "/nowhere")
    presence, reason = stack_presence(project, "staging")
    assert presence is Presence.NOT_KNOWN
    assert reason == "`pulumi` does not run: No such file or directory"


@pytest.mark.parametrize(
    ("backend", "line", "provider"),
    [
        ("https://api.pulumi.com", "", ""),
        ("file:///state", "", "passphrase"),
        ("gs://somebodys-state", "", "passphrase"),
        (
            "gs://ytgrs-464303-readiness-state",
            "",
            "gcpkms://projects/ytgrs-464303/locations/us-central1/keyRings/readiness/cryptoKeys/state",
        ),
        ("file:///state", "secretsprovider: awskms://alias/x?region=us-east-1\n", "awskms://alias/x?region=us-east-1"),
    ],
)
def test_the_secrets_provider_is_that_of_the_file_or_the_usual_one_of_the_backend(
    project: Path, backend: str, line: str, provider: str
) -> None:
    """Pulumi Cloud keeps a key of its own; the state bucket of `readiness bootstrap` has a key beside it."""
    with (project / "Pulumi.staging.yaml").open("a", encoding="utf-8") as stream:
        stream.write(line)
    found = new_stack(project, "staging", {"PULUMI_BACKEND_URL": backend}, project="ytgrs-464303", region="us-central1")
    option = f" '--secrets-provider={provider}'" if "?" in provider else f" --secrets-provider={provider}"
    assert (found.provider, found.command) == (
        provider,
        f"pulumi stack init staging{option if provider else ''}",
    )


def test_on_a_terminal_it_asks_creates_and_goes_on(
    pulumi: Fake, project: Path, command: Command, answers: list[str]
) -> None:
    """Enter takes the provider that is shown."""
    write_runbook(project)
    answers += ["y", ""]
    done = command("up", "staging", cwd=project, **LOCAL)
    assert done.status == 0, done.text
    assert answers == []
    begun = [" ".join(call.split()[:2]) for call in pulumi.calls]
    assert begun.index("stack init") < begun.index("up --stack")
    assert "stack init staging --secrets-provider=passphrase" in pulumi.calls
    assert "Commit that file" in done.out


def test_on_a_terminal_a_preview_creates_the_stack_with_the_chosen_provider_and_previews(
    pulumi: Fake, project: Path, command: Command, answers: list[str]
) -> None:
    """The stack that was just created is the one that is previewed."""
    answers += ["y", "awskms://alias/x"]
    done = command("preview", "staging", cwd=project, **LOCAL)
    assert done.status == 0, done.text
    assert "stack init staging --secrets-provider=awskms://alias/x" in pulumi.calls
    assert pulumi.calls[-1] == "preview --stack staging --diff"


def test_on_a_terminal_no_is_no_and_the_command_is_printed(
    pulumi: Fake, project: Path, command: Command, answers: list[str]
) -> None:
    """Nothing is created, and nothing is applied."""
    write_runbook(project)
    answers.append("n")
    done = command("up", "staging", cwd=project, **LOCAL)
    assert done.status == 1
    assert f"\n  {INIT}\n" in done.err
    assert not [call for call in pulumi.calls if call.startswith(("stack init", "up"))]


def test_on_a_terminal_the_backend_is_asked_for_first(
    pulumi: Fake, project: Path, command: Command, answers: list[str]
) -> None:
    """The bucket that `readiness bootstrap` makes is what Enter takes."""
    answers.append("")
    command("up", "staging", cwd=project, **{**BARE, "PULUMI_BACKEND_URL": ""})
    assert pulumi.calls == ["login gs://ytgrs-464303-readiness-state"]


def test_a_creation_that_fails_is_one_error(pulumi: Fake, project: Path, command: Command, answers: list[str]) -> None:
    """Nothing is applied."""
    pulumi.sets("refuses")
    write_runbook(project)
    answers += ["y", ""]
    done = command("up", "staging", cwd=project, **LOCAL)
    assert done.status == 1
    assert f"error: `{INIT}` failed, see above: the stack does not exist." in done.err
    assert not [call for call in pulumi.calls if call.startswith("up")]


@pytest.mark.parametrize(
    ("in_ci", "is_terminal", "asked"), [("", True, True), ("true", True, False), ("", False, False)]
)
def test_nobody_is_asked_on_a_runner_or_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch, in_ci: str, is_terminal: bool, asked: bool
) -> None:
    """A job that waits for an answer would wait until its time is over."""
    monkeypatch.setenv("CI", in_ci)
    monkeypatch.setattr(sys, "stdin", type("Stream", (), {"isatty": lambda self: is_terminal})())
    assert on_a_terminal() is asked
    monkeypatch.setattr(sys, "stdin", None)
    assert not on_a_terminal()
