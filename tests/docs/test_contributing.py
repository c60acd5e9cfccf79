"""CONTRIBUTING.md names every folder of the repository."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.projects import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def folders(root: Path) -> Iterator[str]:
    """Every folder of the repository that people write in, as the page names it: packages of the program one by one."""
    ignored = {line.strip("/") for line in (root / ".gitignore").read_text(encoding="utf-8").splitlines()}
    for folder in sorted(root.iterdir()):
        if folder.is_dir() and folder.name not in ignored and (folder.name[0] != "." or folder.name == ".github"):
            yield f"`{folder.name}/`"
    yield from (f"`readiness/{package.parent.name}/`" for package in sorted((root / "readiness").glob("*/__init__.py")))


def test_every_folder_of_the_repository_is_explained() -> None:
    """A newcomer guesses where a file is from this table; nobody finds a folder that it leaves out."""
    found = [folder for folder in folders(ROOT) if folder != "`readiness/`"]
    assert {"`components/`", "`tools/`", "`readiness/alerts/`"} <= set(found), "the walk finds folders and packages"
    assert [folder for folder in found if folder not in PAGE] == []
