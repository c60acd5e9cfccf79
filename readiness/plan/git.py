"""The few questions that are asked of git, none of which changes anything."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NoReturn

from readiness.finding import Finding, RefusedError


def resolve_commit(root: Path, ref: str) -> str:
    """The id of the commit that the reference names. Raises RefusedError where there is no such commit."""
    if not ref or ref.startswith("-") or "\0" in ref:
        _refuse(f"{ref!r} is no name of a commit", "Name a branch, a tag or a commit")
    inside = _git(root, "rev-parse", "--is-inside-work-tree")
    if inside.stdout.strip() != b"true":
        # The other reason is a folder of another user, for which git says the command that fixes it.
        reason = inside.stderr.decode("utf-8", "replace").partition("\n")[0].removeprefix("fatal: ")
        hint = "Run the command in a clone, or compare two files of plans"
        _refuse(f"the project is in no git repository that git would read ({reason})", hint)
    done = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if done.returncode:
        hint = "Fetch it first (`git fetch origin BRANCH`; in CI a checkout with `fetch-depth: 0`), or correct the name"
        _refuse(f"the commit {ref!r} is not in this clone", hint)
    return done.stdout.decode().strip()


def folder_in(root: Path, commit: str) -> str:
    """The project's folder as a tree of that commit, in git's notation: `COMMIT:path/`."""
    prefix = _git(root, "rev-parse", "--show-prefix").stdout.decode().strip()
    return f"{commit}:{prefix}"


def file_names(root: Path, tree: str) -> list[str]:
    """The names in the topmost folder of a tree; none where the commit has no such folder."""
    done = _git(_top(root), "ls-tree", "--name-only", "-z", tree)
    return [name.decode("utf-8", "replace") for name in done.stdout.split(b"\0") if name]


def file_text(root: Path, commit: str, path: str) -> str | None:
    """The text of a file of the project as it was at a commit, None where it had none."""
    done = _git(root, "show", f"{folder_in(root, commit)}{path}")
    return None if done.returncode else done.stdout.decode("utf-8", "replace")


def files_between(root: Path, older: str, newer: str) -> list[str] | None:
    """The paths of the repository that differ between two commits, both names of a renamed file.

    None where `older` is not a commit of this clone that leads to `newer`: then it is not known what differs.
    """
    if not leads_to(root, older, newer):
        return None
    done = _git(root, "diff", "--name-only", "--no-renames", "--no-relative", "-z", older, newer, "--")
    return [name.decode("utf-8", "replace") for name in done.stdout.split(b"\0") if name]


def leads_to(root: Path, older: str, newer: str) -> bool:
    """Whether the commit `newer` has `older` in its history, or is the same; no where one is not in this clone."""
    return _git(root, "merge-base", "--is-ancestor", older, newer).returncode == 0


def file_hashes(root: Path, tree: str) -> dict[str, str]:
    """The ids of the files of a tree, by their paths in it."""
    done = _git(_top(root), "ls-tree", "-r", "-z", "--full-tree", tree)
    lines = (line.decode("utf-8", "replace").partition("\t") for line in done.stdout.split(b"\0") if line)
    return {path: words.split()[2] for words, _, path in lines}


def top_file_text(root: Path, commit: str, path: str) -> str | None:
    """The text of a file of the repository, by its path in it, as it was at a commit; None where it had none."""
    done = _git(root, "show", f"{commit}:{path}")
    return None if done.returncode else done.stdout.decode("utf-8", "replace")


def folder_path(root: Path) -> str:
    """The project's folder in the repository: empty, or a path that ends in a slash."""
    return _git(root, "rev-parse", "--show-prefix").stdout.decode("utf-8", "replace").rstrip("\n")


def changed_files(root: Path, commit: str) -> list[str]:
    """The repository's files that differ from a commit, new and deleted ones too, by their paths in it."""
    differing = _git(root, "diff", "--name-only", "--no-renames", "--no-relative", "-z", commit)
    new = _git(root, "ls-files", "--others", "--exclude-standard", "--full-name", "-z", "--", ":/")
    names = differing.stdout.split(b"\0") + new.stdout.split(b"\0")
    return sorted({name.decode("utf-8", "replace") for name in names if name})


def unpack(root: Path, tree: str, folder: Path) -> None:
    """Writes the files of a tree into an empty folder; neither index nor working tree are touched."""
    pack = ["git", "-C", str(_top(root)), "archive", "--format=tar", tree]
    try:
        with subprocess.Popen(pack, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as archive:  # noqa: S603
            unpacked = subprocess.run(  # noqa: S603 - a fixed command
                ["tar", "-x", "-C", str(folder)],  # noqa: S607 - the tar on PATH
                stdin=archive.stdout,
                capture_output=True,
                check=False,
            )
    except FileNotFoundError:
        _refuse("tar is not on PATH", "Install tar, or compare two files of plans")
    if archive.returncode or unpacked.returncode:
        _refuse(f"the files of {tree} cannot be unpacked", "Look for a full disk, and whether `git fsck` is content")


def top_folder(root: Path) -> Path | None:
    """The clone's topmost folder; None where the folder is in no clone, or git is not on PATH."""
    try:
        done = _git(root, "rev-parse", "--show-toplevel")
    except RefusedError:
        return None
    return None if done.returncode else Path(done.stdout.decode("utf-8", "surrogateescape").rstrip("\n"))


def _top(root: Path) -> Path:
    """The clone's topmost folder: in any other, git would show that folder's part of a tree only."""
    return Path(_git(root, "rev-parse", "--show-toplevel").stdout.decode().rstrip("\n"))


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = ["git", "-C", str(root), *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - arguments are checked above
    except FileNotFoundError:
        _refuse("git is not on PATH", "Install git, or compare two files of plans")


def _refuse(message: str, hint: str) -> NoReturn:
    raise RefusedError([Finding(rule_id="git-commit", file="diff --base", message=message, hint=hint)])
