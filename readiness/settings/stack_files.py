"""`Pulumi.yaml` and `Pulumi.<stack>.yaml` as one set of configuration values, each with the file and line it came from.

Follows the engine's rules: a key without a namespace belongs to the project, and a key that the stack sets replaces
the project's value of that key whole (no merging inside objects).
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from readiness.finding import Finding, RefusedError, Severity
from readiness.settings.nearest import nearest, suggestion
from readiness.settings.stack_names import stack_names
from readiness.settings.strict_yaml import Document, KeyPath, path_text, read_yaml

PROJECT_FILE = "Pulumi.yaml"
PROGRAM_FILE = "__main__.py"

# Top-level keys that the engine knows (project.json and workspace/project.go in pulumi/pulumi, v3.274.1).
# It accepts any other silently. `stackConfigDir` is left out: the stacks' files lie beside Pulumi.yaml.
PROJECT_FILE_KEYS = (
    "name", "runtime", "main", "description", "author", "website", "license", "config",
    "template", "backend", "options", "plugins", "packages", "requiredPulumiVersion",
)  # fmt: skip
STACK_FILE_KEYS = ("config", "encryptionsalt", "secretsprovider", "encryptedkey", "environment")
# What the Python language host reads of `runtime:` (main.go of pulumi-language-python); it drops any other silently,
# and a misspelt `toolchain:` makes it pick uv or poetry by the lock files that it finds.
RUNTIME_KEYS = ("name", "options")
RUNTIME_OPTIONS = ("toolchain", "typechecker", "virtualenv")
DECLARATION_KEYS = ("type", "description", "items", "default", "value", "secret")

# The engine's own form (pulumi.com/docs/iac/concepts/stacks), without what a command would read as an option.
_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99}")
# What the engine's secret managers write: passphrase (`v1:nonce:text`), or base64 of at least nonce and tag.
_CIPHERTEXT = re.compile(r"v1:[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+|[A-Za-z0-9+/=]{40,}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Where a configuration key was written."""

    document: Document
    path: KeyPath


@dataclass(slots=True)
class StackConfig:
    """The configuration of a stack: values by full key (secrets left out), and which keys are secret.

    `replaced` are values of the project that the stack's own replace.
    A digest of a ciphertext changes when the secret is stored again, and says nothing about its value.
    """

    stack: str
    file: str
    project: str = "readiness"
    values: dict[str, Any] = field(default_factory=dict)
    replaced: dict[str, Any] = field(default_factory=dict)
    secret_keys: set[str] = field(default_factory=set)
    ciphertext_digests: dict[str, str] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    documents: list[Document] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)

    def place(self, key: str, path: KeyPath = ()) -> tuple[str, int | None]:
        """File and line of the value at `path` inside `key`; `config:` of the stack's file where the key is absent."""
        origin = self.origins.get(key)
        if origin is None:
            own = next((document for document in self.documents if document.file == self.file), None)
            return self.file, own.line_of(("config",)) if own else None
        # The key itself stands a line above its `default:` or `value:`.
        where = (*origin.path, *path) if path else origin.path[:2]
        return origin.document.file, origin.document.line_of(where)

    def has(self, key: str) -> bool:
        """Whether the key is written, with a value or as a secret."""
        return key in self.values or key in self.secret_keys

    def error_at_key(self, rule_id: str, key: str, message: str, hint: str, path: KeyPath = ()) -> Finding:
        """An error about the value at `path` inside a configuration key such as `github:baseUrl`."""
        file, line = self.place(key, path)
        where = path_text((key, *path))
        return Finding(rule_id=rule_id, file=file, line=line, key=where, message=message, hint=hint)

    def error(self, rule_id: str, path: KeyPath, message: str, hint: str) -> Finding:
        """An error about the setting at `path`, with the file and line where it was written."""
        return self.error_at_key(rule_id, f"readiness:{path[0]}", message, hint, path[1:])

    def warning(self, rule_id: str, path: KeyPath, message: str, hint: str, *, placeholder: bool = False) -> Finding:
        """A warning about the setting at `path`; with `placeholder`, an update is refused because of it."""
        found = self.error(rule_id, path, message, hint)
        return replace(found, severity=Severity.WARNING, placeholder=placeholder)


def stack_file_name(stack: str) -> str:
    """The name of the stack's own file."""
    return f"Pulumi.{stack}.yaml"


def find_project_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds a Pulumi.yaml, as the Pulumi CLI looks for it."""
    for folder in (start, *start.parents):
        if os.path.lexists(folder / PROJECT_FILE):
            return folder
    message, hint = "is neither in this folder nor above it", "Run the command inside the project"
    raise RefusedError([Finding(rule_id="project-file-missing", file=PROJECT_FILE, message=message, hint=hint)])


def read_stack(root: Path, stack: str) -> StackConfig:
    """Reads both files of a stack.

    Raises RefusedError when a file cannot be read at all; problems inside them are collected in the result.
    """
    name = stack_file_name(stack)
    refused = _stack_name_problems(root, stack)
    documents: dict[str, Document] = {}
    for file in (PROJECT_FILE,) if refused else (PROJECT_FILE, name):
        try:
            documents[file] = read_yaml(root / file, file)
        except RefusedError as refusal:
            refused += refusal.problems
    if refused:
        raise RefusedError(refused)
    config = StackConfig(stack=stack, file=name, documents=list(documents.values()))
    config.problems += (problem for document in config.documents for problem in document.problems)
    readable = [_has_settings(config, document) for document in config.documents]
    if not all(readable):
        raise RefusedError(config.problems)
    _add_project_file(config, documents[PROJECT_FILE])
    _add_stack_file(config, documents[name])
    return config


def _stack_name_problems(root: Path, stack: str) -> list[Finding]:
    known = stack_names(root)
    if not _NAME.fullmatch(stack):
        message = "has a name that is no stack's"
        hint = "Use letters, digits, `-`, `_` and `.`, 100 at most, and no `-` first"
        return [Finding(rule_id="stack-unknown", file="Pulumi.<stack>.yaml", message=message, hint=hint)]
    if stack in known:
        return []
    hint = f"{suggestion(stack, known)}Stacks with a file here: {', '.join(known) or 'none'}"
    return [Finding(rule_id="stack-unknown", file=stack_file_name(stack), message="does not exist", hint=hint)]


def _has_settings(config: StackConfig, document: Document) -> bool:
    """Whether the file has a `config:` section to read; Pulumi.yaml may do without. Its other keys are checked too."""
    if not isinstance(document.value, dict):
        message, hint = "is not a mapping of keys to values", "Restore it from version control"
        config.problems.append(document.finding((), message, hint, rule_id="stack-file-form"))
        return False
    is_project = document.file == PROJECT_FILE
    allowed = PROJECT_FILE_KEYS if is_project else STACK_FILE_KEYS
    meant = _refuse_unknown(config, document, (), document.value, allowed, "settings are under `config:`")
    section = document.value.get("config")
    if isinstance(section, dict) or (section is None and is_project and "config" not in meant):
        return True
    if section is None and "config" in meant:
        return False
    message = "is missing" if section is None else "is not a mapping of keys to values"
    hint = "Write `config:` and the settings below it, indented"
    config.problems.append(document.finding(("config",), message, hint, rule_id="stack-file-form"))
    return False


def _add_project_file(config: StackConfig, document: Document) -> None:
    name = document.value.get("name")
    if isinstance(name, str) and _NAME.fullmatch(name):
        config.project = name
    else:
        message, hint = "is missing or no name of a project", "Write `name: readiness`"
        config.problems.append(document.finding(("name",), message, hint, rule_id="project-file-form"))
    config.problems += list(_program_problems(config, document))
    _add_values(config, document)


def _program_problems(config: StackConfig, document: Document) -> Iterator[Finding]:
    """Where the engine would run another program than the one beside Pulumi.yaml, which every check here is about."""
    main, runtime = document.value.get("main"), document.value.get("runtime")
    if isinstance(runtime, dict):
        dropped = "the engine drops any other"
        _refuse_unknown(config, document, ("runtime",), runtime, RUNTIME_KEYS, dropped)
        name, options = runtime.get("name", "python"), runtime.get("options")
        if isinstance(options, dict):
            _refuse_unknown(config, document, ("runtime", "options"), options, RUNTIME_OPTIONS, dropped)
    else:
        name, options = document.value.get("runtime", "python"), None
    if main is not None and (not isinstance(main, str) or posixpath.normpath(main) not in (".", PROGRAM_FILE)):
        message = f"names another program than the {PROGRAM_FILE} beside this file, which is the one that is checked"
        yield document.finding(("main",), message, "Remove it", rule_id="project-file-form")
    if name != "python":
        message = "is not `python`, in which the program that is checked is written"
        yield document.finding(("runtime",), message, "Write `name: python`", rule_id="project-file-form")
    folder = options.get("virtualenv") if isinstance(options, dict) else None
    if isinstance(folder, str) and (posixpath.isabs(folder) or posixpath.normpath(folder).startswith("..")):
        message = "is outside the project, so that another interpreter than the one that is set up here would run"
        path, hint = ("runtime", "options", "virtualenv"), "Write `virtualenv: .venv`"
        yield document.finding(path, message, hint, rule_id="project-file-form")


def _add_values(config: StackConfig, document: Document) -> None:
    """Adds the values under `config:` of the file. They replace those of an earlier file."""
    before = dict(config.values)
    for key, value in (document.value.get("config") or {}).items():
        origin = Origin(document=document, path=("config", key))
        full_key = key if ":" in key else f"{config.project}:{key}"
        if full_key in config.origins and config.origins[full_key].document is document:
            message, hint = "is written twice, with and without its namespace", "Keep one"
            problem = document.finding(origin.path, message, hint, rule_id="settings-repeated-key", key=full_key)
            config.problems.append(problem)
        elif document.file == PROJECT_FILE and isinstance(value, dict):
            _add_declaration(config, full_key, value, origin)
        else:
            _add_value(config, full_key, value, origin)
            if full_key in before:
                config.replaced[full_key] = before[full_key]


def _add_declaration(config: StackConfig, key: str, entry: dict[str, Any], origin: Origin) -> None:
    """Adds the value of a declared key: `default:` for the project's own keys, `value:` for those of a provider."""
    own = key.startswith(f"{config.project}:")
    allowed = DECLARATION_KEYS if own else ("value",)
    hint = f"the value is under `{'default' if own else 'value'}:`"
    if entry and not entry.keys() & set(DECLARATION_KEYS):
        message = "holds its value where the engine looks for a declaration"
        below = f"Indent it below `{'default' if own else 'value'}:`"
        problem = origin.document.finding(origin.path, message, below, rule_id="project-file-declaration", key=key)
        config.problems.append(problem)
        _add_value(config, key, entry, origin)
        return
    _refuse_unknown(config, origin.document, origin.path, entry, allowed, hint)
    for holder in ("value", "default"):
        if holder in entry:
            _add_value(config, key, entry[holder], Origin(document=origin.document, path=(*origin.path, holder)))
            break


def _add_stack_file(config: StackConfig, document: Document) -> None:
    if document.value.get("environment") is not None:
        message = "takes settings and environment variables from Pulumi ESC, which no check here reads"
        hint, rule_id = "Write what this project needs into its own files", "stack-file-environment"
        problem = document.finding(("environment",), message, hint, rule_id=rule_id, severity=Severity.WARNING)
        config.problems.append(problem)
    _add_values(config, document)


def _refuse_unknown(
    config: StackConfig, document: Document, path: KeyPath, found: dict[str, Any], allowed: tuple[str, ...], more: str
) -> set[str | None]:
    """Reports unknown keys; returns the names that they were probably meant to be."""
    meant: set[str | None] = set()
    for key in found:
        if key not in allowed:
            near = nearest(key, allowed)
            meant.add(near)
            hint = f"Did you mean `{near}`?" if near else f"Allowed: {', '.join(allowed)}; {more}"
            where, name = (*path, key), path_text((*path, key)).removeprefix("config.")
            problem = document.finding(where, "is an unknown key", hint, rule_id="settings-unknown-key", key=name)
            config.problems.append(problem)
    return meant


def _add_value(config: StackConfig, key: str, value: Any, origin: Origin) -> None:
    config.origins[key] = origin
    config.values.pop(key, None)
    config.secret_keys.discard(key)
    config.ciphertext_digests.pop(key, None)
    if _holds_ciphertext(value):
        config.secret_keys.add(key)
        config.ciphertext_digests[key] = hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
    elif key.startswith(f"{config.project}:") and value in ("true", "false"):
        # The engine writes a lone boolean back as text (`stack init`, `config set`), and reads both alike.
        config.values[key] = value == "true"
    else:
        config.values[key] = value


def _holds_ciphertext(value: Any) -> bool:
    """Whether the value is `secure: …`, or holds one: the engine then treats the whole key as a secret.

    Plain text under `secure:` is none, so that it is found and refused like any other.
    """
    if isinstance(value, dict):
        text = value.get("secure") if len(value) == 1 else None
        is_ciphertext = isinstance(text, str) and _CIPHERTEXT.fullmatch(text) is not None
        return is_ciphertext or any(_holds_ciphertext(item) for item in value.values())
    return isinstance(value, list) and any(_holds_ciphertext(item) for item in value)
