"""Files that are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.files import write_all, write_whole
from readiness.problems import RefusedError


def test_files_are_written_all_or_none(tmp_path: Path) -> None:
    """The last cannot be written: the others stand as before, and nothing is left lying about."""
    (tmp_path / "a").write_text("before")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "inside").touch()
    with pytest.raises(RefusedError, match="cannot be written"):
        write_all({tmp_path / "a": "after", tmp_path / "b": "new", tmp_path / "c": "a folder stands here"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "c"]
    assert (tmp_path / "a").read_text() == "before"


def test_a_file_is_written_with_the_folders_above_it(tmp_path: Path) -> None:
    """Readable by everybody, as a committed file is."""
    path = tmp_path / "a" / "b"
    write_whole(path, "text")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("text", 0o644)
