"""CONTRIBUTING.md names every room, and the first customer's files are found where its readers put them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.projects import FIRST_CUSTOMER, ROOT, customer_folder

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


def test_the_tests_read_the_first_customers_files_where_they_were_put_aside(tmp_path: Path) -> None:
    """Another customer's clone keeps them there, so that the program's tests go on meaning what they say."""
    assert customer_folder(tmp_path) == tmp_path, "in the first customer's own repository"
    kept = tmp_path / FIRST_CUSTOMER
    kept.mkdir(parents=True)
    assert customer_folder(tmp_path) == tmp_path, "an empty folder is no project"
    (kept / "Pulumi.yaml").touch()
    assert customer_folder(tmp_path) == kept
    steps = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"git mv Pulumi.yaml Pulumi.staging.yaml Pulumi.prod.yaml audit-record.yaml {FIRST_CUSTOMER}/" in steps
