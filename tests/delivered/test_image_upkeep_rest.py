"""The program's way to the APIs: repeated where that is safe, never redirected, and silent about the token."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from readiness.delivered.image_upkeep.rest import Rest, RestError
from tests.live.loopback import Reply, Request, serving


def rest(waits: list[float] | None = None) -> Rest:
    """With a token, and waits that are counted instead of waited."""
    return Rest(token="a-token", sleep=(waits if waits is not None else []).append)  # noqa: S106 - no real one


def replies(*statuses: int) -> Iterator[Reply]:
    """One reply after the other, then the last again and again."""
    for status in statuses:
        yield Reply(status, {"status": status})
    while True:
        yield Reply(statuses[-1], {"status": statuses[-1]})


@pytest.mark.parametrize(
    ("method", "statuses", "asked"),
    [
        ("GET", (503, 200), 2),
        ("PATCH", (500, 200), 2),
        ("POST", (429, 200), 2),
        ("GET", (404,), 1),
        ("POST", (503,), 1),
        ("GET", (500, 500, 500), 3),
    ],
)
def test_a_request_is_repeated_where_that_is_safe(method: str, statuses: tuple[int, ...], asked: int) -> None:
    """A tag may be set twice; an entry must not be written twice."""
    answers, waits = replies(*statuses), list[float]()
    with serving(lambda _: next(answers)) as loopback:
        if statuses[-1] == 200:
            assert rest(waits).send(method, loopback.url, {}).body == {"status": 200}
        else:
            with pytest.raises(RestError) as refused:
                rest(waits).send(method, loopback.url, {})
            assert refused.value.status == statuses[-1]
        assert len(loopback.requests) == asked
    assert len(waits) == asked - 1


def test_a_redirect_is_an_error_and_the_token_stays() -> None:
    """urllib would take it along to any host."""
    with serving(lambda _: Reply(200, {})) as other:

        def answer(_request: Request) -> Reply:
            return Reply(302, None, {"Location": other.url})

        with serving(answer) as loopback, pytest.raises(RestError) as refused:
            rest().get(loopback.url)
        assert refused.value.status == 302
        assert other.requests == []


def test_no_answer_is_told_without_the_token_or_the_query() -> None:
    """Nobody listens there."""
    with pytest.raises(RestError, match=r"GET http://127.0.0.1:9/x: no answer \(") as lost:
        rest().get("http://127.0.0.1:9/x?secret=1")
    assert lost.value.status == 0
    assert "a-token" not in str(lost.value)
    assert "secret" not in str(lost.value)


@pytest.mark.parametrize("body", ["<html>", {"error": "plain"}, {"message": "Not Found"}, None])
def test_an_errors_message_is_shown_whatever_its_form(body: object) -> None:
    """Google, GitHub and a proxy each have their own."""
    with serving(lambda _: Reply(404, body)) as loopback, pytest.raises(RestError, match="404"):
        rest().get(loopback.url)
