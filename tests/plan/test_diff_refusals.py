"""`readiness diff --base REF` where there is nothing to compare with: one sentence, and no traceback."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from readiness.finding import RefusedError
from readiness.plan import base_plan
from readiness.plan.git import unpack
from readiness.plan.render_diff import MARKER
from tests.edits import edit
from tests.plan.clones import commit, git
from tests.projects import Command, copy_project


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("absent", "the commit 'absent' is not in this clone"),
        ("--upload-pack=touch x", "'--upload-pack=touch x' is no name of a commit"),
        ("-h", "'-h' is no name of a commit"),
        ("", "'' is no name of a commit"),
        ("HEAD:README.md", "the commit 'HEAD:README.md' is not in this clone"),
        ("main; touch x", "the commit 'main; touch x' is not in this clone"),
        ("begin", "has no __main__.py, and therefore no program"),
        (
            "broken",
            "its program cannot make a plan of the stack prod: __main__.py:2: the program fails: ZeroDivisionError",
        ),
    ],
)
def test_a_base_that_makes_no_plan_is_refused_in_a_sentence(clone: Path, command: Command, ref: str, said: str) -> None:
    """Unknown, hostile, without a program, failing; nothing is run but git."""
    done = command("diff", f"--base={ref}", "--stack", "prod", cwd=clone)
    assert (done.status, done.out) == (1, "")
    assert said in done.err
    assert "Traceback" not in done.err
    assert ".." not in done.err
    assert not list(clone.glob("x"))


def test_a_failure_in_markdown_is_a_comment_that_replaces_an_older_one(clone: Path, command: Command) -> None:
    """Or yesterday's diff would stay on the pull request."""
    done = command("diff", "--base", "absent", "--format", "markdown", cwd=clone)
    assert done.status == 1
    assert done.out.startswith(f"{MARKER}\n")
    assert "The diff could not be made" in done.out


def test_a_stack_of_one_side_only_is_all_created_or_all_deleted(clone: Path, command: Command) -> None:
    """A pull request that adds a stack shows it; one that removes a stack weakens everything that it protected."""
    (clone / "Pulumi.prod.yaml").rename(clone / "Pulumi.demo.yaml")
    done = command("diff", "--base", "main", cwd=clone)
    assert done.status == 1, "the removed stack's protected things and alerts are not acknowledged"
    head = [line for line in done.out.splitlines() if line.startswith(("demo: ", "prod: ", "staging: "))]
    assert any(re.match(r"demo: .*\d+ create\b", line) for line in head), head
    assert any(re.match(r"prod: .*\d+ delete\b", line) for line in head), head
    done = command("diff", "--base", "main", "--stack", "demo", cwd=clone)
    assert done.status == 1, "the new stack's grants are new grants"
    said = [line for line in done.out.splitlines() if line.strip().startswith("! ")]
    assert said
    known = (
        r"! (is a new grant|is a new identity|runs something new|adopts (the existing resource|the log bucket _Default)"
        r"|accepted_until: )"
    )
    about_what_exists = (
        r"! (creates nothing: every project has the log bucket _Default|an existing log bucket of this id"
        r"|replaces the existing audit configuration|an existing environment of this name|sets the existing switch"
        r"|imports the existing resource)"
    )
    assert [line for line in said if not re.search(f"{known}|{about_what_exists}", line)] == []


def test_a_stack_of_neither_side_is_refused_with_the_nearest_name(clone: Path, command: Command) -> None:
    """A slip of the keyboard."""
    done = command("diff", "--base", "main", "--stack", "stagin", cwd=clone)
    assert done.status == 1
    assert "Pulumi.stagin.yaml: does not exist on either side. Did you mean `staging`?" in done.err


def test_a_project_in_a_folder_of_a_larger_repository_is_found_there(tmp_path: Path) -> None:
    """Only its own files are unpacked."""
    project = tmp_path / "infra"
    for name in ("infra/__main__.py", "infra/Pulumi.yaml", "infra/Pulumi.dev.yaml", "infra/readiness/a.py", "other.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, "Declare")
    base = base_plan.BaseCommit(project, "HEAD")
    assert base.stacks() == ["dev"]
    folder = tmp_path / "unpacked"
    folder.mkdir()
    unpack(project, f"{base.commit}:infra/", folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "Pulumi.dev.yaml", "Pulumi.yaml", "__main__.py", "readiness",
    ]  # fmt: skip
    with pytest.raises(RefusedError, match="cannot be unpacked"):
        unpack(project, f"{base.commit}:absent/", folder)


def test_settings_that_are_refused_are_refused_here_too(clone: Path, command: Command) -> None:
    """With the file and the line, as everywhere."""
    edit(clone, "error_ratio: 0.05", "error_ratio: 80", "Pulumi.yaml")
    done = command("diff", "--base", "main", cwd=clone)
    assert done.status == 1
    assert "Pulumi.yaml:" in done.err


def test_outside_a_clone_the_reason_is_shown(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what can be done without one."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    done = command("diff", "--base", "main", cwd=copy_project(tmp_path))
    assert done.status == 1
    assert "is in no git repository" in done.err


def test_without_git_the_reason_is_shown(clone: Path, command: Command) -> None:
    """And no traceback."""
    done = command("diff", "--base", "main", cwd=clone, PATH="")
    assert done.status == 1
    assert "git is not on PATH" in done.err
