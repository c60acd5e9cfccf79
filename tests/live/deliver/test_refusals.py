"""No work is lost, and no half is left: what is refused, and that nothing was written then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from readiness.cli import deliver as deliver_command
from readiness.delivered.declared_files import declared_files
from readiness.delivered.dependabot import AUTO_MERGE_PATH
from readiness.delivered.header import file_digest
from readiness.finding import RefusedError
from readiness.live.delivery import BRANCH
from tests.live.deliver.command import DEPENDABOT, Deliver, delivered
from tests.live.github_repository import PREFIX, Repository
from tests.live.loopback import Reply, Request, serving
from tests.projects import Command


def test_without_a_token_nothing_is_asked(deliver: Deliver) -> None:
    """The rights that it needs are said."""
    done = deliver(token="")
    assert done.status == 1
    assert "Contents, Pull requests and, for workflows, Workflows" in done.err
    assert deliver.server.requests == []


def test_a_branch_with_work_of_people_stays_as_it_is(deliver: Deliver, repository: Repository) -> None:
    """Refused, also where only one of its commits is theirs."""
    delivered(deliver)
    theirs = repository.commit(BRANCH, {DEPENDABOT: "theirs"})
    deliver.changes()
    done = deliver()
    assert done.status == 1
    assert f"has a branch {BRANCH} with commits that readiness did not make" in done.err
    assert repository.branches[BRANCH] == theirs


def test_a_file_that_people_edited_is_refused_with_its_difference(deliver: Deliver, repository: Repository) -> None:
    """And written over only where that very path is named."""
    repository.commit("main", {DEPENDABOT: "version: 2\nours: true\n"})
    done = deliver()
    assert done.status == 1
    assert "-ours: true\n" in done.out
    assert f"{DEPENDABOT}: was not written by readiness, or was edited since" in done.err
    assert f"`--overwrite {DEPENDABOT}`" in done.err
    assert deliver.writes() == []
    assert deliver("--overwrite", AUTO_MERGE_PATH).status == 1
    done = deliver("--overwrite", DEPENDABOT)
    assert "opened #1" in done.out, done.text
    assert "ours" not in repository.files(BRANCH)[DEPENDABOT]


def test_the_json_form_of_a_refusal_has_its_findings(deliver: Deliver, repository: Repository) -> None:
    """A program reads there which file somebody edited."""
    path = next(iter(deliver.files))
    repository.commit("main", {path: "mine\n"})
    done = deliver("--format", "json")
    refused = json.loads(done.out)
    assert (done.status, done.err, refused["result"], refused["pull_request"]) == (1, "", "refused", None)
    assert [finding["key"] for finding in refused["findings"]] == [path]
    assert deliver.writes() == []


def test_a_path_to_overwrite_that_is_not_declared_is_refused(deliver: Deliver) -> None:
    """A slip of the hand names nothing else."""
    done = deliver("--overwrite", "backend/app.py")
    assert done.status == 1
    assert f"backend/app.py: is not a file that the stack declares. Name one of {DEPENDABOT}" in done.err


def test_a_closed_pull_request_is_opened_again_only_with_an_option(deliver: Deliver, repository: Repository) -> None:
    """Somebody said no."""
    delivered(deliver)
    repository.pulls[0]["state"] = "closed"
    done = deliver()
    assert done.status == 1
    assert "has pull request #1, which somebody closed without merging it" in done.err
    assert len(repository.pulls) == 1
    assert "opened #2" in deliver("--again").out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"exists": False}, "does not exist, or the token has no access to it"),
        ({"archived": True}, "is archived"),
        ({"default_branch": "trunk"}, "Write readiness:managed_files default_branch: trunk"),
        ({"branches": {}}, "has no commit yet"),
    ],
)
def test_a_repository_that_is_not_as_declared_is_refused(
    deliver: Deliver, repository: Repository, change: dict[str, object], said: str
) -> None:
    """Missing, archived, renamed default branch, empty."""
    for name, value in change.items():
        setattr(repository, name, value)
    done = deliver()
    assert done.status == 1
    assert said in done.err
    assert deliver.writes() == []


@pytest.mark.parametrize(("path", "status"), [("git/trees", 404), ("git/commits", 403), ("git/refs", 403)])
def test_without_the_right_nothing_is_left_behind(
    deliver: Deliver, repository: Repository, path: str, status: int
) -> None:
    """Not a branch, not a file; the rights that are missing are named."""
    repository.forbidden["POST", path] = status
    done = deliver()
    assert done.status == 1
    assert f"not delivered: POST {path}: {status}" in done.err
    assert "Workflows: read and write" in done.err
    assert BRANCH not in repository.branches
    assert repository.pulls == []


@pytest.mark.parametrize("place", ["GET git/ref/heads/main", "GET git/trees", "POST git/trees", "POST pulls"])
@pytest.mark.parametrize("body", ["<html>", "5", {}, []])
def test_a_server_that_does_not_answer_as_github_does_is_an_error(
    command: Command, project: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch, place: str, body: object
) -> None:
    """A proxy's page, or `GITHUB_API_URL` of something else: one message, never a traceback."""
    method, _, start = place.partition(" ")

    def answer(asked: Request) -> Reply:
        is_there = asked.method == method and asked.path.startswith(f"{PREFIX}/{start}")
        return Reply(200, body) if is_there else repository.answer(asked)

    with serving(answer) as server:
        deliver = Deliver(command, project, server)
        monkeypatch.setattr(deliver_command, "plan_of", deliver.plan)
        done = deliver()
    assert done.status == 1
    assert done.err.startswith("error: not delivered: "), done.err


def test_what_is_pushed_to_the_branch_in_between_is_not_lost(
    deliver: Deliver, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitHub refuses the move, because it is no fast-forward."""
    delivered(deliver)
    deliver.changes()
    create = repository._create
    pushed: list[str] = []

    def push_in_between(path: str, query: dict[str, str], body: object) -> object:
        if path == "git/commits":
            pushed.append(repository.commit(BRANCH, {"theirs": "x"}))
        return create(path, query, body)

    monkeypatch.setattr(repository, "_create", push_in_between)
    done = deliver()
    assert done.status == 1
    assert "fast forward" in done.err
    assert repository.branches[BRANCH] == pushed[0]


@pytest.mark.parametrize("special", [{"type": "symlink"}, [{"type": "file"}]])
def test_a_path_that_is_not_a_regular_file_is_refused(
    deliver: Deliver, repository: Repository, special: object
) -> None:
    """A link would be followed, a folder replaced."""
    repository.special[DEPENDABOT] = special
    done = deliver("--overwrite", DEPENDABOT)
    assert done.status == 1
    assert f"cannot be written: {DEPENDABOT} is not a regular file" in done.err


def test_a_file_with_the_path_of_a_needed_folder_is_refused(deliver: Deliver, repository: Repository) -> None:
    """GitHub would replace it."""
    repository.commit("main", {".github": "x"})
    assert "cannot be written: .github is not a folder" in deliver().err


def test_a_folder_without_a_manifest_is_refused_at_its_setting(deliver: Deliver, repository: Repository) -> None:
    """Dependabot would open no pull request for it, and tell nobody; all at once."""
    repository.unlisted = frozenset({"backend/requirements.txt"})
    done = deliver()
    assert done.status == 1
    place = "readiness:dependabot.updates[0].directories[0]"
    assert f"{place}: /backend contains no manifest that Dependabot reads for pip" in done.err
    assert deliver.writes() == []


@pytest.mark.parametrize("path", ["backend/app.py", ".github/../x", "/.github/x", ".github//x", ".github/a\\..\\x", ""])
def test_a_file_outside_the_managed_folder_is_refused(deliver: Deliver, path: str) -> None:
    """Whatever declares it; nothing is asked of GitHub."""
    deliver.files[path] = "x"
    done = deliver()
    assert done.status == 1
    assert "is outside .github/" in done.err
    assert deliver.server.requests == []


def test_a_file_that_two_components_declare_is_refused() -> None:
    """Which of the two would be delivered?"""
    resources = [component(name, {DEPENDABOT: "x"}) for name in ("a", "b")]
    with pytest.raises(RefusedError, match="b: is declared by two components"):
        declared_files(resources)


@pytest.mark.parametrize("digest", ["[secret]", "<unknown>"])
def test_a_file_whose_text_the_plan_lacks_is_refused(digest: str) -> None:
    """To leave it out would deliver half of what is declared, without a word."""
    declared = component("a", {DEPENDABOT: "x"})
    declared["inputs"]["digests"][AUTO_MERGE_PATH] = digest
    with pytest.raises(RefusedError, match=f"{AUTO_MERGE_PATH}: a: has no text in the plan"):
        declared_files([declared])


def test_what_is_committed_by_pulumi_is_not_delivered() -> None:
    """Nor refused where its text is secret: the state has it."""
    declared = component("a", {DEPENDABOT: "x"}, delivery="commit")
    declared["inputs"]["digests"][AUTO_MERGE_PATH] = "[secret]"
    assert declared_files([declared]) == {}


def component(name: str, files: dict[str, str], delivery: str = "pull_request") -> dict[str, Any]:
    """A component that declares files, as a plan holds it."""
    digests = {path: file_digest(text) for path, text in files.items()}
    inputs = {"delivery": delivery, "digests": digests}
    return {"type": "readiness:project:ManagedFiles", "name": name, "inputs": inputs, "files": files}
