"""Who judges a change: the toolkit of the commit that it is compared with, and never the change's own.

In a checkout of the toolkit itself, a commit's toolkit is unpacked and judges from there. A project that installs the
toolkit pins a version: the verdict that counts is that of the version which the base pins.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from readiness import __version__
from readiness.plan.git import file_hashes, file_text, folder_in, resolve_commit, unpack

_TOOLKIT = Path(__file__).resolve().parent.parent
# A commit without this file runs the change's program in the process that judges, or cannot judge.
_JUDGES = "plan/program_process.py"
_START = "import sys; sys.path.insert(0, sys.argv[1]); from readiness.cli.main import run; sys.exit(run(sys.argv[2:]))"
# A requirement that pins a version, by number or by the wheel's name.
_PINNED = re.compile(r"(?:.*[/ ])?readiness(?:\[[^\]]*\])?\s*(?:==\s*|-)(\d[\w.!+]*?)(?:-py3-none-any\.whl|\s|;|$)")


def judge_elsewhere(root: Path, base: str, arguments: Sequence[str]) -> int | None:
    """Has the toolkit of the commit run `readiness ARGUMENTS` on the project; the exit status.

    None where this toolkit is the commit's own, where the commit has none, or one that cannot judge.
    """
    commit = resolve_commit(root, base)
    if not _has_judge(root, commit) or _is_this_toolkit(root, commit):
        return None
    with tempfile.TemporaryDirectory(prefix="readiness-judge-") as name:
        folder = Path(os.path.realpath(name))
        target = folder / _TOOLKIT.name
        target.mkdir()
        unpack(root, f"{folder_in(root, commit)}{_TOOLKIT.name}", target)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        command = [sys.executable, "-I", "-c", _START, str(folder), *arguments]
        # On a terminal it writes there itself, in colour.
        captured = None if sys.stdout.isatty() else subprocess.PIPE
        done = subprocess.run(command, env=environment, stdout=captured, stderr=captured, check=False, text=True)  # noqa: S603 - the commit's own toolkit
        sys.stdout.write(done.stdout or "")
        sys.stderr.write(done.stderr or "")
        return done.returncode


def judge_note(root: Path, base: str) -> str:
    """One line: which toolkit judged, and whether that is the base's."""
    commit = resolve_commit(root, base)
    label = commit[:12]
    if file_text(root, commit, f"{_TOOLKIT.name}/__init__.py") is not None:
        if _is_this_toolkit(root, commit):
            return f"Judged by readiness {__version__} of {label}, the commit compared with."
        return (
            f"NOT judged by the base: the toolkit of {label} is too old to judge a program from outside. Judged by "
            f"readiness {__version__} of {_TOOLKIT.parent}, which this change may have edited."
        )
    pinned = _pinned_version(root, commit)
    if pinned == __version__:
        return f"Judged by readiness {__version__}, which {label} pins."
    counts = "The verdict that counts is that of the base's version, which CI posts."
    if pinned is None:
        return f"Judged by readiness {__version__}, which is installed. The version in {label} is not known. {counts}"
    return f"Judged by readiness {__version__}, which is installed, NOT by {pinned}, which {label} pins. {counts}"


def _has_judge(root: Path, commit: str) -> bool:
    return file_text(root, commit, f"{_TOOLKIT.name}/{_JUDGES}") is not None


def _pinned_version(root: Path, commit: str) -> str | None:
    """The version of Readiness in the requirements.txt of the commit; None where it pins none, or several."""
    text = (file_text(root, commit, "requirements.txt") or "").replace("\\\n", " ")
    lines = (re.sub(r"(^|\s)(#|--hash).*", "", line).strip() for line in text.splitlines())
    found = {match[1] for line in lines if (match := _PINNED.match(line))}
    return found.pop() if len(found) == 1 else None


def _is_this_toolkit(root: Path, commit: str) -> bool:
    """Whether every file of this toolkit is as in the commit, and the commit has no other."""
    theirs = file_hashes(root, f"{folder_in(root, commit)}{_TOOLKIT.name}")
    paths = [path for path in _TOOLKIT.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    names = {path.relative_to(_TOOLKIT).as_posix(): path for path in paths}
    return names.keys() == theirs.keys() and all(
        _blob_hash(path.read_bytes(), len(theirs[name])) == theirs[name] for name, path in names.items()
    )


def _blob_hash(data: bytes, digits: int) -> str:
    """The id that git gives a file of these bytes, in a repository whose ids have so many digits."""
    text = b"blob %d\0" % len(data) + data
    return hashlib.sha256(text).hexdigest() if digits == 64 else hashlib.sha1(text, usedforsecurity=False).hexdigest()
