"""How an environment is made: which Python, uv or pip, and what is shown. Stand-ins record how they are called."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.projects import ROOT

SCRIPT = ROOT / "tools" / "setup_venv.sh"
# A Python of the given kind: answers the question for its version, makes environments, and notes every other call.
PYTHON = """\
case "$*" in
*version_info*) {answer} ;;
*sys.executable*) echo "$0" ;;
--version) echo "Python 3.11.99" ;;
"-m venv "*) echo "python $*" >> "$LOG"; {venv} ;;
*) echo "python $*" >> "$LOG" ;;
esac
"""
INSIDE = """\
case "$*" in
*version_info*) {answer} ;;
"-m pip --version") {pip} ;;
"-m pip --disable-pip-version-check check") echo "pip check" >> "$LOG"; {check} ;;
"-m pip "*) echo "pip $*" >> "$LOG"; {install} ;;
*) echo "venv-python" >> "$LOG" ;;
esac
"""
UV = """\
echo "uv $*" >> "$LOG"
case "$*" in
"venv "*) {venv} ;;
"pip check "*) {check} ;;
*) {install} ;;
esac
"""
# What is shown of each step that a set-up has, in order.
MADE = "set-up: .venv with Python 3.11.99 ... N s\n"
LOCK = "set-up: requirements.txt with pip ... N s\n"
COMMAND = "set-up: the readiness command ... N s\n"
CHECKED = "set-up: whether a dependency is missing or has the wrong version ... N s\n"
COMPILED = "set-up: compiling the modules that the commands import ... N s\n"
UPDATED = LOCK + COMMAND + CHECKED + COMPILED
MAKE_VENV = 'mkdir -p .venv/bin; cp "$INSIDE" .venv/bin/python'


@dataclass
class Machine:
    """A folder to set up, a PATH of its own, and what was called."""

    folder: Path

    def install(self, name: str, body: str) -> None:
        """Puts a program on the PATH."""
        self.program(self.folder / "bin" / name, body)

    def program(self, path: Path, body: str) -> None:
        """Writes a program."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}", encoding="utf-8")
        path.chmod(0o755)

    def inside(self, *, install: str = "exit 0", check: str = "exit 0") -> None:
        """What `.venv/bin/python` will be once the environment is made."""
        body = INSIDE.format(answer="exit 0", pip="exit 0", install=install, check=check)
        self.program(self.folder / "inside", body)

    def uv(self, *, venv: str | None = None, install: str = "exit 0", check: str = "exit 0") -> None:
        """Puts a uv on the PATH that makes the environment, unless `venv` says what it does instead."""
        self.install("uv", UV.format(venv=venv or MAKE_VENV, install=install, check=check))

    def run(self, *requirements: str, **variables: str) -> tuple[int, str, list[str]]:
        """Status, what was printed with `N` for each number of seconds, and the calls."""
        log = self.folder / "log"
        log.write_text("", encoding="utf-8")
        environment = {"PATH": str(self.folder / "bin"), "LOG": str(log), "INSIDE": str(self.folder / "inside")}
        work = self.folder / "work"
        work.mkdir(exist_ok=True)
        done = subprocess.run(
            ["/bin/sh", SCRIPT, *(requirements or ("requirements.txt",))],
            cwd=work, env=environment | variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
        said = re.sub(r"\b\d+ s$", "N s", done.stdout + done.stderr, flags=re.MULTILINE)
        return done.returncode, said, log.read_text(encoding="utf-8").splitlines()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with a recent Python, without uv."""
    made = Machine(tmp_path)
    (tmp_path / "bin").mkdir()
    for tool in ("mkdir", "cp", "rm", "date"):
        (tmp_path / "bin" / tool).symlink_to(str(shutil.which(tool)))
    made.install("python3", PYTHON.format(answer="exit 0", venv=MAKE_VENV))
    made.inside()
    return made


def test_without_uv_pip_installs_by_hash_and_resolves_nothing(machine: Machine) -> None:
    """Every lock, then the package itself without asking an index, then the check, each shown as a step."""
    status, said, calls = machine.run("requirements.txt", "requirements-dev.txt")
    assert status == 0
    both = "set-up: requirements.txt requirements-dev.txt with pip ... N s\n"
    assert said == MADE + both + COMMAND + CHECKED + COMPILED
    assert calls[0] == "python -m venv --clear .venv"
    assert calls[1].startswith("pip -m pip ")
    assert calls[1].endswith(" --no-deps --require-hashes -r requirements.txt -r requirements-dev.txt")
    assert "--no-deps --no-build-isolation --editable ." in calls[2]
    assert calls[3:] == ["pip check", "venv-python"]


def test_uv_is_used_where_it_works(machine: Machine) -> None:
    """With the hashes too, and a pip inside, so that either can go on later."""
    machine.uv()
    status, said, calls = machine.run()
    assert (status, said) == (0, MADE + LOCK.replace("pip", "uv") + COMMAND + CHECKED + COMPILED)
    assert calls[0] == f"uv venv --quiet --seed --python {machine.folder / 'bin' / 'python3'} .venv"
    assert calls[1].startswith("uv pip install ")
    assert calls[1].endswith(" --no-deps --require-hashes -r requirements.txt")
    assert calls[2].startswith("uv pip install ")
    assert calls[3:] == ["uv pip check --python .venv/bin/python", "venv-python"]
    assert not any(call.startswith(("pip", "python")) for call in calls)


@pytest.mark.parametrize(
    ("venv", "install"),
    [
        ("echo broken cache; exit 1", "exit 0"),
        (MAKE_VENV, "echo broken cache; exit 1"),
        (MAKE_VENV, 'case "$*" in *--editable*) echo broken cache; exit 1 ;; esac'),
    ],
)
def test_pip_goes_on_where_uv_fails_and_it_is_said(machine: Machine, venv: str, install: str) -> None:
    """At whatever step: behind a proxy, or with a broken cache."""
    machine.uv(venv=venv, install=install)
    status, said, calls = machine.run()
    assert status == 0
    assert "... failed after N s\nbroken cache\nuv failed; going on with pip\n" in said
    assert calls[0].startswith("uv venv")
    assert sum(call.startswith("pip -m pip") for call in calls) == 2
    assert calls[-1] == "venv-python"


def test_a_failure_of_both_fails(machine: Machine) -> None:
    """With pip's own message and the step, and nothing is marked as ready."""
    machine.uv(install="exit 1")
    machine.inside(install="echo no such hash; exit 9")
    status, said, calls = machine.run()
    assert status == 1
    assert said.endswith(
        "set-up: requirements.txt with pip ... failed after N s\n"
        "no such hash\n"
        'error: set-up of .venv stopped at the step "requirements.txt with pip". '
        "If the registry cannot be reached, run the command again once it can.\n"
    )
    assert calls[-1] != "venv-python"


@pytest.mark.parametrize("with_uv", [True, False])
def test_a_lock_that_is_not_complete_fails_with_what_is_missing(machine: Machine, with_uv: bool) -> None:
    """Of a new environment, there is nothing to try again; and uv's answer is not asked of pip once more."""
    check = "echo alpha requires beta, which is not installed.; exit 1"
    machine.inside(check=check)
    if with_uv:
        machine.uv(check=check)
    status, said, calls = machine.run()
    assert status == 1
    assert "... failed after N s\nalpha requires beta, which is not installed.\nerror: set-up of .venv stopped" in said
    assert said.endswith(
        "The lock (requirements.txt) is not complete: "
        "add what is missing to pyproject.toml or its .in file, and run: make lock\n"
    )
    assert calls[-1] == ("uv pip check --python .venv/bin/python" if with_uv else "pip check")


def test_what_an_earlier_lock_left_is_removed_where_it_does_not_fit(machine: Machine) -> None:
    """Installing a lock removes nothing: the environment is recreated once."""
    assert machine.run()[0] == 0
    left = machine.folder / "work" / ".venv" / "left"
    left.write_text("", encoding="utf-8")
    machine.program(
        machine.folder / "work" / ".venv" / "bin" / "python",
        INSIDE.format(answer="exit 0", pip="exit 0", install="exit 0", check="echo left 1 wants beta 1; exit 1"),
    )
    status, said, calls = machine.run()
    assert status == 0
    assert "left 1 wants beta 1\nrecreating .venv: it may contain packages of an earlier lock\n" + MADE in said
    assert calls.count("pip check") == 2
    assert not left.exists()


def test_pip_can_be_asked_for_where_uv_is_there(machine: Machine) -> None:
    """`.ci/run` tries the oldest pip on any machine."""
    machine.uv()
    status, said, calls = machine.run("--with-pip", "requirements.txt")
    assert (status, said) == (0, MADE + UPDATED)
    assert not any(call.startswith("uv") for call in calls)


def test_an_environment_that_is_there_is_updated_and_needs_no_other_python(machine: Machine) -> None:
    """uv may have brought a Python of its own, and the system's may be too old."""
    assert machine.run()[0] == 0
    machine.install("python3", PYTHON.format(answer="exit 1", venv="exit 1"))
    status, said, calls = machine.run()
    assert (status, said) == (0, UPDATED)
    assert not any("venv --clear" in call for call in calls)


def test_an_environment_without_pip_is_made_anew(machine: Machine) -> None:
    """As uv leaves it without `--seed`, or an interrupted run."""
    machine.program(
        machine.folder / "work" / ".venv" / "bin" / "python",
        INSIDE.format(answer="exit 0", pip="exit 1", install="exit 1", check="exit 1"),
    )
    status, said, calls = machine.run()
    assert (status, said) == (0, MADE + UPDATED)
    assert calls[0] == "python -m venv --clear .venv"


def test_an_environment_of_an_older_python_is_replaced_and_it_is_said(machine: Machine) -> None:
    """After an upgrade of the system, its Python is gone."""
    machine.program(
        machine.folder / "work" / ".venv" / "bin" / "python",
        INSIDE.format(answer="exit 1", pip="", install="", check=""),
    )
    (machine.folder / "work" / ".venv" / "old").write_text("", encoding="utf-8")
    status, said, calls = machine.run()
    assert (status, said) == (0, "replacing .venv, whose Python is gone or too old\n" + MADE + UPDATED)
    assert calls[0] == "python -m venv --clear .venv"
    assert not (machine.folder / "work" / ".venv" / "old").exists()


@pytest.mark.parametrize("with_uv", [True, False])
def test_no_recent_python_is_one_clear_error(machine: Machine, with_uv: bool) -> None:
    """Said once, before anything is made."""
    machine.install("python3", PYTHON.format(answer="exit 1", venv=MAKE_VENV))
    if with_uv:
        machine.uv()
    status, said, calls = machine.run()
    assert (status, calls) == (1, [])
    assert said == (
        "Python 3.11 or later was not found (tried: python3, python3.15 to python3.11). "
        "Install it, or name it: make PYTHON=/path/to/python3 ...\n"
    )
    assert not (machine.folder / "work" / ".venv").exists()


@pytest.mark.parametrize("name", ["python3.11", "python3.12", "python3.13", "python3.14", "python3.15"])
def test_a_recent_python_beside_an_old_one_is_found(machine: Machine, name: str) -> None:
    """Distributions keep the old one as `python3`."""
    machine.install("python3", PYTHON.format(answer="exit 1", venv="exit 1"))
    machine.install(name, PYTHON.format(answer="exit 0", venv=MAKE_VENV))
    assert machine.run()[0] == 0


def test_a_python_that_is_named_is_taken_or_refused_but_not_passed_over(machine: Machine) -> None:
    """`make PYTHON=…`: another one than that would be a surprise."""
    named = machine.folder / "named"
    machine.program(named, PYTHON.format(answer="exit 1", venv=MAKE_VENV))
    status, said, calls = machine.run(PYTHON=str(named))
    assert (status, calls) == (1, [])
    assert f"(tried: {named})" in said
    machine.program(named, PYTHON.format(answer="exit 0", venv=f'echo named >> "$LOG"; {MAKE_VENV}'))
    assert "named" in machine.run(PYTHON=str(named))[2]


def test_the_version_that_is_asked_for_is_the_packages_own() -> None:
    """One floor: the script's, and that of pyproject.toml."""
    assert "sys.version_info < (3, 11)" in SCRIPT.read_text(encoding="utf-8")
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_a_python_without_its_venv_module_is_told_of(machine: Machine) -> None:
    """Debian ships it in a package of its own."""
    machine.install("python3", PYTHON.format(answer="exit 0", venv="echo ensurepip is not available; exit 1"))
    status, said, _ = machine.run()
    assert status == 1
    assert said == (
        MADE.replace("N s", "failed after N s") + "ensurepip is not available\n"
        'error: set-up of .venv stopped at the step ".venv with Python 3.11.99". '
        "Python's venv module does not work (Debian: install python3-venv).\n"
    )
