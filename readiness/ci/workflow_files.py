"""The workflow files of a folder as plain values, with the line of each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from readiness.files import FileTooLargeError, read_regular_bytes
from readiness.finding import Finding, Severity
from readiness.refusal import RefusedError
from readiness.settings.strict_yaml import KeyPath

# GitHub's own limit is 512 KiB; what is larger is no workflow.
MAX_FILE_BYTES = 512 * 1024
_MAX_DEPTH = 40
_MAX_VALUES = 50_000
_INTEGER = "tag:yaml.org,2002:int"
_FLOAT = "tag:yaml.org,2002:float"


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkflowFile:
    """One workflow. Every scalar of `body` is text as GitHub would print it, keys such as `on` included.

    `lines` holds the line of each key and item; `blocks` the texts that begin on the line after their key.
    """

    file: str
    name: str
    text: str
    body: dict[str, Any]
    lines: dict[KeyPath, int] = field(repr=False)
    blocks: frozenset[KeyPath] = field(repr=False)

    def line_of(self, path: KeyPath, offset: int = 0) -> int:
        """The line of the value at `path`; `offset` counts lines inside a text."""
        line = next(self.lines[path[:length]] for length in range(len(path), -1, -1) if path[:length] in self.lines)
        return line + offset + (path in self.blocks)

    def finding(
        self,
        *,
        rule_id: str,
        path: KeyPath,
        message: str,
        hint: str,
        offset: int = 0,
        severity: Severity = Severity.ERROR,
    ) -> Finding:
        """A finding at `path`; `offset` counts lines inside the text there. Its key, a required check, is not known."""
        line = self.line_of(path, offset)
        return Finding(rule_id=rule_id, file=self.file, line=line, message=message, hint=hint, severity=severity)


def read_workflows(folder: Path) -> list[WorkflowFile]:
    """Every workflow of the folder, sorted by name. Raises RefusedError with all that cannot be read."""
    try:
        paths = sorted(each for each in folder.iterdir() if each.suffix in (".yml", ".yaml") and each.is_file())
    except OSError as error:
        raise _refusal(str(folder), None, f"cannot be read ({error.strerror})") from None
    if not paths:
        raise _refusal(str(folder), None, "holds no workflow")
    found: list[WorkflowFile] = []
    problems: list[Finding] = []
    for path in paths:
        try:
            found.append(_read(path))
        except RefusedError as refusal:
            problems += refusal.problems
    if problems:
        raise RefusedError(problems)
    return found


def workflows_digest(workflows: list[WorkflowFile]) -> str:
    """One digest of all names and texts: it changes with every edit of a workflow."""
    whole = hashlib.sha256()
    for each in workflows:
        whole.update(f"{each.name}\0{hashlib.sha256(each.text.encode()).hexdigest()}\n".encode())
    return f"sha256:{whole.hexdigest()}"


def _read(path: Path) -> WorkflowFile:
    file = str(path)
    try:
        text = read_regular_bytes(path, MAX_FILE_BYTES).decode("utf-8-sig")
    except FileTooLargeError as error:
        raise _refusal(file, None, f"is {error.strerror}") from None
    except (OSError, UnicodeDecodeError):
        raise _refusal(file, None, "cannot be read as text") from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refusal(file, mark.line + 1 if mark else None, "is not valid YAML") from None
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError):
        raise _refusal(file, None, "is not valid YAML") from None
    builder = _Builder(file)
    body = builder.build(node, (), 0) if node is not None else None
    if not isinstance(body, dict) or not isinstance(body.get("jobs"), dict):
        raise _refusal(file, 1, "is no workflow: it has no jobs")
    return WorkflowFile(
        file=file, name=path.name, text=text, body=body, lines=builder.lines, blocks=frozenset(builder.blocks)
    )


class _Builder:
    """Turns composed nodes into texts, lists and objects, and keeps their lines."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[KeyPath, int] = {}
        self.blocks: set[KeyPath] = set()
        self._built = 0

    def build(self, node: yaml.Node, path: KeyPath, depth: int) -> Any:
        self._built += 1
        if depth > _MAX_DEPTH or self._built > _MAX_VALUES:
            raise _refusal(self.file, node.start_mark.line + 1, "is nested without end, because of an alias")
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            result: dict[str, Any] = {}
            for key_node, value_node in node.value:
                key, line = str(key_node.value), key_node.start_mark.line + 1
                if key in result:
                    raise _refusal(self.file, line, f"names {key} twice, which GitHub refuses")
                if key == "<<":
                    raise _refusal(self.file, line, "has a merge key `<<`, which GitHub refuses")
                self.lines[(*path, key)] = line
                result[key] = self.build(value_node, (*path, key), depth + 1)
            return result
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, index), depth + 1) for index, item in enumerate(node.value)]
        if getattr(node, "style", None) in ("|", ">"):
            self.blocks.add(path)
        return _as_github_prints(node)


def _as_github_prints(node: yaml.Node) -> str:
    """A number without its trailing zeros, as in the name of a matrix leg: `3.10` is 3.1. Other text as it stands."""
    value = str(node.value)
    try:
        if node.tag == _FLOAT:
            number = float(value)
            return str(int(number)) if number.is_integer() else repr(number)
        return str(int(value)) if node.tag == _INTEGER else value
    except ValueError:
        return value


def _refusal(file: str, line: int | None, message: str) -> RefusedError:
    hint = "Name the folder .github/workflows of a checkout whose workflows GitHub runs"
    return RefusedError([Finding(rule_id="workflow-file-unreadable", file=file, line=line, message=message, hint=hint)])
