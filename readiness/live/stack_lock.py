"""The lock of a stack: who holds it, since when, and how to remove a stale one.

The engine writes a lock into the state bucket before an update and deletes it afterwards. An update that was killed (a
runner that was lost, a job that was cancelled) leaves its lock, and every later update ends with an error.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

# Texts of pulumi/pulumi 3.274.1: pkg/backend/diy/lock.go, and of Pulumi Cloud's answer 409.
_LOCKED = "the stack is currently locked by"
_HOLDER = re.compile(r"created by (?P<who>\S+) \(pid (?P<pid>\d+)\) at (?P<when>\S+)")
_CLOUD = "Another update is currently in progress"


def held_lock(stderr: str, stack: str) -> str | None:
    """An error with the holder of the stack's lock, its time and the command; None if `stderr` names no lock."""
    cloud = _CLOUD in stderr
    if _LOCKED not in stderr and not cloud:
        return None
    holders = [
        f"  - {holder['who']} (process {holder['pid']}), since {holder['when']}" for holder in _HOLDER.finditer(stderr)
    ]
    unknown = (
        "  - Pulumi Cloud shows who, on the page of the stack" if cloud else "  - the engine does not name the holder"
    )
    return "\n".join(
        [
            f"Stack {stack} is locked: another update is running, or an interrupted update left its lock.",
            *(holders or [unknown]),
            "Nothing was applied. If that update still runs, wait for it. If the holder is a CI runner, look for a "
            "run of the workflow Apply that is in progress.",
            "Only if no update is running, remove the lock, then apply again:",
            f"  pulumi cancel --stack {shlex.quote(stack)}",
        ]
    )


def run_and_keep_errors(command: Sequence[str], root: Path) -> tuple[int, str]:
    """Runs a command attached to the terminal. Returns its exit status and what it wrote to stderr.

    Only stderr goes through a pipe: the engine uses stdin and stdout for its prompts and its progress. Raises OSError
    if the command cannot be started.
    """
    with subprocess.Popen(  # noqa: S603 - a fixed command and the user's own arguments, without a shell
        command, cwd=root, stderr=subprocess.PIPE, encoding="utf-8", errors="replace"
    ) as process:
        assert process.stderr is not None
        kept: list[str] = []
        reader = threading.Thread(target=_pass_on, args=(process.stderr, kept))
        reader.start()
        status = process.wait()
        reader.join()
    return status, "".join(kept)


def _pass_on(stream: IO[str], kept: list[str]) -> None:
    for line in stream:
        kept.append(line)
        sys.stderr.write(line)
        sys.stderr.flush()
