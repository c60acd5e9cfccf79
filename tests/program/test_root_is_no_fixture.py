"""No test can read the stack files at the root, in whatever way it opens them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from readiness.audit.checklist import read_record
from readiness.rules.stack import check_stack
from readiness.settings.stack_files import read_stack, stack_names
from tests.projects import CUSTOMER_STACKS, FIRST_CUSTOMER, ROOT, SMALL, Command, plan_of_stack, readiness


def linked(project: Path, folder: Path) -> Path:
    """A stack file of the project by a link to the project's folder."""
    (folder / "link").symlink_to(project)
    return folder / "link" / "Pulumi.prod.yaml"


READERS: dict[str, Callable[[Path, Path], object]] = {
    "as text": lambda project, _: (project / "Pulumi.prod.yaml").read_text(encoding="utf-8"),
    "as bytes": lambda project, _: (project / "Pulumi.yaml").read_bytes(),
    "by a path with a detour": lambda project, _: (project / "docs" / ".." / "Pulumi.staging.yaml").open(),
    "by a path of bytes": lambda project, _: open(bytes(project / "Pulumi.prod.yaml")),  # noqa: SIM115
    "through a link to the folder": lambda project, folder: linked(project, folder).read_bytes(),
    "to copy it": lambda project, folder: shutil.copy(project / "Pulumi.prod.yaml", folder),
    "as settings": lambda project, _: check_stack(project, stack_names(project)[0]),
    "as configuration": lambda project, _: read_stack(project, stack_names(project)[0]),
}


@pytest.mark.parametrize("how", READERS)
def test_a_test_that_reads_a_stack_file_at_the_root_is_refused(how: str, tmp_path: Path) -> None:
    """With an error at the line that reads the file."""
    with pytest.raises(AssertionError, match="a file of the root's stacks"):
        READERS[how](ROOT, tmp_path)


def test_a_command_that_reads_the_root_is_refused(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the test's own process and in another one, whether it names the root or runs there."""
    for line in (["check"], ["plan", stack_names(ROOT)[0]], ["audit"]):
        with pytest.raises(AssertionError, match="a file of the root's stacks"):
            command(*line, cwd=ROOT)
    with pytest.raises(AssertionError, match="runs readiness on the root's stacks"):
        readiness("check", cwd=ROOT)
    monkeypatch.chdir(ROOT)
    for words in (["bash", "-c", f"'{sys.executable}' -m readiness check"], [".venv/bin/readiness", "check"]):
        with pytest.raises(AssertionError, match="runs readiness on the root's stacks"):
            subprocess.run(words, check=False)


def test_a_copy_can_be_removed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while the root is the working folder, because `rmtree` opens names relative to the removed folder."""
    monkeypatch.chdir(ROOT)
    (project / "folder" / "Pulumi.yaml").mkdir(parents=True)
    shutil.rmtree(project / "folder")
    assert not (project / "folder").exists()


def test_fixture_projects_and_copies_are_read(project: Path) -> None:
    """The program at the root runs on them."""
    for folder in (FIRST_CUSTOMER, SMALL, project):
        for stack in CUSTOMER_STACKS:
            assert check_stack(folder, stack).settings is not None
    assert read_record(FIRST_CUSTOMER)
    assert plan_of_stack("staging").resources
