"""The calls: tried again where that helps, given up where it does not, never with a secret in what is said."""

from __future__ import annotations

import dataclasses

import pytest

from readiness.delivered.delivery_telemetry import apis
from readiness.delivered.delivery_telemetry.apis import ApiError
from readiness.delivered.http_client import MAX_TRIES, Answer, NoAnswerError
from tests.delivered.delivery_telemetry.world import WEBHOOK, World, job
from tests.live.loopback import Reply, serving


@pytest.mark.parametrize("trouble", [503, 429, NoAnswerError("no answer (no route)")])
def test_a_far_side_in_trouble_is_tried_again(trouble: int | Exception) -> None:
    """With a growing pause."""
    world = World(slack_answers=[trouble, trouble])
    job(world).apis.post_to_slack({"text": "x"})
    assert len(world.slack) == 1
    assert world.slept == [1, 2]


def test_a_far_side_that_stays_in_trouble_is_given_up() -> None:
    """The address of a webhook is a secret: the client's error never holds it."""
    world = World(slack_answers=[NoAnswerError("no answer (TimeoutError: timed out)")] * MAX_TRIES)
    with pytest.raises(ApiError) as error:
        job(world).apis.post_to_slack({"text": "x"})
    assert WEBHOOK not in str(error.value)
    assert "timed out" in str(error.value)
    assert len(world.calls) == MAX_TRIES


def test_a_refusal_is_not_tried_again() -> None:
    """A revoked webhook stays revoked."""
    world = World(slack_answers=[404])
    with pytest.raises(ApiError):
        job(world).apis.post_to_slack({"text": "x"})
    assert len(world.calls) == 1


@pytest.mark.parametrize("webhook", ["", "http://hooks.slack.com/services/T/B/x", "xoxb-1"])
def test_what_is_no_https_address_is_no_webhook(webhook: str) -> None:
    """A bot token is the usual mix-up, and it must not be sent anywhere."""
    world = World()
    with pytest.raises(ApiError, match="is not set"):
        job(world, webhook=webhook).apis.post_to_slack({"text": "x"})
    assert world.calls == []


def test_log_entries_are_read_to_the_last_page() -> None:
    """A busy quarter of two environments is more than a page."""
    world = World(entries={str(number): {"insertId": str(number)} for number in range(2500)})
    assert len(list(job(world).apis.read_entries("x"))) == 2500


def test_reading_ends_even_where_the_pages_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound on everything."""
    monkeypatch.setattr(apis, "LOG_PAGE_SIZE", 2)
    entries = {str(number): {"insertId": str(number), "timestamp": f"{number:03}"} for number in range(30)}
    newest = [entry["insertId"] for entry in job(World(entries=entries)).apis.read_entries("x")]
    assert newest == [str(number) for number in range(29, 9, -1)], "the oldest are left out"
    world = World()
    for number in range(1100):
        world.add_deployment(number + 1, "2026-11-10T10:00:00Z")
    assert len(list(job(world).apis.github_pages("actions/workflows/x.yml/runs", "workflow_runs"))) == 1000


def test_a_redirect_is_no_success() -> None:
    """An address of Slack's that is no webhook leads to a page, and the message would be lost without a word."""
    moved = Reply(302, None, {"Location": "/ok"})
    with serving(lambda asked: moved if asked.path == "/moved" else Reply(200)) as server:
        assert apis.send_over_http("POST", f"{server.url}/moved", {}, b"hello").status == 302
        assert [asked.body for asked in server.requests] == ["hello"]


def test_a_webhook_stored_with_a_line_end_is_used_without_it() -> None:
    """As `echo … | gh secret set` leaves it."""
    world = World()
    job(world, webhook=f"{WEBHOOK}\n").apis.post_to_slack({"text": "x"})
    assert world.slack == [{"text": "x"}]


@pytest.mark.parametrize("webhook", ["https://hooks.slack.com/a b", "https://[half/services", "https://x\x00y"])
def test_an_address_that_cannot_be_asked_is_an_error_and_not_printed(webhook: str) -> None:
    """The library would raise, and print the secret, in a traceback."""
    access = dataclasses.replace(job(World()).apis.access, webhook=webhook)
    with pytest.raises(ApiError) as refused:
        apis.Apis(access=access, sleep=lambda _: None).post_to_slack({"text": "x"})
    assert webhook[8:] not in str(refused.value)


def test_a_page_that_is_no_json_is_an_error() -> None:
    """A proxy's, with status 200."""
    access = job(World()).apis.access
    talking = apis.Apis(access=access, send_once=lambda *_: Answer(status=200, data=b"<html>"), sleep=lambda _: None)
    with pytest.raises(ApiError, match="no JSON: <html>"):
        talking.github("actions/runs/1")
