"""`comment`, `drift` and `adopt` as a workflow or a person runs them: what they say, and how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from readiness.plan.render_diff import MARKER
from tests.edits import send_google_to
from tests.live.loopback import Loopback, Reply, Request, serving
from tests.live.test_adopt import LISTINGS, answering
from tests.live.test_github_gate import live_environment
from tests.projects import Command, write_runbook

TOKEN = {"GOOGLE_OAUTH_ACCESS_TOKEN": "placeholder"}


def fake_pulumi(folder: Path, script: str) -> str:
    """A PATH with a `pulumi` and its language host that do what the script says."""
    folder.mkdir(exist_ok=True)
    for name in ("pulumi", "pulumi-language-python"):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


@pytest.fixture
def at_hand(tmp_path: Path) -> dict[str, Any]:
    """An environment in which everything that a live command needs is there."""
    return {
        "PATH": fake_pulumi(tmp_path / "bin", """echo '{"steps": []}'"""),
        **TOKEN,
        "PULUMI_BACKEND_URL": "file:///nowhere",
        "PULUMI_CONFIG_PASSPHRASE": "placeholder",
        "GITHUB_REPOSITORY": "acme/readiness",
        "GITHUB_TOKEN": "placeholder",
    }


def test_the_diff_is_put_on_the_pull_request(command: Command, tmp_path: Path) -> None:
    """As a workflow calls it."""
    (tmp_path / "diff.md").write_text(f"{MARKER}\nnothing\n", encoding="utf-8")
    with serving(lambda asked: Reply(200, [] if asked.method == "GET" else {"id": 1})) as server:
        done = command(
            "comment", "7", "--file", "diff.md",
            cwd=tmp_path, GITHUB_API_URL=server.url, GITHUB_REPOSITORY="acme/readiness",
        )  # fmt: skip
    assert (done.status, done.out) == (0, "created the comment on #7\n")
    assert server.asked("POST")[0].path == "/repos/acme/readiness/issues/7/comments"


def test_the_label_of_the_verdict_is_set_with_the_comment(command: Command, tmp_path: Path) -> None:
    """By the file of the same run, of which the verdict alone counts; a hostile one changes nothing."""
    (tmp_path / "diff.md").write_text(f"{MARKER}\nnothing\n", encoding="utf-8")
    words = ("comment", "7", "--file", "diff.md", "--labels-by", "diff.json")
    hostile = ['{"format": 1, "verdict": "mine", "labels": {"add": ["x"]}}', "[", None]
    for text in hostile:
        if text is not None:
            (tmp_path / "diff.json").write_text(text, encoding="utf-8")
        else:
            (tmp_path / "diff.json").unlink()
        with serving(lambda _: Reply(200, [])) as server:
            done = command(*words, cwd=tmp_path, GITHUB_API_URL=server.url, GITHUB_REPOSITORY="acme/readiness")
        assert (done.status, done.out, server.asked("POST")) == (1, "", [])
        assert "diff.json: " in done.err
    (tmp_path / "diff.json").write_text(
        '{"format": 1, "verdict": "weakens", "labels": {"add": ["x"]}}', encoding="utf-8"
    )
    with serving(lambda asked: Reply(200, [] if asked.method == "GET" else {"id": 1})) as server:
        done = command(*words, cwd=tmp_path, GITHUB_API_URL=server.url, GITHUB_REPOSITORY="acme/readiness")
    assert (done.status, done.out.splitlines()[1]) == (0, "set: label 'plan: weakens protection' on #7")
    label = server.asked("POST")[1]
    assert (label.path, label.body) == (
        "/repos/acme/readiness/issues/7/labels", {"labels": ["plan: weakens protection"]}
    )  # fmt: skip


def test_a_comment_that_github_refuses_fails_and_says_so(command: Command, tmp_path: Path) -> None:
    """A fork's token: the workflow does not call it there, and if it did it would show."""
    (tmp_path / "diff.md").write_text(f"{MARKER}\n", encoding="utf-8")
    refused = Reply(403, {"message": "Resource not accessible by integration"})
    with serving(lambda asked: Reply(200, []) if asked.method == "GET" else refused) as server:
        done = command(
            "comment", "7", "--file", "diff.md",
            cwd=tmp_path, GITHUB_API_URL=server.url, GITHUB_REPOSITORY="acme/readiness",
        )  # fmt: skip
    assert done.status == 1
    assert "not accessible" in done.err


def test_a_file_that_is_no_text_is_refused(command: Command, tmp_path: Path) -> None:
    """Before GitHub is asked anything."""
    (tmp_path / "diff.md").write_bytes(b"\xff\xfe")
    done = command("comment", "7", "--file", "diff.md", cwd=tmp_path, GITHUB_REPOSITORY="acme/readiness")
    assert (done.status, done.out) == (1, "")
    assert "diff.md: is not UTF-8 text." in done.err


@pytest.mark.parametrize("repository", ["", "acme", "/readiness"])
def test_a_comment_outside_of_a_workflow_names_what_is_missing(
    command: Command, tmp_path: Path, repository: str
) -> None:
    """No repository, no guess."""
    (tmp_path / "diff.md").write_text(f"{MARKER}\n", encoding="utf-8")
    done = command("comment", "7", "--file", "diff.md", cwd=tmp_path, GITHUB_REPOSITORY=repository)
    assert done.status == 1
    assert "GITHUB_REPOSITORY" in done.err


def test_a_stack_without_drift_closes_its_issue(command: Command, at_hand: dict[str, Any], customer: Path) -> None:
    """The nightly run of a stack that is as declared."""
    with serving(lambda asked: Reply(200, {} if "projects/" in asked.path else [])) as server:
        send_google_to(customer, google_at(server))
        done = command("drift", "staging", "--issue", cwd=customer, **at_hand, GITHUB_API_URL=server.url)
    assert (done.status, done.err) == (0, "")
    assert "no issue is open" in done.out
    assert "the live resources are as declared" in done.out


def test_what_could_not_be_checked_fails_the_run_and_touches_no_issue(
    command: Command, at_hand: dict[str, Any], customer: Path
) -> None:
    """Google refuses: nothing drifted that is known, and nothing says that the stack is as declared."""
    with serving(lambda asked: Reply(403, {}) if "projects/" in asked.path else Reply(200, [])) as server:
        send_google_to(customer, google_at(server))
        done = command("drift", "staging", "--issue", cwd=customer, **at_hand, GITHUB_API_URL=server.url)
    assert done.status == 1
    assert "issue: left as it is, because not everything could be checked" in done.out
    assert "### Not checked" in done.out
    assert {asked.path for asked in server.asked("POST") + server.asked("PATCH") if "/repos/" in asked.path} == set()


def test_drift_as_json_is_one_document(command: Command, at_hand: dict[str, Any], customer: Path) -> None:
    """What is said of the issue is not in it."""
    with serving(lambda asked: Reply(200, {} if "projects/" in asked.path else [])) as server:
        send_google_to(customer, google_at(server))
        done = command(
            "drift", "staging", "--issue", "--format", "json", cwd=customer, **at_hand, GITHUB_API_URL=server.url
        )
    assert (done.status, done.err) == (0, "issue: no issue is open\n")
    assert json.loads(done.out) == {
        "stack": "staging",
        "drifted": False,
        "differences": [],
        "not_checked": [],
        "beside": [],
    }


def google_at(server: Loopback) -> dict[str, str]:
    """Google's APIs that drift asks, all at the server."""
    apis = ("monitoring", "logging", "iam", "resourceManager", "secretManager", "artifactRegistry")
    return dict.fromkeys(apis, f"{server.url}/")


def test_an_open_gate_opens_an_issue_and_fails(command: Command, at_hand: dict[str, Any], customer: Path) -> None:
    """The engine says nothing; GitHub does."""

    def answer(asked: Request) -> Reply:
        if "projects/" in asked.path:
            return Reply(200, {})
        if "environments" in asked.path:
            return Reply(404, {"message": "Not Found"})
        return Reply(200, []) if asked.method == "GET" else Reply(201, {"number": 5})

    with serving(answer) as server:
        send_google_to(customer, google_at(server))
        done = command("drift", "prod", "--issue", cwd=customer, **at_hand, GITHUB_API_URL=server.url)
    assert done.status == 1
    assert "opened #5" in done.out
    assert "WEAKER than declared" in done.out
    [issue] = [asked for asked in server.asked("POST") if "/repos/" in asked.path]
    assert issue.path == "/repos/acme/readiness/issues", (
        "the issue is of this repository, the gate of the application's"
    )
    assert "WEAKER than declared" in issue.body["body"]


def test_the_issue_is_written_with_a_token_of_its_own_repository(command: Command, at_hand: dict[str, Any]) -> None:
    """The other one is minted for the application's repository alone."""

    def answer(asked: Request) -> Reply:
        if asked.method == "GET":
            return Reply(404, {}) if "environments" in asked.path else Reply(200, [])
        return Reply(201, {"number": 5})

    with serving(answer) as server:
        at_hand |= {"GITHUB_TOKEN": "theirs", "ISSUE_TOKEN": "ours"}
        command("drift", "prod", "--issue", **at_hand, GITHUB_API_URL=server.url)
    used = {(asked.path.split("/")[3], _authorization(asked)) for asked in server.requests}
    assert used == {("ai-resume-review-v2", "Bearer theirs"), ("readiness", "Bearer ours")}


def _authorization(asked: Request) -> str:
    return {name.lower(): value for name, value in asked.headers.items()}["authorization"]


def test_drift_that_cannot_be_checked_touches_no_issue(
    command: Command, at_hand: dict[str, Any], tmp_path: Path
) -> None:
    """A preview that fails is neither drift nor none."""
    broken: dict[str, Any] = {**at_hand, "PATH": fake_pulumi(tmp_path / "broken", "echo 'error: boom' >&2; exit 255")}
    with serving(lambda _: Reply(200, live_environment())) as server:
        done = command("drift", "staging", "--issue", **broken, GITHUB_API_URL=server.url)
    assert done.status == 1
    assert "not checked" in done.err
    assert "boom" in done.err
    assert server.asked("POST") == []


def test_drift_without_a_cli_says_what_is_missing(command: Command, tmp_path: Path) -> None:
    """All of it at once."""
    credentials = ("GOOGLE_OAUTH_ACCESS_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CREDENTIALS")
    nothing: dict[str, Any] = dict.fromkeys(credentials, "")
    done = command("drift", "staging", **nothing, PATH=str(tmp_path), HOME=str(tmp_path), PULUMI_HOME=str(tmp_path))
    assert done.status == 1
    assert "Pulumi CLI" in done.err
    assert "credentials" in done.err


@pytest.fixture
def customer(project: Path) -> Path:
    """The customer's project, whose stacks may be pointed at a loopback server."""
    return project


def test_adopt_prints_the_import_file_and_names_what_it_does_not_import(command: Command, customer: Path) -> None:
    """The file on stdout alone, so that it can be redirected."""
    with serving(answering(LISTINGS)) as server:
        send_google_to(
            customer, dict.fromkeys(("monitoring", "logging", "artifactRegistry", "iam", "cloudRunV2"), server.url)
        )
        done = command(
            "adopt", "prod", cwd=customer, GITHUB_API_URL=server.url, **TOKEN
        )  # fmt: skip
        assert (done.status, server.asked("POST")) == (0, []), done.err
    names = {entry["logicalName"] for entry in json.loads(done.out)["resources"]}
    assert {"images-repository", "alerts-high-error-rate", "production-environment-guard"} <= names
    assert "Service Downtime Alert" in done.err


def test_adopt_without_credentials_names_how_to_get_them(command: Command, tmp_path: Path) -> None:
    """It cannot know what exists."""
    done = command("adopt", "prod", GOOGLE_OAUTH_ACCESS_TOKEN="", PATH=str(tmp_path))
    assert done.status == 1
    assert "gcloud auth application-default login" in done.err


def test_check_with_the_plan_finds_a_page_that_the_runbook_lost(command: Command, customer: Path) -> None:
    """The policy pack's rules on the offline plan, each with the resource's name."""
    write_runbook(customer)
    (customer / "docs" / "runbook" / "HighLatency.md").unlink()
    done = command("check", "staging", "--plan", cwd=customer)
    assert done.status == 1
    assert "stack staging: alerts-high-latency: no link of the alert leads to a page of the runbook" in done.text
    assert "alerts-high-cpu-usage" not in done.text


def test_check_with_the_plan_passes_the_first_customers_stacks(command: Command, customer: Path) -> None:
    """Rules and contracts together."""
    write_runbook(customer)
    done = command("check", "--plan", cwd=customer)
    assert done.status == 0, done.text
    assert "ok prod" in done.out
