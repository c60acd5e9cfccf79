"""Finds promtool, and refuses a program that is not promtool or is too old."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from readiness.alerts.scenarios.promtool import PromtoolError

# Where `make tools` installs it in a checkout of Readiness.
MADE = Path(".tools") / "promtool" / "promtool"
# The oldest version that the incidents run on.
LEAST_VERSION = (2, 42)
_HOW_TO_GET_IT = (
    "It is part of every Prometheus release (https://prometheus.io/download/, version 2.42 or later) and of Debian's "
    "package `prometheus`"
)
# A time limit for a command that prints a line.
_VERSION_SECONDS = 30
_VERSION = re.compile(r"^promtool, version (?P<major>\d+)\.(?P<minor>\d+)(?P<rest>\S*)", re.MULTILINE)


def find_promtool(root: Path, *, deadline_seconds: float) -> tuple[Path, str]:
    """The promtool of PATH, or the one that `make tools` installed in the project `root`, and its version.

    Raises PromtoolError with how to install it.
    """
    found = shutil.which("promtool") or shutil.which(str(root / MADE))
    if found is None:
        raise PromtoolError(f"promtool is neither on PATH nor in {MADE.parent}. {_HOW_TO_GET_IT}")
    return Path(found), _version_of(found, min(_VERSION_SECONDS, deadline_seconds))


def _version_of(promtool: str, seconds: float) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the promtool of the caller's PATH
            [promtool, "--version"], capture_output=True, text=True, errors="replace", check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        raise PromtoolError(f"{promtool} did not say its version within {seconds:g} s. {_HOW_TO_GET_IT}") from None
    except OSError as error:
        raise PromtoolError(f"{promtool} does not run: {error.strerror}. {_HOW_TO_GET_IT}") from None
    output = done.stdout + done.stderr
    if done.returncode != 0 or "promtool, version" not in output:
        raise PromtoolError(f"{promtool} is not the promtool of Prometheus. {_HOW_TO_GET_IT}")
    version = _VERSION.search(output)
    if version is None:
        # Built from the Go module, it has no version.
        return "of an unknown version"
    name = f"{version['major']}.{version['minor']}{version['rest']}"
    if (int(version["major"]), int(version["minor"])) < LEAST_VERSION:
        raise PromtoolError(f"{promtool} is version {name}, which is too old. {_HOW_TO_GET_IT}")
    return name
