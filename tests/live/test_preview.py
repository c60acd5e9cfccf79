"""What a real preview needs, found or missed on any machine: the tests bring their own PATH, home and variables."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from readiness.live.pulumi_cli import missing_for_preview, run_preview
from readiness.plan.engine_preview import read_preview
from tests.projects import Command, Result
from tests.settings.broken import PROJECT, STAGING, add_setting, in_staging

CLI = "the Pulumi CLI: `pulumi` is not on PATH"
HOST = "Pulumi's Python language host: `pulumi-language-python` is neither beside the CLI nor on PATH"
CREDENTIALS = (
    "Google Cloud credentials: run `gcloud auth application-default login`, or set "
    "GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_OAUTH_ACCESS_TOKEN"
)
BACKEND = "a state backend: run `pulumi login`, or set PULUMI_BACKEND_URL or PULUMI_ACCESS_TOKEN"
PASSPHRASE = "the passphrase of the stack's secrets: set PULUMI_CONFIG_PASSPHRASE or its _FILE"  # noqa: S105 - advice


@pytest.fixture
def project(small_project: Path) -> Path:
    """The small one: one mistake in it stays one."""
    return small_project


@pytest.fixture
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty machine: nothing on its PATH, nothing in its home."""
    folder = tmp_path_factory.mktemp("machine")
    (folder / "bin").mkdir()
    (folder / "home").mkdir()
    return folder


def missing(machine: Path, project: Path, **variables: str) -> list[str]:
    """What is missing on it."""
    environment = {"PATH": str(machine / "bin"), "HOME": str(machine / "home"), **variables}
    return missing_for_preview(environment, stack_file=project / STAGING)


def install(machine: Path, *names: str, script: str = "exit 0") -> None:
    """Puts programs on the machine's PATH."""
    for name in names:
        (machine / "bin" / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (machine / "bin" / name).chmod(0o755)


def write(path: Path, text: str) -> None:
    """Writes a file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_an_empty_machine_lacks_everything(machine: Path, project: Path) -> None:
    """Each with the way to it; the passphrase is not asked for before there is a backend."""
    assert missing(machine, project) == [CLI, CREDENTIALS, BACKEND]


def test_a_machine_with_everything_lacks_nothing(machine: Path, project: Path) -> None:
    """The shortest set of variables."""
    install(machine, "pulumi", "pulumi-language-python")
    found = {"GOOGLE_OAUTH_ACCESS_TOKEN": "x", "PULUMI_ACCESS_TOKEN": "x"}
    assert missing(machine, project, **found) == []


def test_the_language_host_may_lie_beside_the_cli_behind_a_link(machine: Path, project: Path) -> None:
    """A binary that was built by hand, linked into PATH."""
    install(machine, "pulumi")
    assert HOST in missing(machine, project)
    built = machine / "built"
    built.mkdir()
    (machine / "bin" / "pulumi").rename(built / "pulumi")
    (machine / "bin" / "pulumi").symlink_to(built / "pulumi")
    write(built / "pulumi-language-python", "")
    assert HOST not in missing(machine, project)


def test_a_cli_that_cannot_be_run_is_none(machine: Path, project: Path) -> None:
    """A file of that name without its mode."""
    write(machine / "bin" / "pulumi", "")
    assert CLI in missing(machine, project)


@pytest.mark.parametrize(
    "name", ["GOOGLE_OAUTH_ACCESS_TOKEN", "GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"]
)
def test_a_credential_in_a_variable_counts_unless_it_is_empty(machine: Path, project: Path, name: str) -> None:
    """The provider reads each of them."""
    assert CREDENTIALS not in missing(machine, project, **{name: "{}"})
    assert CREDENTIALS in missing(machine, project, **{name: ""})


def test_a_credentials_file_counts_where_it_exists(machine: Path, project: Path) -> None:
    """A variable that names no file is a mistake that the provider would report late."""
    file = machine / "key.json"
    assert CREDENTIALS in missing(machine, project, GOOGLE_APPLICATION_CREDENTIALS=str(file))
    write(file, "{}")
    assert CREDENTIALS not in missing(machine, project, GOOGLE_APPLICATION_CREDENTIALS=str(file))


def test_the_login_of_gcloud_counts_in_its_usual_and_in_its_named_folder(machine: Path, project: Path) -> None:
    """What `gcloud auth application-default login` leaves."""
    name = "application_default_credentials.json"
    write(machine / "elsewhere" / name, "{}")
    assert CREDENTIALS not in missing(machine, project, CLOUDSDK_CONFIG=str(machine / "elsewhere"))
    assert CREDENTIALS in missing(machine, project)
    write(machine / "home" / ".config" / "gcloud" / name, "{}")
    assert CREDENTIALS not in missing(machine, project)


@pytest.mark.parametrize("key", ["gcp:credentials", "gcp:accessToken"])
def test_a_credential_that_the_stack_stores_counts(machine: Path, project: Path, key: str) -> None:
    """As a secret of its configuration."""
    add_setting(project, f"{key}:\n  secure: v1:x:x")
    assert CREDENTIALS not in missing(machine, project)


def test_the_backend_is_looked_for_where_the_cli_looks(machine: Path, project: Path) -> None:
    """Variable, project file, login, token; https means Pulumi Cloud, which keeps the secrets' key itself."""
    assert BACKEND in missing(machine, project, PULUMI_BACKEND_URL="")
    for variables in ({"PULUMI_BACKEND_URL": "https://api.pulumi.com"}, {"PULUMI_ACCESS_TOKEN": "x"}):
        assert missing(machine, project, **variables) == [CLI, CREDENTIALS]
    write(machine / "home" / ".pulumi" / "credentials.json", json.dumps({"current": "https://pulumi.shop.dev"}))
    assert missing(machine, project) == [CLI, CREDENTIALS]
    write(machine / "other" / "credentials.json", json.dumps({"current": "gs://state"}))
    for name in ("PULUMI_HOME", "PULUMI_CREDENTIALS_PATH"):
        assert missing(machine, project, **{name: str(machine / "other")}) == [CLI, CREDENTIALS, PASSPHRASE]
    with (project / PROJECT).open("a", encoding="utf-8") as stream:
        stream.write("backend:\n  url: gs://state\n")
    assert missing(machine, project) == [CLI, CREDENTIALS, PASSPHRASE]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '"x"', '{"current": null}', '{"current": 5}', "{}", '{"current": ""}']
)
def test_a_login_that_cannot_be_read_is_none(machine: Path, project: Path, content: str) -> None:
    """After `pulumi logout`, or a disk that was full."""
    write(machine / "home" / ".pulumi" / "credentials.json", content)
    assert BACKEND in missing(machine, project)
    (machine / "home" / ".pulumi" / "credentials.json").write_bytes(b"\xff\xfe")
    assert BACKEND in missing(machine, project)


def test_a_passphrase_may_be_empty_or_in_a_file(machine: Path, project: Path) -> None:
    """An empty one is one; a file has to be there."""
    file = machine / "passphrase"
    backend = {"PULUMI_BACKEND_URL": "file:///state"}
    assert PASSPHRASE in missing(machine, project, **backend)
    assert PASSPHRASE not in missing(machine, project, PULUMI_CONFIG_PASSPHRASE="", **backend)
    assert PASSPHRASE in missing(machine, project, PULUMI_CONFIG_PASSPHRASE_FILE=str(file), **backend)
    write(file, "secret\n")
    assert PASSPHRASE not in missing(machine, project, PULUMI_CONFIG_PASSPHRASE_FILE=str(file), **backend)


@pytest.mark.parametrize(
    ("line", "needed"),
    [
        ("secretsprovider: gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k\n", False),
        ("secretsprovider: passphrase\n", True),
        ("secretsprovider: default\n", True),
        ("# secretsprovider: gcpkms://projects/p\n", True),
        ("", True),
    ],
)
def test_a_key_service_needs_no_passphrase(machine: Path, project: Path, line: str, needed: bool) -> None:
    """Said by the stack's file, not by a comment in it."""
    with (project / STAGING).open("a", encoding="utf-8") as stream:
        stream.write(line)
    assert (PASSPHRASE in missing(machine, project, PULUMI_BACKEND_URL="gs://state")) is needed


def test_files_that_cannot_be_read_say_nothing(machine: Path, project: Path) -> None:
    """They have been refused before; this function is asked about the machine."""
    for name in (STAGING, PROJECT):
        (project / name).write_bytes(b"\xff")
    assert missing(machine, project) == [CLI, CREDENTIALS, BACKEND]
    (project / STAGING).write_text("config:\n", encoding="utf-8")
    (project / PROJECT).write_text("- a\n", encoding="utf-8")
    assert missing(machine, project) == [CLI, CREDENTIALS, BACKEND]


def test_the_real_preview_runs_in_the_project_and_its_status_is_passed_on(
    machine: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine's own output and status, whatever they are."""
    install(machine, "pulumi", script='pwd > "$0.folder"; echo "$@" > "$0.arguments"; exit 7')
    monkeypatch.setenv("PATH", f"{machine / 'bin'}:{os.environ['PATH']}")
    assert run_preview(project, "staging") == 7
    assert (machine / "bin" / "pulumi.arguments").read_text(encoding="utf-8") == "preview --stack staging --diff\n"
    assert (machine / "bin" / "pulumi.folder").read_text(encoding="utf-8").strip() == str(project)


def test_the_command_shows_what_is_missing_then_the_warnings_then_the_plan(
    machine: Path, project: Path, command: Command
) -> None:
    """Without CLI and credentials it still does the main job, and succeeds."""
    nothing = dict.fromkeys(("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN"), "")
    bare = {"PATH": str(machine / "bin"), "HOME": str(machine / "home"), "CLOUDSDK_CONFIG": "", **nothing}
    done = command("preview", "staging", cwd=project, **bare)
    lines = done.out.splitlines()
    assert done.status == 0
    assert lines[0] == "No real preview, because something is missing:"
    assert lines[1:3] == [f"  - {CLI}", f"  - {CREDENTIALS}"]
    assert "The offline plan of the same program instead:" in lines
    assert f"\n{command('plan', 'staging', cwd=project).out}" in done.out
    assert "is a placeholder, or an address of a reserved domain" in done.err


def test_the_command_runs_the_real_preview_where_nothing_is_missing(
    machine: Path, project: Path, command: Command
) -> None:
    """And shows no offline plan besides; settings that are refused never reach the engine."""
    install(machine, "pulumi", "pulumi-language-python", script='echo "$1" >> "$0.calls"; exit 3')
    found = {"GOOGLE_OAUTH_ACCESS_TOKEN": "x", "PULUMI_ACCESS_TOKEN": "x", "HOME": str(machine / "home")}
    path = f"{machine / 'bin'}:{os.environ['PATH']}"
    done = command("preview", "staging", cwd=project, PATH=path, **found)
    assert (done.status, done.out) == (1, "")
    assert "plugins.lock.json does not exist: the engine and its plugins are not checked." in done.err
    in_staging(project, "role: backend", "role: 5")
    done = command("preview", "staging", cwd=project, PATH=path, **found)
    assert done.status == 1
    # After a failure, the backend is asked whether it has the stack.
    assert (machine / "bin" / "pulumi.calls").read_text(encoding="utf-8").split() == ["preview", "stack"]


# Prints the file `pulumi.json` for `--json`, and says for people what it is asked otherwise; ends with `pulumi.status`.
FOR_PROGRAMS = """
case "$*" in *--json*) cat "$0.json" ;; preview*) echo "for people: $*" ;; esac
exit $(cat "$0.status")
"""
FOUND = {"GOOGLE_OAUTH_ACCESS_TOKEN": "x", "PULUMI_ACCESS_TOKEN": "x"}
STACK_URN = "urn:pulumi:staging::shop::pulumi:pulumi:Stack::shop-staging"
WHOLE = {
    "config": {"key": "planted-value"},
    "steps": [{"op": "same", "urn": STACK_URN, "newState": {"inputs": {"text": "planted-value"}}}],
    "changeSummary": {"same": 1},
}


def preview_for_a_program(
    machine: Path, project: Path, command: Command, printed: str, status: int = 0
) -> tuple[Result, Path]:
    """The command with `--json-to`, and the file; the engine prints this for `--json` and ends with this status."""
    install(machine, "pulumi", "pulumi-language-python", script=FOR_PROGRAMS)
    write(machine / "bin" / "pulumi.json", printed)
    write(machine / "bin" / "pulumi.status", str(status))
    found = {**FOUND, "HOME": str(machine / "home"), "PATH": f"{machine / 'bin'}:{os.environ['PATH']}"}
    file = machine / "preview-staging.json"
    return command("preview", "staging", "--json-to", str(file), cwd=project, **found), file


def test_the_real_preview_is_also_written_for_programs_without_any_value(
    machine: Path, project: Path, command: Command
) -> None:
    """`readiness diff` reads the file; what is shown to people is the engine's as before."""
    done, file = preview_for_a_program(machine, project, command, json.dumps(WHOLE))
    assert (done.status, "planted-value" in file.read_text(encoding="utf-8")) == (0, False)
    assert read_preview(file, "staging").is_complete


def test_a_preview_that_fails_is_written_with_what_is_known_of_it(
    machine: Path, project: Path, command: Command
) -> None:
    """The status is still a failure. A failure that names no error is not taken for a whole preview."""
    said = {"diagnostics": [{"severity": "error", "message": "the API is off"}]}
    for printed, errors in ((json.dumps(WHOLE | said), ("the API is off",)), (json.dumps(WHOLE), ())):
        done, file = preview_for_a_program(machine, project, command, printed, status=1)
        found = read_preview(file, "staging")
        assert (done.status, found.errors, found.is_complete) == (1, errors, False)
        file.unlink()


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("", "printed no JSON"),
        ("error: no login", "printed no JSON"),
        (json.dumps(WHOLE).replace(":staging:", ":prod:"), "is of the stack prod, not of staging"),
        ("{}", "it has no step of the stack itself"),
    ],
)
def test_what_is_no_preview_is_not_written(
    machine: Path, project: Path, command: Command, printed: str, said: str
) -> None:
    """One error that names the file, whatever the engine's status is."""
    for status in (0, 1):
        done, file = preview_for_a_program(machine, project, command, printed, status)
        assert (done.status, file.exists()) == (1, False)
        assert done.err.splitlines()[-1].startswith(f"error: {file}: not written: ")
        assert said in done.err


def test_without_a_real_preview_no_file_is_written_and_that_is_a_failure(
    machine: Path, project: Path, command: Command
) -> None:
    """The offline plan does not need the engine, so it is still printed."""
    nothing = dict.fromkeys(("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CREDENTIALS", "GOOGLE_OAUTH_ACCESS_TOKEN"), "")
    bare = {"PATH": str(machine / "bin"), "HOME": str(machine / "home"), "CLOUDSDK_CONFIG": "", **nothing}
    file = machine / "preview.json"
    done = command("preview", "staging", "--json-to", str(file), cwd=project, **bare)
    assert (done.status, file.exists()) == (1, False)
    assert "The offline plan of the same program instead:" in done.out
    assert done.err.splitlines()[-1].startswith(f"error: {file}: not written, because there is no real preview.")
