"""Credentials are looked for once, however many checks ask at the same time."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from readiness.live import google_api
from readiness.live.github_api import GitHubError
from readiness.live.google_login import LOG_IN
from readiness.live.rows import NotCheckedError
from readiness.live.verify.run import NO_GITHUB, Access
from tests.live.loopback import Reply, Request, serving


def access(*, github: str = "") -> Access:
    """Access with a token for the GitHub at that address, where there is one."""
    environment = {"GITHUB_TOKEN": "some", "GITHUB_API_URL": github} if github else {}
    return Access(environment, project="p", provider_values={}, owner="o", repository="r")


def test_one_login_serves_all_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes seconds each time."""
    asked: list[int] = []

    def log_in(*_: Any) -> str:
        asked.append(1)
        return "the-token"

    monkeypatch.setattr(google_api, "access_token", log_in)
    shared = access()
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(shared.google().token)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["the-token"] * 8
    assert asked == [1]


def test_what_is_missing_is_said_with_its_mend() -> None:
    """For each of the two."""
    with pytest.raises(NotCheckedError) as google:
        access().google()
    with pytest.raises(NotCheckedError) as github:
        access().github()
    assert (str(google.value), str(github.value)) == (f"no Google credentials: {LOG_IN}", NO_GITHUB)


def test_a_github_that_refuses_is_asked_once_and_everybody_is_told() -> None:
    """The second check does not wait for the same refusal again."""
    asked: list[Request] = []

    def refuse(request: Request) -> Reply:
        asked.append(request)
        return Reply(403, {"message": "Forbidden"})

    with serving(refuse) as server:
        shared = access(github=server.url)
        for _ in range(2):
            with pytest.raises(GitHubError, match="GET r: 403"):
                shared.github()
    assert len(asked) == 1


def test_two_runs_do_not_wait_for_each_other() -> None:
    """Each has a lock of its own: one that hangs holds nobody else up."""
    release = threading.Event()

    def hang(_: Request) -> Reply:
        release.wait(5)
        return Reply(200, {})

    with serving(hang) as slow, serving(lambda _: Reply(200, {})) as fast:
        hanging = access(github=slow.url)
        thread = threading.Thread(target=hanging.github)
        thread.start()
        try:
            assert access(github=fast.url).github().repository == "r"
            assert thread.is_alive(), "the other one still hangs"
        finally:
            release.set()
            thread.join()
