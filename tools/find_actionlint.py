"""Finds actionlint, or builds the version that `tools/actionlint` pins; prints its path, or lints the files given.

Order: PATH; what an earlier run left in `.tools/actionlint/VERSION/`; the Go module in `tools/actionlint`, built in
seconds. It only adds to what the JSON schema and zizmor say of a workflow, so that a machine without Go lints without
it, and says so.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GO_MODULE = ROOT / "tools" / "actionlint"
CACHE = ROOT / ".tools" / "actionlint"
TARGET = "github.com/rhysd/actionlint/cmd/actionlint"
HOW_TO_GET_IT = "actionlint was not found and could not be had. Install one of: actionlint on PATH, or Go >= 1.26."
_BUILD_SECONDS = 600


def find_actionlint() -> Path:
    """The path of an actionlint that runs. Raises RuntimeError with how to get one, and why each way failed."""
    failures = []
    for way in (_on_path, _cached, _from_go):
        try:
            found = way()
            if found is not None and _runs(found):
                return found
            reason = "not there" if found is None else f"{found} does not run"
        except (OSError, subprocess.SubprocessError) as error:
            reason = _reason(error)
        failures.append(f"  {way.__name__.strip('_').replace('_', ' ')}: {reason}")
    raise RuntimeError("\n".join([HOW_TO_GET_IT, *failures]))


def lint(binary: Path, files: Sequence[str]) -> int:
    """Prints what actionlint says of the files and returns its status."""
    # Without shellcheck and pyflakes, which it would use where they happen to be: the same findings on every machine.
    return subprocess.run([binary, "-shellcheck=", "-pyflakes=", *files], check=False).returncode


def _pinned_version() -> str:
    pinned = re.search(r"github\.com/rhysd/actionlint (v\S+)", (GO_MODULE / "go.mod").read_text(encoding="utf-8"))
    if pinned is None:
        raise OSError("tools/actionlint/go.mod does not pin github.com/rhysd/actionlint")
    return pinned[1]


def _on_path() -> Path | None:
    found = shutil.which("actionlint")
    return Path(found) if found else None


def _cached() -> Path | None:
    found = CACHE / _pinned_version() / "actionlint"
    return found if found.is_file() else None


def _from_go() -> Path | None:
    if not shutil.which("go"):
        return None
    folder = CACHE / _pinned_version()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as work:
        built = Path(work) / "actionlint"
        command = ["go", "build", "-mod=readonly", "-ldflags=-s -w", "-o", str(built), TARGET]
        subprocess.run(command, cwd=GO_MODULE, check=True, capture_output=True, text=True, timeout=_BUILD_SECONDS)
        # In one step, so that an interrupted run leaves no half of it.
        return built.replace(folder / "actionlint")


def _runs(binary: Path) -> bool:
    return subprocess.run([binary, "-version"], capture_output=True, check=False).returncode == 0


def _reason(error: Exception) -> str:
    lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
    return lines[-1] if lines else type(error).__name__


def main(files: Sequence[str]) -> int:
    """Prints the path, or lints. Without actionlint, asking for the path fails and linting does not."""
    try:
        binary = find_actionlint()
    except RuntimeError as failure:
        print(failure, file=sys.stderr)
        if files:
            print("The workflows were not linted by it.", file=sys.stderr)
        return 0 if files else 1
    if not files:
        print(binary)
        return 0
    return lint(binary, files)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
