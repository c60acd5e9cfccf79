"""A commit of a project that installs Readiness, and has no toolkit of its own, as the base of a diff."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.plan import base_plan
from readiness.plan.base_plan import BaseCommit
from readiness.plan.plan_file import SecretMask
from tests.plan.clones import commit, git

KEPT = b'{"stack": "prod", "project": "shop", "resources": [], "outputs": {}}'


def repository(folder: Path, *more: str) -> Path:
    """A repository with a program and these further files."""
    git(folder, "init", "--quiet")
    for name in ("__main__.py", *more):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("", encoding="utf-8")
    commit(folder, "Declare")
    return folder


def kept_files(root: Path, monkeypatch: pytest.MonkeyPatch, *digests: str) -> int:
    """How many files hold the plan of one commit and stack, kept under toolkits of these digests."""
    for digest in digests:
        monkeypatch.setattr(base_plan, "_toolkit_digest", lambda digest=digest: digest)
        BaseCommit(root, "HEAD").keep("prod", KEPT)
    return len(list((root / base_plan.CACHE).iterdir()))


@pytest.mark.parametrize("more", [(), ("readiness/notes.md",)], ids=["no folder", "a folder of notes"])
def test_a_plan_is_kept_for_one_version_of_the_installed_toolkit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: tuple[str, ...]
) -> None:
    """After an upgrade the plan of the base is made again. A folder that is only named so is no toolkit."""
    assert kept_files(repository(tmp_path, *more), monkeypatch, "one", "two", "one") == 2


def test_the_plan_of_a_commit_with_a_toolkit_does_not_depend_on_the_installed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit's own toolkit makes it."""
    assert kept_files(repository(tmp_path, "readiness/__init__.py"), monkeypatch, "one", "two") == 1


def test_a_kept_plan_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No program runs for it."""
    root = repository(tmp_path)
    base = BaseCommit(root, "HEAD")
    base.keep("prod", KEPT)
    monkeypatch.setattr(base_plan, "_start", None)
    with base.plans(["prod"], SecretMask()) as plan_of:
        assert plan_of("prod").resources == {}
