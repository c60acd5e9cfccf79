"""A copied project whose files are broken on purpose, and the errors that are then found."""

from __future__ import annotations

from pathlib import Path

from readiness.finding import errors_only, text_line
from readiness.rules.stack import check_stack
from tests.edits import add, edit, line_of

STAGING = "Pulumi.staging.yaml"
PROJECT = "Pulumi.yaml"

# Pieces of the stack's file.
EMAIL = "      - dev-alerts@example.com"
CHANNELS = "readiness:channels:\n"


def errors(project: Path, stack: str = "staging") -> list[str]:
    """Every error of a stack as the command prints it."""
    return [text_line(problem) for problem in errors_only(check_stack(project, stack).problems)]


def error_of(project: Path, stack: str = "staging") -> str:
    """The one error of a stack."""
    (error,) = errors(project, stack)
    return error


def in_staging(project: Path, old: str, new: str) -> Path:
    """Edits the stack's file."""
    edit(project, old, new, STAGING)
    return project


def in_project(project: Path, old: str, new: str) -> Path:
    """Edits Pulumi.yaml."""
    edit(project, old, new, PROJECT)
    return project


def add_setting(project: Path, text: str) -> Path:
    """Adds one key below `config:` of the stack's file; `text` is not indented."""
    add(project, "".join(f"  {line}\n" for line in text.splitlines()), STAGING)
    return project


def write(project: Path, content: str | bytes, file: str = STAGING) -> Path:
    """Replaces a file."""
    (project / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    return project


def place(project: Path, text: str, file: str = STAGING) -> str:
    """`FILE:LINE: ` of the first line that holds `text`."""
    return f"{file}:{line_of(project, text, file)}: "
