"""How `readiness upgrade --check` reads requirements.txt; `tests/wheel/test_upgrade.py` runs the command."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from readiness.finding import RefusedError
from readiness.plan.upgrade import other_requirements, required_package
from tests.projects import Command


def write(folder: Path, text: str) -> Path:
    """The requirements of a project in the folder."""
    (folder / "requirements.txt").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("readiness==0.2.0", "readiness==0.2.0"),
        ("readiness", "readiness"),
        ("Readiness >= 0.2  # ours", "Readiness >= 0.2"),
        ("readiness==0.2.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11", "readiness==0.2.0"),
        ("readiness @ https://example.com/a/readiness-0.2.0-py3-none-any.whl", None),
        ("./wheels/readiness-0.2.0-py3-none-any.whl", "./wheels/readiness-0.2.0-py3-none-any.whl"),
        ("https://example.com/readiness-0.2.0-py3-none-any.whl", None),
    ],
)
def test_the_requirement_of_readiness_is_found_in_every_form(tmp_path: Path, line: str, found: str | None) -> None:
    """Without comment and hashes, and without the other lines."""
    root = write(tmp_path, f"# requirements\nreadiness-extras==1\npulumi==3\n{line}\n")
    assert required_package(root) == (found or line)
    assert other_requirements(root) == ["readiness-extras==1", "pulumi==3"]


@pytest.mark.parametrize(
    "text", ["", "pulumi==3\n", "readiness-extras==1\n", "# readiness==1\n", "./other-readiness-1.whl\n"]
)
def test_where_none_is_found_there_is_none(tmp_path: Path, text: str) -> None:
    """Another package's name may begin or end alike."""
    assert required_package(write(tmp_path, text)) is None


def test_files_that_are_named_are_found_from_another_folder(tmp_path: Path) -> None:
    """The other version is installed from a copy of the requirements."""
    root = write(tmp_path, "-r more/base.txt\n--constraint=limits.txt\n-r /etc/all.txt\n-c https://example.com/c.txt\n")
    assert other_requirements(root) == [
        f"-r {root}/more/base.txt", f"--constraint={root}/limits.txt", "-r /etc/all.txt", "-c https://example.com/c.txt",
    ]  # fmt: skip


@pytest.mark.parametrize("data", [b"readiness==1\nreadiness==2\n", b"\xff\xfe"])
def test_what_cannot_be_read_is_refused(tmp_path: Path, data: bytes) -> None:
    """Two versions at once, or no text."""
    (tmp_path / "requirements.txt").write_bytes(data)
    with pytest.raises(RefusedError, match=r"requirements\.txt: "):
        required_package(tmp_path)


def test_files_of_other_systems_are_read_as_pip_reads_them(tmp_path: Path) -> None:
    """With a byte order mark and other line ends."""
    data = b"\xef\xbb\xbfreadiness==1 \\\r\n  --hash=sha256:00\r\npulumi==3\r\n"
    (tmp_path / "requirements.txt").write_bytes(data)
    assert required_package(tmp_path) == "readiness==1"
    assert other_requirements(tmp_path) == ["pulumi==3"]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """A named pipe has no end before somebody writes into it."""
    make(tmp_path / "requirements.txt")
    with pytest.raises(RefusedError, match=r"requirements\.txt: cannot be read \("):
        required_package(tmp_path)


@pytest.mark.parametrize("arguments", [("nowhere",), ("prod", "nowhere")])
def test_an_unknown_stack_is_refused_before_an_installation_is_announced(
    command: Command, small_project: Path, arguments: tuple[str, ...]
) -> None:
    """The one line on the screen is the error."""
    done = command("upgrade", "--check", *arguments, "--to", "9", cwd=small_project)
    assert done.status == 1
    assert "installing" not in done.text
    assert "Pulumi.nowhere.yaml: does not exist. Stacks with a file here: prod, staging." in done.err
