"""Finds the Pulumi CLI, or builds the version that `tools/pulumi` pins, and prints its path.

Order: PATH; what an earlier run left in `.tools/pulumi/VERSION/`; the Go module in `tools/pulumi`. Nothing is installed
system-wide, and a new pin gets a folder of its own. The module proxy has neither the Python language host nor the
provider plugins: the CLI built here serves the engine tests, which bring their own; a real `up` takes an official one.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GO_MODULE = ROOT / "tools" / "pulumi"
CACHE = ROOT / ".tools" / "pulumi"
TARGET = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
HOW_TO_GET_IT = (
    "The Pulumi CLI was not found and could not be had. Install one of: pulumi on PATH "
    "(https://www.pulumi.com/docs/install/), or Go >= 1.26, from which it is built."
)
_BUILD_SECONDS = 1800  # 4.5 minutes on 2 idle cores


def find_pulumi() -> Path:
    """The path of a Pulumi CLI that runs. Raises RuntimeError with how to get one, and why each way failed."""
    failures = []
    for way in (_on_path, _cached, _from_go):
        try:
            found = way()
        except (OSError, subprocess.SubprocessError) as error:
            failures.append(f"  {way.__name__.strip('_')}: {_reason(error)}")
            continue
        if found is not None and _runs(found):
            return found
        failures.append(f"  {way.__name__.strip('_')}: not there")
    raise RuntimeError("\n".join([HOW_TO_GET_IT, *failures]))


def can_be_had() -> bool:
    """Whether the CLI is there, or what it is built from: without either, its tests are skipped and not failed."""
    return any((_on_path(), _cached(), shutil.which("go")))


def pinned_version() -> str:
    """The version that the Go module pins, as `v3.256.0`."""
    pinned = re.search(r"github\.com/pulumi/pulumi/pkg/v3 (v\S+)", (GO_MODULE / "go.mod").read_text(encoding="utf-8"))
    if pinned is None:
        raise RuntimeError("tools/pulumi/go.mod does not pin github.com/pulumi/pulumi/pkg/v3. Restore it.")
    return pinned[1]


def _on_path() -> Path | None:
    found = shutil.which("pulumi")
    return Path(found) if found else None


def _cached() -> Path | None:
    found = CACHE / pinned_version() / "pulumi"
    return found if found.is_file() else None


def _from_go() -> Path | None:
    if not shutil.which("go"):
        return None
    version = pinned_version()
    # Without its version the CLI says v3.0.0-dev, which the Automation API refuses.
    flags = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={version}"
    print(f"building pulumi {version} with Go: about five minutes, once", file=sys.stderr)
    (CACHE / version).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE / version) as folder:
        built = Path(folder) / "pulumi"
        _run(["go", "build", "-mod=readonly", f"-ldflags={flags}", "-o", str(built), TARGET], GO_MODULE)
        # In one step, so that an interrupted run leaves no half of it.
        return built.replace(CACHE / version / "pulumi")


def _runs(binary: Path) -> bool:
    return subprocess.run([binary, "version"], capture_output=True, check=False).returncode == 0


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=_BUILD_SECONDS)


def _reason(error: Exception) -> str:
    lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
    return lines[-1] if lines else type(error).__name__


if __name__ == "__main__":
    try:
        print(find_pulumi())
    except RuntimeError as failure:
        sys.exit(str(failure))
