"""A checkout of the application's repository: its files, the planned edits, and their diff.

Only `write` writes files: all of them or none. It reads and edits only regular UTF-8 files inside the checkout, and
refuses symbolic links, because their target may be outside.
"""

from __future__ import annotations

import difflib
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from readiness.files import read_regular_bytes, write_all
from readiness.finding import Finding, RefusedError

# GitHub refuses larger workflow files; no source file that a person edits is larger.
MAX_FILE_BYTES = 512 * 1024
OPTION = "--repository"
_OTHER_REPOSITORY = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"})


@dataclass(kw_only=True)
class Checkout:
    """A checkout. `folder` is as the user wrote it; `paths` are the files that git tracks or would track, sorted."""

    folder: Path
    paths: tuple[str, ...]
    _read: dict[str, str] = field(default_factory=dict)
    _planned: dict[str, str] = field(default_factory=dict)

    def shown(self, path: str) -> str:
        """The path for findings: below the folder that the user named."""
        return str(self.folder / path)

    def text(self, path: str) -> str:
        """The text of a file with the edits so far, with its line endings and byte order mark.

        Raises RefusedError if it is missing, not a regular file, too large, or not UTF-8 text.
        """
        if path in self._planned:
            return self._planned[path]
        if path not in self._read:
            self._read[path] = self._text_on_disk(path)
        return self._read[path]

    def _text_on_disk(self, path: str) -> str:
        place = self.folder / path
        if any((self.folder / parent).is_symlink() for parent in (path, *map(str, Path(path).parents))):
            raise self._refused(path, "is a symbolic link, or is below one", "Edit the target of the link by hand")
        try:
            data = read_regular_bytes(place, MAX_FILE_BYTES)
        except OSError as error:
            raise self._refused(path, f"cannot be read ({error.strerror})", "Make it a readable file") from None
        if b"\0" in data:
            raise self._refused(path, "is a binary file", "Restore it from version control")
        if lone := re.search(rb"\r(?!\n)", data):
            # Python and YAML end a line there, and git does not, so line numbers would differ.
            line = data[: lone.start()].count(b"\n") + 1
            hint = "End each line with a line feed, with or without a carriage return before it"
            raise self._refused(path, "has a carriage return without a line feed after it", hint, line)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise self._refused(path, "is not UTF-8 text", "Save it as UTF-8", line) from None

    def _refused(self, path: str, message: str, hint: str, line: int | None = None) -> RefusedError:
        rule_id = "fix-file-unreadable"
        return RefusedError([Finding(rule_id=rule_id, file=self.shown(path), line=line, message=message, hint=hint)])

    def plan(self, path: str, text: str) -> None:
        """Plans a new text for a file. Raises RefusedError as `text` does."""
        self.text(path)
        self._planned[path] = text

    @property
    def changed(self) -> Mapping[str, str]:
        """The new text of each file that differs from the one on disk."""
        return {path: text for path, text in sorted(self._planned.items()) if text != self._read[path]}

    def diff(self) -> str:
        """The planned edits as one unified diff, as `git apply` reads it. Empty without any."""
        pieces: list[str] = []
        for path, text in self.changed.items():
            before, after = _lines(self._read[path]), _lines(text)
            for line in difflib.unified_diff(before, after, f"a/{path}", f"b/{path}"):
                pieces.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
        return "".join(pieces)

    def write(self) -> None:
        """Writes every planned text, or none. Raises RefusedError if one cannot be written."""
        write_all({self.folder / path: text for path, text in self.changed.items()})

    def uncommitted(self) -> tuple[str, ...]:
        """The files with planned edits that already have uncommitted changes."""
        done = _git(self.folder, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames", ".")
        edited = {entry[3:] for entry in done.decode("utf-8", "surrogateescape").split("\0") if entry}
        return tuple(path for path in self.changed if path in edited)


def open_checkout(name: str) -> Checkout:
    """The checkout in the folder. Raises RefusedError if the folder is not the top of a git work tree."""
    folder = Path(name)
    if not name or not folder.is_dir():
        what = "is not a folder" if name and folder.exists() else "does not exist" if name else "is empty"
        raise _not_a_checkout(folder, what, "Name the folder of a clone of the application's repository")
    top = _git(folder, "rev-parse", "--show-toplevel").decode("utf-8", "surrogateescape").rstrip("\n")
    if not top:
        hint = "Name the folder of a clone of the application's repository"
        raise _not_a_checkout(folder, "is not a git repository that git can read", hint)
    if not Path(top).samefile(folder):
        raise _not_a_checkout(folder, "is inside a repository, and not its top folder", f"Write --repository {top}")
    listed = _git(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if not listed:
        hint = "Check the output of `git status` there, and name a clone of the application's repository"
        raise _not_a_checkout(folder, "has no file that git lists", hint)
    paths = {path for path in listed.decode("utf-8", "surrogateescape").split("\0") if path}
    return Checkout(folder=folder, paths=tuple(sorted(path for path in paths if (folder / path).exists())))


def _lines(text: str) -> list[str]:
    """The lines with their endings; only `\\n` ends a line, as in git."""
    return [f"{line}\n" for line in text.split("\n")[:-1]] + ([last] if (last := text.rpartition("\n")[2]) else [])


def _git(folder: Path, *arguments: str) -> bytes:
    """The output of git; empty if it fails. Programs from the repository's own configuration do not run."""
    # A git hook sets these variables for its own repository, which is another one.
    environment = {name: value for name, value in os.environ.items() if name not in _OTHER_REPOSITORY}
    command = ["git", "-C", str(folder), "-c", "core.fsmonitor=false", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False, env=environment)  # noqa: S603 - fixed commands
    except FileNotFoundError:
        raise _not_a_checkout(folder, "cannot be read without git, which is not on PATH", "Install git") from None
    return done.stdout if done.returncode == 0 else b""


def _not_a_checkout(folder: Path, message: str, hint: str) -> RefusedError:
    rule_id = "fix-repository-missing"
    subject = message if message == "is empty" else f"{folder} {message}"
    return RefusedError([Finding(rule_id=rule_id, file=OPTION, message=subject, hint=hint)])
