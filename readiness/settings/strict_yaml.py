"""Reads YAML as the Pulumi engine does, and remembers the line of every value.

Two parsers read a stack file: the engine's (Go, yaml.v3) and ours. PyYAML's default resolver is YAML 1.1 (`on` is
true, `1:30` is 90, a repeated key wins silently), the engine's is not; the resolver here follows the engine.
Python tags and merge keys are refused, and the size of what aliases expand to is bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from readiness.problems import Problem, RefusedError

KeyPath = tuple[str | int, ...]

MAX_FILE_BYTES = 1024 * 1024
MAX_VALUES = 50_000


class _EngineLoader(yaml.SafeLoader):
    """A SafeLoader whose implicit types are those of the engine's parser."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - the base class's shape


for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("tag:yaml.org,2002:int", r"^[-+]?(?:0|[1-9][0-9_]{0,30})$", list("-+0123456789")),
    (
        "tag:yaml.org,2002:float",
        r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$",
        list("-+.0123456789"),
    ),
    ("tag:yaml.org,2002:merge", r"^<<$", ["<"]),
):
    _EngineLoader.add_implicit_resolver(_tag, re.compile(_pattern), _first)


@dataclass(slots=True)
class Document:
    """A parsed file: its value, and the line of every key and item, by path from the root."""

    file: str
    value: Any
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def line_of(self, path: KeyPath) -> int | None:
        """The line of the value at `path`, or of the nearest thing above it that exists."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None


def read_yaml(path: Path, file: str) -> Document:
    """Parses the file; `file` is its name in messages. Raises RefusedError with what is wrong and the line."""
    text = _read_text(path, file)
    try:
        node = yaml.compose(text, Loader=_EngineLoader)
    except yaml.MarkedYAMLError as error:
        raise RefusedError([_syntax_problem(error, file)]) from None
    except yaml.YAMLError:
        raise _refusal(file, None, "holds a character that YAML does not allow", "Write it as plain text") from None
    except RecursionError:
        raise _refusal(file, None, "is nested too deeply to be read", "Write it flatter") from None
    if node is None:
        raise _refusal(file, 1, "is empty", "Restore it from version control, or copy another stack's file")
    builder = _Builder(file)
    document = Document(file=file, value=builder.build(node, (), ()), lines=builder.lines)
    if builder.problems:
        raise RefusedError(builder.problems)
    return document


def _read_text(path: Path, file: str) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise _refusal(file, None, "does not exist", "Create it, or name another stack") from None
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise _refusal(file, None, f"cannot be read ({reason})", "Make it a readable file") from None
    if len(data) > MAX_FILE_BYTES:
        raise _refusal(file, None, f"is larger than {MAX_FILE_BYTES} bytes", "Keep only settings in it")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _refusal(
            file, line, "is not UTF-8 text", "Save it as UTF-8, or restore it from version control"
        ) from None


def _syntax_problem(error: yaml.MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    reason = error.problem or error.context or "unknown"
    mend = "Indent with spaces, not tabs" if r"'\t'" in reason else "Mend the YAML at that line"
    return Problem(file=file, line=mark.line + 1 if mark else None, message=f"is not valid YAML: {reason}", mend=mend)


def _refusal(file: str, line: int | None, message: str, mend: str) -> RefusedError:
    return RefusedError([Problem(file=file, line=line, message=message, mend=mend)])


class _Builder:
    """Turns composed nodes into plain values, and collects lines and problems on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []
        self._built = 0

    def build(self, node: yaml.Node, path: KeyPath, above: tuple[int, ...]) -> Any:
        """The plain value of `node`; `above` are the identities of the nodes that hold it."""
        self._built += 1
        self.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in above or self._built > MAX_VALUES:
            raise RefusedError([self._problem(node, path, "an alias makes it endless or huge", "Write the values out")])
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, (*above, id(node)))
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, index), (*above, id(node))) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath, above: tuple[int, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == "tag:yaml.org,2002:merge":
                self.problems.append(self._problem(key_node, path, "a key that is no plain text", "Write the keys out"))
                continue
            key = key_node.value
            if key in result:
                self.problems.append(
                    self._problem(key_node, (*path, key), "is written twice", "Keep one; the engine refuses the file")
                )
                continue
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            result[key] = self.build(value_node, (*path, key), above)
        return result

    def _scalar(self, node: yaml.Node, path: KeyPath) -> Any:
        match node.tag.removeprefix("tag:yaml.org,2002:"):
            case "null":
                return None
            case "bool":
                return node.value.lower() == "true"
            case "int":
                return int(node.value.replace("_", ""))
            case "float":
                return float(node.value)
            case "str":
                return node.value
        self.problems.append(self._problem(node, path, "has a YAML tag", "Write a plain value, without `!`"))
        return None

    def _problem(self, node: yaml.Node, path: KeyPath, message: str, mend: str) -> Problem:
        line = node.start_mark.line + 1
        return Problem(file=self.file, line=line, key=path_text(path), message=message, mend=mend)


def path_text(path: KeyPath) -> str:
    """`('readiness:services', 0, 'name')` as `readiness:services[0].name`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
