"""`make diff`, which `make check` runs: it compares with a commit, and fails nobody who has none."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.plan.clones import commit, git
from tests.projects import ROOT


def make_diff(folder: Path, *arguments: str) -> tuple[int, str]:
    """Exit status of `make diff` in the folder, and what it would run or says instead."""
    command = ["make", "--file", str(ROOT / "Makefile"), "--old-file", ".venv/.ready", "diff", "RUN=echo", *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in ("BASE", "MAKEFLAGS", "MAKELEVEL")}
    environment["GIT_CEILING_DIRECTORIES"] = str(folder.parent)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_without_a_commit_nothing_is_compared_and_nothing_fails(tmp_path: Path) -> None:
    """An unpacked archive, and a repository that was just begun."""
    said = (0, "readiness diff was not run: there is no commit to compare with.\n")
    assert make_diff(tmp_path) == said
    git(tmp_path, "init", "--quiet")
    assert make_diff(tmp_path) == said


def test_the_working_tree_is_compared_with_the_last_commit_or_the_named_one(tmp_path: Path) -> None:
    """The last commit is there in a clone of depth 1 too."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / "file").touch()
    commit(tmp_path, "Begin")
    assert make_diff(tmp_path) == (0, "-m readiness diff --base HEAD\n")
    assert make_diff(tmp_path, "BASE=origin/main") == (0, "-m readiness diff --base origin/main\n")
