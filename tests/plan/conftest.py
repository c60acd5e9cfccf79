"""A clone of the project to compare with: the diff's own tests change its files and put them back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plan.clones import commit, git
from tests.projects import FIRST_CUSTOMER, ROOT


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the project: a first commit without a program, the program, and a branch whose program fails."""
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "--quiet")
    (folder / "README.md").write_text("Nothing yet.\n", encoding="utf-8")
    commit(folder, "Begin")
    git(folder, "tag", "begin")
    ignore = shutil.ignore_patterns("__pycache__", "schemas")
    shutil.copytree(ROOT / "readiness", folder / "readiness", ignore=ignore)
    shutil.copytree(ROOT / "readiness" / "rules" / "schemas", folder / "readiness" / "rules" / "schemas")
    shutil.copytree(ROOT / "components", folder / "components", ignore=ignore)
    shutil.copy(ROOT / "__main__.py", folder)
    for file in FIRST_CUSTOMER.glob("Pulumi*.yaml"):
        shutil.copy(file, folder)
    (folder / ".gitignore").write_text(".tools/\n__pycache__/\n", encoding="utf-8")
    commit(folder, "Declare")
    program = (folder / "__main__.py").read_text(encoding="utf-8")
    (folder / "__main__.py").write_text("print('half a plan')\n1 / 0\n", encoding="utf-8")
    commit(folder, "Break the program")
    git(folder, "tag", "broken")
    (folder / "__main__.py").write_text(program, encoding="utf-8")
    commit(folder, "Mend")
    return folder


@pytest.fixture
def clone(repository: Path) -> Iterator[Path]:
    """The repository to change; put back afterwards."""
    yield repository
    git(repository, "reset", "--quiet", "--hard", "main")
    git(repository, "clean", "--quiet", "-d", "--force")
