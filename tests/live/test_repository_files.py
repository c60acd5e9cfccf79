"""Distinguishes the repository's files from the declared ones, and manual edits from earlier deliveries."""

from __future__ import annotations

import pytest

from readiness.delivered.header import with_header
from readiness.live.github_api import GitHub, GitHubError
from readiness.live.repository_files import FileDifference, FileState, file_differences
from tests.live.github_repository import OWNER, Repository

PATH = ".github/dependabot.yml"
DECLARED = with_header("dependabot", "version: 2\nnew: yes\n")
EARLIER = with_header("dependabot", "version: 2\nold: yes\n")


def differences(repository: Repository, path: str = PATH) -> list[FileDifference]:
    """What is said of one declared file."""
    with repository.served() as server:
        github = GitHub(owner=OWNER, repository="ai-resume-review-v2", api_url=server.url)
        return file_differences(github, {path: DECLARED}, ref="main")


def holding(text: str | None) -> Repository:
    """A repository whose file has this text."""
    repository = Repository()
    repository.commit("main", {"README.md": "x"} if text is None else {PATH: text})
    return repository


@pytest.mark.parametrize(
    ("text", "state"),
    [
        (None, FileState.MISSING),
        (EARLIER, FileState.DELIVERED),
        (EARLIER.replace("old", "mine"), FileState.EDITED),
        (EARLIER.replace("\n", "\r\n"), FileState.EDITED),
        ("version: 2\n", FileState.EDITED),
        ("", FileState.EDITED),
    ],
)
def test_each_state_is_reported(text: str | None, state: FileState) -> None:
    """By the digest in the file's own header, so that no other memory is needed."""
    (found,) = differences(holding(text))
    assert (found.path, found.state) == (PATH, state)
    assert str(found) == f"{PATH}: {state}"


def test_a_file_as_declared_is_not_a_difference() -> None:
    """Byte for byte."""
    assert differences(holding(DECLARED)) == []


@pytest.mark.parametrize(
    "answer",
    [
        [{"type": "file"}],
        {"type": "symlink", "target": "elsewhere"},
        {"type": "submodule"},
        {"type": "file", "encoding": "none", "content": ""},
    ],
)
def test_what_is_no_plain_file_is_never_taken_for_one(answer: object) -> None:
    """A folder, a link, a submodule, a file of megabytes."""
    repository = holding(DECLARED)
    repository.special[PATH] = answer
    (found,) = differences(repository)
    assert found.state is FileState.NO_FILE


def test_the_difference_is_shown_without_credentials_and_without_control_characters() -> None:
    """What others wrote is printed on a terminal and in logs."""
    token = "ghp_" + "a" * 36
    (found,) = differences(holding(f"version: 1\n\x1b[31mtoken: {token}\n"))
    assert "-version: 1\n" in found.diff
    assert "+new: yes\n" in found.diff
    assert token not in found.diff
    assert "\x1b" not in found.diff


def test_a_path_with_a_space_is_asked_for_as_it_is() -> None:
    """Quoted in the address."""
    repository = Repository()
    repository.commit("main", {".github/a file.yml": DECLARED})
    assert differences(repository, ".github/a file.yml") == []


def test_only_what_differs_is_fetched() -> None:
    """The list of files has git's own id of each: a check of forty files that are right is one request."""
    repository = holding(DECLARED)
    with repository.served() as server:
        github = GitHub(owner=OWNER, repository="ai-resume-review-v2", api_url=server.url)
        assert file_differences(github, {PATH: DECLARED}, ref="main") == []
        assert [request.path.rpartition("/")[2] for request in server.requests] == ["main?recursive=1"]


def test_a_repository_too_large_to_list_is_asked_for_each_file() -> None:
    """What the list leaves out is not missing."""
    repository = holding(DECLARED)
    repository.truncated = True
    repository.unlisted = frozenset({PATH})
    assert differences(repository) == []


def test_a_branch_that_is_not_there_is_an_error() -> None:
    """And not a repository in which everything is missing."""
    repository = Repository()
    with pytest.raises(GitHubError, match="404"):
        differences(repository)


@pytest.mark.parametrize("path", ["contents", "git/trees"])
def test_a_refusal_is_no_missing_file(path: str) -> None:
    """Else what exists would be called missing."""
    repository = holding(EARLIER)
    repository.forbidden["GET", path] = 403
    with pytest.raises(GitHubError, match="403"):
        differences(repository)
