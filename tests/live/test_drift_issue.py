"""Drift of a stack is one issue: opened, kept up to date, closed when it is mended."""

from __future__ import annotations

from typing import Any

from readiness.live.drift import close_drift, drift_marker, report_drift
from readiness.live.github_api import GitHub
from readiness.live.pull_request_comment import ACTIONS_BOT
from tests.live.loopback import Loopback, Reply, Request, serving


def github(server: Loopback) -> GitHub:
    """A client of the loopback server."""
    return GitHub(owner="o", repository="r", api_url=server.url)


def answering(issues: list[dict[str, Any]]) -> Any:
    """A GitHub with these open issues."""

    def answer(asked: Request) -> Reply:
        return Reply(200, issues) if asked.method == "GET" else Reply(201, {"number": 12})

    return answer


def issue(login: str = ACTIONS_BOT, stack: str = "prod", text: str = "old", **more: Any) -> dict[str, Any]:
    """An open issue."""
    return {"number": 3, "user": {"login": login}, "body": f"{drift_marker(stack)}\n{text}", **more}


def test_drift_opens_an_issue() -> None:
    """Issues of others, of the other stack, and pull requests do not count."""
    others = [issue("somebody"), issue(stack="staging"), issue(pull_request={})]
    with serving(answering(others)) as server:
        assert report_drift(github(server), "prod", "reviewers removed") == "opened #12"
    [made] = server.asked("POST")
    assert made.body["title"] == "Stack prod has drifted"
    assert made.body["body"].startswith(drift_marker("prod"))


def test_drift_that_lasts_updates_the_open_issue() -> None:
    """Not one issue a night."""
    with serving(answering([issue()])) as server:
        assert report_drift(github(server), "prod", "new") == "updated #3"
    assert server.asked("POST") == []


def test_drift_that_is_the_same_changes_nothing() -> None:
    """Nobody is notified twice."""
    with serving(answering([issue(text="same")])) as server:
        assert report_drift(github(server), "prod", "same\n") == "unchanged #3"
    assert server.asked("PATCH") == []


def test_a_mended_stack_closes_its_issue_and_says_why() -> None:
    """A comment, then closed as completed."""
    with serving(answering([issue()])) as server:
        assert close_drift(github(server), "prod") == "closed #3"
    assert server.asked("PATCH")[0].body == {"state": "closed", "state_reason": "completed"}
    assert len(server.asked("POST")) == 1


def test_a_stack_without_drift_needs_no_issue() -> None:
    """Nothing is written."""
    with serving(answering([])) as server:
        assert close_drift(github(server), "prod") == "no issue is open"
    assert server.asked("POST") == server.asked("PATCH") == []
