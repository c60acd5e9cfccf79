"""`readiness runbook` with a folder at the path of a page."""

from __future__ import annotations

from pathlib import Path

from tests.projects import Command, copy_project


def test_a_folder_at_the_path_of_a_page_is_refused(command: Command, tmp_path: Path) -> None:
    """The message names the folder instead of a missing page, and no other page is written."""
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
