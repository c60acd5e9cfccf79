"""Runs `shfmt`, the parser of mvdan.cc/sh, which prints a shell script's syntax tree as JSON.

The `shfmt-py` package installs it. Its tree: https://pkg.go.dev/mvdan.cc/sh/v3/syntax/typedjson.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

from readiness import clock
from readiness.finding import Finding, RefusedError

# Earlier releases write operators as numbers; 3.14 is the release that the tests run.
_MINIMUM_VERSION = (3, 14)
_MAX_JSON_BYTES = 64 * 1024 * 1024
# A deeply nested script of 32,000 characters takes up to 2 GB without a limit.
_MAX_MEMORY_BYTES = 1024 * 1024 * 1024
_POSITION = re.compile(r"(?:<[^>]*>:)?(\d+):(\d+|\?): (.*)")
_INSTALL = (
    "Run `pip install shfmt-py` (wheels exist for Linux and macOS on x86_64 and arm64, and for Windows on amd64);"
    " on other platforms run `go install mvdan.cc/sh/v3/cmd/shfmt@v3.14.1` and put the program on PATH"
)


class ShfmtError(Exception):
    """`shfmt` gave no tree. `line` and `column` (in bytes) count from 1; `line` 0 means that it names none."""

    def __init__(self, reason: str, line: int = 0, column: int = 1) -> None:
        self.reason = reason
        self.line = line
        self.column = column
        super().__init__(reason)


def syntax_tree(script: bytes, dialect: str, *, deadline_seconds: float) -> dict[str, Any]:
    """The script's `File` node. `deadline_seconds` is a time of `clock.monotonic_seconds()`.

    Raises ShfmtError where the script is not valid in the dialect, or takes too much time or memory; RefusedError where
    there is no suitable `shfmt`.
    """
    program = _program()
    remaining_seconds = deadline_seconds - clock.monotonic_seconds()
    if remaining_seconds <= 0:
        raise ShfmtError("the time limit is reached")
    # In the program's own folder: a `.editorconfig` of the working folder must not change the result.
    with subprocess.Popen(  # noqa: S603 - a program found by its package, with fixed options
        [program, "-ln", dialect, "--to-json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(program).parent,
    ) as process:
        _limit_memory(process.pid)
        try:
            output, errors = process.communicate(script, timeout=remaining_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise ShfmtError("the time limit is reached") from None
    if process.returncode != 0:
        raise _error(errors)
    if len(output) > _MAX_JSON_BYTES:
        raise ShfmtError("its syntax tree is too large")
    try:
        tree: dict[str, Any] = json.loads(output)
    except (RecursionError, ValueError):
        raise ShfmtError("it is nested too deeply") from None
    return tree


def _error(errors: bytes) -> ShfmtError:
    first = errors.decode("utf-8", "replace").partition("\n")[0]
    found = _POSITION.fullmatch(first)
    if found is None:
        # Not about a place in the script: out of memory, or more levels than Go's JSON encoder allows.
        return ShfmtError("it is too large or nested too deeply")
    line, column, reason = found.groups()
    return ShfmtError(reason, int(line), int(column) if column.isdigit() else 1)


def _limit_memory(process_id: int) -> None:
    """On Linux only; elsewhere the time limit alone applies."""
    try:
        import resource

        resource.prlimit(process_id, resource.RLIMIT_DATA, (_MAX_MEMORY_BYTES, _MAX_MEMORY_BYTES))
    except (ImportError, AttributeError, OSError):
        return


@cache
def _program() -> str:
    """The path of the package's `shfmt`, else of the one on PATH. Raises RefusedError where neither will do."""
    program = _of_the_package() or _on_path()
    if program is None:
        raise _refusal("is not installed, and Readiness cannot read the scripts of workflow steps without it")
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise _refusal(f"cannot be run: {program} ({type(error).__name__})") from None
    found = re.match(r"v?(\d+)\.(\d+)", done.stdout)
    if found is None or (int(found[1]), int(found[2])) < _MINIMUM_VERSION:
        minimum = ".".join(map(str, _MINIMUM_VERSION))
        raise _refusal(f"is too old: {program} is {done.stdout.strip()[:40]!r}, and {minimum} or later is needed")
    return program


def _of_the_package() -> str | None:
    try:
        installed = files("shfmt-py") or []
    except PackageNotFoundError:
        return None
    paths = [Path(str(file.locate())).resolve() for file in installed if file.name in ("shfmt", "shfmt.exe")]
    return next((str(path) for path in paths if path.is_file()), None)


def _on_path() -> str | None:
    """Never from the working folder: a relative entry of PATH would run a program that the folder's author wrote."""
    folders = [folder for folder in os.environ.get("PATH", "").split(os.pathsep) if Path(folder).is_absolute()]
    found = shutil.which("shfmt", path=os.pathsep.join(folders))
    # On Windows the search begins in the working folder whatever `path` says.
    return None if found is None or Path(found).resolve().parent == Path.cwd() else found


def _refusal(message: str) -> RefusedError:
    return RefusedError([Finding(rule_id="shfmt-missing", file="shfmt", message=message, hint=_INSTALL)])
