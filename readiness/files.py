"""Files that are read only where they are regular and small enough, and files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from readiness.finding import Finding, RefusedError

# Ours, for files without a limit of their own: it ends a wrong file before it fills the memory.
MAX_FILE_BYTES = 20 * 1024 * 1024
# Where a shell's `|` and `<(command)` are: pipes whose writer runs already.
_OPEN_DESCRIPTORS = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")


class NotRegularFileError(OSError):
    """The path names a folder, a device, a socket or a named pipe; some of them never end, or wait forever."""

    def __init__(self, path: Path) -> None:
        reason = os.strerror(errno.EISDIR) if path.is_dir() else "not a regular file"
        super().__init__(errno.EINVAL, reason, str(path))


class FileTooLargeError(OSError):
    """The file has more bytes than its reader takes."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        super().__init__(errno.EFBIG, f"larger than {_size(max_bytes)}", str(path))


def read_regular_bytes(path: Path, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """The bytes of a file that a person or the environment names, or of a shell's `<(command)`.

    Raises OSError, whose `strerror` says why: NotRegularFileError, FileTooLargeError, or what the system says.
    """
    # A named pipe makes a plain `open` wait for its writer; a device may act on being opened, so it is looked at first.
    mode = path.stat().st_mode
    is_open_pipe = stat.S_ISFIFO(mode) and str(path).startswith(_OPEN_DESCRIPTORS)
    if not (stat.S_ISREG(mode) or is_open_pipe):
        raise NotRegularFileError(path)
    descriptor = os.open(path, os.O_RDONLY | (0 if is_open_pipe else os.O_NONBLOCK) | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not (stat.S_ISREG(os.fstat(descriptor).st_mode) or is_open_pipe):
            raise NotRegularFileError(path)
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise FileTooLargeError(path, max_bytes)
    return data


def read_regular_text(path: Path, max_bytes: int = MAX_FILE_BYTES) -> str:
    """The text of such a file, without a byte order mark, with line ends as `\\n`.

    Raises OSError as `read_regular_bytes` does, and UnicodeDecodeError.
    """
    text = read_regular_bytes(path, max_bytes).decode("utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _size(count: int) -> str:
    mebibyte = 1024 * 1024
    return f"{count // mebibyte} MiB" if count >= mebibyte else f"{count // 1024} KiB"


def text_of(path: Path) -> str:
    """The text of a file that is rewritten: empty if there is none, with marks for bytes that are not UTF-8."""
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def write_whole(path: Path, text: str) -> None:
    """Writes beside the file, then moves it into place. Raises RefusedError where that cannot be done."""
    write_all({path: text})


def write_all(texts: Mapping[Path, str | bytes], remove: Iterable[Path] = ()) -> None:
    """Writes every file beside its place before the first is moved there; then removes the files of `remove`.

    Raises RefusedError where one cannot be written or removed. Then none is, files that were replaced or removed are as
    before, and folders that were made are gone.
    """
    written: dict[Path, Path] = {}
    before: dict[Path, bytes | None] = {}
    made: list[Path] = []
    path = Path()
    try:
        for path, text in texts.items():
            made += (parent for parent in reversed(path.parents) if not parent.exists())
            written[path] = _write_beside(path, text)
        for path, temporary in written.items():
            old = read_regular_bytes(path) if path.exists() else None
            temporary.replace(path)
            before[path] = old
        for path in remove:
            old = read_regular_bytes(path)
            path.unlink()
            before[path] = old
    except OSError as error:
        for moved, old in before.items():
            _restore(moved, old)
        for temporary in written.values():
            temporary.unlink(missing_ok=True)
        for folder in reversed(made):
            # One that was not made after all, or that holds what somebody else has written since.
            with suppress(OSError):
                folder.rmdir()
        blocking = next((parent for parent in path.parents if parent.exists() and not parent.is_dir()), None)
        message, hint = f"cannot be written ({error.strerror})", "Make it a file in a folder that is writable"
        if blocking is not None:
            message, hint = f"cannot be written, because {blocking} is not a folder", "Rename or move that file"
        raise RefusedError([Finding(rule_id="file-not-writable", file=str(path), message=message, hint=hint)]) from None
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)


def _write_beside(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "wb") as file:
        file.write(text.encode("utf-8") if isinstance(text, str) else text)
    # A program stays a program.
    Path(name).chmod(stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644)
    return Path(name)


def _restore(path: Path, old: bytes | None) -> None:
    if old is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(old)
