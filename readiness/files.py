"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from readiness.problems import Problem, RefusedError


def write_whole(path: Path, text: str) -> None:
    """Writes beside the file, then moves it into place. Raises RefusedError where that cannot be done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        message = f"cannot be written ({error.strerror})"
        raise RefusedError([Problem(file=str(path), message=message, mend="Make its folder writable")]) from None
