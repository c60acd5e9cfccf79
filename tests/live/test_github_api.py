"""The GitHub client reads lists whole, says what was refused, and never shows its token."""

from __future__ import annotations

import pytest

from readiness.live.github_api import GitHub, GitHubError
from tests.live.loopback import Loopback, Reply, Request, serving

TOKEN = "placeholder-token"  # noqa: S105 - no credential


def github(server: Loopback) -> GitHub:
    """A client of the loopback server."""
    return GitHub(owner="o", repository="r", token=TOKEN, api_url=server.url)


def test_a_path_is_of_the_repository_and_carries_the_token() -> None:
    """Also GitHub's own header of the API's version."""
    with serving(lambda _: Reply(200, {"name": "r"})) as server:
        assert github(server).get("") == {"name": "r"}
    asked = server.requests[0]
    assert asked.path == "/repos/o/r"
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert "x-github-api-version" in asked.headers


def test_what_does_not_exist_reads_as_none() -> None:
    """404 is an answer to a read."""
    with serving(lambda _: Reply(404, {"message": "Not Found"})) as server:
        assert github(server).get("environments/production") is None


def test_a_list_is_read_over_all_of_its_pages() -> None:
    """GitHub names the next page in the Link header."""

    def answer(asked: Request) -> Reply:
        page = int(asked.path.partition("page=")[2].partition("&page=")[2] or 1)
        link = {"Link": f'<{server.url}/repos/o/r/issues?per_page=100&page={page + 1}>; rel="next"'} if page < 3 else {}
        return Reply(200, [{"page": page}], link)

    with serving(answer) as server:
        assert [item["page"] for item in github(server).items("issues")] == [1, 2, 3]


def test_a_next_page_on_another_host_is_refused() -> None:
    """The token is for one host."""
    with (
        serving(lambda _: Reply(200, [], {"Link": '<https://elsewhere.example/2>; rel="next"'})) as server,
        pytest.raises(GitHubError, match="another host"),
    ):
        list(github(server).items("issues"))


def test_pages_without_end_are_refused() -> None:
    """A server that always names a next page does not hold the command for ever."""
    with (
        serving(lambda asked: Reply(200, [], {"Link": f'<{asked.path}>; rel="next"'})) as server,
        pytest.raises(GitHubError, match="more than 100 pages"),
    ):
        list(github(server).items("issues"))


def test_a_list_under_a_key_is_read_from_all_pages() -> None:
    """Secrets and branch policies come so."""

    def answer(asked: Request) -> Reply:
        is_last = "page=2" in asked.path
        link = {} if is_last else {"Link": f'<{server.url}{asked.path}&page=2>; rel="next"'}
        return Reply(200, {"total_count": 2, "secrets": [{"name": "B" if is_last else "A"}]}, link)

    with serving(answer) as server:
        assert [item["name"] for item in github(server).items("actions/secrets", "secrets")] == ["A", "B"]


@pytest.mark.parametrize("body", ["<html>a proxy</html>", "", '[{"id": 1}, {"id"', "[1, null]", '{"message": "odd"}'])
def test_an_answer_without_a_list_is_an_error_and_not_an_empty_list(body: str) -> None:
    """A comment, an issue or an import would be made a second time."""
    with serving(lambda _: Reply(200, body)) as server:
        with pytest.raises(GitHubError, match=r"not JSON|not a list"):
            list(github(server).items("issues/1/comments"))
        if not body.startswith(("{", "[1")):
            with pytest.raises(GitHubError, match="not JSON"):
                github(server).get("environments/production")


@pytest.mark.parametrize(
    ("status", "hint"), [(401, "valid"), (403, "does the token have"), (404, "exist"), (422, "422")]
)
def test_a_refusal_says_what_was_asked_and_what_to_look_at(status: int, hint: str) -> None:
    """GitHub's own message stands in it, the token does not."""
    with (
        serving(lambda _: Reply(status, {"message": "said GitHub"})) as server,
        pytest.raises(GitHubError, match="said GitHub") as refused,
    ):
        github(server).send("PATCH", "issues/1", {})
    assert hint in str(refused.value)
    assert refused.value.status == status
    assert TOKEN not in str(refused.value) + repr(github(server))


def test_no_answer_is_a_refusal_with_status_0(monkeypatch: pytest.MonkeyPatch) -> None:
    """A runner without network says so in one line."""
    monkeypatch.setattr("readiness.delivered.http_client.MAX_TRIES", 1)
    client = GitHub(owner="o", repository="r", api_url="http://127.0.0.1:1")
    with pytest.raises(GitHubError, match="no answer") as refused:
        client.send("POST", "issues", {})
    assert refused.value.status == 0


def test_the_token_and_the_address_come_from_the_environment() -> None:
    """A runner sets all three; without a token the client is anonymous."""
    client = GitHub.from_environment({"GH_TOKEN": TOKEN}, owner="o", repository="r")
    assert (client.token, client.api_url) == (TOKEN, "https://api.github.com")
    assert GitHub.from_environment({"GITHUB_API_URL": "http://here"}, owner="o", repository="r").token is None
