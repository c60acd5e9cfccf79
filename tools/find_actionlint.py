"""Finds actionlint, or builds the version that `tools/actionlint` pins; prints its path, or lints the files given.

Order: PATH; what an earlier run left in `.tools/actionlint/VERSION/`; the Go module in `tools/actionlint`, built in
seconds. It only adds to what the JSON schema and zizmor say of a workflow, so that a machine without Go lints without
it, and says so.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.find_tool import MAKE_TOOLS, built_with_go, first_that_runs, kept, on_path, pinned_version

ROOT = Path(__file__).resolve().parent.parent
GO_MODULE = ROOT / "tools" / "actionlint"
CACHE = ROOT / ".tools" / "actionlint"
MODULE = "github.com/rhysd/actionlint"
HOW_TO_GET_IT = "actionlint was not found and could not be had. Install one of: actionlint on PATH, or Go >= 1.26."
_BUILD_SECONDS = 600


def find_actionlint(*, fetch: bool = True) -> Path:
    """The path of an actionlint that runs; without `fetch`, one that is there already.

    Raises RuntimeError with how to get one, and why each way failed.
    """
    if not fetch:
        return first_that_runs((_on_path, _cached), "-version", f"actionlint is not here yet. {MAKE_TOOLS}")
    return first_that_runs((_on_path, _cached, _from_go), "-version", HOW_TO_GET_IT)


def lint(binary: Path, files: Sequence[str]) -> int:
    """Prints what actionlint says of the files and returns its status."""
    # Without shellcheck and pyflakes, which it would use where they happen to be: the same findings on every machine.
    return subprocess.run([binary, "-shellcheck=", "-pyflakes=", *files], check=False).returncode


def _on_path() -> Path | None:
    return on_path("actionlint")


def _cached() -> Path | None:
    return kept(_place())


def _from_go() -> Path | None:
    return built_with_go(GO_MODULE, f"{MODULE}/cmd/actionlint", _place(), seconds=_BUILD_SECONDS, usually="seconds")


def _place() -> Path:
    return CACHE / pinned_version(GO_MODULE, MODULE) / "actionlint"


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
