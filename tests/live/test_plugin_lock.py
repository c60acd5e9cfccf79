"""The lock of engine and plugins: written from a machine, and compared before anything runs with credentials."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from readiness.finding import RefusedError
from readiness.live.plugin_lock import LOCK_FILE, LOCKED_ENVIRONMENT, Machine, lock_text, sdk_plugins, state_plugins
from tests.live.test_apply import CREDENTIALS, PULUMI
from tests.projects import Command, write_runbook

GCP = next(name for name in sdk_plugins() if name.startswith("resource-gcp-"))
OLDER = "resource-gcp-v9.0.0"


class Computer:
    """A machine with a CLI, its language host and the plugins that the SDK packages ask for, all made up."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.home = folder / "bin", folder / "home"
        self.bin.mkdir()
        for name in ("pulumi", "pulumi-language-python"):
            (self.bin / name).write_text(PULUMI, encoding="utf-8")
            (self.bin / name).chmod(0o755)
        (self.bin / "pulumi.state").write_text('{"version": 3, "deployment": {"resources": []}}', encoding="utf-8")
        for name in sdk_plugins():
            self.install(name)

    def install(self, name: str, text: str = "program") -> None:
        """A plugin, as the CLI unpacks it."""
        folder = self.home / "plugins" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name.rpartition("-v")[0]).write_text(text, encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        """What makes the commands find it, with credentials."""
        return {**CREDENTIALS, "PATH": f"{self.bin}:/usr/bin:/bin", "PULUMI_HOME": str(self.home), "CI": "true"}

    @property
    def calls(self) -> list[str]:
        """What the CLI was asked, in order."""
        file = self.bin / "pulumi.calls"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


@pytest.fixture
def computer(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Computer:
    """The machine; what a lock sets in the environment is undone after the test."""
    for name in LOCKED_ENVIRONMENT:
        monkeypatch.setenv(name, "")
    return Computer(tmp_path_factory.mktemp("computer"))


@pytest.fixture
def locked(computer: Computer, project: Path, command: Command) -> Path:
    """A project with the lock of that machine, and a current runbook."""
    write_runbook(project)
    done = command("plugins", "lock", cwd=project, **computer.environment)
    assert done.status == 0, done.text
    return project


def lock_of(project: Path) -> dict[str, Any]:
    """What the lock has for the one platform in it."""
    [platform] = json.loads((project / LOCK_FILE).read_text(encoding="utf-8"))["platforms"].values()
    return platform


def test_the_lock_has_the_engine_its_language_host_and_every_plugin_of_the_sdk(locked: Path) -> None:
    """With checksums that `sha256sum` prints as well."""
    lock = lock_of(locked)
    assert set(lock["engine"]) == {"pulumi", "pulumi-language-python"}
    assert set(lock["plugins"]) == set(sdk_plugins()) >= {GCP}
    program = hashlib.sha256(b"program").hexdigest()
    assert lock["plugins"][GCP] == {"resource-gcp": f"sha256:{program}"}


def test_the_json_form_has_what_changed_in_the_lock(locked: Path, computer: Computer, command: Command) -> None:
    """Nothing for a lock that is up to date."""

    def document() -> dict[str, Any]:
        done = command("plugins", "lock", "--format", "json", cwd=locked, **computer.environment)
        return json.loads(done.out)

    assert document() == {"file": LOCK_FILE, "written": False, "changes": []}
    (locked / LOCK_FILE).unlink()
    again = document()
    assert again["written"]
    assert again["changes"]


def test_what_is_locked_runs_without_a_warning_and_nothing_else_can_be_fetched(
    locked: Path, computer: Computer, command: Command
) -> None:
    """The engine neither downloads another plugin nor takes one that is only on PATH."""
    (computer.bin / "pulumi").write_text(
        PULUMI.replace("up) ", 'up) echo "only locked: $PULUMI_IGNORE_AMBIENT_PLUGINS '
        '$PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION" >&2; '),
        encoding="utf-8",
    )  # fmt: skip
    assert command("plugins", "lock", cwd=locked, **computer.environment).status == 0
    done = command("up", "staging", cwd=locked, **computer.environment)
    assert done.status == 0, done.text
    assert "only locked: true true" in done.err
    assert LOCK_FILE not in done.err


@pytest.mark.parametrize("arguments", [("up", "staging"), ("preview", "staging")], ids=" ".join)
def test_without_a_lock_a_command_warns_and_runs(
    arguments: tuple[str, ...], computer: Computer, project: Path, command: Command
) -> None:
    """With the command that writes one."""
    write_runbook(project)
    done = command(*arguments, cwd=project, **computer.environment)
    assert done.status == 0, done.text
    assert done.err.count(f"warning: {LOCK_FILE} does not exist") == 1
    assert "`readiness plugins lock`" in done.err


@pytest.mark.parametrize("arguments", [("up", "staging"), ("preview", "staging"), ("drift", "staging")], ids=" ".join)
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("bin/pulumi", "pulumi has another content"),
        ("bin/pulumi-language-python", "pulumi-language-python has another content"),
        ("bin/pulumi-language-python-exec", "pulumi-language-python-exec is not in the lock"),
        (f"home/plugins/{GCP}/resource-gcp", "resource-gcp has another content"),
        (f"home/plugins/{GCP}/more", "more is not in the lock"),
    ],
)
def test_another_file_is_refused_before_the_engine_runs(
    arguments: tuple[str, ...], changed: str, said: str, locked: Path, computer: Computer, command: Command
) -> None:
    """One error that names it; with the wrong engine nothing at all is started."""
    path = computer.bin.parent / changed
    path.write_text(f"{PULUMI}# changed\n", encoding="utf-8")
    done = command(*arguments, cwd=locked, **computer.environment)
    assert done.status == 1
    assert said in done.err
    assert done.err.count("error: ") == 1
    assert not [call for call in computer.calls if not call.startswith("stack export")]
    assert changed.startswith("home") or computer.calls == []


def test_a_plugin_that_the_state_needs_must_be_locked_too(locked: Path, computer: Computer, command: Command) -> None:
    """A refresh runs the provider of the state, whatever version the program asks for."""
    provider = {"type": "pulumi:providers:gcp", "inputs": {"version": "9.0.0"}}
    (computer.bin / "pulumi.state").write_text(json.dumps({"deployment": {"resources": [provider]}}), encoding="utf-8")
    done = command("up", "staging", cwd=locked, **computer.environment)
    assert f"{LOCK_FILE}: {OLDER}: is needed, and is not in the lock" in done.err
    assert not [call for call in computer.calls if call.startswith("up")]


def test_the_providers_of_a_state_are_read_with_and_without_a_v() -> None:
    """And resources that are no providers are passed over."""
    states: list[dict[str, Any]] = [
        {"type": "pulumi:providers:gcp", "inputs": {"version": "v9.0.0"}},
        {"type": "pulumi:providers:github", "inputs": {}},
        {"type": "gcp:storage/bucket:Bucket", "inputs": {"version": "1"}},
    ]
    assert state_plugins({"resources": states}) == (OLDER,)
    assert state_plugins({}) == ()


def test_a_locked_plugin_that_is_missing_is_installed_and_then_compared(
    locked: Path, computer: Computer, command: Command
) -> None:
    """By the engine, whose own files were compared first."""
    program = computer.home / "plugins" / GCP / "resource-gcp"
    program.unlink()
    program.parent.rmdir()
    done = command("up", "staging", cwd=locked, **computer.environment)
    assert f"plugin install resource gcp {GCP.rpartition('-')[2]}" in computer.calls
    assert done.status == 1, "the made-up CLI installed nothing"
    assert "resource-gcp is missing" in done.err


def test_locking_again_keeps_other_platforms_and_versions_and_names_what_changed(computer: Computer) -> None:
    """A changed file of the same version is said in capitals: its maker publishes no version twice."""
    machine = Machine.from_environment(computer.environment)
    computer.install(OLDER)
    first, said = lock_text(None, machine, [GCP, OLDER])
    assert said == [f"{machine.platform}: {what} is locked" for what in ("the engine", GCP, OLDER)]
    other = json.loads(first)
    other["platforms"]["plan9-mips"] = other["platforms"][machine.platform]
    computer.install(GCP, "another program")
    second, said = lock_text(json.dumps(other), machine, [GCP])
    assert said == [f"{machine.platform}: {GCP} CHANGED: it had other files"]
    platforms = json.loads(second)["platforms"]
    assert set(platforms["plan9-mips"]["plugins"]) == set(platforms[machine.platform]["plugins"]) == {GCP, OLDER}
    assert lock_text(second, machine, [GCP]) == (second, [])


def test_a_machine_that_lacks_something_cannot_lock(computer: Computer) -> None:
    """All of it at once, each with the command that installs it."""
    (computer.bin / "pulumi").unlink()
    with pytest.raises(RefusedError) as refused:
        lock_text(None, Machine.from_environment(computer.environment), [GCP, OLDER])
    assert [problem.key for problem in refused.value.problems] == ["pulumi", OLDER]
    assert refused.value.problems[1].hint == "Run `pulumi plugin install resource gcp v9.0.0`"


def test_another_platform_than_the_locks_is_refused(locked: Path, computer: Computer, command: Command) -> None:
    """Nothing is known of its files."""
    lock = json.loads((locked / LOCK_FILE).read_text(encoding="utf-8"))
    lock["platforms"] = {"plan9-mips": lock_of(locked)}
    (locked / LOCK_FILE).write_text(json.dumps(lock), encoding="utf-8")
    done = command("up", "staging", cwd=locked, **computer.environment)
    assert done.status == 1
    assert "is not in the lock, so neither the engine nor a plugin may run here" in done.err
    assert computer.calls == []


@pytest.mark.parametrize("variable", ["PULUMI_DEBUG_PROVIDERS", "PULUMI_DEBUG_LANGUAGES"])
def test_a_program_from_elsewhere_is_refused(variable: str, locked: Path, computer: Computer, command: Command) -> None:
    """The engine would connect to it instead of starting what is locked."""
    done = command("up", "staging", cwd=locked, **computer.environment, **{variable: "gcp:1234"})
    assert f"{variable}: is set" in done.err
    assert computer.calls == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema": 2, "platforms": {}}',
        '{"schema": 1, "platforms": {"x": {"engine": {}, "plugins": {}}}}',
    ],
)
@pytest.mark.parametrize("arguments", [("up", "staging"), ("plugins", "lock")], ids=" ".join)
def test_what_is_no_lock_is_one_error(
    text: str, arguments: tuple[str, ...], locked: Path, computer: Computer, command: Command
) -> None:
    """It is not taken for no lock, and it is not written over."""
    (locked / LOCK_FILE).write_text(text, encoding="utf-8")
    done = command(*arguments, cwd=locked, **computer.environment)
    assert done.status == 1
    assert f"{LOCK_FILE}: is not a lock of plugins" in done.err
    assert (locked / LOCK_FILE).read_text(encoding="utf-8") == text
