"""Requests are bounded, retried where that is safe, and hand no credential to another host."""

from __future__ import annotations

import socket
import threading

import pytest

from readiness.operate.http import MAX_TRIES, UnreachableError, request
from tests.operate.loopback import Reply, Request, serving

PAUSES: list[float] = []


@pytest.fixture(autouse=True)
def no_pauses() -> None:
    """Pauses are counted, not waited for."""
    PAUSES.clear()


def test_an_answer_holds_status_headers_and_parsed_body() -> None:
    """A refusal is an answer like any other."""
    with serving(lambda _: Reply(418, {"tea": True}, {"X-Kind": "pot"})) as server:
        answer = request("GET", server.url)
    assert (answer.status, answer.body, answer.headers["x-kind"]) == (418, {"tea": True}, "pot")


def test_a_body_that_is_no_json_is_kept_as_text() -> None:
    """A proxy's page of HTML is no crash."""
    with serving(lambda _: Reply(502, "<html>")) as server:
        answer = request("GET", server.url, sleep=PAUSES.append)
    assert (answer.body, answer.text) == (None, "<html>")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_reading_request_is_tried_again_on_a_passing_fault(status: int) -> None:
    """Three tries in all, with a pause between."""
    replies = iter([Reply(status), Reply(status), Reply(200, "[]")])
    with serving(lambda _: next(replies)) as server:
        assert request("GET", server.url, sleep=PAUSES.append).status == 200
    assert len(PAUSES) == MAX_TRIES - 1


@pytest.mark.parametrize(("asked", "pause"), [("2", 2.0), ("9" * 400, 5.0), ("-3", 1.0), ("soon", 1.0), ("²", 1.0)])
def test_the_pause_is_what_the_server_asks_for_within_bounds(asked: str, pause: float) -> None:
    """A date, or what looks like a number and is none, is a second."""
    replies = iter([Reply(503, None, {"Retry-After": asked}), Reply(200, "[]")])
    with serving(lambda _: next(replies)) as server:
        assert request("GET", server.url, sleep=PAUSES.append).status == 200
    assert [pause] == PAUSES


def test_a_fault_that_lasts_is_given_back() -> None:
    """After the last try the answer counts as it is."""
    with serving(lambda _: Reply(500)) as server:
        assert request("GET", server.url, sleep=PAUSES.append).status == 500
        assert len(server.requests) == MAX_TRIES


def test_a_changing_request_is_not_repeated_on_an_error_of_the_server() -> None:
    """It may have been carried out before the answer was lost."""
    with serving(lambda _: Reply(500)) as server:
        assert request("POST", server.url, body={}, sleep=PAUSES.append).status == 500
        assert len(server.requests) == 1


def test_a_changing_request_is_repeated_when_its_rate_was_refused() -> None:
    """What was refused for its rate has not been done; `Retry-After` is waited for, within bounds."""
    replies = iter([Reply(429, headers={"Retry-After": "3600"}), Reply(201, {"id": 1})])
    with serving(lambda _: next(replies)) as server:
        assert request("POST", server.url, body={}, sleep=PAUSES.append).status == 201
    assert PAUSES == [5.0]


def test_no_answer_is_an_error_that_says_why() -> None:
    """A closed port, after all tries."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(UnreachableError, match="refused"):
            request("GET", url, sleep=PAUSES.append)
    assert len(PAUSES) == MAX_TRIES - 1


def test_an_answer_that_never_comes_ends_in_time() -> None:
    """A server that accepts and stays silent."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(UnreachableError, match="timed out"):
            request("POST", url, timeout_seconds=0.1)


@pytest.mark.parametrize("token", ["secret-word\n", "secret-wörd\u20ac"])
def test_a_token_that_cannot_be_sent_is_refused_without_being_shown(token: str) -> None:
    """A line end from a file, a character that no header takes: Python's own error repeats the whole header."""
    with serving(lambda _: Reply(200)) as server, pytest.raises(UnreachableError, match="cannot be sent") as refused:
        request("POST", server.url, headers={"Authorization": f"Bearer {token}"})
    assert "secret" not in str(refused.value)


def test_an_address_that_is_none_is_refused() -> None:
    """As a variable may hold it."""
    with pytest.raises(UnreachableError, match="cannot be sent"):
        request("POST", "nonsense/repos")


@pytest.mark.parametrize("status", ["200 OK", "500 Internal Server Error"])
def test_an_answer_that_breaks_off_is_no_answer(status: str) -> None:
    """Of a refusal too, the body is read after the status has come."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(f"HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\nnonsense".encode())

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(UnreachableError, match="no answer"):
            request("POST", f"http://127.0.0.1:{server.getsockname()[1]}")


def test_a_redirect_within_the_origin_is_followed() -> None:
    """A repository that was renamed answers so."""

    def answer(asked: Request) -> Reply:
        return Reply(301, headers={"Location": "/new"}) if asked.path == "/old" else Reply(200, {"new": True})

    with serving(answer) as server:
        assert request("GET", f"{server.url}/old").body == {"new": True}


def test_a_redirect_to_another_host_is_not_followed() -> None:
    """It would take the token along."""
    with (
        serving(lambda _: Reply(200)) as other,
        serving(lambda _: Reply(302, headers={"Location": f"{other.url}/steal"})) as server,
    ):
        answer = request("GET", server.url, headers={"Authorization": "Bearer placeholder"})
    assert answer.status == 302
    assert other.requests == []
