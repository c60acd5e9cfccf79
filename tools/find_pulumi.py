"""Finds the Pulumi CLI, or builds the version that `tools/pulumi` pins, and prints its path.

Order: PATH; what an earlier run left in `.tools/pulumi/VERSION/`; the Go module in `tools/pulumi`. Nothing is installed
system-wide, and a new pin gets a folder of its own. The module proxy has neither the Python language host nor the
provider plugins: the CLI built here serves the engine tests, which bring their own; a real `up` takes an official one.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tools import find_tool
from tools.find_tool import MAKE_TOOLS, built_with_go, first_that_runs, kept, on_path

ROOT = Path(__file__).resolve().parent.parent
GO_MODULE = ROOT / "tools" / "pulumi"
CACHE = ROOT / ".tools" / "pulumi"
MODULE = "github.com/pulumi/pulumi/pkg/v3"
HOW_TO_GET_IT = (
    "The Pulumi CLI was not found and could not be had. Install one of: pulumi on PATH "
    "(https://www.pulumi.com/docs/install/), or Go >= 1.26, from which it is built."
)
_BUILD_SECONDS = 1800  # 4.5 minutes on 2 idle cores


def find_pulumi(*, fetch: bool = True) -> Path:
    """The path of a Pulumi CLI that runs; without `fetch`, one that is there already.

    Raises RuntimeError with how to get one, and why each way failed.
    """
    if not fetch:
        return first_that_runs((_on_path, _cached), "version", f"The Pulumi CLI is not here yet. {MAKE_TOOLS}")
    return first_that_runs((_on_path, _cached, _from_go), "version", HOW_TO_GET_IT)


def can_be_had() -> bool:
    """Whether the CLI is there, or what it is built from: without either, its tests are skipped and not failed."""
    return any((_on_path(), _cached(), shutil.which("go")))


def pinned_version() -> str:
    """The version that the Go module pins, as `v3.274.1`. Raises OSError where it pins none."""
    return find_tool.pinned_version(GO_MODULE, MODULE)


def _on_path() -> Path | None:
    return on_path("pulumi")


def _cached() -> Path | None:
    return kept(CACHE / pinned_version() / "pulumi")


def _from_go() -> Path | None:
    version = pinned_version()
    # Without its version the CLI says v3.0.0-dev, which the Automation API refuses.
    flags = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={version}"
    place = CACHE / version / "pulumi"
    return built_with_go(
        GO_MODULE,
        f"{MODULE}/cmd/pulumi",
        place,
        seconds=_BUILD_SECONDS,
        usually="about five minutes",
        link_flags=flags,
    )


def main(arguments: Sequence[str]) -> int:
    """Prints the path. With `--or-skip` a machine that cannot have the CLI is no failure: its tests are skipped."""
    if "--or-skip" in arguments and not can_be_had():
        print(f"{HOW_TO_GET_IT} The engine tests are skipped.", file=sys.stderr)
        return 0
    try:
        print(find_pulumi())
    except RuntimeError as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
