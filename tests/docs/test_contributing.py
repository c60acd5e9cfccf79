"""CONTRIBUTING.md names every folder of the repository."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.projects import ROOT

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def rooms(root: Path) -> Iterator[str]:
    """Every folder of the repository that people write in, as the page names it: packages of the program one by one."""
    ignored = {line.strip("/") for line in (root / ".gitignore").read_text(encoding="utf-8").splitlines()}
    for folder in sorted(root.iterdir()):
        if folder.is_dir() and folder.name not in ignored and (folder.name[0] != "." or folder.name == ".github"):
            yield f"`{folder.name}/`"
    yield from (f"`readiness/{each.parent.name}/`" for each in sorted((root / "readiness").glob("*/__init__.py")))


def test_every_room_of_the_repository_is_explained() -> None:
    """A newcomer guesses where a file is from this table; a room that it leaves out is found by nobody."""
    found = [room for room in rooms(ROOT) if room != "`readiness/`"]
    assert {"`components/`", "`tools/`", "`readiness/delivery/`"} <= set(found), "the walk finds folders and packages"
    assert [room for room in found if room not in PAGE] == []
