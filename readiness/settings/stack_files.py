"""`Pulumi.yaml` and `Pulumi.<stack>.yaml` as one set of configuration values, each with the file and line it came from.

Follows the engine's rules: a key without a namespace belongs to the project, and a key that the stack sets replaces
the project's value of that key whole (no merging inside objects).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from readiness.problems import Problem, RefusedError, Severity
from readiness.settings.nearest import suggestion
from readiness.settings.strict_yaml import Document, KeyPath, read_yaml

PROJECT_FILE = "Pulumi.yaml"

# Top-level keys that the engine knows (project.json and workspace/project.go in pulumi/pulumi, v3.256.0).
# It accepts any other silently.
PROJECT_FILE_KEYS = (
    "name", "runtime", "main", "description", "author", "website", "license", "config",
    "template", "backend", "options", "plugins", "packages",
)  # fmt: skip
STACK_FILE_KEYS = ("config", "encryptionsalt", "secretsprovider", "encryptedkey", "environment")
DECLARATION_KEYS = ("type", "description", "items", "default", "value", "secret")

_STACK_NAME = re.compile(r"^[A-Za-z0-9_.-]{1,100}$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a configuration key was written."""

    document: Document
    path: KeyPath


@dataclass(slots=True)
class StackConfig:
    """The configuration of a stack: values by full key (secrets left out), and which keys are secret."""

    stack: str
    file: str
    project: str = "readiness"
    values: dict[str, Any] = field(default_factory=dict)
    secret_keys: set[str] = field(default_factory=set)
    origins: dict[str, Origin] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, key: str, path: KeyPath = ()) -> tuple[str, int | None]:
        """File and line of the value at `path` inside `key`; the stack's file where the key is absent."""
        origin = self.origins.get(key)
        if origin is None:
            return self.file, None
        return origin.document.file, origin.document.line_of((*origin.path, *path))


def stack_file_name(stack: str) -> str:
    """The name of the stack's own file."""
    return f"Pulumi.{stack}.yaml"


def find_project_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds a Pulumi.yaml, as the Pulumi CLI looks for it."""
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    message = "is neither in this folder nor above it"
    raise RefusedError([Problem(file=PROJECT_FILE, message=message, mend="Run the command inside the project")])


def stack_names(root: Path) -> list[str]:
    """The stacks that have a file in the project's folder, sorted."""
    names = (path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in root.glob("Pulumi.*.yaml"))
    return sorted(name for name in names if name)


def read_stack(root: Path, stack: str, file: str | None = None) -> StackConfig:
    """Reads both files of a stack; `file` is the stack's file where it is not the usual one.

    Raises RefusedError when a file cannot be read at all; problems inside them are collected in the result.
    """
    name = file or stack_file_name(stack)
    refused: list[Problem] = []
    documents: dict[str, Document] = {}
    if file is None:
        refused += _stack_name_problems(root, stack)
    for each in (PROJECT_FILE, name) if not refused else (PROJECT_FILE,):
        try:
            documents[each] = read_yaml(root / each, each)
        except RefusedError as refusal:
            refused += refusal.problems
    if refused:
        raise RefusedError(refused)
    config = StackConfig(stack=stack, file=name)
    _add_project_file(config, documents[PROJECT_FILE])
    _add_stack_file(config, documents[name])
    return config


def _stack_name_problems(root: Path, stack: str) -> list[Problem]:
    known = stack_names(root)
    if _STACK_NAME.match(stack) and stack in known:
        return []
    mend = f"{suggestion(stack, known)}Stacks with a file here: {', '.join(known) or 'none'}"
    file = stack_file_name(stack) if _STACK_NAME.match(stack) else "Pulumi.<stack>.yaml"
    return [Problem(file=file, message="does not exist", mend=mend)]


def _add_project_file(config: StackConfig, document: Document) -> None:
    declared = _config_section(config, document, PROJECT_FILE_KEYS)
    name = document.value.get("name") if isinstance(document.value, dict) else None
    if not isinstance(name, str) or not _STACK_NAME.match(name):
        line, mend = document.line_of(("name",)), "Write `name: readiness`"
        message = "is missing or no name of a project"
        config.problems.append(Problem(file=document.file, line=line, key="name", message=message, mend=mend))
        name = config.project
    config.project = name
    for key, entry in declared.items():
        path: KeyPath = ("config", key)
        full_key = key if ":" in key else f"{config.project}:{key}"
        if not isinstance(entry, dict):
            _add_value(config, full_key, entry, Origin(document=document, path=path))
            continue
        _refuse_unknown(config, document, path, entry, DECLARATION_KEYS, "put an object under `default:`")
        for holder in ("value", "default"):
            if holder in entry:
                _add_value(config, full_key, entry[holder], Origin(document=document, path=(*path, holder)))
                break


def _add_stack_file(config: StackConfig, document: Document) -> None:
    project_keys = dict(config.values)
    for key, value in _config_section(config, document, STACK_FILE_KEYS).items():
        full_key = key if ":" in key else f"{config.project}:{key}"
        _add_value(config, full_key, value, Origin(document=document, path=("config", key)))
        before = project_keys.get(full_key)
        if isinstance(before, dict) and isinstance(value, dict) and (lost := sorted(set(before) - set(value))):
            file, line = config.place(full_key)
            config.problems.append(
                Problem(
                    file=file,
                    line=line,
                    key=full_key,
                    message=f"replaces the whole object of {PROJECT_FILE}, which also holds {', '.join(lost)}",
                    mend="Write those here too: the engine does not merge objects",
                    severity=Severity.WARNING,
                )
            )


def _config_section(config: StackConfig, document: Document, allowed: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(document.value, dict):
        message, mend = "is not a mapping of keys to values", "Restore it from version control"
        config.problems.append(Problem(file=document.file, line=1, message=message, mend=mend))
        return {}
    _refuse_unknown(config, document, (), document.value, allowed, "settings stand under `config:`")
    section = document.value.get("config")
    if isinstance(section, dict):
        return section
    if section is not None or document.file != PROJECT_FILE:
        line = document.line_of(("config",))
        message = "is missing or no mapping of keys to values"
        mend = "Write `config:` and the settings below it, indented"
        config.problems.append(Problem(file=document.file, line=line, key="config", message=message, mend=mend))
    return {}


def _refuse_unknown(
    config: StackConfig, document: Document, path: KeyPath, found: dict[str, Any], allowed: tuple[str, ...], hint: str
) -> None:
    for key in found:
        if key not in allowed:
            config.problems.append(
                Problem(
                    file=document.file,
                    line=document.line_of((*path, key)),
                    key=".".join(str(part) for part in (*path, key)),
                    message="is an unknown key, which the engine would ignore",
                    mend=f"{suggestion(key, allowed)}Allowed: {', '.join(allowed)}; {hint}",
                )
            )


def _add_value(config: StackConfig, key: str, value: Any, origin: Origin) -> None:
    config.origins[key] = origin
    config.values.pop(key, None)
    config.secret_keys.discard(key)
    if _holds_ciphertext(value):
        config.secret_keys.add(key)
    else:
        config.values[key] = value


def _holds_ciphertext(value: Any) -> bool:
    """Whether the value is `secure: …`, or holds one: the engine then treats the whole key as a secret."""
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(_holds_ciphertext(item) for item in value.values())
    return isinstance(value, list) and any(_holds_ciphertext(item) for item in value)
