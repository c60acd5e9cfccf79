"""Runs a Pulumi program in a process of its own, for the recorder of another process.

`program_process.py` starts this file by its path. It imports nothing of Readiness but the store of the files' texts,
because `readiness` is the program's own here: another version than the one that records and judges.

stdin is one JSON object: `{root, program, monitor, project, stack, config, secret_keys, run_name}`. stdout is one JSON
object: `{files}`, the texts of managed files by URN and path, or `{error}`, which is `{kind, message, frames}`.
"""

from __future__ import annotations

import asyncio
import json
import os
import runpy
import sys
import traceback
from collections.abc import Callable
from contextlib import nullcontext, redirect_stdout
from typing import Any, cast

import pulumi
from pulumi.runtime import settings
from pulumi.runtime.config import set_all_config
from pulumi.runtime.rpc_manager import RPCManager
from pulumi.runtime.stack import run_in_stack

# What ended the program.
REFUSED, ENDED, FAILED = "refused", "ended", "failed"


def run_to_the_end(
    program: Callable[[], None], run_settings: settings.Settings, config: dict[str, str], secret_keys: list[str]
) -> None:
    """Runs `program` with these settings, every `apply` included. Raises what the program raises, with its frames."""
    settings.configure(run_settings)

    def run() -> None:
        set_all_config(config, secret_keys)
        program()

    async def run_quietly() -> None:
        # The first exception is raised from here; the loop would print it again for everything that waited for it.
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        await run_in_stack(run)

    try:
        asyncio.run(run_quietly())
    except Exception as error:
        # Awaiting a failed future again drops the frames in which it failed; the SDK keeps those of a registration.
        registrations = cast(RPCManager, run_settings.rpc_manager)  # typed by the SDK as its descriptor
        if error is not registrations.unhandled_exception:
            raise
        raise error.with_traceback(registrations.exception_traceback) from None


def main() -> None:
    """Runs the program that stdin names and prints what the recorder cannot see."""
    order = json.load(sys.stdin)
    answer = sys.stdout
    os.chdir(order["root"])
    # What the language host does: the project's folder is the first on the import path.
    sys.path.insert(0, order["root"])
    with redirect_stdout(sys.stderr):
        result = _run(order)
    json.dump(result, answer)


def _run(order: dict[str, Any]) -> dict[str, Any]:
    monitor = order["monitor"]
    run_settings = settings.Settings(
        project=order["project"], stack=order["stack"], monitor=monitor, engine=monitor, dry_run=True
    )

    def program() -> None:
        runpy.run_path(order["program"], run_name="__main__")

    files: dict[str, dict[str, str]] = {}
    try:
        with _store() as store:
            run_to_the_end(program, run_settings, order["config"], order["secret_keys"])
            files = store or {}
    except BaseException as error:
        return {"error": dict(zip(("kind", "message", "frames"), describe(error), strict=True))}
    return {"files": files}


def _store() -> Any:
    """Keeps the texts of managed files; nothing where the program's Readiness is too old to have a store."""
    try:
        from readiness.delivered.declared_texts import open_store
    except ImportError:
        return nullcontext()
    return open_store()


def describe(error: BaseException) -> tuple[str, str, list[tuple[str, int | None]]]:
    """What ended a program: kind, message, and the frames as file and line, the innermost last."""
    frames: list[tuple[str, int | None]]
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append((error.filename, error.lineno))
    if isinstance(error, pulumi.RunError):
        kind, message = REFUSED, str(error)
    elif isinstance(error, SystemExit):
        kind, message = ENDED, f"the program ends itself with status {error.code}"
    else:
        kind, message = FAILED, f"the program fails: {type(error).__name__}: {error}"
    return kind, message, frames


if __name__ == "__main__":
    main()
