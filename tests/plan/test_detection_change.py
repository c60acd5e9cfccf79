"""The rows of docs/detection.md that a change moves, as `readiness diff --base` shows them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from readiness.plan.detection_change import (
    MAX_LINES_IN_A_COMMENT,
    PAGE,
    detection_change,
    detection_markdown,
    detection_text,
)

HEAD = "| Alert | twice | idle |\n|---|---|---|\n"


def _page(*rows: str) -> str:
    return "# How soon\n\n## prod, staging\n\n" + HEAD + "".join(f"| {row} |\n" for row in rows)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A clone whose commit holds a page with two rows."""
    (tmp_path / "docs").mkdir()
    (tmp_path / PAGE).write_text(_page("HighLatency | 5.2 min | quiet", "HighErrorRate | 6.2 min | quiet"))
    for arguments in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "x"),
    ):
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)
    return tmp_path


def test_a_page_that_stays_says_nothing(repository: Path) -> None:
    """Neither as text nor in the comment."""
    assert detection_change(repository, "HEAD") == []
    assert detection_text([]) == detection_markdown([]) == ""


def test_a_row_that_moves_is_shown_before_and_after(repository: Path) -> None:
    """Later, no longer, and new; what stays is not repeated."""
    (repository / PAGE).write_text(_page("HighErrorRate | 9.2 min | quiet", "Added | 1.0 min | quiet"))
    lines = detection_change(repository, "HEAD")
    assert lines == [
        "- prod, staging, HighLatency: 5.2 min | quiet",
        "- prod, staging, HighErrorRate: 6.2 min | quiet",
        "+ prod, staging, HighErrorRate: 9.2 min | quiet",
        "+ prod, staging, Added: 1.0 min | quiet",
    ]
    assert "```diff\n- prod" in detection_markdown(lines)
    assert all(line in detection_text(lines) for line in lines)


def test_a_page_that_is_new_is_no_change(repository: Path) -> None:
    """The base had no table to compare with."""
    subprocess.run(["git", "-C", str(repository), "rm", "-q", "--cached", PAGE], check=True)
    who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    subprocess.run(["git", "-C", str(repository), *who, "commit", "-qm", "y"], check=True)
    assert detection_change(repository, "HEAD") == []


def test_a_row_cannot_end_the_block_of_code(repository: Path) -> None:
    """The page is written by the change that is reviewed."""
    (repository / PAGE).write_text(_page("HighLatency | ``` | quiet"))
    assert "``` |" not in detection_markdown(detection_change(repository, "HEAD"))


def test_a_page_that_was_written_anew_leaves_room_for_the_diff(repository: Path) -> None:
    """However many and however long its rows are."""
    rows = [f"Alert{chr(65 + index // 26)}{chr(97 + index % 26)} | {'x' * 5_000} | quiet" for index in range(200)]
    (repository / PAGE).write_text(_page(*rows))
    lines = detection_change(repository, "HEAD")
    assert len(detection_markdown(lines)) < 20_000
    assert f"… {len(lines) - MAX_LINES_IN_A_COMMENT} more lines" in detection_markdown(lines)


def test_a_page_that_is_no_text_has_no_rows(repository: Path) -> None:
    """The report says that two rows are gone, and does not crash."""
    (repository / PAGE).write_bytes(b"\xff\xfe\x00")
    assert [line[0] for line in detection_change(repository, "HEAD")] == ["-", "-"]


def test_the_page_of_a_pull_request_is_read_where_it_was_fetched_to(repository: Path, tmp_path: Path) -> None:
    """Not in the checkout of the base. Where the pull request leaves it alone, it was not fetched."""
    fetched = tmp_path / "fetched"
    (fetched / "docs").mkdir(parents=True)
    (repository / PAGE).write_text(_page("Other | 1.0 min | quiet"))
    assert detection_change(repository, "HEAD", page_of=fetched) == []
    (fetched / PAGE).write_text(_page("HighLatency | 5.2 min | quiet", "HighErrorRate | 9.2 min | quiet"))
    lines = detection_change(repository, "HEAD", page_of=fetched)
    assert lines == [
        "- prod, staging, HighErrorRate: 6.2 min | quiet",
        "+ prod, staging, HighErrorRate: 9.2 min | quiet",
    ]
