"""Declared policies and channels, as Cloud Monitoring lists them."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.live.google_api import Google
from readiness.live.rows import Outcome, Row
from readiness.live.verify.google import channel_rows, policy_rows
from tests.live.loopback import Reply, serving

POLICY: dict[str, Any] = {"displayName": "High latency", "notificationChannels": ["channel", "channel"]}
LIVE_POLICY: dict[str, Any] = {**POLICY, "enabled": True, "name": "projects/p/alertPolicies/1"}
CHANNEL: dict[str, Any] = {"displayName": "E-mail ops", "name": "projects/p/notificationChannels/7", "type": "email"}


def google_listing(key: str, items: list[dict[str, Any]]) -> Any:
    """A Monitoring API with one listing."""
    return serving(lambda _: Reply(200, {key: items}))


def policy_row(live: list[dict[str, Any]], declared: dict[str, Any] = POLICY) -> Row:
    """The row of a declared policy."""
    with google_listing("alertPolicies", live) as server:
        (row,) = policy_rows(Google(project="p", token="t", endpoints={"monitoring": server.url}), [declared])  # noqa: S106
    return row


def channel_row(live: list[dict[str, Any]], *, existing: tuple[str, ...] = ()) -> Row:
    """The row of the declared channel, or of the existing one."""
    declared = [] if existing else [CHANNEL]
    with google_listing("notificationChannels", live) as server:
        google = Google(project="p", token="t", endpoints={"monitoring": server.url})  # noqa: S106
        (row,) = channel_rows(google, declared, existing)
    return row


def test_an_enabled_valid_policy_that_notifies_its_channels_passes() -> None:
    """Where the API leaves `validity` out or says 0, all is well."""
    valid: list[dict[str, Any]] = [{"code": 0}, dict[str, Any]()]
    for live in (LIVE_POLICY, *(LIVE_POLICY | {"validity": value} for value in valid)):
        row = policy_row([live])
        assert (row.outcome, row.detail) == (Outcome.PASS, "enabled, valid, notifies 2 channel(s)")


def test_a_policy_that_is_declared_off_passes_while_it_is_off() -> None:
    """And fails once it is on."""
    off = POLICY | {"enabled": False}
    assert policy_row([LIVE_POLICY | {"enabled": False}], off).outcome is Outcome.PASS
    assert policy_row([LIVE_POLICY], off).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("live", "says"),
    [
        ([], "is missing"),
        ([LIVE_POLICY | {"displayName": "High latency (old)"}], "is missing"),
        ([LIVE_POLICY, LIVE_POLICY], "2 live policies have this name"),
        ([LIVE_POLICY | {"enabled": False}], "is disabled"),
        (
            [LIVE_POLICY | {"validity": {"code": 3, "message": "no such metric"}}],
            "is invalid and never fires: no such",
        ),
        ([LIVE_POLICY | {"notificationChannels": ["one"]}], "notifies 1 of the 2 declared channels"),
    ],
    ids=["none", "another", "two", "off", "invalid", "untold"],
)
def test_a_policy_that_would_page_nobody_fails(live: list[dict[str, Any]], says: str) -> None:
    """Each for its own reason."""
    row = policy_row(live)
    assert row.outcome is Outcome.FAIL
    assert says in row.detail


def test_a_verified_channel_and_one_that_needs_no_verification_pass() -> None:
    """E-mail has no status."""
    assert channel_row([CHANNEL]).outcome is Outcome.PASS
    assert channel_row([CHANNEL | {"verificationStatus": "VERIFIED", "enabled": True}]).outcome is Outcome.PASS


def test_an_existing_channel_is_found_by_its_id() -> None:
    """Its display name is not ours."""
    assert channel_row([CHANNEL], existing=(CHANNEL["name"],)).outcome is Outcome.PASS
    assert channel_row([CHANNEL], existing=("projects/p/notificationChannels/8",)).detail == "is missing"


@pytest.mark.parametrize(
    ("live", "says"),
    [
        ([], "is missing"),
        ([CHANNEL, CHANNEL], "2 live channels have this name"),
        ([CHANNEL | {"verificationStatus": "UNVERIFIED"}], "is UNVERIFIED"),
        ([CHANNEL | {"enabled": False}], "is disabled"),
    ],
    ids=["none", "two", "unverified", "off"],
)
def test_a_channel_that_delivers_nothing_fails(live: list[dict[str, Any]], says: str) -> None:
    """Each for its own reason."""
    row = channel_row(live)
    assert row.outcome is Outcome.FAIL
    assert says in row.detail
