"""A service seen from outside: health, response time, redirect."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from readiness.live.rows import Outcome, Row
from readiness.live.verify.service import (
    HEALTH,
    MAX_TRIES,
    REDIRECT,
    RESPONSE_TIME,
    redirect_rows,
    service_rows,
    value_at,
)
from readiness.live.web import plain_http
from readiness.settings.services import Service
from tests.live.loopback import Loopback, Reply, Request, serving
from tests.live.verify import answers
from tests.live.verify.fake_time import FakeTime
from tests.projects import settings_of

# A hang guard: a thread that a mistake in the code leaves waiting ends after it.
HANG_SECONDS = 60

BACKEND, FRONTEND = settings_of("prod").services


def at(server: Loopback, service: Service = BACKEND) -> Service:
    """The customer's service, served here."""
    return service.model_copy(update={"url": server.url})


def rows_of(
    reply: Reply | Callable[[Request], Reply],
    service: Service = BACKEND,
    *,
    limit_ms: int = 5000,
    allow_degraded: bool = False,
    time: FakeTime | None = None,
) -> dict[str, Row]:
    """The rows of a service that answers so within a minute of `time`, by check."""
    deadline = (time or FakeTime()).deadline(60)
    with serving(reply if callable(reply) else lambda _: reply) as server:
        found = service_rows(at(server, service), limit_ms, deadline, allow_degraded=allow_degraded)
    return {row.check: row for row in found}


def taking(time: FakeTime, *seconds: float) -> Callable[[Request], Reply]:
    """Healthy answers that take so long; the last one's time is that of all later ones."""
    left = list(seconds)

    def reply(_: Request) -> Reply:
        time.sleep(left.pop(0) if len(left) > 1 else left[0])
        return answers.HEALTHY

    return reply


def test_the_healthy_answer_passes() -> None:
    """The word at the path decides, not the first `healthy` of the body."""
    rows = rows_of(answers.HEALTHY)
    assert {row.outcome for row in rows.values()} == {Outcome.PASS}
    assert rows[HEALTH].detail == "answered 200, $.services.database.status is 'healthy'"


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (answers.DEGRADED, "is 'error' instead of 'healthy': this is the known degraded answer"),
        (answers.OTHER_ERROR, "is 'error' instead of 'healthy'"),
        (answers.DATABASE_DOWN, "is 'unhealthy' instead of 'healthy'"),
        (answers.UNHEALTHY_503, "answered 503, status 'unhealthy'"),
        (answers.HTML, "answered 200 without readable JSON (text/html)"),
        (Reply(200, {"status": "healthy"}), "is None instead of 'healthy'"),
        (Reply(200, []), "is None instead of 'healthy'"),
        (Reply(200, None), "answered 200 without readable JSON (application/json)"),
        (Reply(200, '{"status": '), "answered 200 without readable JSON (application/json)"),
        (Reply(200, "[" * 100_000), "answered 200 without readable JSON (application/json)"),
        (Reply(302, None, {"Location": "/login"}), "answered 302"),
        (Reply(404, {"detail": "Not Found"}), "answered 404"),
    ],
    ids=[
        "degraded",
        "other error",
        "database down",
        "503",
        "HTML",
        "no path",
        "a list",
        "empty",
        "half",
        "deep",
        "redirect",
        "404",
    ],
)
def test_every_other_answer_fails_and_is_named(reply: Reply, says: str) -> None:
    """Also one with the word `healthy` in the wrong place."""
    row = rows_of(reply)[HEALTH]
    assert row.outcome is Outcome.FAIL
    assert says in row.detail


def test_the_known_degraded_answer_passes_on_request() -> None:
    """On the day of the launch, before the change of the health check serves."""
    row = rows_of(answers.DEGRADED, allow_degraded=True)[HEALTH]
    assert row.outcome is Outcome.PASS
    assert row.detail.startswith("the known degraded answer, allowed")


@pytest.mark.parametrize(
    "reply",
    [
        answers.OTHER_ERROR,
        answers.DATABASE_DOWN,
        answers.DOWN_IN_THE_KNOWN_WORDS,
        answers.UNHEALTHY_503,
        answers.HTML,
    ],
    ids=["other error", "database down", "down in the known words", "503", "HTML"],
)
def test_no_other_answer_passes_on_request(reply: Reply) -> None:
    """The request is for one known mistake: a database that is down is none."""
    assert rows_of(reply, allow_degraded=True)[HEALTH].outcome is Outcome.FAIL


def test_a_frontend_passes_with_a_page() -> None:
    """It has no rule for its answer: 200 is what is asked."""
    row = rows_of(answers.HTML, FRONTEND)[HEALTH]
    assert (row.outcome, row.detail) == (Outcome.PASS, "answered 200")


def test_a_fault_that_passes_is_waited_for() -> None:
    """While traffic moves to the new revision, a 503 may come once or twice."""
    replies = iter([Reply(503), Reply(502), answers.HEALTHY, answers.HEALTHY])
    assert rows_of(lambda _: next(replies))[HEALTH].outcome is Outcome.PASS


def test_a_fault_that_lasts_is_asked_for_three_times_and_no_more() -> None:
    """A broken service is not hammered."""
    asked: list[Request] = []
    rows_of(lambda request: asked.append(request) or Reply(503))
    assert len(asked) == MAX_TRIES


def test_a_service_that_does_not_answer_fails_both_rows() -> None:
    """Refused, as on a machine without network."""
    with serving(lambda _: answers.HEALTHY) as server:
        gone = at(server)
    rows = service_rows(gone, 5000, FakeTime().deadline(60), allow_degraded=True)
    assert [(row.check, row.outcome) for row in rows] == [(HEALTH, Outcome.FAIL), (RESPONSE_TIME, Outcome.FAIL)]
    assert "refuses connections: check the network and the proxy" in rows[0].detail


def test_an_answer_slower_than_the_latency_alert_allows_fails() -> None:
    """The limit is the setting of the alert."""

    time = FakeTime()
    row = rows_of(taking(time, 5.001), limit_ms=5000, time=time)[RESPONSE_TIME]
    assert (row.outcome, row.detail) == (Outcome.FAIL, "5001 ms, the limit is 5000 ms")
    row = rows_of(taking(time, 5.0), limit_ms=5000, time=time)[RESPONSE_TIME]
    assert (row.outcome, row.detail) == (Outcome.PASS, "5000 ms, the limit is 5000 ms")


def test_the_first_start_of_an_instance_does_not_count() -> None:
    """The first answer takes long, the second is measured."""
    time = FakeTime()
    rows = rows_of(taking(time, 30, 0.25), limit_ms=5000, time=time)
    assert (rows[RESPONSE_TIME].outcome, rows[RESPONSE_TIME].detail) == (Outcome.PASS, "250 ms, the limit is 5000 ms")


def test_a_service_that_is_slow_every_time_is_healthy_and_slow() -> None:
    """The second answer, which does not come in time, does not cost the rows of the first within the time limit."""
    time, released = FakeTime(), threading.Event()
    answered: list[Request] = []

    def slow(request: Request) -> Reply:
        answered.append(request)
        if len(answered) == 1:
            time.sleep(59)  # a second is left, which is the reserve: the second request gives up at once
        else:
            released.wait(HANG_SECONDS)
        return answers.HEALTHY

    with serving(slow) as server:
        found = service_rows(at(server), 100, time.deadline(60), allow_degraded=False)
        released.set()
    assert [(row.check, row.outcome) for row in found] == [(HEALTH, Outcome.PASS), (RESPONSE_TIME, Outcome.FAIL)]
    assert found[1].detail == "59000 ms, the limit is 100 ms"


@pytest.mark.parametrize(("seconds", "tries"), [(4.0, 2), (4.6, 1)])
def test_a_slow_fault_is_reported_before_the_limit(seconds: float, tries: int) -> None:
    """Another try, which takes a pause and as long as the last one, would end after it, and "503" would be lost."""
    time = FakeTime()
    asked: list[Request] = []

    def slow(request: Request) -> Reply:
        asked.append(request)
        time.sleep(seconds)
        return answers.UNHEALTHY_503

    with serving(slow) as server:
        row, _ = service_rows(at(server), 5000, time.deadline(10), allow_degraded=False)
    assert row.detail == "answered 503, status 'unhealthy'"
    assert len(asked) == tries
    assert time.seconds < 10


def redirect_row(reply: Reply) -> Row:
    """The row of a service that answers plain HTTP so."""
    with serving(lambda _: reply) as server:
        (row,) = redirect_rows(at(server), FakeTime().deadline(60))
    return row


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_to_https_passes(status: int) -> None:
    """Cloud Run's own is a 302."""
    row = redirect_row(Reply(status, None, {"Location": "https://shop.example.net/"}))
    assert (row.check, row.outcome) == (REDIRECT, Outcome.PASS)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (Reply(200, "hello"), "answered 200 instead of redirecting"),
        (Reply(301, None, {"Location": "http://shop.example.net/"}), "which is not HTTPS"),
        (Reply(301, None, {"Location": "/login"}), "which is not HTTPS"),
        (Reply(301), "which is not HTTPS"),
        (Reply(400), "answered 400"),
    ],
    ids=["served", "to HTTP", "relative", "nowhere", "refused"],
)
def test_http_that_does_not_lead_to_https_fails(reply: Reply, says: str) -> None:
    """What is answered without TLS is read on the way."""
    row = redirect_row(reply)
    assert row.outcome is Outcome.FAIL
    assert says in row.detail


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://shop.example.net", "http://shop.example.net/"),
        ("https://shop.example.net:443/a", "http://shop.example.net/a"),
        ("https://shop.example.net:8443", "http://shop.example.net:8443/"),
    ],
)
def test_http_is_asked_at_the_same_address(url: str, plain: str) -> None:
    """The default port of the one becomes that of the other; any other port is the service's own."""
    assert plain_http(url) == plain


@pytest.mark.parametrize(
    ("path", "found"), [("$.a.b", 1), ("$.a", {"b": 1}), ("$.a.b.c", None), ("$.x", None), ("$.l.b", None)]
)
def test_a_path_is_followed_key_by_key(path: str, found: object) -> None:
    """Where it leads nowhere there is nothing, and no error."""
    assert value_at({"a": {"b": 1}, "l": [1]}, path) == found
