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
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".tools" / "promtool"
GO_MODULE = ROOT / "tools" / "promtool"
HOW_TO_GET_IT = (
    "promtool was not found and could not be had. Install one of: promtool on PATH (part of every Prometheus release), "
    "apt-get and dpkg (Debian, Ubuntu), or Go >= 1.26."
)


def find_promtool() -> Path:
    """The path of a promtool that runs. Raises RuntimeError with how to get one, and why each way failed."""
    failures = []
    for way in (_on_path, _cached, _from_debian, _from_go):
        try:
            found = way()
            if found is not None and _runs(found):
                return found
        except (OSError, subprocess.SubprocessError) as error:
            failures.append(f"  {_name(way)}: {_reason(error)}")
            continue
        failures.append(f"  {_name(way)}: {'not there' if found is None else f'{found} does not run'}")
    raise RuntimeError("\n".join([HOW_TO_GET_IT, *failures]))


def _name(way: Callable[[], Path | None]) -> str:
    return way.__name__.strip("_").replace("_", " ")


def _on_path() -> Path | None:
    found = shutil.which("promtool")
    return Path(found) if found else None


def _cached() -> Path | None:
    found = CACHE / "promtool"
    return found if found.is_file() else None


def _from_debian() -> Path | None:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        try:
            _run(["apt-get", "download", "prometheus"], work)
        except subprocess.CalledProcessError:
            # No package lists yet: fetch them into the temporary folder, which needs no root.
            (work / "lists" / "partial").mkdir(parents=True)
            private = ["-o", f"Dir::State::Lists={work}/lists", "-o", f"Dir::Cache={work}"]
            _run(["apt-get", *private, "update"], work)
            _run(["apt-get", *private, "download", "prometheus"], work)
        package = next(work.glob("prometheus_*.deb"))
        _run(["dpkg-deb", "-x", str(package), "unpacked"], work)
        return _keep(work / "unpacked" / "usr" / "bin" / "promtool")


def _from_go() -> Path | None:
    if not shutil.which("go"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "promtool"
        print("building promtool with Go: about five minutes, once", file=sys.stderr)
        target = "github.com/prometheus/prometheus/cmd/promtool"
        _run(["go", "build", "-mod=readonly", "-ldflags=-s -w", "-o", str(built), target], GO_MODULE)
        return _keep(built)


def _keep(binary: Path) -> Path:
    """Moves the binary into the cache in one step, so that an interrupted run leaves no half of it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    half = CACHE / "promtool.new"
    shutil.copy2(binary, half)
    return half.replace(CACHE / "promtool")


def _runs(binary: Path) -> bool:
    return subprocess.run([binary, "--version"], capture_output=True, check=False).returncode == 0


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=1200)


def _reason(error: Exception) -> str:
    lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
    return lines[-1] if lines else type(error).__name__


if __name__ == "__main__":
    try:
        print(find_promtool())
    except RuntimeError as failure:
        sys.exit(str(failure))
