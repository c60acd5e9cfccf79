"""A clone of the project to compare with: the diff's own tests change its files and put them back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from readiness.plan.base_plan import CACHE
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
    entry = folder / "readiness" / "__main__.py"
    good = entry.read_text(encoding="utf-8")
    entry.write_text('print(\'{"stack": "prod"}\')\n', encoding="utf-8")
    commit(folder, "Print another format")
    git(folder, "tag", "older")
    entry.write_text(good, encoding="utf-8")
    commit(folder, "Mend")
    return folder


@pytest.fixture(scope="session")
def made_plans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plans of commits that any test of this run has made. All workers make the same commits, and share them."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "plans-of-commits"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def clone(repository: Path, made_plans: Path) -> Iterator[Path]:
    """The repository to change; put back afterwards. It has the plans that were made before, and keeps its own."""
    kept = repository / CACHE
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(made_plans, kept, ignore=shutil.ignore_patterns("*.new"))
    yield repository
    # A shorter one was planted by a test.
    for plan in (path for path in kept.glob("*.json") if path.stat().st_size > 10_000):
        new = made_plans / f"{plan.name}.{os.getpid()}.new"
        shutil.copyfile(plan, new)
        new.replace(made_plans / plan.name)
    git(repository, "reset", "--quiet", "--hard", "main")
    git(repository, "clean", "--quiet", "-d", "--force")
