"""Requests are bounded, retried where that is safe, and hand no credential to another host."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from typing import Any

import pytest

from readiness.delivered.http_client import MAX_TRIES, THREAD_NAME, Answer, NoAnswerError, plain_reason, request, send
from tests.live.loopback import Reply, Request, dripping, serving

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
        with pytest.raises(NoAnswerError, match="refuses connections"):
            request("GET", url, sleep=PAUSES.append)
    assert len(PAUSES) == MAX_TRIES - 1


def test_an_answer_that_never_comes_ends_in_time() -> None:
    """A server that accepts and stays silent."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(NoAnswerError, match="timed out"):
            request("POST", url, timeout_seconds=0.1)


@pytest.mark.parametrize("token", ["secret-word\n", "secret-wörd\u20ac"])
def test_a_token_that_cannot_be_sent_is_refused_without_being_shown(token: str) -> None:
    """A line end from a file, a character that no header takes: Python's own error repeats the whole header."""
    with serving(lambda _: Reply(200)) as server, pytest.raises(NoAnswerError, match="cannot be sent") as refused:
        request("POST", server.url, headers={"Authorization": f"Bearer {token}"})
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (socket.gaierror(-2, "Name or service not known"), "the name host.example is not found"),
        (ConnectionRefusedError(111, "Connection refused"), "host.example refuses connections"),
        (ConnectionResetError(104, "Connection reset by peer"), "the other side closed the connection"),
        (http.client.RemoteDisconnected("Remote end closed"), "the other side closed the connection"),
        (http.client.IncompleteRead(b"secret"), "the answer is incomplete"),
        (TimeoutError(), "timed out"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), "TLS failed: "),
        (OSError(113, "No route to host"), "no route to host"),
        (OSError(), "OSError"),
    ],
)
def test_the_reason_for_a_missing_answer_is_in_plain_words(reason: Exception, said: str) -> None:
    """Not by the name of a class and a number of the system."""
    shown = plain_reason(reason, "https://host.example/path")
    assert shown.startswith(said)
    assert "Errno" not in shown
    assert "secret" not in shown


def test_an_address_that_is_none_is_refused() -> None:
    """As a variable may hold it."""
    with pytest.raises(NoAnswerError, match="cannot be sent"):
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
        with pytest.raises(NoAnswerError, match="no answer"):
            request("POST", f"http://127.0.0.1:{server.getsockname()[1]}")


def test_a_redirect_within_the_origin_is_followed() -> None:
    """A repository that was renamed answers so."""

    def answer(asked: Request) -> Reply:
        return Reply(301, headers={"Location": "/new"}) if asked.path == "/old" else Reply(200, {"new": True})

    with serving(answer) as server:
        assert request("GET", f"{server.url}/old", follow_redirects=True).body == {"new": True}


def test_a_redirect_to_another_host_is_not_followed() -> None:
    """It would take the token along."""
    with (
        serving(lambda _: Reply(200)) as other,
        serving(lambda _: Reply(302, headers={"Location": f"{other.url}/steal"})) as server,
    ):
        token = {"Authorization": "Bearer placeholder"}
        answer = request("GET", server.url, headers=token, follow_redirects=True)
    assert answer.status == 302
    assert other.requests == []


@pytest.mark.parametrize(
    ("answer", "forever"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    ],
    ids=["status line", "header", "body", "body without a length"],
)
def test_the_time_limit_is_for_the_whole_exchange(answer: bytes, forever: bytes) -> None:
    """A limit that counts from byte to byte would never be reached: the server sends one every 20 ms."""
    too_slow = pytest.raises(NoAnswerError, match=r"timed out: not complete after 0\.3 s")
    with dripping(answer, forever=forever) as url, too_slow:
        send("GET", url, timeout_seconds=0.3)


def test_the_time_limit_covers_the_tls_handshake() -> None:
    """A server that accepts the connection and never starts TLS."""
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(NoAnswerError, match="timed out"):
        send("GET", f"https://127.0.0.1:{server.getsockname()[1]}", timeout_seconds=0.2)


def test_the_time_limit_covers_the_name_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that does not answer cannot be interrupted; nothing is sent when it answers at last."""
    asked, answered = threading.Event(), threading.Event()
    with serving(lambda _: Reply(200)) as server:
        look_up = socket.getaddrinfo

        def slow(*arguments: Any, **options: Any) -> Any:
            asked.wait()
            answered.set()
            return look_up(*arguments, **options)

        monkeypatch.setattr(socket, "getaddrinfo", slow)
        with pytest.raises(NoAnswerError, match="timed out"):
            send("POST", server.url, data=b"{}", timeout_seconds=0.2)
        asked.set()
        answered.wait()
        for thread in threading.enumerate():
            if thread.name == THREAD_NAME:
                thread.join()
        assert server.requests == []


def test_the_socket_is_closed_when_the_time_is_over() -> None:
    """The server sees the end, so no thread of ours goes on reading."""
    closed = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                while connection.recv(65536):
                    continue
            closed.set()

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(NoAnswerError, match="timed out"):
            send("GET", f"http://127.0.0.1:{server.getsockname()[1]}", timeout_seconds=0.2)
        assert closed.wait(30)


def test_a_long_body_is_cut_off_and_says_so() -> None:
    """A caller that wants the beginning has it; one that wants the whole is refused."""
    with serving(lambda _: Reply(200, "x" * 5000)) as server:
        answer = send("GET", server.url, max_bytes=100)
        assert (answer.data, answer.complete) == (b"x" * 100, False)
        assert send("GET", server.url, max_bytes=5000).complete


def test_an_answer_over_the_limit_is_no_answer() -> None:
    """Half a list is never taken for a list."""

    def send_half(*_: Any, **__: Any) -> Answer:
        return Answer(status=200, complete=False)

    with pytest.raises(NoAnswerError, match="larger than 10 MiB"):
        request("GET", "http://127.0.0.1", send_once=send_half)


def test_a_body_that_ends_early_is_no_answer() -> None:
    """It says 100 bytes and sends 5, then closes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(NoAnswerError, match="the answer is incomplete"):
            send("GET", f"http://127.0.0.1:{server.getsockname()[1]}")


@pytest.mark.parametrize(
    "url", ["file:///etc/hostname", "ftp://127.0.0.1/x", "data:text/plain,hello", "//127.0.0.1/x", "http://", ""]
)
def test_only_http_and_https_are_spoken(url: str) -> None:
    """An address from a setting or an answer reads no file of this machine."""
    with pytest.raises(NoAnswerError, match="cannot be sent as it is"):
        send("GET", url)


def test_an_address_with_a_space_is_refused_without_being_shown() -> None:
    """The address of a webhook is a secret, and Python's own error repeats it."""
    with pytest.raises(NoAnswerError, match="cannot be sent") as refused:
        send("POST", "http://127.0.0.1/services/se cret", data=b"{}")
    assert "cret" not in str(refused.value)


def test_a_redirect_is_an_answer_unless_it_is_asked_to_be_followed() -> None:
    """Within one origin, and for reading alone."""

    def answer(asked: Request) -> Reply:
        return Reply(302, headers={"Location": "/new"}) if asked.path == "/old" else Reply(200)

    with serving(answer) as server:
        assert send("GET", f"{server.url}/old").status == 302
        assert send("GET", f"{server.url}/old", follow_redirects=True).status == 200
        assert send("POST", f"{server.url}/old", data=b"{}", follow_redirects=True).status == 302
        assert [asked.path for asked in server.requests] == ["/old", "/old", "/new", "/old"]


def test_a_redirect_in_a_circle_is_no_answer() -> None:
    """It ends."""
    with (
        serving(lambda _: Reply(302, headers={"Location": "/again"})) as server,
        pytest.raises(NoAnswerError, match="infinite loop"),
    ):
        send("GET", server.url, follow_redirects=True)
