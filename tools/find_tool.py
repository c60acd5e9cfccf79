"""Finds promtool, actionlint or the Pulumi CLI, or gets it, and prints its path.

Usage: python -m tools.find_tool promtool | pulumi [--or-skip] | actionlint [FILE]...

Order: PATH; what an earlier run left in `.tools/`; for promtool Debian's `prometheus` package, downloaded and unpacked;
a build of the Go module in `tools/NAME`, which pins the version. Nothing is installed system-wide, no daemon starts.
Getting a tool takes minutes and is shown. Tests only use what is there (`fetch=False`): `make` gets each tool once,
before pytest starts, so that no two workers build the same one unseen.

Without promtool the alert tests fail and never skip. The CLI built here serves the engine tests, which bring their own
language host and providers; a real `up` takes an official one. actionlint only adds to what the JSON schema and zizmor
say of a workflow: a machine without Go lints without it, and says so.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".tools"
GO_MODULES = ROOT / "tools"
# 4.5 minutes for the Pulumi CLI on 2 idle cores.
_BUILD_SECONDS = 1800
# GitHub has `queue` since May 2026, actionlint 1.7.12 does not know it; GitHub's JSON schema checks its value.
_UNKNOWN_TO_ACTIONLINT = 'unexpected key "queue" for "concurrency" section'


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A program. `module` is what its Go module pins, and `target` the package in it that is built.

    `version_argument` asks it for its version, and `install` says how to get it. `flags` go to the Go linker, with the
    pinned version in place of `VERSION`. `versioned`: a new pin is kept in a folder of its own. `usually`: how long a
    build takes, for people. `debian` is the package that has it in `/usr/bin`. `without_it`: what is not tested then.
    """

    name: str
    title: str
    module: str
    target: str
    version_argument: str
    install: str
    usually: str
    flags: str = "-s -w"
    versioned: bool = True
    debian: str = ""
    without_it: str = ""

    @property
    def how_to_get_it(self) -> str:
        """What to install if it was not found."""
        return f"{self.title} was not found and could not be had. Install one of: {self.install}, or Go >= 1.26."

    def find(self, *, fetch: bool = True) -> Path:
        """The path of one that runs; without `fetch`, of one that is there already.

        Raises RuntimeError with how to get one, and why each way failed.
        """
        ways = {"on path": self._on_path, "cached": self._cached}
        if fetch:
            ways |= {"from debian": self._from_debian} if self.debian else {}
            ways["from go"] = self._from_go
        failures = []
        for way, get in ways.items():
            try:
                found = get()
                if found is not None and _runs(found, self.version_argument):
                    return found
                reason = "not there" if found is None else f"{found} does not run"
            except (OSError, subprocess.SubprocessError) as error:
                reason = _last_line(error)
            failures.append(f"  {way}: {reason}")
        missing = f"{self.title} is not here yet. Run `make tools` once: it gets every tool that the tests use."
        raise RuntimeError("\n".join([self.how_to_get_it if fetch else missing, *failures]))

    def can_be_had(self) -> bool:
        """Whether it is there, or what it is built from: without either, its tests are skipped and not failed."""
        return any((self._on_path(), self._cached(), shutil.which("go")))

    def pinned_version(self) -> str:
        """The version that the Go module pins, as `v3.274.1`. Raises OSError where it pins none."""
        text = (GO_MODULES / self.name / "go.mod").read_text(encoding="utf-8")
        pinned = re.search(rf"{re.escape(self.module)} (v\S+)", text)
        if pinned is None:
            raise OSError(f"tools/{self.name}/go.mod does not pin {self.module}. Restore it.")
        return pinned[1]

    def _on_path(self) -> Path | None:
        found = shutil.which(self.name)
        return Path(found) if found else None

    def _place(self) -> Path:
        return CACHE / self.name / (self.pinned_version() if self.versioned else "") / self.name

    def _cached(self) -> Path | None:
        place = self._place()
        return place if place.is_file() else None

    def _from_debian(self) -> Path | None:
        if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
            return None
        with _half_made(self._place(), f"getting {self.name} from Debian's package, once") as half:
            folder = half.parent
            try:
                _run(["apt-get", "download", self.debian], folder)
            except subprocess.CalledProcessError:
                # No package lists yet: fetch them into the temporary folder, which needs no root.
                (folder / "lists" / "partial").mkdir(parents=True)
                private = ["-o", f"Dir::State::Lists={folder}/lists", "-o", f"Dir::Cache={folder}"]
                _run(["apt-get", *private, "update"], folder)
                _run(["apt-get", *private, "download", self.debian], folder)
            _run(["dpkg-deb", "-x", str(next(folder.glob(f"{self.debian}_*.deb"))), "unpacked"], folder)
            shutil.copy2(folder / "unpacked" / "usr" / "bin" / self.name, half)
        return self._place()

    def _from_go(self) -> Path | None:
        if not shutil.which("go"):
            return None
        flags = self.flags.replace("VERSION", self.pinned_version())
        with _half_made(self._place(), f"building {self.name} with Go, once ({self.usually})") as half:
            build = ["go", "build", "-mod=readonly", f"-ldflags={flags}", "-o", str(half), self.target]
            _run(build, GO_MODULES / self.name)
        return self._place()


PROMTOOL = Tool(
    name="promtool",
    title="promtool",
    module="github.com/prometheus/prometheus",
    target="github.com/prometheus/prometheus/cmd/promtool",
    version_argument="--version",
    install="promtool on PATH (part of every Prometheus release), apt-get and dpkg (Debian, Ubuntu)",
    usually="about five minutes",
    # Debian's package has a version of its own.
    versioned=False,
    debian="prometheus",
)
ACTIONLINT = Tool(
    name="actionlint",
    title="actionlint",
    module="github.com/rhysd/actionlint",
    target="github.com/rhysd/actionlint/cmd/actionlint",
    version_argument="-version",
    install="actionlint on PATH",
    usually="seconds",
    without_it="The tests that lint workflows with it are skipped.",
)
PULUMI = Tool(
    name="pulumi",
    title="The Pulumi CLI",
    module="github.com/pulumi/pulumi/pkg/v3",
    target="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    version_argument="version",
    install="pulumi on PATH (https://www.pulumi.com/docs/install/)",
    usually="about five minutes",
    # Without this flag, the CLI has the version v3.0.0-dev, which the Automation API refuses.
    without_it="The engine tests are skipped.",
    flags="-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=VERSION",
)
TOOLS = {tool.name: tool for tool in (PROMTOOL, ACTIONLINT, PULUMI)}
find_promtool = PROMTOOL.find


def lint(actionlint: Path, files: Sequence[str]) -> int:
    """Prints the output of actionlint for the files, and returns its status."""
    # shellcheck and pyflakes are turned off, so that the findings are the same on every machine.
    options = ["-shellcheck=", "-pyflakes=", "-ignore", _UNKNOWN_TO_ACTIONLINT]
    return subprocess.run([actionlint, *options, *files], check=False).returncode


@contextmanager
def _half_made(place: Path, what: str) -> Generator[Path]:
    """A path in a temporary folder. What is made there is put in its place in one step, never half of it.

    Says on stderr what takes a while, before it starts, and how long it took or that it failed.
    """
    print(f"{what} ...", end=" ", file=sys.stderr, flush=True)
    began = time.monotonic()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as folder:
            yield Path(folder) / place.name
            (Path(folder) / place.name).replace(place)
    except BaseException:
        print(f"failed after {time.monotonic() - began:.0f} s", file=sys.stderr)
        raise
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)


def _run(command: Sequence[str], folder: Path) -> None:
    """Runs it in the folder. Raises CalledProcessError, which holds what it said, or TimeoutExpired."""
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=_BUILD_SECONDS)


def _runs(binary: Path, version_argument: str) -> bool:
    return subprocess.run([binary, version_argument], capture_output=True, check=False).returncode == 0


def _last_line(error: Exception) -> str:
    lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
    return lines[-1] if lines else type(error).__name__


def main(arguments: Sequence[str]) -> int:
    """Prints the path, or lints the files. Without actionlint, it skips the files and succeeds."""
    parser = argparse.ArgumentParser(prog="find_tool")
    parser.add_argument("name", choices=TOOLS)
    parser.add_argument("files", nargs="*", help="workflows that actionlint reads")
    parser.add_argument("--or-skip", action="store_true", help="end with 0 on a machine that cannot have it")
    given = parser.parse_args(arguments)
    tool = TOOLS[given.name]
    if given.or_skip and not tool.can_be_had():
        print(f"{tool.how_to_get_it} {tool.without_it}", file=sys.stderr)
        return 0
    try:
        found = tool.find()
    except RuntimeError as failure:
        print(failure, file=sys.stderr)
        if given.files:
            print("The workflows were not linted by it.", file=sys.stderr)
        return 0 if given.files else 1
    if given.files:
        return lint(found, given.files)
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
