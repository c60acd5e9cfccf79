"""The managed files on the application's default branch, against those of the plan."""

from __future__ import annotations

from collections.abc import Mapping

from readiness.live.github_api import GitHub
from readiness.live.repository_files import file_differences
from readiness.live.verify.rows import Row, failed, passed

CHECK = "managed files"


def file_rows(github: GitHub, files: Mapping[str, str], *, branch: str) -> list[Row]:
    """A row for each file that differs, or one that passes. Raises GitHubError."""
    differences = file_differences(github, files, ref=branch)
    if differences:
        return [failed(CHECK, each.path, f"{each.state}: see `readiness deliver`") for each in differences]
    return [passed(CHECK, f"{len(files)} files", f"as declared on {branch}")]
