"""The judge's workflow takes from GitHub which pull request it judges, and from the runs nothing but archives."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from readiness.live.github_api import GitHub, GitHubError
from readiness.live.pull_request_run import (
    ARTIFACT,
    PLANS_WORKFLOW,
    PREVIEWS_WORKFLOW,
    EndedRun,
    NotJudgedError,
    fetch,
    set_status,
)
from readiness.plan.acknowledgements import ACKNOWLEDGED_FILE
from readiness.plan.pull_request_folder import MAX_ARCHIVE_BYTES, MAX_PREVIEW_ARCHIVE_BYTES, PLANS, PULL_REQUEST
from tests.live.loopback import Loopback, Reply, Request, serving
from tests.projects import Command

TOKEN = "placeholder"  # noqa: S105 - of no account
HEAD, OTHER = "a" * 40, "b" * 40
PREFIX = "/repos/acme/infra"
ENTRIES = "acknowledged: []\n"


def event(**changes: Any) -> dict[str, Any]:
    """The event of an ended run, as GitHub writes it into a file."""
    run: dict[str, Any] = {
        "id": 77,
        "path": PLANS_WORKFLOW,
        "event": "pull_request",
        "head_sha": HEAD,
        "head_branch": "topic",
        "head_repository": {"id": 5, "owner": {"login": "stranger"}},
        # Empty for a fork, so that nothing may rest on it.
        "pull_requests": [],
    }
    return {"workflow_run": run | changes, "repository": {"default_branch": "main"}}


def pull(number: int = 9, head: str = HEAD, repository: int = 5, base: str = "main") -> dict[str, Any]:
    """A pull request."""
    return {
        "number": number,
        "changed_files": 2,
        "head": {"sha": head, "repo": {"id": repository}},
        "base": {"ref": base, "repo": {"full_name": "acme/infra"}},
    }


def workflow_run(number: int, workflow: str = PREVIEWS_WORKFLOW, **changes: Any) -> dict[str, Any]:
    """A run that has ended, as GitHub lists it."""
    run = {
        "id": number, "path": workflow, "event": "pull_request", "status": "completed", "conclusion": "success",
        "head_sha": HEAD, "head_branch": "topic", "head_repository": {"id": 5},
    }  # fmt: skip
    return run | changes


NO_RUN = "no run has made a preview"
RUNNING = "the workflow that makes previews has not ended yet"


@dataclass
class Site:
    """The API of a repository, and what was asked of it."""

    pulls: list[dict[str, Any]] = field(default_factory=lambda: [pull()])
    files: list[dict[str, Any]] = field(
        default_factory=lambda: [{"filename": "b", "previous_filename": "a"}, {"filename": "c"}]
    )
    artifacts: list[dict[str, Any]] = field(
        default_factory=lambda: [{"id": 1, "name": ARTIFACT}, {"id": 3, "name": ARTIFACT}, {"id": 9, "name": "other"}]
    )
    # The runs of both workflows, and the artifacts of those that make previews.
    runs: list[dict[str, Any]] = field(default_factory=lambda: [workflow_run(77, PLANS_WORKFLOW)])
    previews: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    acknowledged: Any = None
    later_head: str = HEAD
    store: str = ""
    statuses: list[Any] = field(default_factory=list)

    def __call__(self, asked: Request) -> Reply:
        """Answers as GitHub does."""
        parts = urlsplit(asked.path)
        path, query = parts.path.removeprefix(PREFIX + "/"), parse_qs(parts.query)
        if asked.method == "POST":
            self.statuses.append((path, asked.body))
            return Reply(201, {})
        if path == "pulls":
            assert query["head"] == ["stranger:topic"]
            return Reply(200, self.pulls)
        if path == "pulls/9":
            return Reply(200, pull(head=self.later_head))
        if path == "pulls/9/files":
            return Reply(200, self.files)
        if path == f"contents/{ACKNOWLEDGED_FILE}":
            assert query["ref"] == [HEAD]
            return Reply(404, {}) if self.acknowledged is None else Reply(200, self.acknowledged)
        if path == "contents/Pulumi.yaml":
            assert query["ref"] == [HEAD]
            return Reply(200, {"type": "file", "encoding": "base64", "content": base64.b64encode(b"name: x").decode()})
        if path == "contents/docs/detection.md":
            return Reply(200, {"type": "file", "encoding": "base64", "content": base64.b64encode(b"# Page").decode()})
        if path == "actions/runs/77/artifacts":
            return Reply(200, {"artifacts": self.artifacts})
        if path.startswith("actions/workflows/"):
            assert (query["head_sha"], query["event"]) == ([HEAD], ["pull_request"])
            name = f".github/workflows/{path.split('/')[2]}"
            return Reply(200, {"workflow_runs": [run for run in self.runs if run["path"].startswith(name)]})
        if path.startswith("actions/runs/"):
            return Reply(200, {"artifacts": self.previews[int(path.split("/")[2])]})
        if path.startswith("actions/artifacts/"):
            return Reply(302, "", {"Location": f"{self.store}/{path.split('/')[2]}?signature=1"})
        return Reply(404, {"message": "Not Found"})


@contextmanager
def github(site: Site, status: int = 200, preview_status: int = 200) -> Iterator[tuple[GitHub, Loopback]]:
    """The API with a token, and the other host, where GitHub keeps artifacts."""

    def stored(asked: Request) -> Reply:
        number = asked.path.partition("?")[0].strip("/")
        return Reply(status if number == "3" else preview_status, f"archive {number}")

    with serving(stored) as store, serving(site) as api:
        site.store = store.url
        yield GitHub(owner="acme", repository="infra", token=TOKEN, api_url=api.url), store


def run_of(folder: Path, **changes: Any) -> EndedRun:
    """The run of the event in a file."""
    path = folder / "event.json"
    path.write_text(json.dumps(event(**changes)), encoding="utf-8")
    return EndedRun.of_event(path)


def fetched(folder: Path, site: Site, run: dict[str, Any] | None = None, **changes: Any) -> tuple[dict[str, Any], Path]:
    """What was written about the pull request, and where; `run` changes the run whose end starts the judge."""
    target = folder / "pull-request"
    with github(site, **changes) as (api, _):
        assert fetch(api, run_of(folder, **(run or {})), target) == 9
    return json.loads((target / PULL_REQUEST).read_text(encoding="utf-8")), target


def test_plans_acknowledgements_and_changed_files_are_fetched_and_nothing_else(tmp_path: Path) -> None:
    """The acknowledgements are those of the commit, not of the run, which could add some that nobody reviewed."""
    content = base64.encodebytes(ENTRIES.encode()).decode()
    said, target = fetched(tmp_path, Site(acknowledged={"type": "file", "encoding": "base64", "content": content}))
    assert said == {
        "paths": ["a", "b", "c"], "is_complete": True, "plans_problem": "", "previews_problem": NO_RUN,
    }  # fmt: skip
    assert (target / PLANS).read_bytes() == b"archive 3"
    assert (target / ACKNOWLEDGED_FILE).read_text(encoding="utf-8") == ENTRIES
    assert len(list(target.iterdir())) == 3


def test_the_page_of_how_soon_alerts_page_is_fetched_where_it_changes(tmp_path: Path) -> None:
    """The comment shows its rows, and no code of the pull request makes it."""
    _, target = fetched(tmp_path, Site(files=[{"filename": "docs/detection.md"}, {"filename": "c"}]))
    assert (target / "docs" / "detection.md").read_bytes() == b"# Page"


def test_the_settings_that_change_are_fetched_from_the_commit(tmp_path: Path) -> None:
    """The comment says from which line a change comes. A file that GitHub does not give is left out."""
    files = [{"filename": name} for name in ("Pulumi.yaml", "Pulumi.prod.yaml", "sub/Pulumi.yaml", "Pulumi.lock")]
    _, target = fetched(tmp_path, Site(files=files))
    assert (target / "Pulumi.yaml").read_bytes() == b"name: x"
    assert {path.name for path in target.iterdir()} == {PLANS, PULL_REQUEST, "Pulumi.yaml"}


def test_the_token_goes_to_github_alone(tmp_path: Path) -> None:
    """Not to the host to which GitHub redirects for the archive."""
    with github(Site()) as (api, store):
        fetch(api, run_of(tmp_path), tmp_path / "x")
        (asked,) = store.requests
    assert "authorization" not in {name.lower() for name in asked.headers}


@pytest.mark.parametrize(
    ("site", "problem"),
    [
        (Site(artifacts=[]), "the pull request's run has made no plans"),
        (Site(artifacts=[{"id": 3, "name": ARTIFACT, "expired": True}]), "the pull request's run has made no plans"),
        (Site(artifacts=[{"id": 3, "name": ARTIFACT, "size_in_bytes": MAX_ARCHIVE_BYTES + 1}]), "larger than 10 MiB"),
    ],
)
def test_a_run_without_usable_plans_is_said(tmp_path: Path, site: Site, problem: str) -> None:
    """And judged as a failure; it is not silent."""
    said, target = fetched(tmp_path, site)
    assert problem in said["plans_problem"]
    assert not (target / PLANS).exists()


def test_an_archive_that_is_longer_than_it_says_is_left_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitHub's figure is of the past; the bytes are counted too."""
    monkeypatch.setattr("readiness.live.pull_request_run.MAX_ARCHIVE_BYTES", 5)
    said, target = fetched(tmp_path, Site())
    assert "larger than" in said["plans_problem"]
    assert not (target / PLANS).exists()


def test_more_files_than_github_lists_are_known_to_be_more(tmp_path: Path) -> None:
    """Else the 3,001st could be the program."""
    said, _ = fetched(tmp_path, Site(files=[{"filename": "README.md"}]))
    assert said["is_complete"] is False


@pytest.mark.parametrize(
    ("site", "said"),
    [
        (Site(pulls=[]), "no pull request from stranger:topic into main is open"),
        (Site(pulls=[pull(repository=6)]), "no pull request from stranger:topic"),
        (Site(pulls=[pull(base="topic-base")]), "no pull request from stranger:topic"),
        (Site(pulls=[pull(head=OTHER)]), "#9 has newer commits"),
        (Site(later_head=OTHER), "#9 has newer commits"),
    ],
)
def test_a_run_of_no_pull_request_that_counts_is_not_judged(tmp_path: Path, site: Site, said: str) -> None:
    """None open, of another repository, into another branch (whose status would be that of this commit), outdated."""
    with github(site) as (api, _), pytest.raises(NotJudgedError, match=said):
        fetch(api, run_of(tmp_path), tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "changes",
    [{"event": "push"}, {"path": ".github/workflows/mine.yml"}, {"path": f"{PLANS_WORKFLOW}.yml"}],
)
def test_a_run_of_another_workflow_is_not_judged(tmp_path: Path, changes: dict[str, Any]) -> None:
    """A pull request can add a workflow of the same name; its path is another."""
    with pytest.raises(NotJudgedError, match="not of"):
        run_of(tmp_path, **changes)
    for workflow in (PLANS_WORKFLOW, PREVIEWS_WORKFLOW):
        assert run_of(tmp_path, path=f"{workflow}@refs/pull/9/merge").run_id == 77


def previews_in(folder: Path) -> dict[str, str]:
    """The archives of previews that were fetched."""
    return {file.name: file.read_text(encoding="utf-8") for file in folder.glob("preview-*")}


def artifacts(*numbers: int, name: str = "preview-prod", **more: Any) -> list[dict[str, Any]]:
    """The artifacts of a run that have this name."""
    return [{"id": number, "name": name, **more} for number in numbers]


def test_the_newest_previews_of_the_same_commit_are_fetched(tmp_path: Path) -> None:
    """Of the newest run that has some, whatever its end was, and of its newest attempt; other artifacts stay there."""
    site = Site(
        runs=[workflow_run(80), workflow_run(82, conclusion="failure"), workflow_run(84)],
        previews={
            80: artifacts(50),
            82: [*artifacts(61, 62, 60), *artifacts(63, name="preview-eu-1"), *artifacts(64, name="preview-../x")],
            84: artifacts(70, name="other"),
        },
    )
    said, target = fetched(tmp_path, site)
    assert previews_in(target) == {"preview-prod.zip": "archive 62", "preview-eu-1.zip": "archive 63"}
    assert len(list(target.iterdir())) == 4
    failed = "the workflow that makes previews failed (run 82)"
    assert (said["plans_problem"], said["previews_problem"]) == ("", failed), "of a stack without one"


@pytest.mark.parametrize(
    "changes",
    [
        {"head_repository": {"id": 6}},
        {"head_repository": None},
        {"head_branch": "other"},
        {"head_sha": OTHER},
        {"event": "push"},
        {"path": f"{PREVIEWS_WORKFLOW}.yml"},
    ],
)
def test_a_preview_of_another_run_is_none_of_the_pull_request(tmp_path: Path, changes: dict[str, Any]) -> None:
    """Of another repository's branch with the same commit, another branch, commit, event or workflow."""
    said, target = fetched(tmp_path, Site(runs=[workflow_run(80, **changes)], previews={80: artifacts(50)}))
    assert (said["previews_problem"], previews_in(target)) == (NO_RUN, {})
    assert (target / PLANS).exists()


@pytest.mark.parametrize(
    ("site", "problem"),
    [
        (Site(runs=[]), NO_RUN),
        (Site(runs=[workflow_run(80)], previews={80: []}), NO_RUN),
        (Site(runs=[workflow_run(80)], previews={80: artifacts(50, expired=True)}), NO_RUN),
        (
            Site(runs=[workflow_run(80, conclusion="failure")], previews={80: []}),
            "the workflow that makes previews failed (run 80)",
        ),
        (
            Site(runs=[workflow_run(80, conclusion="cancelled"), workflow_run(79)], previews={80: [], 79: []}),
            "the workflow that makes previews was cancelled (run 80)",
        ),
        (Site(runs=[workflow_run(80, status="in_progress", conclusion=None)], previews={80: []}), RUNNING),
        (
            Site(runs=[workflow_run(80)], previews={80: artifacts(50, size_in_bytes=MAX_PREVIEW_ARCHIVE_BYTES + 1)}),
            "larger than 1 MiB",
        ),
        (
            Site(
                runs=[workflow_run(80)],
                previews={80: [preview for number in range(31) for preview in artifacts(50, name=f"preview-{number}")]},
            ),
            "has 31 previews",
        ),
    ],
)
def test_why_there_is_no_preview_is_said(tmp_path: Path, site: Site, problem: str) -> None:
    """None was made, it expired, its run failed or goes on, or it is too large. The plans still count."""
    said, target = fetched(tmp_path, site)
    assert problem in said["previews_problem"]
    assert (said["plans_problem"], previews_in(target), (target / PLANS).exists()) == ("", {}, True)


def test_a_preview_of_a_run_that_has_not_ended_is_fetched(tmp_path: Path) -> None:
    """The tests of the same run take longer than it; a stack that is not previewed yet is known to be so."""
    runs = [workflow_run(80, status="in_progress", conclusion=None)]
    said, target = fetched(tmp_path, Site(runs=runs, previews={80: artifacts(50)}))
    assert previews_in(target) == {"preview-prod.zip": "archive 50"}
    assert said["previews_problem"] == RUNNING


def test_missing_previews_do_not_stop_the_verdict(tmp_path: Path) -> None:
    """The reason is said, and the plans are there."""
    site = Site(runs=[workflow_run(80)], previews={80: artifacts(50)})
    said, target = fetched(tmp_path, site, preview_status=403)
    assert "GitHub did not return the previews (GET actions/artifacts/50/zip: 403" in said["previews_problem"]
    assert (said["plans_problem"], previews_in(target), (target / PLANS).exists()) == ("", {}, True)


def test_the_end_of_the_previews_judges_the_plans_of_the_same_commit(tmp_path: Path) -> None:
    """So that they join the comment also where they are made last. A cancelled run of the plans has made none."""
    plans = [workflow_run(77, PLANS_WORKFLOW), workflow_run(78, PLANS_WORKFLOW, conclusion="cancelled")]
    site = Site(runs=[*plans, workflow_run(80)], previews={80: artifacts(50)})
    _, target = fetched(tmp_path, site, {"id": 80, "path": PREVIEWS_WORKFLOW})
    assert (target / PLANS).read_bytes() == b"archive 3"
    assert previews_in(target) == {"preview-prod.zip": "archive 50"}


@pytest.mark.parametrize(
    "plans",
    [
        [],
        [workflow_run(78, PLANS_WORKFLOW, conclusion="cancelled")],
        [workflow_run(77, PLANS_WORKFLOW), workflow_run(78, PLANS_WORKFLOW, status="queued", conclusion=None)],
        [workflow_run(77, PLANS_WORKFLOW, head_repository={"id": 6})],
    ],
)
def test_previews_alone_are_not_judged(tmp_path: Path, plans: list[dict[str, Any]]) -> None:
    """The end of the run that makes the plans starts the judge again."""
    site = Site(runs=[*plans, workflow_run(80)], previews={80: artifacts(50)})
    with github(site) as (api, _), pytest.raises(NotJudgedError, match="do not exist yet"):
        fetch(api, run_of(tmp_path, id=80, path=PREVIEWS_WORKFLOW), tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"workflow_run": {"path": 7}}', "[" * 99_999])
def test_a_file_that_is_not_an_event_is_refused(tmp_path: Path, text: str) -> None:
    """In one sentence."""
    (tmp_path / "event").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="is not the event of an ended run"):
        EndedRun.of_event(tmp_path / "event")
    with pytest.raises(ValueError, match="names no commit"):
        run_of(tmp_path, head_sha="main; touch x")


@pytest.mark.parametrize(
    "answer",
    [
        [{"type": "file"}],
        {"type": "symlink", "target": "/etc/passwd"},
        {"type": "file", "encoding": "none", "content": ""},
        {"type": "file", "encoding": "base64", "content": "%%"},
    ],
)
def test_acknowledgements_that_are_no_file_are_an_error(tmp_path: Path, answer: Any) -> None:
    """A folder, a link, too large, or no base64: nobody has acknowledged anything by it."""
    with github(Site(acknowledged=answer)) as (api, _), pytest.raises(GitHubError, match=ACKNOWLEDGED_FILE):
        fetch(api, run_of(tmp_path), tmp_path / "x")


def test_an_archive_that_cannot_be_got_is_an_error(tmp_path: Path) -> None:
    """The judge knows nothing then."""
    with github(Site(), status=403) as (api, _), pytest.raises(GitHubError, match="403"):
        fetch(api, run_of(tmp_path), tmp_path / "x")


def test_the_commands_pass_on_number_head_and_status(tmp_path: Path, command: Command) -> None:
    """As the workflow calls them."""
    site = Site()
    (tmp_path / "event.json").write_text(json.dumps(event()), encoding="utf-8")
    output = tmp_path / "output"
    with github(site) as (api, _):
        environment = {
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"), "GITHUB_OUTPUT": str(output), "GITHUB_TOKEN": TOKEN,
            "GITHUB_API_URL": api.api_url, "GITHUB_REPOSITORY": "acme/infra", "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_RUN_ID": "5",
        }  # fmt: skip
        done = command("pull-request", "fetch", str(tmp_path / "x"), cwd=tmp_path, **environment)
        assert (done.status, output.read_text(encoding="utf-8")) == (0, f"number=9\nhead={HEAD}\n")
        ended = {ended: command("pull-request", "status", HEAD, "--diff-ended-with", ended, cwd=tmp_path, **environment)
                 for ended in ("0", "1", "2", "")}  # fmt: skip
        site.pulls = []
        output.unlink()
        done = command("pull-request", "fetch", str(tmp_path / "y"), cwd=tmp_path, **environment)
    assert [done.status for done in ended.values()] == [0, 0, 1, 1]
    assert [body["state"] for _, body in site.statuses] == ["success", "failure", "error", "error"]
    assert {(path, body["context"]) for path, body in site.statuses} == {(f"statuses/{HEAD}", "readiness diff")}
    assert {body["target_url"] for _, body in site.statuses} == {"https://github.com/acme/infra/actions/runs/5"}
    assert done.status == 0
    assert "nothing to judge: no pull request" in done.out
    assert not output.exists(), "without a number no later step runs"
    assert command("pull-request", "status", "main", cwd=tmp_path, **environment).status == 1


def test_a_status_names_the_run(tmp_path: Path) -> None:
    """Where one is known."""
    site = Site()
    with github(site) as (api, _):
        set_status(api, HEAD, "success", run_url="")
    assert site.statuses[0][1]["target_url"] is None
