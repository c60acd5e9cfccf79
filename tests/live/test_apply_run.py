"""The scripts of the workflow Apply: GitHub is a stand-in on the loopback interface, git is real."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from readiness.live.apply_report import ISSUE_MARKER, applied_markdown
from readiness.live.pull_request_comment import ACTIONS_BOT
from tests.live.loopback import Loopback, Reply, Request, serving
from tests.projects import Command, Result

PREFIX = "/repos/acme/readiness/"
READY = {
    "APPLY_IDENTITY": "a@b.iam.gserviceaccount.com",
    "WORKLOAD_IDENTITY_PROVIDER": "projects/1",
    "PULUMI_BACKEND_URL": "gs://b",
}
DOCUMENTS = ("README.md", "docs/ci.md", "docs/runbook/A.md", "LICENSE")
NO_DOCUMENTS = ("Pulumi.prod.yaml", "program.py", "package/a.md", "readiness/docs/x.py", "documents.py", "docs.py")


class Repository:
    """The project as a git repository, and what GitHub has recorded about it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Links to this repository's own: nothing here may write through them.
        for link in ("__main__.py", "components"):
            (folder / link).unlink()
        # By environment, newest first: commit, every state of the deployment, and who recorded it.
        self.deployments: dict[str, list[tuple[str, list[str], str]]] = {}
        self.reviews: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.asked: list[Request] = []
        self.git("init", "--quiet", "--initial-branch=main")
        self.first = self.commit("program.py", text="one")

    def git(self, *arguments: str) -> str:
        """Runs git there, as nobody in particular."""
        identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        command = ["git", *identity, *arguments]
        return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, *names: str, text: str = "") -> str:
        """Changes files, and returns the commit."""
        for name in names:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            before = path.read_text(encoding="utf-8") if path.is_file() and not text else ""
            path.write_text(f"{before}\n# {text or len(before)}\n", encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "work")
        return self.git("rev-parse", "HEAD")

    def deployed(self, environment: str, commit: str, *states: str, by: str = ACTIONS_BOT) -> None:
        """A job that named the environment has run, later than those before."""
        self.deployments.setdefault(environment, []).insert(0, (commit, list(states), by))

    def both_applied(self, commit: str) -> None:
        """Both stacks are at this commit."""
        for environment in ("staging", "production"):
            self.deployed(environment, commit, "success", "in_progress")

    def answer(self, asked: Request) -> Reply:
        """What GitHub says."""
        path, _, query = asked.path.removeprefix(PREFIX).partition("?")
        if asked.method != "GET":
            return Reply(201, {"number": 7})
        if path == "deployments":
            environment = query.partition("environment=")[2].partition("&")[0]
            listed = enumerate(self.deployments.get(environment, []))
            return Reply(
                200,
                [{"id": f"{environment}.{at}", "sha": one[0], "creator": {"login": one[2]}} for at, one in listed],
            )
        if path.startswith("deployments/"):
            environment, _, at = path.split("/")[1].rpartition(".")
            return Reply(200, [{"state": state} for state in self.deployments[environment][int(at)][1]])
        if path == "actions/runs/99/approvals":
            return Reply(200, self.reviews)
        if path == "issues":
            return Reply(200, self.issues)
        return Reply(404, {"message": "Not Found"})


@pytest.fixture
def repository(small_project: Path) -> Repository:
    """With one commit, which was never applied."""
    return Repository(small_project)


Run = Callable[..., tuple[Result, Loopback]]


@pytest.fixture
def run(repository: Repository, command: Command) -> Run:
    """Runs `readiness ci …` as the workflow does."""

    def run_here(*arguments: str, **environment: str) -> tuple[Result, Loopback]:
        with serving(repository.answer) as server:
            variables = {
                "GITHUB_REPOSITORY": "acme/readiness",
                "GITHUB_API_URL": server.url,
                "GITHUB_TOKEN": "t",
                "GITHUB_EVENT_NAME": "push",
                "GITHUB_RUN_ID": "99",
                "GITHUB_STEP_SUMMARY": str(repository.folder.parent / "summary.md"),
                **READY,
                **environment,
            }
            return command("ci", *arguments, cwd=repository.folder, **variables), server

    return run_here


def stacks_in(done: Result) -> list[str]:
    """What the next jobs get."""
    assert done.status == 0, done.text
    [line] = done.out.splitlines()
    return json.loads(line.removeprefix("stacks="))


def test_the_stacks_are_those_that_have_a_file(repository: Repository, run: Run) -> None:
    """For the matrix of a workflow; without one, a matrix would skip its job without a word."""
    assert stacks_in(run("stacks")[0]) == ["prod", "staging"]
    for path in repository.folder.glob("Pulumi.*.yaml"):
        path.unlink()
    done, _ = run("stacks")
    assert done.status == 1
    assert "no Pulumi.<stack>.yaml" in done.err


def test_what_was_never_applied_is_applied(run: Run) -> None:
    """There is nothing to compare with."""
    done, _ = run("scope")
    assert sorted(stacks_in(done)) == ["prod", "staging"]
    assert done.err == ""


@pytest.mark.parametrize("missing", READY)
def test_without_its_variables_nothing_is_applied_with_a_notice_and_nothing_is_red(missing: str, run: Run) -> None:
    """GitHub is not asked."""
    done, server = run("scope", **{missing: ""})
    assert stacks_in(done) == []
    assert done.err.startswith(f"::notice::Nothing is applied, because these variables are not set: {missing}.")
    assert server.requests == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_alone_ask_for_no_approval(name: str, repository: Repository, run: Run) -> None:
    """Of one, and of all together, with a notice for each stack."""
    repository.both_applied(repository.first)
    repository.commit(name)
    repository.commit(*DOCUMENTS)
    done, _ = run("scope")
    assert stacks_in(done) == []
    assert done.err.count("only documents have changed") == 2


@pytest.mark.parametrize("name", NO_DOCUMENTS)
def test_whatever_else_changed_is_applied(name: str, repository: Repository, run: Run) -> None:
    """Also beside documents."""
    repository.both_applied(repository.first)
    repository.commit(name, "README.md")
    assert len(stacks_in(run("scope")[0])) == 2


def test_a_file_that_became_a_document_is_a_change(repository: Repository, run: Run) -> None:
    """Both names count."""
    repository.both_applied(repository.first)
    (repository.folder / "docs").mkdir(exist_ok=True)
    repository.git("mv", "program.py", "docs/program.py")
    repository.commit()
    assert len(stacks_in(run("scope")[0])) == 2


def test_a_rejected_merge_is_made_up_for_by_the_next_one(repository: Repository, run: Run) -> None:
    """Though that one changes a document alone: nothing that was merged is lost."""
    repository.both_applied(repository.first)
    second = repository.commit("program.py")
    repository.deployed("staging", second, "success", "in_progress")
    repository.deployed("production", second, "failure", "waiting")
    repository.commit("README.md")
    assert stacks_in(run("scope")[0]) == ["prod"]


def test_after_an_apply_that_failed_a_revert_is_applied(repository: Repository, run: Run) -> None:
    """The files are those that were applied; the resources are not."""
    repository.both_applied(repository.first)
    second = repository.commit("program.py")
    repository.deployed("production", second, "failure", "in_progress")
    repository.git("revert", "--no-edit", "HEAD")
    assert stacks_in(run("scope")[0]) == ["prod"]


def test_one_that_only_waited_leaves_nothing_behind(repository: Repository, run: Run) -> None:
    """And a revert of it needs no apply."""
    repository.both_applied(repository.first)
    second = repository.commit("program.py")
    repository.deployed("staging", second, "waiting")
    repository.deployed("production", second, "waiting")
    repository.git("revert", "--no-edit", "HEAD")
    done, _ = run("scope")
    assert stacks_in(done) == []
    assert f"its files are the same as at {repository.first}, which was applied" in done.err


def test_a_deployment_that_is_inactive_by_now_had_succeeded(repository: Repository, run: Run) -> None:
    """GitHub marks it when a later one succeeds, which somebody may have deleted."""
    for environment in ("staging", "production"):
        repository.deployed(environment, repository.first, "inactive", "success", "in_progress")
    repository.commit("README.md")
    assert stacks_in(run("scope")[0]) == []


def test_a_deployment_that_somebody_else_recorded_does_not_count(repository: Repository, run: Run) -> None:
    """Whoever may write deployments cannot keep a change from being applied."""
    for environment in ("staging", "production"):
        repository.deployed(environment, repository.first, "success", by="mallory")
    repository.commit("README.md")
    assert len(stacks_in(run("scope")[0])) == 2


def test_history_that_was_rewritten_is_applied(repository: Repository, run: Run) -> None:
    """What differs from a commit that is gone is not known."""
    repository.both_applied("0" * 40)
    repository.commit("README.md")
    assert len(stacks_in(run("scope")[0])) == 2


def test_an_older_commit_than_the_one_applied_is_not_applied(repository: Repository, run: Run) -> None:
    """A run that is started again does not take a later merge back."""
    second = repository.commit("program.py")
    repository.both_applied(second)
    repository.git("checkout", "--quiet", repository.first)
    done, _ = run("scope")
    assert stacks_in(done) == []
    assert f"the later commit {second} was applied already" in done.err


def test_a_run_by_hand_applies_every_stack(repository: Repository, run: Run) -> None:
    """That is what it is for; GitHub is not asked."""
    repository.both_applied(repository.first)
    done, server = run("scope", GITHUB_EVENT_NAME="workflow_dispatch")
    assert len(stacks_in(done)) == 2
    assert server.requests == []


def test_what_cannot_be_asked_is_one_error(run: Run) -> None:
    """Not known is not the same as nothing to apply."""
    done, _ = run("scope", GITHUB_REPOSITORY="acme/elsewhere")
    assert done.status == 1
    assert done.out == ""
    assert "error: the applied commits cannot be read" in done.err


def approval(environment: str, login: str = "ada", state: str = "approved") -> dict[str, Any]:
    """A review of a run."""
    return {"state": state, "user": {"login": login}, "environments": [{"name": environment}]}


def test_the_commit_that_was_approved_is_named_with_who_approved_it(repository: Repository, run: Run) -> None:
    """In the log and on the page of the run. Approvals of other environments and rejections do not count."""
    repository.reviews = [
        approval("staging", "bob"), approval("production"), approval("production", "eve", state="rejected"),
    ]  # fmt: skip
    done, _ = run("begin", "prod", GITHUB_SHA=repository.first)
    assert done.status == 0, done.text
    expected = f"Applies commit {repository.first} to stack prod; approved by ada."
    assert done.err == f"::notice::{expected}\n"
    assert (repository.folder.parent / "summary.md").read_text(encoding="utf-8").strip() == expected


def test_an_environment_without_an_approval_is_named(repository: Repository, run: Run) -> None:
    """A private repository on GitHub Team has none, whatever is declared."""
    done, _ = run("begin", "prod", GITHUB_SHA=repository.first)
    assert "the environment required no approval" in done.err


def test_another_commit_than_the_approved_one_is_refused(repository: Repository, run: Run) -> None:
    """What was approved is what is applied."""
    second = repository.commit("program.py")
    done, _ = run("begin", "prod", GITHUB_SHA=repository.first)
    assert done.status == 1
    assert f"error: the checkout: is at {second}, but the approved commit is {repository.first}" in done.err


def test_an_older_commit_is_refused_at_the_last_moment(repository: Repository, run: Run) -> None:
    """An approval that comes late would take a later merge back."""
    second = repository.commit("program.py")
    repository.both_applied(second)
    repository.git("checkout", "--quiet", repository.first)
    done, _ = run("begin", "prod", GITHUB_SHA=repository.first)
    assert done.status == 1
    assert f"the later commit {second} was applied already: this run would revert it" in done.err
    assert run("begin", "prod", GITHUB_SHA=second)[0].status == 1, "the checkout is the older one"
    repository.git("checkout", "--quiet", second)
    assert run("begin", "prod", GITHUB_SHA=second)[0].status == 0


@pytest.mark.parametrize("name", ["GITHUB_SHA", "GITHUB_RUN_ID"])
def test_outside_of_a_workflow_the_missing_variable_is_named(name: str, repository: Repository, run: Run) -> None:
    """One error."""
    done, _ = run("begin", "prod", **{"GITHUB_SHA": repository.first, name: ""})
    assert done.status == 1
    assert f"error: {name} is not set." in done.err


def needs(**results: str) -> str:
    """GitHub's `toJSON(needs)`."""
    return json.dumps({name: {"result": result, "outputs": {}} for name, result in results.items()})


@pytest.mark.parametrize("result", ["failure", "cancelled"])
def test_a_failed_apply_opens_an_issue(result: str, repository: Repository, run: Run) -> None:
    """With the job, the commit and the run; issues of others do not count."""
    repository.issues = [{"number": 1, "user": {"login": "eve"}, "body": ISSUE_MARKER}]
    done, server = run("report", NEEDS=needs(test="success", staging="success", prod=result), GITHUB_SHA="abc")
    assert (done.status, done.out) == (0, "issue: opened #7\n")
    [made] = server.asked("POST")
    assert made.path == f"{PREFIX}issues"
    assert made.body["body"].startswith(ISSUE_MARKER)
    assert "at commit abc: `prod`." in made.body["body"]
    assert "https://github.com/acme/readiness/actions/runs/99" in made.body["body"]


def test_a_second_failure_is_a_comment_and_a_success_closes_the_issue(repository: Repository, run: Run) -> None:
    """A changed text would notify nobody."""
    repository.issues = [{"number": 3, "user": {"login": ACTIONS_BOT}, "body": f"{ISSUE_MARKER}\nold"}]
    done, server = run("report", NEEDS=needs(test="failure", prod="skipped"), GITHUB_SHA="abc")
    assert done.out == "issue: commented on #3\n"
    assert [asked.path for asked in server.asked("POST")] == [f"{PREFIX}issues/3/comments"]
    done, server = run("report", NEEDS=needs(test="success", prod="success"), GITHUB_SHA="abc")
    assert done.out == "issue: closed #3\n"
    assert server.asked("PATCH")[0].body["state"] == "closed"


def test_where_nothing_failed_and_no_issue_is_open_nothing_is_written(run: Run) -> None:
    """Nor where nothing ran."""
    for result, said in (("success", "no issue is open"), ("skipped", "nothing ran")):
        done, server = run("report", NEEDS=needs(prod=result), GITHUB_SHA="abc")
        assert (done.out, server.asked("POST")) == (f"issue: {said}\n", [])


@pytest.mark.parametrize("text", ["[]", "no json", '{"prod": "failure"}'])
def test_what_is_no_list_of_jobs_is_one_error(text: str, run: Run) -> None:
    """And writes nothing."""
    done, server = run("report", NEEDS=text, GITHUB_SHA="abc")
    assert done.status == 1
    assert "error: NEEDS is not the JSON of GitHub's `needs`." in done.err
    assert server.requests == []


def resource(name: str, **more: Any) -> dict[str, Any]:
    """One of a state."""
    return {"urn": f"urn:pulumi:s::p::gcp:a/b:B::{name}", "type": "gcp:a/b:B", "custom": True, "id": name, **more}


def test_the_changes_of_an_apply_are_read_from_the_states_before_and_after() -> None:
    """Properties by name, never by value; components, providers and what the refresh reads back are left out."""
    component = {"urn": "urn:pulumi:s::p::readiness:x:Y::c", "type": "readiness:x:Y", "custom": False}
    provider = {**resource("p"), "type": "pulumi:providers:gcp"}
    before = {"resources": [
        resource("same", inputs={"a": 1}, outputs={"b": 1}), resource("gone"),
        resource("edited", inputs={"a": "planted", "__defaults": []}), resource("moved", id="1"), component,
        resource("failing", inputs={"a": 1}),
    ]}  # fmt: skip
    after = {"resources": [
        resource("same", inputs={"a": 1}, outputs={"b": 2}), resource("edited", inputs={"a": "other", "c": 1}),
        resource("new"), resource("moved", id="2"), provider,
        resource("failing", inputs={"a": 1}, initErrors=["Error 403"]),
    ]}  # fmt: skip
    text = applied_markdown("prod", "abc", before, after, succeeded=False)
    assert text.splitlines() == [
        "### Stack `prod` was NOT applied in full", "", "Commit `abc`.", "", "| change | resource |", "|---|---|",
        "| changed: a, c | gcp:a/b:B edited |", "| nothing, and its last update FAILED | gcp:a/b:B failing |",
        "| deleted, or no longer managed | gcp:a/b:B gone |", "| replaced | gcp:a/b:B moved |",
        "| created | gcp:a/b:B new |",
    ]  # fmt: skip


def test_what_is_not_known_is_said() -> None:
    """A state that could not be read is not one without changes."""
    assert "What changed is not known" in applied_markdown("prod", "", None, {}, succeeded=True)
    assert "No resource changed." in applied_markdown("prod", "abc", {}, {}, succeeded=True)
    many = {"resources": [resource(f"r{number}") for number in range(501)]}
    assert "… and 1 more." in applied_markdown("prod", "abc", {}, many, succeeded=True)
