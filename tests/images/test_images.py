"""The list of images: as gcloud writes it, and everything that can be wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from readiness.finding import RefusedError, text_line
from readiness.images.images import package_path, read_images
from readiness.images.json_lists import MAX_SHOWN
from tests.images.listings import INDEX, NOW, REPOSITORY, RESOURCE, digest_of, item, write_json


def refusals(path: Path) -> list[str]:
    """What is said of the file, less its name."""
    with pytest.raises(RefusedError) as refused:
        read_images(path)
    assert all(problem.file == str(path) for problem in refused.value.problems)
    return [text_line(problem).removeprefix(f"{path}: ").removeprefix(f"{path}:") for problem in refused.value.problems]


def test_an_entry_of_gcloud_is_read(tmp_path: Path) -> None:
    """Package, digest, tags, upload, size and kind."""
    (found,) = read_images(write_json(tmp_path, [item("a", age_days=1, tags=("b", "a", "b"))]))
    assert (found.package, found.digest, found.tags) == (f"{REPOSITORY}/backend", digest_of("a"), ("a", "b"))
    assert (found.size_bytes, found.is_index) == (1000, False)
    assert (NOW - found.created).days == 1
    assert found.created_text == "2025-11-24T12:00:00Z"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [("b, a", ("a", "b")), ("a", ("a",)), ("a,,b,", ("a", "b")), ("", ()), (None, ()), ([], ())],
)
def test_tags_are_a_list_or_text_with_commas_or_nothing(tmp_path: Path, tags: Any, expected: tuple[str, ...]) -> None:
    """All that gcloud has written, with and without --include-tags."""
    (found,) = read_images(write_json(tmp_path, [item("a", tags=tags)]))
    assert found.tags == expected


@pytest.mark.parametrize(
    ("size", "expected"), [("12", 12), (12, 12), (12.0, 12), ("None", 0), ("", 0), (None, 0), ("0", 0)]
)
def test_a_size_is_text_or_a_number_or_not_known(tmp_path: Path, size: Any, expected: int) -> None:
    """gcloud writes the word None where the API says nothing."""
    (found,) = read_images(write_json(tmp_path, [item("a", metadata={"imageSizeBytes": size})]))
    assert found.size_bytes == expected


@pytest.mark.parametrize("metadata", [None, {}, {"mediaType": None}])
def test_metadata_may_be_missing(tmp_path: Path, metadata: Any) -> None:
    """Nothing in it decides about a version without tags or index."""
    (found,) = read_images(write_json(tmp_path, [item("a", metadata=metadata)]))
    assert (found.size_bytes, found.media_type, found.children) == (0, "", ())


def test_tags_metadata_and_update_time_may_be_absent(tmp_path: Path) -> None:
    """Only package, version and createTime are needed."""
    entry = {key: value for key, value in item("a").items() if key in ("package", "version", "createTime")}
    (found,) = read_images(write_json(tmp_path, [entry]))
    assert found.tags == ()


@pytest.mark.parametrize("media_type", [INDEX, "application/vnd.docker.distribution.manifest.list.v2+json"])
def test_indexes_of_oci_and_of_docker_are_told_by_their_media_type(tmp_path: Path, media_type: str) -> None:
    """gcloud has it in the metadata."""
    (found,) = read_images(write_json(tmp_path, [item("a", metadata={"mediaType": media_type})]))
    assert found.is_index


@pytest.mark.parametrize("inside", [True, False])
def test_children_are_read_where_the_listing_names_them(tmp_path: Path, inside: bool) -> None:
    """The API's imageManifests, in the metadata or beside it."""
    manifests = {"imageManifests": [{"digest": digest_of("c"), "architecture": "amd64"}]}
    entry = item("a", metadata={"mediaType": INDEX, **manifests}) if inside else item("a", **manifests)
    (found,) = read_images(write_json(tmp_path, [entry]))
    assert found.children == (digest_of("c"),)


def test_an_empty_list_is_nothing_to_delete(tmp_path: Path) -> None:
    """No mistake."""
    assert read_images(write_json(tmp_path, [])) == ()


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    """What some shells put in front of a redirected output."""
    path = tmp_path / "images.json"
    path.write_bytes(b"\xef\xbb\xbf[]")
    assert read_images(path) == ()


@pytest.mark.parametrize(
    ("package", "repository", "name"),
    [
        (f"{REPOSITORY}/backend", REPOSITORY, "backend"),
        (f"{REPOSITORY}/web/shop", REPOSITORY, "web/shop"),
        (f"{REPOSITORY}/web%2Fshop", REPOSITORY, "web/shop"),
        (f"{RESOURCE}/packages/backend", REPOSITORY, "backend"),
        (f"{RESOURCE}/packages/web%2Fshop", REPOSITORY, "web/shop"),
        ("backend", "", "backend"),
        ("web/shop", "", "web/shop"),
        ("a/b/c/d", "", "a/b/c/d"),
    ],
)
def test_policies_see_the_name_of_a_package_without_its_repository(package: str, repository: str, name: str) -> None:
    """The host distinguishes a full path from a name with slashes."""
    found = package_path(package)
    assert (found.repository, found.name) == (repository, name)


@pytest.mark.parametrize(
    "package",
    [
        f"https://{REPOSITORY}/backend", f"{REPOSITORY}/backend:latest", f"{REPOSITORY}/backend@{digest_of('a')}",
        REPOSITORY, f"{REPOSITORY}/", f"{REPOSITORY}/backend/", f"/{REPOSITORY}/backend", RESOURCE,
        f"{RESOURCE}/packages/",
    ],
)  # fmt: skip
def test_a_name_that_is_not_a_package_is_refused(tmp_path: Path, package: str) -> None:
    """No policy would match it, or each image would be a package of its own."""
    (found,) = refusals(write_json(tmp_path, [item("a", package=package)]))
    assert found.startswith(f"[0].package: {package} is not the name of a package. Write HOST/PROJECT/REPOSITORY/IMAGE")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (b"\x89PNG\r\n\x1a\n\xff", "is not UTF-8 text"),
        ("[]".encode("utf-16"), "is not UTF-8 text"),
        (b"\x00\x01\x02", "1: is not JSON"),
        (b"[\n{,\n]", "2: is not JSON"),
        (b"IMAGE  DIGEST\n", "1: is not JSON"),
        (b"[" * 100_000, "is not JSON that a command would write"),
        (b"[" + b"9" * 10_000 + b"]", "is not JSON that a command would write"),
        (b"{}", "contains an object instead of a list"),
        (b"null", "contains null instead of a list"),
        (b'"text"', "contains text instead of a list"),
        (b"1", "contains a number instead of a list"),
    ],
)
def test_a_file_without_a_list_is_refused_with_the_command_that_writes_one(
    tmp_path: Path, content: bytes, said: str
) -> None:
    """One clear message, never a traceback."""
    path = tmp_path / "images.json"
    path.write_bytes(content)
    (message,) = refusals(path)
    assert message.startswith(said)
    assert message.endswith(
        "Write it with `gcloud artifacts docker images list REPOSITORY --include-tags --format=json`."
    )


@pytest.mark.parametrize(("name", "reason"), [("missing.json", "No such file"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    """The system's own reason."""
    (message,) = refusals(tmp_path / name)
    assert message.startswith(f"cannot be read ({reason}")


def test_entries_that_are_not_objects_are_named(tmp_path: Path) -> None:
    """By their place in the list."""
    messages = refusals(write_json(tmp_path, [item("a"), None, "x", []]))
    assert [message.partition(".")[0] for message in messages] == [
        "[1]: is null instead of an object",
        "[2]: is text instead of an object",
        "[3]: is a list instead of an object",
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"package": None}, "[0].package: is missing"),
        ({"package": 5}, "[0].package: is not a name"),
        ({"package": "two words"}, "[0].package: is not a name"),
        ({"version": ""}, "[0].version: is missing"),
        ({"version": ["sha256:0"]}, "[0].version: is not a name"),
        ({"version": "\ud800"}, "[0].version: is not a name"),
        ({"createTime": None}, "[0].createTime: is missing"),
        ({"createTime": "2025-10-17T08:00:00"}, "[0].createTime: has no time zone"),
        ({"createTime": "yesterday"}, "[0].createTime: is no RFC 3339 time"),
        ({"createTime": "20251017T080000Z"}, "[0].createTime: is no RFC 3339 time"),
        ({"createTime": "2025-02-30T08:00:00Z"}, "[0].createTime: is no time that exists"),
        ({"createTime": "0001-01-01T00:00:00+23:59"}, "[0].createTime: is no time that exists"),
        ({"createTime": 1760688000}, "[0].createTime: is no RFC 3339 time"),
        ({"tags": 7}, "[0].tags: is not a list of tags"),
        ({"tags": ["a", None]}, "[0].tags: is not a list of tags"),
        ({"tags": {"a": 1}}, "[0].tags: is not a list of tags"),
        ({"metadata": "x"}, "[0].metadata: is not an object"),
        ({"metadata": {"imageSizeBytes": float("nan")}}, "[0].metadata.imageSizeBytes: is not a number of bytes"),
        ({"metadata": {"imageSizeBytes": float("inf")}}, "[0].metadata.imageSizeBytes: is not a number of bytes"),
        ({"metadata": {"imageSizeBytes": -1}}, "[0].metadata.imageSizeBytes: is not a number of bytes"),
        ({"metadata": {"imageSizeBytes": "12 MB"}}, "[0].metadata.imageSizeBytes: is not a number of bytes"),
        ({"metadata": {"imageSizeBytes": True}}, "[0].metadata.imageSizeBytes: is not a number of bytes"),
        ({"metadata": {"imageSizeBytes": 1.5}}, "[0].metadata.imageSizeBytes: is not a number of bytes"),
        ({"metadata": {"mediaType": 3}}, "[0].metadata.mediaType: is not text"),
        ({"imageManifests": "x"}, "[0].metadata.imageManifests: is not a list of manifests"),
        ({"imageManifests": [{}]}, "[0].metadata.imageManifests: is not a list of manifests"),
    ],
)
def test_a_wrong_field_is_named_with_its_place(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    """Field, what is wrong, how to fix it."""
    (message,) = refusals(write_json(tmp_path, [item("a", **change)]))
    assert message.startswith(said)


def test_a_version_that_is_listed_twice_is_refused(tmp_path: Path) -> None:
    """It would be counted twice; the same digest in another package is another version."""
    messages = refusals(write_json(tmp_path, [item("a"), item("b"), item("a"), item("a", name="frontend")]))
    assert messages == ["[2].version: repeats [0]. List every version once."]


def test_ten_mistakes_are_reported_at_once(tmp_path: Path) -> None:
    """And several of one entry."""
    wrong = {"package": 1, "version": 2, "createTime": 3, "tags": 4, "metadata": 5}
    messages = refusals(write_json(tmp_path, [item("a", **wrong), item("b"), item("c", **wrong)]))
    assert [message.split(":")[0] for message in messages] == [
        f"[{index}].{field}" for index in (0, 2) for field in wrong
    ]


def test_of_very_many_mistakes_the_first_are_shown_and_the_others_counted(tmp_path: Path) -> None:
    """A list that is wrong throughout does not fill the screen."""
    messages = refusals(write_json(tmp_path, [item(index, createTime="x") for index in range(100)]))
    assert len(messages) == MAX_SHOWN + 1
    assert messages[-1] == f"has {100 - MAX_SHOWN} more mistakes of this kind. Fix the errors above first."


def test_what_a_file_holds_cannot_forge_a_line_of_output(tmp_path: Path) -> None:
    """Line breaks and escapes are refused in names, and never printed."""
    path = write_json(tmp_path, [item("a", package="x\nok prod\x1b[2J")])
    assert json.loads(path.read_text(encoding="utf-8"))
    (message,) = refusals(path)
    assert "\n" not in message
    assert "\x1b" not in message
