"""Lists newer versions in the registries than the pinned ones: `make outdated`.

Python packages of every lock, as `pip list` reports them; the tools' Go modules, as `go list -m -u` does; and the
pinned GitHub Actions, which are in no registry. What could not be asked is listed as "not known". It is a report: exit
status 0 whatever it lists, and 1 where no registry answers.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Each environment that `make` sets up, and its locks.
ENVIRONMENTS = {
    ".venv": ("requirements.txt", "requirements-dev.txt"),
    ".venv-policy": ("policy/requirements.txt",),
    ".venv-health": ("examples/health_service/requirements.txt",),
    ".venv-migrations": ("examples/migrations/requirements.txt",),
    ".venv-release": ("tools/release/requirements.txt",),
}
NOT_KNOWN = "not known"
_HANG_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Pin:
    """A pinned version and the newest one; `newest` is None where it is not known."""

    place: str
    name: str
    pinned: str
    newest: str | None


def pins_of_locks(root: Path) -> Iterator[Pin]:
    """Every package of every lock that is installed here: a lock also pins what only other systems or Pythons need."""
    for environment, locks in ENVIRONMENTS.items():
        newest = _newest(root / environment)
        installed = _listed(root / environment)
        for lock in locks:
            for name, pinned in sorted(_locked(root / lock)):
                if name in installed and installed[name]["version"] == pinned:
                    yield Pin(lock, name, pinned, newest.get(name))


def _locked(lock: Path) -> set[tuple[str, str]]:
    pins = re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;]+)", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {(_normal(name), version) for name, version in pins}


def _newest(environment: Path) -> dict[str, str]:
    """The newest version of each package by name; with pre-releases only of a package that has nothing else."""
    newest: dict[str, str] = {}
    for options in (("--pre",), ()):
        newest |= {name: package["version"] for name, package in _listed(environment, "--uptodate", *options).items()}
        outdated = _listed(environment, "--outdated", *options)
        newest |= {name: package["latest_version"] for name, package in outdated.items()}
    return newest


def _listed(environment: Path, *options: str) -> dict[str, dict[str, str]]:
    """The output of `pip list` for each package, by name. pip omits a package if the registry did not answer."""
    command = [
        environment / "bin" / "python",
        "-m",
        "pip",
        "--disable-pip-version-check",
        "list",
        "--format=json",
        "--retries=1",
    ]
    said = _output([*command, *options])
    return {_normal(package["name"]): package for package in json.loads(said or "[]")}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins_of_go(root: Path) -> Iterator[Pin]:
    """The module of each tool in `tools/*/go.mod`; the modules that it needs follow from it."""
    offline = (_output(["go", "env", "GOPROXY"]) or "").strip() == "off"
    for file in sorted(root.glob("tools/*/go.mod")):
        text = file.read_text(encoding="utf-8")
        for tool in re.findall(r"^tool (\S+)$", text, flags=re.MULTILINE):
            required = re.findall(r"^\s+(\S+) (v\S+)", text, flags=re.MULTILINE)
            module, pinned = max(
                (pair for pair in required if f"{tool}/".startswith(f"{pair[0]}/")), key=lambda pair: len(pair[0])
            )
            said = _output(["go", "list", "-m", "-u", "-json", module], file.parent)
            answer = json.loads(said) if said else {}
            # If go may not use the network, it still answers, without an update.
            known = answer and "Error" not in answer and not offline
            newest = answer.get("Update", {}).get("Version", pinned) if known else None
            yield Pin(str(file.relative_to(root)), module, pinned, newest)


def pins_of_actions(root: Path) -> Iterator[Pin]:
    """Every action that a workflow of ours or a delivered one uses."""
    files = [*root.glob(".github/workflows/*.yml"), *root.glob("readiness/delivered/*.yml")]
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    for name, version in sorted(set(re.findall(r"uses: ([\w./-]+)@[0-9a-f]{40} # (v\S+)", text))):
        yield Pin("workflows", name, version, None)


def _output(command: list[str | Path], folder: Path | None = None) -> str | None:
    """The output of a command; None if it fails or is not installed."""
    try:
        done = subprocess.run(
            command, cwd=folder, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            timeout=_HANG_SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def main(root: Path = ROOT) -> int:
    """Prints the list. Without an answer from any registry, one error instead."""
    asked = [*pins_of_locks(root), *pins_of_go(root)]
    if all(pin.newest is None for pin in asked):
        print(
            "error: no registry could be reached. Check the network and run this again.",
            file=sys.stderr,
        )
        return 1
    beyond = [pin for pin in (*asked, *pins_of_actions(root)) if pin.newest != pin.pinned]
    for pin in beyond:
        print(f"{pin.place}: {pin.name} {pin.pinned} -> {pin.newest or NOT_KNOWN}")
    print(f"{len(asked)} pins were compared with the registries. Actions are in no registry: Dependabot proposes them.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
