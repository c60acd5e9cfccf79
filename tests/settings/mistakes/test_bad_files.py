"""A file that cannot be read as settings: one line says why and how to fix it, whatever the file holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from readiness.settings.stack_files import find_project_root
from readiness.settings.strict_yaml import MAX_FILE_BYTES
from tests.settings.broken import PROJECT, STAGING, add_setting, error_of, errors, in_staging, place, write

TEXT = "config:\n  readiness:database:\n    instance: shop-db\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 8)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)
CHAIN = "config:\n  k0: &k0 [[[[[[[[x]]]]]]]]\n" + "".join(
    f"  k{number}: &k{number} [[[[[[[[*k{number - 1}]]]]]]]]\n" for number in range(1, 40)
)


@pytest.mark.parametrize("file", [STAGING, PROJECT])
@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"", ":1", "is empty. Restore it from version control, or copy another stack's file."),
        (b"# only a comment\n", ":1", "is empty. Restore it from version control, or copy another stack's file."),
        (b"- a\n- b\n", ":1", "is not a mapping of keys to values. Restore it from version control."),
        (b"just text\n", ":1", "is not a mapping of keys to values. Restore it from version control."),
        (b"\x89PNG\r\n\x1a\n\xff", ":1", "is not UTF-8 text. Save it as UTF-8, or restore it from version control."),
        (b"a: 1\nb: D\xe9v\n", ":2", "is not UTF-8 text. Save it as UTF-8, or restore it from version control."),
        (TEXT.encode("utf-16"), ":1", "is not UTF-8 text. Save it as UTF-8, or restore it from version control."),
        (TEXT.encode("utf-16-le"), ":1", "holds a character that YAML does not allow. Save it as plain text."),
        (b"config:\n  a: \x00\n", ":2", "holds a character that YAML does not allow. Save it as plain text."),
        (
            b"config:\n\tkey: 1\n", ":2",
            "is not valid YAML: a tab is used for indentation. Indent with spaces, not tabs.",
        ),
        (
            b"config:\n  a: b: c\n", ":2",
            "is not valid YAML: a colon where no key can be. Indent it right, or quote text that holds `: `.",
        ),
        (
            b"config:\n  a: 1\n b: 2\n", ":3",
            "is not valid YAML: the line does not fit the lines above it. Indent it like its neighbours.",
        ),
        (
            b"config:\n  a: 1\n  b\n", ":4",
            "is not valid YAML: a key without its colon. Write `key: value`, with a space after the colon.",
        ),
        (
            b"config:\n  a: @b\n", ":2",
            "is not valid YAML: text that begins with a special character. Put the text in quotes.",
        ),
        (
            b'config:\n  a: "\\d"\n', ":2",
            "is not valid YAML: an unknown escape after a backslash. Use single quotes, or double the backslash.",
        ),
        (
            b'config:\n  a: "\\U00110000"\n', ":2",
            "holds an escape that is no character. Write the character itself.",
        ),
        (
            b'config:\n  a: "\\UFFFFFFFF"\n', ":2",
            "holds an escape that is no character. Write the character itself.",
        ),
        (b"config: {}\n---\nconfig: {}\n", ":2", "is not valid YAML: a second document begins. Remove the line `---`."),
        (
            b"config: [1, 2\n", ":2",
            "is not valid YAML: expected ',' or ']', but got '<stream end>'. Fix the YAML at that line.",
        ),
        (b"[" * 600, "", "is nested too deeply to be read. Write it flatter."),
        (b"config: " + b"[" * 60 + b"]" * 60, ":1", "config: is nested too deeply to be read. Write it flatter."),
        (CHAIN.encode(), ":2", "config: is nested too deeply to be read. Write it flatter."),
        (b"# " + b"x" * MAX_FILE_BYTES, "", "is larger than 256 KiB. Keep only settings in it."),
    ],
)  # fmt: skip
def test_content_that_is_no_settings_is_one_error_with_its_line(
    project: Path, file: str, content: bytes, line: str, said: str
) -> None:
    """In either file; the line counts from 1."""
    write(project, content, file)
    assert error_of(project) == f"{file}{line}: {said}"


@pytest.mark.parametrize("content", [BOMB, "config: &a\n  x: *a\n", "config: &a [*a]\n"])
def test_aliases_without_end_are_refused_and_not_followed(project: Path, content: str) -> None:
    """Eight lines of a well-known kind hold a hundred million values."""
    error = error_of(write(project, content))
    assert error.startswith(f"{STAGING}:1: ")
    assert error.endswith(": is endless or huge, because of an alias. Write it out.")


def test_both_files_are_reported_when_neither_can_be_read(project: Path) -> None:
    """One run shows both."""
    write(write(project, ""), "", PROJECT)
    assert [line.split(":")[0] for line in errors(project)] == [PROJECT, STAGING]


def test_a_missing_stack_file_is_refused_with_the_nearest_stack(project: Path) -> None:
    """A typing error on the command line."""
    assert error_of(project, "stagin") == (
        "Pulumi.stagin.yaml: does not exist. Did you mean `staging`? Stacks with a file here: prod, staging."
    )
    assert error_of(project, "xyz") == "Pulumi.xyz.yaml: does not exist. Stacks with a file here: prod, staging."


@pytest.mark.parametrize("name", ["../prod", "a/b", "", "staging\n", "x" * 101, "a b", "*", "-x", "--yes"])
def test_a_name_that_cannot_be_a_stacks_is_refused_and_no_path_made_of_it(project: Path, name: str) -> None:
    """The name becomes part of a file name."""
    assert error_of(project, name) == (
        "Pulumi.<stack>.yaml: has a name that is no stack's. "
        "Use letters, digits, `-`, `_` and `.`, 100 at most, and no `-` first."
    )


def test_a_folder_a_pipe_and_a_link_to_itself_are_refused_without_waiting(project: Path) -> None:
    """Opening a pipe that nobody writes to would wait for ever."""
    file = project / STAGING
    file.unlink()
    file.mkdir()
    assert error_of(project) == f"{STAGING}: is not a file. Put the YAML file in its place."
    file.rmdir()
    os.mkfifo(file)
    assert error_of(project) == f"{STAGING}: is not a file. Put the YAML file in its place."
    file.unlink()
    file.symlink_to(STAGING)
    assert error_of(project) == (
        f"{STAGING}: cannot be read (Too many levels of symbolic links). Make it a readable file."
    )


def test_a_project_file_that_is_a_folder_or_a_link_to_itself_is_named(project: Path) -> None:
    """It is there, so that \"not in this folder\" would be untrue."""
    (project / PROJECT).unlink()
    (project / PROJECT).mkdir()
    assert find_project_root(project) == project
    assert error_of(project) == f"{PROJECT}: is not a file. Put the YAML file in its place."


def test_a_file_that_may_not_be_read_is_refused_with_the_systems_reason(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Denied by hand: whoever runs the tests may be root, whom no mode keeps out."""
    opened = os.open

    def denied(path: str | Path, *arguments: int, **options: int) -> int:
        if Path(path).name == STAGING:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(os, "open", denied)
    assert error_of(project) == f"{STAGING}: cannot be read (Permission denied). Make it a readable file."


def test_windows_line_ends_and_a_byte_order_mark_are_no_mistake(project: Path) -> None:
    """The engine takes both; lines are counted alike."""
    text = (project / STAGING).read_text(encoding="utf-8")
    write(project, b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert errors(project) == []
    write(project, text.replace("role: backend", "role: 5").replace("\n", "\r\n"))
    assert error_of(project).startswith(place(project, "role: 5"))


def test_anchors_and_aliases_are_read_as_the_engine_reads_them(project: Path) -> None:
    """A key's line is its own, not that of the anchor."""
    in_staging(project, "role: backend", "role: &role backend")
    in_staging(project, "role: frontend", "role: *role")
    assert errors(project) == []
    in_staging(project, "role: &role backend", "role: &role 5")
    assert [line.split(": ")[0] for line in errors(project)] == [
        place(project, "role: &role").rstrip(": "),
        place(project, "role: *role").rstrip(": "),
    ]


def test_a_key_that_is_written_twice_is_refused_with_both_lines(project: Path) -> None:
    """PyYAML takes the last one silently, the engine refuses the file."""
    in_staging(project, "    instance:", "    instance: other\n    instance:")
    line = int(place(project, "instance: other").split(":")[1])
    said = f"readiness:database.instance: is written twice, first in line {line}. Keep one."
    assert error_of(project) == f"{STAGING}:{line + 1}: {said}"


def test_a_key_that_is_written_with_and_without_its_namespace_is_refused(project: Path) -> None:
    """The engine would take either of the two."""
    add_setting(project, "database:\n  instance: other")
    said = "readiness:database: is written twice, with and without its namespace. Keep one."
    assert error_of(project) == place(project, "  database:") + said


@pytest.mark.parametrize("key", ["<<: {instance: other}", "? [a, b]\n    : 1", "? {a: b}\n    : 1", "!x key: 1"])
def test_a_merge_key_and_a_key_that_is_no_text_are_refused(project: Path, key: str) -> None:
    """A reader of the file has to see what is set."""
    in_staging(project, "    instance:", f"    {key}\n    instance:")
    line = place(project, key.split("\n")[0])
    assert error_of(project) == f"{line}readiness:database: has a key that is not plain text. Write the keys out."


@pytest.mark.parametrize(
    "value", ["!secret x", "!!str 5", "!!python/object/apply:os.system [ls]", "!!set {a}", "!!binary aGk="]
)
def test_a_type_tag_is_refused_and_never_acted_upon(project: Path, value: str) -> None:
    """Nothing of a settings file is code."""
    in_staging(project, "instance: ai-resume-review-v2-db-staging", f"instance: {value}")
    said = "readiness:database.instance: has a YAML tag. Write a plain value, without `!`."
    assert error_of(project) == place(project, "instance: !") + said
