"""The lock of the Pulumi engine and its plugins: which files may run with the credentials of an apply.

`plugins.lock.json`, beside Pulumi.yaml, has for each platform the SHA-256 of the engine's files and of every file of
each provider plugin, by the plugin's folder name:

    {"schema": 1, "platforms": {"linux-x86_64": {
        "engine": {"pulumi": "sha256:…", "pulumi-language-python": "sha256:…"},
        "plugins": {"resource-gcp-v10.2.0": {"pulumi-resource-gcp": "sha256:…"}}}}}

pip already checks the hashes of the Python packages; nothing else checks these programs. The engine takes exactly the
version of a plugin that the SDK or the state requires (`SelectCompatiblePlugin` in pulumi/pulumi, sdk/v3 3.274.1). But
it prefers a plugin on PATH, and it downloads a missing one. With a lock, it does neither.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from readiness.files import read_regular_text
from readiness.finding import Finding, RefusedError

LOCK_FILE = "plugins.lock.json"
ENGINE_FILES = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec")
# Variables of the engine for use with a lock: it runs no plugin that is only on PATH, and downloads none by itself.
LOCKED_ENVIRONMENT = {
    "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
}
_SCHEMA = 1
_HINT = (
    "If you trust the installed files, run `readiness plugins lock` and commit the lock; otherwise install them again"
)

Files = Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Locked:
    """What one platform may run: file names with their `sha256:…`; files of a plugin are below its folder's name."""

    engine: Files
    plugins: Mapping[str, Files]


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """The paths of the CLI (None without one) and of the plugins on this machine, and its platform's name in a lock."""

    cli: Path | None
    plugins: Path
    platform: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Machine:
        """The CLI of PATH, and the plugins of PULUMI_HOME or ~/.pulumi."""
        found = shutil.which("pulumi", path=environment.get("PATH", ""))
        home = environment.get("PULUMI_HOME") or Path(environment.get("HOME") or "~").expanduser() / ".pulumi"
        name = f"{platform.system().lower()}-{platform.machine().lower()}"
        return cls(cli=Path(found) if found else None, plugins=Path(home) / "plugins", platform=name)


def sdk_plugins() -> tuple[str, ...]:
    """The folder names of the plugins that the installed SDK packages require: `resource-gcp-v10.2.0`."""
    found: set[str] = set()
    for package in distributions():
        name = (package.metadata["Name"] or "").lower().replace("-", "_")
        if not name.startswith("pulumi_"):
            continue
        try:
            stated = json.loads(Path(str(package.locate_file(f"{name}/pulumi-plugin.json"))).read_text("utf-8"))
            if stated.get("resource"):
                found.add(folder_name(stated["name"], stated["version"]))
        except (OSError, ValueError, KeyError, AttributeError):
            continue  # a package without a plugin
    return tuple(sorted(found))


def state_plugins(state: Mapping[str, Any]) -> tuple[str, ...]:
    """The same for the providers in a state (`deployment` of `pulumi stack export`), which a refresh also runs."""
    return tuple(
        sorted(
            {
                folder_name(str(resource["type"]).removeprefix("pulumi:providers:"), str(version))
                for resource in state.get("resources") or ()
                if str(resource.get("type", "")).startswith("pulumi:providers:")
                and (version := (resource.get("inputs") or {}).get("version"))
            }
        )
    )


def folder_name(name: str, version: str) -> str:
    """The folder of a provider plugin."""
    return f"resource-{name}-v{version.removeprefix('v')}"


def lock_text(before: str | None, machine: Machine, needed: Iterable[str]) -> tuple[str, list[str]]:
    """The new text of the lock, and a line for each entry that is new or has other files than before.

    Other platforms stay unchanged. Other versions of the plugins too, because a state may still need them during an
    upgrade. Raises RefusedError if the file is not a lock, or if the machine lacks a program.
    """
    platforms: dict[str, Locked] = {} if before is None else _platforms(before)
    old = platforms.get(machine.platform)
    plugins = {**(old.plugins if old else {})}
    missing = list(_missing(machine, needed))
    if missing:
        raise RefusedError(missing)
    new = {name: _digests(machine.plugins / name) for name in needed}
    now = Locked(engine=_engine_digests(machine), plugins={**plugins, **new})
    changes = [
        f"{machine.platform}: {what} {'is locked' if was is None else 'CHANGED: it had other files'}"
        for what, was, files in [
            ("the engine", old.engine if old else None, now.engine),
            *((name, plugins.get(name), files) for name, files in new.items()),
        ]
        if was != files
    ]
    platforms[machine.platform] = now
    listed = {
        name: {"engine": dict(locked.engine), "plugins": {key: dict(files) for key, files in locked.plugins.items()}}
        for name, locked in platforms.items()
    }
    return json.dumps({"schema": _SCHEMA, "platforms": listed}, indent=2, sort_keys=True) + "\n", changes


def _missing(machine: Machine, needed: Iterable[str]) -> Iterator[Finding]:
    if machine.cli is None:
        yield _finding("pulumi", "is not on PATH", "Install the Pulumi CLI")
    elif not (machine.cli.resolve().parent / "pulumi-language-python").is_file():
        yield _finding("pulumi-language-python", "is not beside the CLI", "Install an official release of the CLI")
    for name in needed:
        if not (machine.plugins / name).is_dir():
            yield _finding(name, f"is not installed in {machine.plugins}", f"Run `{' '.join(install_command(name))}`")


def install_command(folder: str) -> tuple[str, ...]:
    """The command that installs a plugin, by its folder's name."""
    name, _, version = folder.removeprefix("resource-").rpartition("-v")
    return ("pulumi", "plugin", "install", "resource", name, f"v{version}")


def read_lock(root: Path, machine: Machine) -> Locked | None:
    """What this platform may run; None if the project has no lock. Raises RefusedError if the lock has no entry."""
    try:
        text = read_regular_text(root / LOCK_FILE)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError([_finding("", f"cannot be read ({type(error).__name__})", "Restore it from git")]) from None
    locked = _platforms(text).get(machine.platform)
    if locked is None:
        hint = "Run `readiness plugins lock` on a machine of this platform that you trust, and commit the file"
        message = "is not in the lock, so neither the engine nor a plugin may run here"
        raise RefusedError([_finding(machine.platform, message, hint)])
    return locked


def engine_problems(locked: Locked, machine: Machine, environment: Mapping[str, str]) -> list[Finding]:
    """A finding if the engine's files differ from the lock, or if a variable makes it run programs from elsewhere."""
    problems = [
        _finding(name, "is set: the engine would run a program that is not locked", "Unset it")
        for name in ("PULUMI_DEBUG_PROVIDERS", "PULUMI_DEBUG_LANGUAGES")
        if environment.get(name)
    ]
    if machine.cli is None:
        return [*problems, _finding("pulumi", "is not on PATH", "Install the Pulumi CLI")]
    where = str(machine.cli.resolve().parent)
    return [*problems, *_differences(f"the engine in {where}", locked.engine, _engine_digests(machine))]


def plugin_problems(
    locked: Locked, machine: Machine, needed: Iterable[str], install: Callable[[str], bool]
) -> list[Finding]:
    """A finding for each needed plugin that is not in the lock or has other files. Missing plugins are installed first.

    `install` gets a plugin by its folder's name and returns whether that worked.
    """
    problems: list[Finding] = []
    for name in needed:
        if name not in locked.plugins:
            problems.append(_finding(name, "is needed, and is not in the lock", _HINT))
        elif not (machine.plugins / name).is_dir() and not install(name):
            hint = f"Run `{' '.join(install_command(name))}`"
            problems.append(_finding(name, "is not installed, and its installation failed", hint))
        else:
            problems += _differences(name, locked.plugins[name], _digests(machine.plugins / name))
    return problems


def _differences(what: str, locked: Files, found: Files) -> Iterator[Finding]:
    """One finding for the engine or a plugin, not one for each file."""
    other = sorted(name for name in locked.keys() & found.keys() if locked[name] != found[name])
    texts = [f"{name} has another content" for name in other]
    texts += [f"{name} is missing" for name in sorted(locked.keys() - found.keys())]
    texts += [f"{name} is not in the lock" for name in sorted(found.keys() - locked.keys())]
    if texts:
        yield _finding(what, f"differs from the lock: {', '.join(texts)}", _HINT)


def _engine_digests(machine: Machine) -> dict[str, str]:
    assert machine.cli is not None
    cli = machine.cli.resolve()
    files = {"pulumi": cli, **{name: cli.parent / name for name in ENGINE_FILES[1:]}}
    return {name: _digest(path) for name, path in files.items() if path.is_file()}


def _digests(folder: Path) -> dict[str, str]:
    """Every file below a folder; for a link, the digest of its target."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): _digest(path) for path in files}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _platforms(text: str) -> dict[str, Locked]:
    """The platforms in a lock's text. Raises RefusedError if the text is not a lock."""
    try:
        whole = json.loads(text)
        if whole["schema"] != _SCHEMA:
            raise ValueError
        found = {
            str(name): Locked(
                engine=_files(parts["engine"]),
                plugins={str(key): _files(files) for key, files in parts["plugins"].items()},
            )
            for name, parts in whole["platforms"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        hint = "Restore it from git, or delete it and run `readiness plugins lock`"
        raise RefusedError([_finding("", "is not a lock of plugins", hint)]) from None
    return found


def _files(value: Any) -> dict[str, str]:
    if (
        not isinstance(value, dict)
        or not value
        or not all(str(digest).startswith("sha256:") for digest in value.values())
    ):
        raise ValueError
    return {str(name): str(digest) for name, digest in value.items()}


def _finding(key: str, message: str, hint: str) -> Finding:
    return Finding(rule_id="plugin-lock", file=LOCK_FILE, key=key, message=message, hint=hint)
