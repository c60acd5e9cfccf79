"""Dependabot of this repository covers every folder that pins something."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.projects import ROOT

# What pins something in a folder, by the ecosystem that Dependabot reads it with.
PINS = {"pip": "requirements.txt", "gomod": "go.mod"}


def covered(ecosystem: str) -> set[str]:
    """The folders of an ecosystem, as `.github/dependabot.yml` names them."""
    document = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))
    updates = [update for update in document["updates"] if update["package-ecosystem"] == ecosystem]
    return {folder for update in updates for folder in update.get("directories", [update.get("directory")])}


def folders_with(name: str) -> set[str]:
    """The folders of the repository that hold such a file, as Dependabot names them; none of an environment's own."""
    found = (path.parent.relative_to(ROOT) for path in ROOT.rglob(name))
    return {f"/{_path(folder)}" for folder in found if not any(part.startswith(".") for part in folder.parts)}


def _path(folder: Path) -> str:
    return "" if folder == Path() else folder.as_posix()


@pytest.mark.parametrize("ecosystem", PINS)
def test_each_folder_that_pins_something_is_covered(ecosystem: str) -> None:
    """And no folder that is gone: Dependabot would fail on it."""
    expected = folders_with(PINS[ecosystem])
    assert expected, "nothing was compared"
    assert covered(ecosystem) == expected
