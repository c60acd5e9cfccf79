"""The workflow files of a folder as plain values, with the line of each."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from readiness.finding import Finding, RefusedError, Severity
from readiness.settings.strict_yaml import Document, KeyPath, ScalarReader, parse_yaml, read_yaml

# GitHub refuses a larger workflow file.
MAX_FILE_BYTES = 512 * 1024
_INTEGER = "tag:yaml.org,2002:int"
_FLOAT = "tag:yaml.org,2002:float"
_FOLDER_HINT = "Name the folder .github/workflows of a checkout of the application's repository"


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

    def finding(
        self,
        rule_id: str,
        path: KeyPath,
        message: str,
        hint: str,
        *,
        offset: int = 0,
        severity: Severity = Severity.ERROR,
    ) -> Finding:
        """A finding at `path`, without the required check as its key. `offset` counts lines inside the text there."""
        known = next(path[:length] for length in range(len(path), -1, -1) if path[:length] in self.lines)
        line = self.lines[known] + offset + (path in self.blocks)
        return Finding(rule_id=rule_id, file=self.file, line=line, message=message, hint=hint, severity=severity)


def read_workflows(folder: Path) -> list[WorkflowFile]:
    """Every workflow of the folder, sorted by name. Raises RefusedError with all that cannot be read."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix in (".yml", ".yaml") and path.is_file())
    except OSError as error:
        raise RefusedError([_unreadable(str(folder), None, f"cannot be read ({error.strerror})")]) from None
    if not paths:
        raise RefusedError([_unreadable(str(folder), None, "has no workflow: no file ends in .yml or .yaml")])
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


def workflows_digest(workflows: Sequence[WorkflowFile]) -> str:
    """One digest of all names and texts: it changes with every edit of a workflow."""
    whole = hashlib.sha256()
    for workflow in workflows:
        whole.update(f"{workflow.name}\0{hashlib.sha256(workflow.text.encode()).hexdigest()}\n".encode())
    return f"sha256:{whole.hexdigest()}"


def _read(path: Path) -> WorkflowFile:
    blocks: set[KeyPath] = set()
    document = read_yaml(
        path, str(path), may_be_empty=True, max_bytes=MAX_FILE_BYTES, read_scalar=_scalar_reader(blocks)
    )
    return _workflow_of(document, path.name, blocks)


def parse_workflow(text: str, file: str) -> WorkflowFile:
    """The workflow that a file with this text would be. Raises RefusedError where it is none."""
    blocks: set[KeyPath] = set()
    document = parse_yaml(text, file, may_be_empty=True, read_scalar=_scalar_reader(blocks))
    return _workflow_of(document, Path(file).name, blocks)


def _scalar_reader(blocks: set[KeyPath]) -> ScalarReader:
    """Reads scalars as GitHub prints them, and adds the places of block texts to `blocks`."""

    def read_scalar(node: yaml.ScalarNode, key_path: KeyPath) -> str:
        if node.style in ("|", ">"):
            blocks.add(key_path)
        return _as_github_prints(node)

    return read_scalar


def _workflow_of(document: Document, name: str, blocks: set[KeyPath]) -> WorkflowFile:
    if document.problems:
        raise RefusedError(document.problems)
    body = document.value
    if not isinstance(body, dict) or not isinstance(body.get("jobs"), dict):
        is_empty = body is None
        message = "is empty" if is_empty else "is not a workflow: it has no `jobs`"
        hint = (
            "Write the workflow, or delete the file" if is_empty else "Write its jobs under `jobs`, or delete the file"
        )
        raise RefusedError([_unreadable(document.file, 1, message, hint)])
    return WorkflowFile(
        file=document.file, name=name, text=document.text, body=body, lines=document.lines, blocks=frozenset(blocks)
    )


def _as_github_prints(node: yaml.ScalarNode) -> str:
    """A number without trailing zeros, as in the name of a matrix leg: `3.10` is 3.1. Other text is unchanged."""
    value = str(node.value)
    if node.tag == _INTEGER:
        return str(int(value))
    if node.tag != _FLOAT:
        return value
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)


def _unreadable(file: str, line: int | None, message: str, hint: str = _FOLDER_HINT) -> Finding:
    return Finding(rule_id="workflow-file-unreadable", file=file, line=line, message=message, hint=hint)
