"""The header of a delivered file distinguishes a delivery from an edit, and names where to edit the file."""

from __future__ import annotations

import hashlib

import pytest

from readiness.delivered.header import file_digest, is_as_delivered, is_managed_path, with_header
from readiness.plan.offline_plan import Plan

BODY = "version: 2\nupdates: []\n"
TEXT = with_header("dependabot", BODY)


def test_the_first_line_says_where_the_file_is_edited() -> None:
    """Else an edit in the repository is lost with the next delivery."""
    assert TEXT.splitlines()[0].endswith(
        "from the setting readiness:dependabot. Edit it there: this file is written over."
    )
    assert TEXT.splitlines()[1].endswith(hashlib.sha256(BODY.encode()).hexdigest())
    assert TEXT.endswith(BODY)


@pytest.mark.parametrize(
    "edited",
    [
        f"{TEXT}# a comment\n",
        TEXT.replace("version: 2", "version: 3"),
        TEXT.rstrip("\n"),
        f"\n{TEXT}",
        TEXT.replace("\n", "\r\n"),
        BODY,
        "",
    ],
)
def test_an_edit_is_distinguished_from_a_delivery(edited: str) -> None:
    """Down to a line end."""
    assert is_as_delivered(TEXT)
    assert not is_as_delivered(edited)


@pytest.mark.parametrize("path", [".github/dependabot.yml", ".github/workflows/x.yml", ".github/a b"])
def test_paths_below_the_folder_may_be_written(path: str) -> None:
    """As deep as they like."""
    assert is_managed_path(path)


@pytest.mark.parametrize(
    "path", ["", ".github", ".github/", "x", ".github/../x", ".github/./x", ".github//x", "/.github/x", ".github\\x"]
)
def test_no_other_path_may_be_written(path: str) -> None:
    """Whatever detour it takes."""
    assert not is_managed_path(path)


def test_a_plan_shows_the_digest_of_each_file_beside_it(plans: dict[str, Plan]) -> None:
    """What the pull request names too."""
    declared = [
        resource for resource in plans["prod"].resources if resource["type"] == "readiness:project:ManagedFiles"
    ]
    assert declared
    for component in declared:
        digests, files = component["inputs"]["digests"], component["files"]
        assert digests == {path: file_digest(text) for path, text in files.items()}
        assert all(digest.startswith("sha256:") for digest in digests.values())
        assert all(is_as_delivered(text) for text in files.values())
