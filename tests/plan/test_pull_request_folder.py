"""The archive of a pull request's plans may be anything: it is read within limits, or refused in a sentence."""

from __future__ import annotations

import io
import json
import stat
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest

from readiness.finding import RefusedError, text_line
from readiness.plan import pull_request_folder
from readiness.plan.engine_preview import EnginePreview
from readiness.plan.plan_file import FORMAT_KEY, PLAN_FORMAT, ReadPlan, SecretMask
from readiness.plan.pull_request_folder import (
    PLANS,
    PULL_REQUEST,
    PullRequestFiles,
    preview_archive,
    read_plans,
    read_previews,
    read_pull_request,
    stack_of_artifact,
)

GOOD: dict[str, Any] = {FORMAT_KEY: PLAN_FORMAT, "stack": "prod", "project": "shop", "resources": [], "outputs": {}}
NOTHING = PullRequestFiles(paths=(), is_complete=True, plans_problem="")


def entry(name: str = "prod.json", value: Any = GOOD, mode: int = 0) -> tuple[zipfile.ZipInfo, bytes]:
    """A file of an archive, with the bits of its kind."""
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info, value if isinstance(value, bytes) else json.dumps(value).encode()


def archive(*entries: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    """An archive of these files."""
    data = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(data, "w") as file:
        warnings.simplefilter("ignore")
        for info, text in entries:
            file.writestr(info, text)
    return data.getvalue()


def read(folder: Path, data: bytes) -> dict[str, ReadPlan]:
    """The plans of the archive."""
    (folder / PLANS).write_bytes(data)
    return read_plans(folder, NOTHING, SecretMask())


def encrypted() -> bytes:
    """The archive of a good plan that says that it is encrypted."""
    data = bytearray(archive(entry()))
    for mark, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        data[data.index(mark) + at] |= 1
    return bytes(data)


def damaged() -> bytes:
    """The archive of a good plan whose compressed bytes are others."""
    data = bytearray(archive(entry(value=b"x" * 1_000)))
    start = data.index(b"prod.json") + len(b"prod.json")
    data[start : start + 4] = b"\xff\xff\xff\xff"
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as file, pytest.raises(zlib.error):
        file.read("prod.json")
    return bytes(data)


def compressed(kind: int) -> bytes:
    """The archive of a good plan, compressed in another way."""
    info, text = entry()
    info.compress_type = kind
    return archive((info, text))


def test_plans_are_read_by_the_stack_that_names_their_file(tmp_path: Path) -> None:
    """As they are in the artifact of a run."""
    data = archive(entry(), entry("eu-1.json", GOOD | {"stack": "eu-1"}, stat.S_IFREG | 0o644))
    assert sorted(read(tmp_path, data)) == ["eu-1", "prod"]
    assert list(tmp_path.iterdir()) == [tmp_path / PLANS], "nothing is unpacked"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is not a readable archive"),
        (b"PK\x03\x04 half", "is not a readable archive"),
        (archive(), "contains 0 files"),
        (archive(*(entry(f"s{number}.json") for number in range(31))), "contains 31 files"),
        (archive(entry("../prod.json")), "is not the name of a plan"),
        (archive(entry("/etc/prod.json")), "is not the name of a plan"),
        (archive(entry("a/prod.json")), "is not the name of a plan"),
        (archive(entry("a\\prod.json")), "is not the name of a plan"),
        (archive(entry("-prod.json")), "is not the name of a plan"),
        (archive(entry("prod.json\n")), "is not the name of a plan"),
        (archive(entry("acknowledged-weakenings.yaml")), "is not the name of a plan"),
        (archive(entry(), entry()), "contains 'prod.json' twice"),
        (archive(entry(mode=stat.S_IFLNK | 0o777, value=b"/etc/passwd")), "is not a regular, readable file"),
        (archive(entry(mode=stat.S_IFIFO | 0o666)), "is not a regular, readable file"),
        (encrypted(), "is not a regular, readable file"),
        (damaged(), "is not a readable archive (error)"),
        (compressed(zipfile.ZIP_LZMA), "is not a regular, readable file"),
        (archive(entry(value=b" " * 30_000_000)), "has more than 20 MiB"),
        (archive(entry(value=GOOD | {"stack": "staging"})), "is a plan of another stack, 'staging'"),
        (
            archive(entry(value=GOOD | {FORMAT_KEY: 2})),
            "has the format_version 2, and this version of Readiness reads 3",
        ),
        (archive(entry(value=GOOD | {FORMAT_KEY: True})), "has the format_version that is no whole number"),
        (
            archive(entry(value={key: value for key, value in GOOD.items() if key != FORMAT_KEY})),
            "does not say its format: format_version is missing",
        ),
        (archive(entry(value=b'{"stack": "prod", "stack": "staging"}')), "the key 'stack' is there twice"),
        (archive(entry(value=b'{"a": 1e999}')), "1e999 is too large a number"),
        (archive(entry(value=b"[" * 200_000)), "is nested too deeply"),
    ],
    ids=range(25),
)
def test_a_hostile_archive_is_refused_in_a_sentence(tmp_path: Path, data: bytes, said: str) -> None:
    """Cut off, too many, elsewhere, twice, links, encrypted, a bomb, another format, two readings of one plan."""
    with pytest.raises(RefusedError) as refused:
        read(tmp_path, data)
    (problem,) = refused.value.problems
    assert said in text_line(problem)
    assert list(tmp_path.iterdir()) == [tmp_path / PLANS]


def test_an_archive_that_is_too_large_is_not_even_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its directory could be as large as it likes."""
    monkeypatch.setattr(pull_request_folder, "MAX_ARCHIVE_BYTES", 10)
    with pytest.raises(RefusedError, match="larger than"):
        read(tmp_path, archive(entry()))


def test_without_an_archive_the_reason_is_given(tmp_path: Path) -> None:
    """A run that failed has made none, which is no verdict in its favour."""
    failed = PullRequestFiles(paths=(), is_complete=True, plans_problem="the pull request's run has made no plans")
    with pytest.raises(RefusedError, match="has made no plans"):
        read_plans(tmp_path, failed, SecretMask())
    with pytest.raises(RefusedError, match="is missing"):
        read_plans(tmp_path, NOTHING, SecretMask())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"paths": "a", "is_complete": true, "plans_problem": "", "previews_problem": ""}',
        '{"paths": [], "is_complete": true, "plans_problem": "", "previews_problem": 1}',
        '{"paths": [], "is_complete": true, "plans_problem": ""}',
        '{"paths": [1]}',
        "[" * 99_999,
    ],
)
def test_the_list_of_changed_files_must_be_one(tmp_path: Path, text: str) -> None:
    """Without it, the report cannot name who must read the change."""
    (tmp_path / PULL_REQUEST).write_text(text, encoding="utf-8")
    with pytest.raises(RefusedError, match="does not list the files that"):
        read_pull_request(tmp_path)


URN = "urn:pulumi:{}::shop::pulumi:pulumi:Stack::shop-{}"


def engine_preview(stack: str = "prod", **more: Any) -> dict[str, Any]:
    """A preview of a stack in which nothing changes."""
    return {"steps": [{"op": "same", "urn": URN.format(stack, stack)}], "changeSummary": {}, **more}


def previewed(folder: Path, data: bytes, stack: str = "prod") -> EnginePreview | str:
    """What is read of the archive."""
    (folder / preview_archive(stack)).write_bytes(data)
    return read_previews(folder, [stack, "none"])[stack]


def test_a_preview_is_read_from_its_archive_and_a_stack_without_one_is_left_out(tmp_path: Path) -> None:
    """Nothing is unpacked, and an archive of a stack that is not compared is not read."""
    data = archive(entry("preview-eu-1.json", engine_preview("eu-1"), stat.S_IFREG | 0o644))
    found = previewed(tmp_path, data, "eu-1")
    assert isinstance(found, EnginePreview)
    assert (found.stack, found.is_complete) == ("eu-1", True)
    assert read_previews(tmp_path, ["prod"]) == {}
    assert list(tmp_path.iterdir()) == [tmp_path / "preview-eu-1.zip"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is not a readable archive"),
        (archive(), "contains 0 files"),
        (archive(entry("preview-prod.json"), entry("x.json")), "contains 2 files"),
        (archive(entry("../preview-prod.json")), "is not the name of the preview (preview-prod.json)"),
        (archive(entry("preview-staging.json")), "is not the name of the preview"),
        (archive(entry("preview-prodXjson")), "is not the name of the preview"),
        (archive(entry("preview-prod.json", b"/etc/passwd", stat.S_IFLNK | 0o777)), "is not a regular, readable file"),
        (archive(entry("preview-prod.json", b" " * 3_000_000)), "has more than 2 MiB"),
        (archive(entry("preview-prod.json", b"{")), "is not valid JSON"),
        (archive(entry("preview-prod.json", b"[" * 200_000)), "is nested too deeply"),
        (archive(entry("preview-prod.json", {})), "is not a preview of prod"),
        (archive(entry("preview-prod.json", engine_preview("staging"))), "is of the stack staging, not of prod"),
        (b" " * 2_000_000, "larger than 1"),
    ],
    ids=range(13),
)
def test_a_hostile_preview_is_a_reason_and_no_refusal(tmp_path: Path, data: bytes, said: str) -> None:
    """The verdict is that on the plans, whatever is in a preview."""
    found = previewed(tmp_path, data)
    assert isinstance(found, str)
    assert said in found
    assert found.startswith("preview-prod.zip: ")


def test_previews_are_limited_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those up to the limit are read."""
    size = len(json.dumps(engine_preview("s1")))
    monkeypatch.setattr(pull_request_folder, "_MAX_ALL_PREVIEWS_BYTES", 2 * size)
    for stack in ("s1", "s2", "s3"):
        previewed(tmp_path, archive(entry(f"preview-{stack}.json", engine_preview(stack))), stack)
    found = read_previews(tmp_path, ["s1", "s2", "s3"])
    assert [isinstance(preview, str) for preview in found.values()] == [False, False, True]
    assert "all previews together" in str(found["s3"])


@pytest.mark.parametrize("name", ["preview-", "preview-../x", "preview-a/b", "preview--x", "plans", "preview-a\n"])
def test_an_artifact_of_another_name_is_no_preview(name: str) -> None:
    """Its stack is part of a file's name."""
    assert stack_of_artifact(name) is None
    assert stack_of_artifact("preview-eu-1") == "eu-1"
