"""Which program a stack runs and where its credentials go, as far as files of the project say so.

None of it shows in a resource: another address of an API, another account, another interpreter leave the plan as it is.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from readiness.files import read_regular_bytes
from readiness.plan.field_changes import FieldChange
from readiness.plan.plan_file import SECRET
from readiness.settings.configuration_keys import (
    DEPENDENCY_DECISION,
    PROJECT_FILE_DECISIONS,
    STACK_FILE_DECISIONS,
    Comparison,
    KeyDecision,
    decision_of_key,
)
from readiness.settings.stack_files import PROJECT_FILE, StackConfig, read_stack, stack_file_name

Setup = dict[str, Any]

# The sections, each of which contains values by key.
PROJECT, STACK, CONFIGURATION, DEPENDENCIES = "project_file", "stack_file", "configuration", "dependencies"
# Days until which a setting accepts what is wrong, by the place of the setting. No resource shows them.
ACCEPTED = "accepted_until"
_DATES = ("accept_degraded_until", "expires")
_ACCEPTED_LONGER = KeyDecision(comparison=Comparison.ACKNOWLEDGEMENT, why="the problem is accepted for longer")
_ACCEPTED_SHORTER = KeyDecision(comparison=Comparison.SHOWN, why="the problem is accepted for a shorter time")

# Keys of the secrets' manager: nothing that anybody would read.
_OPAQUE = frozenset({"encryptionsalt", "encryptedkey"})
_REQUIREMENTS = re.compile(r"requirements[\w.-]*\.txt")
# Tables of pyproject.toml by which uv, poetry and pip find packages.
_PYPROJECT = (("tool", "uv"), ("tool", "poetry", "source"), ("build-system",))


def setup_of(config: StackConfig, read: Callable[[str], str | None], names: list[str]) -> Setup:
    """The setup of a stack: `{section: {key: value}}`, keys that are not compared left out.

    `read` gives the text of a file in the project's topmost folder, None where there is none; `names` are its files.
    """
    by_file = {document.file: document.value for document in config.documents}
    sections = {
        PROJECT: _of_file(by_file.get(PROJECT_FILE), PROJECT_FILE_DECISIONS),
        STACK: _of_file(by_file.get(config.file), STACK_FILE_DECISIONS),
        CONFIGURATION: dict(_configuration(config)),
        DEPENDENCIES: dict(_dependencies(read, names)),
    }
    if accepted := dict(_accepted(config.values, "")):
        sections[ACCEPTED] = accepted
    return {name: dict(sorted(section.items())) for name, section in sections.items()}


def setup_in_folder(root: Path, config: StackConfig) -> Setup:
    """The setup of a stack of the project in this folder."""

    def read(name: str) -> str | None:
        try:
            return read_regular_bytes(root / name).decode("utf-8", errors="replace")
        except OSError:
            return None

    return setup_of(config, read, sorted(path.name for path in root.iterdir() if path.is_file()))


def setup_of_texts(stack: str, read: Callable[[str], str | None], names: list[str]) -> Setup:
    """The setup of a stack of a commit; a stack without a file there has what the project gives it.

    Raises RefusedError where a file cannot be read.
    """
    return setup_of(config_of_texts(stack, read), read, names)


def config_of_texts(stack: str, read: Callable[[str], str | None]) -> StackConfig:
    """The configuration of a stack of a commit, as `setup_of_texts` reads it. Raises RefusedError as it does."""
    with tempfile.TemporaryDirectory(prefix="readiness-setup-") as folder:
        for name, otherwise in ((PROJECT_FILE, ""), (stack_file_name(stack), "config: {}\n")):
            text = read(name)
            Path(folder, name).write_text(otherwise if text is None else text, encoding="utf-8")
        return read_stack(Path(folder), stack)


def decision_of_field(change: FieldChange) -> KeyDecision:
    """The decision on a changed field of a setup."""
    section, key = (*change.names, "", "")[:2]
    if section == ACCEPTED:
        # A section that comes or goes is one object. ISO days sort as texts.
        sides = (value.values() if isinstance(value, dict) else [value] for value in (change.old, change.new))
        before, after = (max((day for day in days if isinstance(day, str)), default="") for days in sides)
        return _ACCEPTED_LONGER if after > before else _ACCEPTED_SHORTER
    of_files = {PROJECT: PROJECT_FILE_DECISIONS, STACK: STACK_FILE_DECISIONS}.get(section, {})
    return DEPENDENCY_DECISION if section == DEPENDENCIES else of_files.get(key) or decision_of_key(key)


def _accepted(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every day of `_DATES` in the settings; an entry of a list is known by its name, else by its position."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in _DATES and isinstance(item, str):
                yield f"{path}.{key}", item
            yield from _accepted(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            names = [item.get(key) for key in ("name", "id", "vulnerability")] if isinstance(item, dict) else []
            name = next((name for name in names if isinstance(name, str)), position)
            yield from _accepted(item, f"{path}[{name}]")


def _of_file(value: Any, decisions: Mapping[str, KeyDecision]) -> dict[str, Any]:
    given = value if isinstance(value, dict) else {}
    return {
        key: _digest(item) if key in _OPAQUE else _plain(item)
        for key, item in given.items()
        if item is not None and key in decisions and decisions[key].comparison is not Comparison.NONE
    }


def _configuration(config: StackConfig) -> Iterator[tuple[str, Any]]:
    for key in {*config.values, *config.secret_keys}:
        value = config.values.get(key)
        if decision_of_key(key).comparison is Comparison.NONE:
            continue
        if key in config.secret_keys:
            yield key, f"{SECRET} {config.ciphertext_digests.get(key, '')}".rstrip()
        elif value is not None:
            yield key, _plain(value)


def _plain(value: Any) -> Any:
    """The value without secrets: an ESC environment may hold one in plain text under `fn::secret`."""
    if isinstance(value, dict):
        return {
            key: f"{SECRET} {_digest(item)}" if key in ("fn::secret", "secure") else _plain(item)
            for key, item in sorted(value.items())
        }
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _dependencies(read: Callable[[str], str | None], names: list[str]) -> Iterator[tuple[str, Any]]:
    """Where packages come from: options and addresses in requirements, tables of uv, poetry and the build."""
    for name in names:
        found: Any = None
        if _REQUIREMENTS.fullmatch(name):
            lines = (line.strip() for line in (read(name) or "").splitlines())
            found = sorted({line for line in lines if _names_a_source(line)})
        elif name in ("pyproject.toml", "uv.toml", "poetry.toml"):
            found = dict(_tables(name, read(name) or ""))
        if found:
            yield name, found


def _names_a_source(line: str) -> bool:
    is_option = line.startswith("-") and not line.startswith("--hash")
    requirement = line.partition(" #")[0].rstrip()
    # An address has one too. pip takes what has a slash, or ends as an archive does, for a path.
    is_place = "/" in requirement or requirement.endswith((".whl", ".zip", ".tar.gz"))
    return is_option or (not line.startswith("#") and (is_place or " @ " in line))


def _tables(name: str, text: str) -> Iterator[tuple[str, Any]]:
    try:
        document: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        yield "unreadable", _digest(text)
        return
    for path in _PYPROJECT if name == "pyproject.toml" else tuple((key,) for key in document):
        table = document
        for key in path:
            table = table.get(key) if isinstance(table, dict) else None
        if table is not None:
            yield ".".join(path), json.loads(json.dumps(table, sort_keys=True, default=str))
