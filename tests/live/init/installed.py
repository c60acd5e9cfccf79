"""Readiness as a project has it that installed the wheel: the components are `readiness.components`.

READINESS_INSTALLED names the site-packages folder of an environment with the wheel; then that is used. Otherwise a copy
of this checkout stands in for it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.projects import ROOT, Result

INSTALLED = "READINESS_INSTALLED"
_ignored = shutil.ignore_patterns("__pycache__")


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
    """What READINESS_INSTALLED names, or a copy of this checkout in `folder` whose components are in the package."""
    if named := os.environ.get(INSTALLED):
        return Installed(Path(named))
    shutil.copytree(ROOT / "readiness", folder / "readiness", ignore=_ignored)
    components = folder / "readiness" / "components"
    shutil.copytree(ROOT / "components", components, ignore=_ignored)
    # Two imports of one module under two names would be two modules, and their classes not the same.
    for path in components.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("from components.", "from readiness.components."), encoding="utf-8")
    return Installed(folder)
