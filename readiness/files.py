"""Files that are written whole or not at all, and what stands in their place before."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from readiness.problems import Problem, RefusedError


def text_of(path: Path) -> str:
    """The text of a file that is to be written anew: empty where there is none, with marks for what is no text."""
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def write_whole(path: Path, text: str) -> None:
    """Writes beside the file, then moves it into place. Raises RefusedError where that cannot be done."""
    write_all({path: text})


def write_all(texts: Mapping[Path, str]) -> None:
    """Writes every file beside its place before the first is moved there.

    Raises RefusedError where one cannot be written; then none is, and what stood there before stands there again.
    """
    written: dict[Path, Path] = {}
    before: dict[Path, bytes | None] = {}
    path = Path()
    try:
        for path, text in texts.items():
            written[path] = _write_beside(path, text)
        for path, temporary in written.items():
            old = path.read_bytes() if path.exists() else None
            temporary.replace(path)
            before[path] = old
    except OSError as error:
        for moved, old in before.items():
            _restore(moved, old)
        message = f"cannot be written ({error.strerror})"
        problem = Problem(file=str(path), message=message, mend="Make it a file in a folder that is writable")
        raise RefusedError([problem]) from None
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)


def _write_beside(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).chmod(0o644)
    return Path(name)


def _restore(path: Path, old: bytes | None) -> None:
    if old is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(old)
