"""`readiness runbook` where something else has the place of a page."""

from __future__ import annotations

from pathlib import Path

from tests.projects import Command, copy_project


def test_a_folder_in_the_place_of_a_page_is_named(command: Command, tmp_path: Path) -> None:
    """It is not a page that is missing, which another run would write; and no other page is written."""
    root = copy_project(tmp_path)
    (root / "docs/runbook/HighCpuUsage.md").mkdir(parents=True)
    for arguments in (("runbook", "--check"), ("runbook",)):
        done = command(*arguments, cwd=root)
        assert done.status == 1
        assert done.err == (
            "error: docs/runbook/HighCpuUsage.md: is a folder, not a file. "
            "Rename or move it, then run `readiness runbook`.\n"
        )
    assert not (root / "docs/runbook.md").exists()
