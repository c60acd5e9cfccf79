"""The wheel, built once for each process of the tests, and an environment that has it and not the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.projects import ROOT, Result
from tools.find_tool import find_promtool

# A hang guard: no command takes a tenth of it.
HANG_SECONDS = 300


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel. `run` runs its `readiness` command, `python` its interpreter."""

    folder: Path

    def run(self, *arguments: str, cwd: Path, **variables: str) -> Result:
        """`readiness` with these arguments, as a user has it on PATH; `variables` are added to the environment."""
        return self._run(self.folder / "bin" / "readiness", *arguments, cwd=cwd, **variables)

    def python(self, code: str, cwd: Path) -> Result:
        """Runs Python code."""
        return self._run(self.folder / "bin" / "python", "-c", code, cwd=cwd)

    def _run(self, program: Path, *arguments: str, cwd: Path, **variables: str) -> Result:
        environment = {
            "PATH": os.pathsep.join((str(self.folder / "bin"), os.environ.get("PATH", os.defpath))),
            "HOME": str(self.folder),
            **variables,
        }
        done = subprocess.run(
            [program, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False,
            timeout=HANG_SECONDS,
        )  # fmt: skip
        return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make dist` builds."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=HANG_SECONDS)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """A new environment with the wheel and, from the environment of the tests, the locked packages.

    The editable install of the checkout is a `.pth` file. Python reads none in a folder that a `.pth` file names, so
    the checkout is not found. `test_the_checkout_is_not_found` checks that.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    packages = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    Path(packages, "locked.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", folder / "bin" / "python"]
    # The locked packages include a record of the editable install, which is not to be uninstalled.
    install = ["install", "--quiet", "--no-index", "--no-deps", "--no-compile", "--ignore-installed", wheel]
    subprocess.run([*pip, *install], check=True, capture_output=True, timeout=HANG_SECONDS)
    return Installed(folder)


@pytest.fixture(scope="session")
def promtool() -> Path:
    """The promtool that is found; without one the test fails and says how to get it."""
    return find_promtool(fetch=False)
