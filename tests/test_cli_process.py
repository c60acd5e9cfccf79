"""The command line as a process of its own: start-up, pipes, terminals, disks and letters."""

from __future__ import annotations

import os
import pty
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.projects import FIRST_CUSTOMER, ROOT, Command, readiness
from tests.settings.broken import in_staging

pytestmark = pytest.mark.processes

HEAVY = ("pulumi", "pulumi_gcp", "pulumi_github", "grpc", "pydantic", "yaml")


@pytest.fixture
def project(small_project: Path) -> Path:
    """The small one: one mistake in it stays one."""
    return small_project


def test_help_takes_no_time_and_imports_nothing_heavy() -> None:
    """Time on the processor, of which help spends all of its own: a busy machine does not make it fail."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "readiness", "--help"],
        cwd=FIRST_CUSTOMER, capture_output=True, text=True, check=True,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.stdout.startswith("Usage: readiness [OPTIONS] COMMAND [ARGS]...")
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.3
    modules = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "click" in modules
    assert modules.isdisjoint(HEAVY)


def test_a_check_does_not_import_the_sdk() -> None:
    """The list of the providers' keys is read from their text."""
    code = "import sys; from readiness.cli.main import run; print(run(['check']), 'pulumi' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=FIRST_CUSTOMER, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 False"


def on_a_terminal(project: Path, **environment: str) -> str:
    """What `readiness check staging` prints where both streams are a terminal."""
    master, terminal = pty.openpty()
    clean = {name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "readiness", "check", "staging"],
        cwd=project, env={**clean, **environment}, stdout=terminal, stderr=terminal, stdin=terminal,
    )  # fmt: skip
    process.wait(timeout=60)
    os.close(terminal)
    said = os.read(master, 65536).decode()
    os.close(master)
    return said


def test_colour_is_for_terminals_that_want_it(project: Path, command: Command) -> None:
    """https://no-color.org: any value but an empty one switches it off."""
    in_staging(project, "role: backend", "role: 5")
    assert "\x1b[31m\x1b[1merror:\x1b[0m " in on_a_terminal(project)
    assert "\x1b[33m\x1b[1mwarning:\x1b[0m " in on_a_terminal(project, NO_COLOR="")
    assert "\x1b" not in on_a_terminal(project, NO_COLOR="1")
    assert "\x1b" not in command("check", "staging", cwd=project).text


@pytest.mark.parametrize("arguments", ["plan staging --format json", "check", "--help"])
def test_a_reader_that_goes_away_is_no_error_message(arguments: str) -> None:
    """`readiness plan staging | head -1`."""
    # The warnings of `check` are on stderr, on a CI runner as annotations too, and are no matter here.
    command = f"'{sys.executable}' -m readiness {arguments} 2> >(grep -Ev '^(::)?warning[: ]' >&2)"
    shell = f"{command} | head -c 1"
    done = subprocess.run(["bash", "-c", shell], cwd=FIRST_CUSTOMER, capture_output=True, text=True, check=True)
    assert len(done.stdout) == 1
    assert done.stderr == ""
    shell = f"{command} | true; exit ${{PIPESTATUS[0]}}"
    closed = subprocess.run(
        ["bash", "-c", shell],
        cwd=FIRST_CUSTOMER, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert closed.stderr == ""
    assert closed.returncode in (0, 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no device that is always full")
def test_a_full_disk_is_one_line() -> None:
    """No traceback, whatever was to be written, and nothing of it tried again at exit."""
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    for arguments in ("--help", "plan staging", "check"):
        done = subprocess.run(
            ["bash", "-c", f"'{sys.executable}' -m readiness {arguments} > /dev/full"],
            cwd=FIRST_CUSTOMER, capture_output=True, text=True, check=False, env=buffered,
        )  # fmt: skip
        said = [line for line in done.stderr.splitlines() if not line.startswith(("warning: ", "::warning "))]
        assert (done.returncode, said) == (1, ["error: No space left on device."])


def test_a_working_folder_that_is_gone_and_a_closed_stream_are_no_traceback(tmp_path: Path) -> None:
    """Both happen to scripts."""
    gone = tmp_path / "gone"
    gone.mkdir()
    python = f"'{sys.executable}' -m readiness check"
    done = subprocess.run(
        ["bash", "-c", f"rmdir '{gone}'; PYTHONPATH='{ROOT}' {python}"],
        cwd=gone,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "error: No such file or directory.\n")
    closed = ["bash", "-c", f"{python} >&-"]
    done = subprocess.run(closed, cwd=FIRST_CUSTOMER, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    gone.mkdir()
    both = ["bash", "-c", f"rmdir '{gone}'; PYTHONPATH='{ROOT}' {python} >&-"]
    done = subprocess.run(both, cwd=gone, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "error: No such file or directory.\n")


def test_a_stream_that_cannot_show_a_letter_gets_a_substitute() -> None:
    """Old consoles; the texts of the settings may hold any letter."""
    done = readiness("schema", PYTHONIOENCODING="ascii")
    assert done.status == 0
    assert done.err == ""


def test_the_module_and_the_installed_script_are_the_same_program() -> None:
    """`python -m readiness` needs no script on PATH; its status is the process's."""
    script = Path(sys.executable).parent / "readiness"
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run(
        [script, "plan", "stagin"], cwd=FIRST_CUSTOMER, env=environment, capture_output=True, text=True, check=False
    )
    module = readiness("plan", "stagin")
    assert (done.returncode, done.stdout, done.stderr) == (module.status, module.out, module.err)
    assert module.status == 1
