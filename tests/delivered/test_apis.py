"""The calls of the delivered programs: repeated where that is safe, given up where not, never with a secret shown."""

from __future__ import annotations

import dataclasses

import pytest

from readiness.delivered import apis
from readiness.delivered.apis import GITHUB, ApiError, Apis
from readiness.delivered.http_client import MAX_TRIES, Answer, NoAnswerError, send
from tests.delivered.delivery_telemetry.world import WEBHOOK, World, job
from tests.live.loopback import Reply, serving

TOKEN = "a-token"  # noqa: S105 - no real one


class FarSide:
    """Answers with one status or error after the other, then with the last again and again."""

    def __init__(self, *answers: int | Exception, data: bytes = b"{}") -> None:
        self.answers, self.data = list(answers), data
        self.asked: list[str] = []
        self.waits: list[float] = []

    def __call__(self, method: str, url: str, **_: object) -> Answer:
        """In place of a real request."""
        self.asked.append(f"{method} {url}")
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return Answer(status=answer, data=self.data)

    def apis(self, webhook: str = WEBHOOK) -> Apis:
        """Calls of it, with waits that are counted instead of waited."""
        return Apis(
            project="p", log="l", repository="o/r", github_token=TOKEN, google_token=TOKEN, webhook=webhook,
            send_once=self, sleep=self.waits.append,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("method", "answers", "asked"),
    [
        ("GET", (503, 200), 2),
        ("GET", (NoAnswerError("no answer (no route)"), 429, 200), 3),
        ("PATCH", (500, 200), 2),
        ("POST", (429, 200), 2),
        ("GET", (404,), 1),
        ("POST", (503,), 1),
        ("GET", (500,), MAX_TRIES),
    ],
)
def test_a_request_is_repeated_where_that_is_safe(
    method: str, answers: tuple[int | Exception, ...], asked: int
) -> None:
    """With a growing pause. A tag may be set twice; an entry without an insertId must not be written twice."""
    far_side = FarSide(*answers)
    if answers[-1] == 200:
        assert far_side.apis().google("https://x", {}, method=method) == {}
    else:
        with pytest.raises(ApiError) as refused:
            far_side.apis().google("https://x", {}, method=method)
        assert refused.value.status == answers[-1]
    assert len(far_side.asked) == asked
    assert far_side.waits == [1.0, 2.0][: asked - 1]


@pytest.mark.parametrize(("entry", "asked"), [({"insertId": "1"}, 2), ({}, 1)])
def test_an_entry_is_written_again_only_where_it_replaces_itself(entry: dict[str, str], asked: int) -> None:
    """An answer that was lost may have been a success."""
    far_side = FarSide(503, 200)
    if asked == 2:
        far_side.apis().write_entries([entry])
    else:
        with pytest.raises(ApiError, match="503"):
            far_side.apis().write_entries([entry])
    assert len(far_side.asked) == asked


@pytest.mark.parametrize(
    ("answers", "asked", "said"),
    [((404,), 1, "Slack: 404"), ((NoAnswerError("no answer (timed out)"),), MAX_TRIES, "Slack: no answer (timed out)")],
)
def test_a_webhook_that_does_not_take_the_message_is_given_up_and_not_shown(
    answers: tuple[int | Exception, ...], asked: int, said: str
) -> None:
    """A revoked one stays revoked; one that does not answer is tried again. Its address is a secret."""
    far_side = FarSide(*answers)
    with pytest.raises(ApiError) as error:
        far_side.apis().post_to_slack({"text": "x"})
    assert str(error.value).startswith(said)
    assert WEBHOOK not in str(error.value)
    assert len(far_side.asked) == asked


@pytest.mark.parametrize("webhook", ["", "http://hooks.slack.com/services/T/B/x", "xoxb-1"])
def test_what_is_no_https_address_is_no_webhook(webhook: str) -> None:
    """A bot token is the usual mix-up, and it must not be sent anywhere."""
    far_side = FarSide(200)
    with pytest.raises(ApiError, match="is not set"):
        far_side.apis(webhook).post_to_slack({"text": "x"})
    assert far_side.asked == []


def test_a_webhook_stored_with_a_line_end_is_used_without_it() -> None:
    """As `echo … | gh secret set` leaves it."""
    far_side = FarSide(200)
    far_side.apis(f"{WEBHOOK}\n").post_to_slack({"text": "x"})
    assert far_side.asked == [f"POST {WEBHOOK}"]


@pytest.mark.parametrize("webhook", ["https://hooks.slack.com/a b", "https://[half/services", "https://x\x00y"])
def test_an_address_that_cannot_be_asked_is_an_error_and_not_printed(webhook: str) -> None:
    """The library would raise, and print the secret, in a traceback."""
    calls = dataclasses.replace(FarSide(200).apis(webhook), send_once=send)
    with pytest.raises(ApiError) as refused:
        calls.post_to_slack({"text": "x"})
    assert webhook[8:] not in str(refused.value)


def test_log_entries_are_read_to_the_last_page_or_as_far_as_asked() -> None:
    """A busy quarter of two environments is more than a page."""
    world = World(entries={str(number): {"timestamp": f"{number:04}"} for number in range(2500)})
    assert len(list(job(world).apis.newest_entries("x", 10_000))) == 2500
    world.calls.clear()
    newest = [entry["timestamp"] for entry in job(world).apis.newest_entries("x", 1500)]
    assert (newest[0], newest[-1]) == ("2499", "1000"), "the oldest are left out"
    assert len(world.calls) == 2


def test_reading_ends_even_where_the_pages_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound on everything, and half of a list is not taken for the whole one."""
    monkeypatch.setattr(apis, "MAX_PAGES", 3)
    far_side = FarSide(200, data=b'{"entries": [{}], "nextPageToken": "more"}')
    with pytest.raises(ApiError, match="more than 3 pages of x"):
        list(far_side.apis().all_entries("x\ny"))
    monkeypatch.setattr(apis, "PAGE_SIZE", 1)
    with pytest.raises(ApiError, match="more than 3 pages of issues"):
        list(FarSide(200, data=b"[{}]").apis().github_pages("issues"))


def test_a_redirect_is_an_error() -> None:
    """An address of Slack's that is no webhook leads to a page, and the message would be lost without a word."""
    moved = Reply(302, None, {"Location": "/ok"})
    with serving(lambda asked: moved if asked.path == "/moved" else Reply(200)) as server:
        calls = dataclasses.replace(FarSide(200).apis(), send_once=send)
        with pytest.raises(ApiError) as refused:
            calls.google(f"{server.url}/moved", "hello", method="POST")
        assert refused.value.status == 302
        assert [asked.body for asked in server.requests] == ["hello"]


def test_a_missing_answer_is_reported_without_the_token_or_the_query() -> None:
    """Nobody listens there."""
    calls = dataclasses.replace(FarSide(200).apis(), send_once=send)
    with pytest.raises(ApiError, match=r"^GET http://127.0.0.1:9/x: no answer \(") as lost:
        calls.google("http://127.0.0.1:9/x?secret=1")
    assert lost.value.status == 0
    assert TOKEN not in str(lost.value)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<html>\n::error::x", "404 <html> ::error::x"),
        (b'{"error": "plain"}', "404 plain"),
        (b'{"message": "Not\\nFound"}', "404 Not Found"),
        (b'{"error": {"message": "who?"}}', "404 who?"),
        (b"[]", "404 []"),
    ],
)
def test_an_errors_message_is_shown_on_one_line_whatever_its_form(data: bytes, said: str) -> None:
    """Google, GitHub and a proxy each have their own; a line that begins with `::` is a command to the runner."""
    with pytest.raises(ApiError) as refused:
        FarSide(404, data=data).apis().github("actions/runs/1")
    assert str(refused.value) == f"GET {GITHUB}/repos/o/r/actions/runs/1: {said}"


def test_a_page_that_is_no_json_is_an_error() -> None:
    """A proxy's, with status 200."""
    with pytest.raises(ApiError, match="not JSON: <html>"):
        FarSide(200, data=b"<html>").apis().github("actions/runs/1")
