"""Refuses a test that reads the stack files at the repository's root, at the line that does so.

Fixture projects are in `tests/projects`. A test that reads the root would turn red whenever somebody edits a threshold
there; `make check` is what protects the root.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from typing import Any

from tests.projects import ROOT

_NAME = re.compile(r"Pulumi(\.[^/]+)?\.yaml")
_COMMAND = re.compile(r"^readiness$|(bin/|-m )readiness( |$)")
_HINT = "Use a project of tests/projects, or a copy of one."


def refuse_the_roots_files() -> None:
    """From now on, for the whole process: Python has no way to remove an audit hook."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    # Called for every event of the interpreter: what is not asked for returns at once.
    if event == "open":
        path, mode, _ = arguments
        # Without a mode it is `os.open`, whose relative paths may be those of another folder than the working folder.
        if isinstance(path, str | bytes) and (mode is not None or os.path.isabs(path)) and _is_of_the_root(path):
            raise AssertionError(f"a test opens {os.fsdecode(path)}, a file of the root's stacks. {_HINT}")
    elif event == "subprocess.Popen":
        _, command, folder, _ = arguments
        if os.path.abspath(folder or os.curdir) == str(ROOT) and _runs_readiness(command):
            raise AssertionError(f"a test runs readiness on the root's stacks: {command}. {_HINT}")


def _is_of_the_root(path: str | bytes) -> bool:
    path = os.fsdecode(path)
    name = os.path.basename(path)
    # Resolved, because a link to the root's folder leads to its files too.
    return _NAME.fullmatch(name) is not None and os.path.realpath(path) == str(ROOT.resolve() / name)


def _runs_readiness(command: str | Iterable[Any]) -> bool:
    words = [command] if isinstance(command, str) else [os.fsdecode(word) for word in command]
    return any(_COMMAND.search(word) for word in words)
