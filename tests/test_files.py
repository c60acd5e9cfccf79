"""Files that are read only where they are regular, and files that are written whole or not at all."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from readiness import sealed_record
from readiness.audit.checklist import RECORD_FILE, read_record
from readiness.audit.prowler_output import read_prowler_output
from readiness.ci import workflow_files
from readiness.ci.migrations.lint import lint_paths
from readiness.files import (
    FileTooLargeError,
    NotRegularFileError,
    read_regular_bytes,
    read_regular_text,
    write_all,
    write_whole,
)
from readiness.finding import RefusedError, text_line
from readiness.images.json_lists import read_json_list
from readiness.live import pulumi_cli
from readiness.live.drill import read_drills
from readiness.live.google_login import LoginError, access_token
from readiness.plan.acknowledgements import ACKNOWLEDGED_FILE, read_acknowledgements
from readiness.plan.plan_file import SecretMask, read_plan_file
from readiness.settings.strict_yaml import read_yaml
from tests.projects import Command


def test_files_are_written_all_or_none(tmp_path: Path) -> None:
    """The last cannot be written: the others stand as before, and nothing is left lying about."""
    (tmp_path / "a").write_text("before")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "inside").touch()
    with pytest.raises(RefusedError, match="cannot be written"):
        write_all({tmp_path / "a": "after", tmp_path / "b": "new", tmp_path / "c": "a folder stands here"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "c"]
    assert (tmp_path / "a").read_text() == "before"


def test_files_are_removed_with_those_that_are_written_or_not_at_all(tmp_path: Path) -> None:
    """One that cannot be removed keeps the others, and what was to be written, as they were."""
    for name in ("a", "old"):
        (tmp_path / name).write_text("before")
    (tmp_path / "folder").mkdir()
    with pytest.raises(RefusedError) as refused:
        write_all({tmp_path / "a": "after", tmp_path / "b": "new"}, remove=[tmp_path / "old", tmp_path / "folder"])
    assert [problem.file for problem in refused.value.problems] == [str(tmp_path / "folder")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "folder", "old"]
    assert [(tmp_path / name).read_text() for name in ("a", "old")] == ["before", "before"]
    write_all({tmp_path / "a": "after"}, remove=[tmp_path / "old"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "folder"]


def test_folders_that_were_made_for_nothing_are_removed(tmp_path: Path) -> None:
    """Those that were there before stay, empty or not."""
    (tmp_path / "old").mkdir()
    (tmp_path / "c").touch()
    with pytest.raises(RefusedError, match="cannot be written"):
        write_all({tmp_path / "old" / "a": "x", tmp_path / "b" / "d" / "a": "x", tmp_path / "c" / "a": "x"})
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["c", "old"]


def test_a_file_is_written_with_the_folders_above_it(tmp_path: Path) -> None:
    """Readable by everybody, as a committed file is."""
    path = tmp_path / "a" / "b"
    write_whole(path, "text")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("text", 0o644)


@pytest.fixture(params=["named pipe", "device", "folder"])
def special(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """What is no regular file. Nobody writes into the pipe, and the device never ends."""
    path = tmp_path / "special.json"
    match request.param:
        case "named pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case _:
            path.mkdir()
    return path


@pytest.fixture(autouse=True)
def hang_guard(tmp_path: Path) -> Iterator[None]:
    """Where a reader waits for the pipe's writer after all, one comes, so that the test is red and ends."""

    def write() -> None:
        for path in tmp_path.rglob("*"):
            if path.is_fifo():
                os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))

    timer = threading.Timer(20, write)
    timer.start()
    yield
    timer.cancel()


def test_a_reader_says_what_is_no_regular_file(special: Path) -> None:
    """Without waiting, and without reading for ever."""
    with pytest.raises(NotRegularFileError, match=r"not a regular file|Is a directory"):
        read_regular_bytes(special)


def test_what_a_shell_hands_over_as_a_descriptor_is_read() -> None:
    """`readiness diff <(...) NEW.json`: a pipe whose writer runs already."""
    reading, writing = os.pipe()
    try:
        os.write(writing, b"{}")
        os.close(writing)
        assert read_regular_bytes(Path(f"/dev/fd/{reading}")) == b"{}"
    finally:
        os.close(reading)


def test_a_file_of_exactly_its_limit_is_read(tmp_path: Path) -> None:
    """One byte more is refused, with the limit."""
    (tmp_path / "a").write_bytes(b"x" * 2048)
    assert len(read_regular_bytes(tmp_path / "a", 2048)) == 2048
    with pytest.raises(FileTooLargeError, match="larger than 1 KiB"):
        read_regular_bytes(tmp_path / "a", 2047)
    (tmp_path / "a").write_bytes(b"x" * (3 * 1024 * 1024 + 1))
    with pytest.raises(FileTooLargeError, match="larger than 3 MiB"):
        read_regular_bytes(tmp_path / "a", 3 * 1024 * 1024)


def test_text_has_one_kind_of_line_end(tmp_path: Path) -> None:
    """As Python's own reading of text; a byte order mark is none of it."""
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n")
    assert read_regular_text(tmp_path / "a") == "a\nb\nc\n"


def _login(path: Path) -> None:
    access_token({"GOOGLE_APPLICATION_CREDENTIALS": str(path)})


def _login_by_path(path: Path) -> None:
    access_token({"GOOGLE_CREDENTIALS": str(path)})


def _login_with_token_file(path: Path) -> None:
    config = {"type": "external_account", "credential_source": {"file": str(path)}}
    access_token({"GOOGLE_CREDENTIALS": json.dumps(config)})


def _login_of_another(path: Path) -> None:
    inner = {"type": "external_account", "credential_source": {"file": str(path)}}
    config = {"type": "impersonated_service_account", "source_credentials": inner}
    access_token({"GOOGLE_CREDENTIALS": json.dumps(config)})


def _audit_record(path: Path) -> None:
    (path.parent / RECORD_FILE).parent.mkdir(exist_ok=True)
    (path.parent / RECORD_FILE).symlink_to(path)
    read_record(path.parent)


def _acknowledged(path: Path) -> None:
    (path.parent / ACKNOWLEDGED_FILE).symlink_to(path)
    read_acknowledgements(path.parent)


READERS: list[Callable[[Path], Any]] = [
    _login,
    _login_by_path,
    _login_with_token_file,
    _login_of_another,
    _audit_record,
    _acknowledged,
    lambda path: read_drills(path),
    lambda path: read_plan_file(path, SecretMask()),
    lambda path: read_json_list(path, "gcloud"),
    lambda path: read_prowler_output(path, [], project="p"),
    lambda path: read_yaml(path, "settings.yaml"),
    lambda path: workflow_files._read(path),
    lambda path: write_whole(path, "text"),
]


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_refuses_what_is_no_regular_file(special: Path, reader: Callable[[Path], Any]) -> None:
    """One refusal of the product's own, whatever the path names."""
    with pytest.raises((RefusedError, LoginError)) as refused:
        reader(special)
    assert "\n" not in str(refused.value)


def test_a_place_without_a_file_of_its_own_counts_as_none(special: Path) -> None:
    """A record is no record, and Pulumi's credentials name no backend."""
    assert sealed_record.file_text(special) == ""
    (special.parent / "credentials.json").symlink_to(special)
    assert pulumi_cli.state_backend({"PULUMI_HOME": str(special.parent)}, special.parent / "Pulumi.yaml") is None


def test_a_migration_that_is_no_regular_file_is_refused(special: Path) -> None:
    """A folder is searched for migrations; this one holds none."""
    (problem,) = lint_paths([special])
    assert "not a regular file" in text_line(problem) or "holds no .sql or .py file" in text_line(problem)


def test_a_comment_that_is_no_regular_file_is_refused(
    special: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """click itself refuses the folder."""
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/name")
    done = command("comment", "1", "--file", str(special))
    assert done.status == 1
    assert "not a regular file" in done.text or "is a directory" in done.text


def test_a_credential_file_has_a_limit(tmp_path: Path) -> None:
    """A megabyte is no key."""
    (tmp_path / "key.json").write_bytes(b" " * (1024 * 1024 + 1))
    with pytest.raises(LoginError, match="larger than 1 MiB"):
        _login(tmp_path / "key.json")
