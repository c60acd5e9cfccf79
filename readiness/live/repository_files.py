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
    DELIVERED = "as an earlier delivery left it"
    EDITED = "edited by people"
    NO_FILE = "no plain file"
    LEFT_OVER = "of an alert that is gone"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileDifference:
    """A file that is not as declared. `diff` is a unified diff from what is there to what is declared.

    LEFT_OVER: an earlier delivery brought it, and nothing declares it now.
    """

    path: str
    state: FileState
    diff: str

    def __str__(self) -> str:
        """`.github/dependabot.yml: edited by people`."""
        return f"{self.path}: {self.state}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tree:
    """What a commit holds: git's id of each file by its path. `whole` is false where GitHub does not list them all."""

    blobs: Mapping[str, str]
    whole: bool


def live_tree(github: GitHub, ref: str) -> Tree:
    """The files at `ref`, a branch or a commit. Raises GitHubError where there is no such thing."""
    path = f"git/trees/{quote(ref, safe='')}?recursive=1"
    found = github.get(path)
    if found is None:
        raise GitHubError(404, f"GET {path}: 404 Not Found (does it exist, for this token?)")
    blobs = {entry["path"]: entry["sha"] for entry in found["tree"] if entry["type"] != "tree"}
    return Tree(blobs=blobs, whole=not found["truncated"])


def file_differences(
    github: GitHub, files: Mapping[str, str], *, ref: str, tree: Tree | None = None
) -> list[FileDifference]:
    """Every file that is not as declared at `ref`; `tree` where it has been read already.

    Reads the list of files, and only what differs. Raises GitHubError where that cannot be done.
    """
    tree = tree or live_tree(github, ref)
    found: list[FileDifference] = []
    for path, text in sorted(files.items()):
        blob = tree.blobs.get(path)
        if blob == _git_id(text):
            continue
        # A folder in the file's place is in no list of files, so it is asked for as well.
        live = github.get(f"contents/{quote(path)}?ref={quote(ref, safe='')}")
        if (difference := _difference(path, text, live)) is not None:
            found.append(difference)
    return found


def left_over_files(
    github: GitHub, files: Mapping[str, str], *, folder: str, ref: str, tree: Tree
) -> list[FileDifference]:
    """Files right below `folder` that an earlier delivery brought, and that are not of `files`. Raises GitHubError.

    What people wrote or edited there is left out: it is not ours to remove.
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
    """What a file holds; None for a folder, a link, a submodule, or what is too large to be one of ours."""
    if not isinstance(live, dict) or live.get("type") != "file" or live.get("encoding") != "base64":
        return None
    return base64.b64decode(live["content"]).decode("utf-8", errors="replace")


def _diff(path: str, live: str, declared: str) -> str:
    """What others wrote controls no terminal, and shows no credential."""
    lines = difflib.unified_diff(live.splitlines(), declared.splitlines(), f"live/{path}", f"declared/{path}", "", "")
    masked = (mask_secrets(line.rstrip("\n")) for line in lines)
    return "".join(f"{_printable(line)}\n" for line in masked)


def _printable(line: str) -> str:
    return "".join(character if character.isprintable() or character == "\t" else "?" for character in line)
