"""The contents of the wheel, on the import path of every command: the components are `readiness.components`."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.projects import ROOT, Result


@dataclass(frozen=True)
class Installed:
    """`folder` is on the import path of every command."""

    folder: Path

    def readiness(self, *arguments: str, cwd: Path) -> Result:
        """Runs the command as a project's own workflow does, without anything of this checkout."""
        return self.run(sys.executable, "-m", "readiness", *arguments, cwd=cwd)

    def run(self, *command: str, cwd: Path) -> Result:
        """Runs a command in the project's folder."""
        left_out = ("CI", "NO_COLOR", "GITHUB_ACTIONS", "GOOGLE_APPLICATION_CREDENTIALS", "PULUMI_BACKEND_URL")
        environment = {name: value for name, value in os.environ.items() if name not in left_out}
        environment |= {"PYTHONPATH": str(self.folder)}
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
        return Result(done.returncode, done.stdout, done.stderr)


def install(folder: Path) -> Installed:
    """Builds the wheel and unpacks it into `folder`."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return Installed(folder)
