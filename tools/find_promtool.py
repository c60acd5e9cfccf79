"""Finds promtool, or gets it without installing anything system-wide, and prints its path.

Order: PATH; what an earlier run left in `.tools/`; Debian's `prometheus` package, downloaded and unpacked (no daemon is
installed or started); the Go module in `tools/promtool`, which pins it. Nothing else is tried: without promtool the
alert tests fail and say how to get it, they never skip.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.find_tool import MAKE_TOOLS, built_with_go, first_that_runs, kept, on_path, run, shown

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".tools" / "promtool"
GO_MODULE = ROOT / "tools" / "promtool"
TARGET = "github.com/prometheus/prometheus/cmd/promtool"
HOW_TO_GET_IT = (
    "promtool was not found and could not be had. Install one of: promtool on PATH (part of every Prometheus release), "
    "apt-get and dpkg (Debian, Ubuntu), or Go >= 1.26."
)
_SECONDS = 1200


def find_promtool(*, fetch: bool = True) -> Path:
    """The path of a promtool that runs; without `fetch`, one that is there already.

    Raises RuntimeError with how to get one, and why each way failed.
    """
    if not fetch:
        return first_that_runs((_on_path, _cached), "--version", f"promtool is not here yet. {MAKE_TOOLS}")
    return first_that_runs((_on_path, _cached, _from_debian, _from_go), "--version", HOW_TO_GET_IT)


def _on_path() -> Path | None:
    return on_path("promtool")


def _cached() -> Path | None:
    return kept(CACHE / "promtool")


def _from_debian() -> Path | None:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    with shown("getting promtool from Debian's package, once"), tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        try:
            run(["apt-get", "download", "prometheus"], work, _SECONDS)
        except subprocess.CalledProcessError:
            # No package lists yet: fetch them into the temporary folder, which needs no root.
            (work / "lists" / "partial").mkdir(parents=True)
            private = ["-o", f"Dir::State::Lists={work}/lists", "-o", f"Dir::Cache={work}"]
            run(["apt-get", *private, "update"], work, _SECONDS)
            run(["apt-get", *private, "download", "prometheus"], work, _SECONDS)
        package = next(work.glob("prometheus_*.deb"))
        run(["dpkg-deb", "-x", str(package), "unpacked"], work, _SECONDS)
        CACHE.mkdir(parents=True, exist_ok=True)
        half = CACHE / "promtool.new"
        shutil.copy2(work / "unpacked" / "usr" / "bin" / "promtool", half)
        # In one step, so that an interrupted run leaves no half of it.
        return half.replace(CACHE / "promtool")


def _from_go() -> Path | None:
    return built_with_go(GO_MODULE, TARGET, CACHE / "promtool", seconds=_SECONDS, usually="about five minutes")


if __name__ == "__main__":
    try:
        print(find_promtool())
    except RuntimeError as failure:
        sys.exit(str(failure))
