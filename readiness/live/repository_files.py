"""The managed files in the application's repository, compared with what is declared."""

from __future__ import annotations

import base64
import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from readiness.delivered.header import is_as_delivered
from readiness.live.github_api import GitHub, GitHubError
from readiness.secret_shapes import mask_secrets


class FileState(StrEnum):
    """The state of a file that is not as declared."""

    MISSING = "missing"
    DELIVERED = "unchanged since an earlier delivery"
    EDITED = "edited by hand"
    NO_FILE = "not a regular file"
    LEFT_OVER = "left over from a removed alert"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileDifference:
    """A file that is not as declared. `diff` is a unified diff from the live text to the declared text.

    LEFT_OVER: an earlier delivery wrote the file, and it is no longer declared.
    """

    path: str
    state: FileState
    diff: str

    def __str__(self) -> str:
        """`.github/dependabot.yml: edited by hand`."""
        return f"{self.path}: {self.state}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tree:
    """The files of a commit: git's id of each file by its path. `whole` is false if GitHub does not list all files."""

    blobs: Mapping[str, str]
    whole: bool


def live_tree(github: GitHub, ref: str) -> Tree:
    """The files at `ref`, a branch or a commit. Raises GitHubError if it does not exist."""
    path = f"git/trees/{quote(ref, safe='')}?recursive=1"
    found = github.get(path)
    if found is None:
        raise GitHubError(404, f"GET {path}: 404 Not Found (does it exist, and may this token read it?)")
    blobs = {entry["path"]: entry["sha"] for entry in found["tree"] if entry["type"] != "tree"}
    return Tree(blobs=blobs, whole=not found["truncated"])


def file_differences(
    github: GitHub, files: Mapping[str, str], *, ref: str, tree: Tree | None = None
) -> list[FileDifference]:
    """Every file that is not as declared at `ref`. Pass `tree` if you have read it already.

    It reads the list of files, and the content only of files that differ. Raises GitHubError.
    """
    tree = tree or live_tree(github, ref)
    found: list[FileDifference] = []
    for path, text in sorted(files.items()):
        blob = tree.blobs.get(path)
        if blob == _git_id(text):
            continue
        # The list of files has no folders, so this also finds a folder that has the path of the file.
        live = github.get(f"contents/{quote(path)}?ref={quote(ref, safe='')}")
        if (difference := _difference(path, text, live)) is not None:
            found.append(difference)
    return found


def left_over_files(
    github: GitHub, files: Mapping[str, str], *, folder: str, ref: str, tree: Tree
) -> list[FileDifference]:
    """Files directly in `folder` that an earlier delivery wrote and that are not in `files`. Raises GitHubError.

    Files that people wrote or edited are left out: Readiness must not remove them.
    """
    found: list[FileDifference] = []
    for path in sorted(tree.blobs.keys() - files.keys()):
        if path.rpartition("/")[0] == folder:
            text = _text(github.get(f"contents/{quote(path)}?ref={quote(ref, safe='')}"))
            if text is not None and is_as_delivered(text):
                found.append(FileDifference(path=path, state=FileState.LEFT_OVER, diff=_diff(path, text, "")))
    return found


def _git_id(text: str) -> str:
    data = text.encode()
    return hashlib.sha1(b"blob %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()


def _difference(path: str, declared: str, live: Any) -> FileDifference | None:
    if live is None:
        return FileDifference(path=path, state=FileState.MISSING, diff=_diff(path, "", declared))
    text = _text(live)
    if text is None:
        return FileDifference(path=path, state=FileState.NO_FILE, diff="")
    if text == declared:
        return None
    state = FileState.DELIVERED if is_as_delivered(text) else FileState.EDITED
    return FileDifference(path=path, state=state, diff=_diff(path, text, declared))


def _text(live: Any) -> str | None:
    """The content of a file; None for a folder, a link, a submodule, or a file that is too large to be delivered."""
    if not isinstance(live, dict) or live.get("type") != "file" or live.get("encoding") != "base64":
        return None
    return base64.b64decode(live["content"]).decode("utf-8", errors="replace")


def _diff(path: str, live: str, declared: str) -> str:
    """A unified diff without control characters and credentials: the live text is not trusted."""
    lines = difflib.unified_diff(live.splitlines(), declared.splitlines(), f"live/{path}", f"declared/{path}", "", "")
    masked = (mask_secrets(line.rstrip("\n")) for line in lines)
    return "".join(f"{_printable(line)}\n" for line in masked)


def _printable(line: str) -> str:
    return "".join(character if character.isprintable() or character == "\t" else "?" for character in line)
