"""What the programs that find a tool have in common: ways tried in order, the last of them a build with Go.

Getting a tool takes minutes and is shown. Tests only use what is there (`fetch=False`): `make` gets each tool once,
before pytest starts, so that no two workers build the same one unseen.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

Way = Callable[[], Path | None]
MAKE_TOOLS = "Run `make tools` once: it gets every tool that the tests use."


def first_that_runs(ways: Sequence[Way], version_argument: str, how_to_get_it: str) -> Path:
    """The first tool that answers when asked for its version.

    Each way returns None where it is not there. Raises RuntimeError with how to get one, and why each way failed.
    """
    failures = []
    for way in ways:
        try:
            found = way()
            if found is not None and _runs(found, version_argument):
                return found
            reason = "not there" if found is None else f"{found} does not run"
        except (OSError, subprocess.SubprocessError) as error:
            reason = _last_line(error)
        failures.append(f"  {way.__name__.strip('_').replace('_', ' ')}: {reason}")
    raise RuntimeError("\n".join([how_to_get_it, *failures]))


def on_path(name: str) -> Path | None:
    """Where PATH has it."""
    found = shutil.which(name)
    return Path(found) if found else None


def kept(path: Path) -> Path | None:
    """What an earlier run left there."""
    return path if path.is_file() else None


def pinned_version(go_module: Path, module: str) -> str:
    """The version that a Go module pins, as `v3.274.1`. Raises OSError where it pins none."""
    pinned = re.search(rf"{re.escape(module)} (v\S+)", (go_module / "go.mod").read_text(encoding="utf-8"))
    if pinned is None:
        raise OSError(f"tools/{go_module.name}/go.mod does not pin {module}. Restore it.")
    return pinned[1]


@contextmanager
def shown(what: str) -> Generator[None]:
    """Says on stderr what takes a while, before it starts, and how long it took or that it failed."""
    print(f"{what} ...", end=" ", file=sys.stderr, flush=True)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        print(f"failed after {time.monotonic() - began:.0f} s", file=sys.stderr)
        raise
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)


def built_with_go(
    go_module: Path, target: str, into: Path, *, seconds: int, usually: str, link_flags: str = "-s -w"
) -> Path | None:
    """The tool, built into the path `into`; None where there is no Go. `usually`: how long that takes, for people."""
    if not shutil.which("go"):
        return None
    into.parent.mkdir(parents=True, exist_ok=True)
    with (
        shown(f"building {into.name} with Go, once ({usually})"),
        tempfile.TemporaryDirectory(dir=into.parent) as folder,
    ):
        built = Path(folder) / into.name
        run(["go", "build", "-mod=readonly", f"-ldflags={link_flags}", "-o", str(built), target], go_module, seconds)
        # In one step, so that an interrupted run leaves no half of it.
        return built.replace(into)


def run(command: Sequence[str], folder: Path, seconds: int) -> None:
    """Runs it in the folder. Raises CalledProcessError, which holds what it said, or TimeoutExpired."""
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=seconds)


def _runs(binary: Path, version_argument: str) -> bool:
    return subprocess.run([binary, version_argument], capture_output=True, check=False).returncode == 0


def _last_line(error: Exception) -> str:
    lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
    return lines[-1] if lines else type(error).__name__
