"""The component `NotificationChannels`."""

from __future__ import annotations

import dataclasses
from typing import Any

import pulumi
import pytest
from google.protobuf import json_format
from pulumi_gcp import monitoring

from components.notification_channels import (
    ExistingChannelArgs,
    NotificationChannelArgs,
    NotificationChannels,
    NotificationChannelsArgs,
)
from readiness.plan.recorder import is_secret
from readiness.settings.channels import PAGERDUTY_SERVICE_KEY, SLACK_AUTH_TOKEN, Channels, declared_channels
from tests.components.conftest import Declare, Declared

CHANNEL = "gcp:monitoring/notificationChannel:NotificationChannel"
EMAIL = NotificationChannelArgs(
    kind="email",
    key="ops@shop.example.net",
    display_name="E-mail Ops@shop.example.net",
    labels={"email_address": "Ops@shop.example.net"},
)
SLACK = NotificationChannelArgs(
    kind="slack",
    display_name="Slack #alerts",
    labels={"channel_name": "#alerts", "team": "Shop"},
    sensitive_labels={"auth_token": "a token"},
)
PAGERDUTY = NotificationChannelArgs(
    kind="pagerduty", display_name="PagerDuty On call", sensitive_labels={"service_key": "a key"}
)
WEBHOOK = NotificationChannelArgs(
    kind="webhook_basicauth",
    display_name="Webhook",
    labels={"url": "https://hook.shop.example.net/", "username": "monitoring"},
    sensitive_labels={"password": "a password"},
)
EXISTING = [
    ExistingChannelArgs(kind=kind, id=f"projects/shop-1234/notificationChannels/{number}")
    for number, kind in enumerate(["slack", "email", "pubsub"])
]
ARGS = NotificationChannelsArgs(
    project="shop-1234",
    environment="production",
    channels=[EMAIL, SLACK, PAGERDUTY, WEBHOOK],
    existing=EXISTING,
)
COMMON = {"project": "shop-1234", "userLabels": {"environment": "production", "managed_by": "readiness"}}


def declared_with(declare: Declare, **changed: Any) -> Declared:
    """The component with some arguments changed."""
    return declare(lambda: NotificationChannels("channels", dataclasses.replace(ARGS, **changed)))


def test_a_channel_is_registered_with_its_labels_and_the_environment_in_its_name(declare: Declare) -> None:
    """The key distinguishes the channels of one kind."""
    declared = declared_with(declare)
    assert declared.inputs("channels-email-ops@shop.example.net") == {
        **COMMON,
        "type": "email",
        "displayName": "E-mail Ops@shop.example.net (production)",
        "labels": {"email_address": "Ops@shop.example.net"},
    }


def test_a_channel_without_a_key_is_named_by_its_kind(declare: Declare) -> None:
    """If the kind has only one channel."""
    declared = declared_with(declare)
    assert declared.inputs("channels-slack") == {
        **COMMON,
        "type": "slack",
        "displayName": "Slack #alerts (production)",
        "labels": {"channel_name": "#alerts", "team": "Shop"},
        "sensitiveLabels": {"authToken": "[secret]"},
    }


def test_a_channel_without_labels_registers_none(declare: Declare) -> None:
    """An empty object would be a change of every plan."""
    declared = declared_with(declare)
    assert declared.inputs("channels-pagerduty") == {
        **COMMON,
        "type": "pagerduty",
        "displayName": "PagerDuty On call (production)",
        "sensitiveLabels": {"serviceKey": "[secret]"},
    }


@pytest.mark.parametrize(
    ("name", "label"),
    [("channels-slack", "authToken"), ("channels-pagerduty", "serviceKey"), ("channels-webhook_basicauth", "password")],
)
def test_a_plain_sensitive_label_reaches_the_provider_as_a_secret(declare: Declare, name: str, label: str) -> None:
    """A caller who forgets to wrap a token does not store it in plain text."""
    declared = declared_with(declare)
    request = declared.recording.requests[declared.named(name)["urn"]]
    assert is_secret(json_format.MessageToDict(request.object)["sensitiveLabels"][label])


def test_a_label_that_the_provider_does_not_know_as_sensitive_is_refused(declare: Declare) -> None:
    """The provider would ignore it, and the channel would notify nobody."""
    wrong = dataclasses.replace(SLACK, sensitive_labels={"token": "a token"})
    with pytest.raises(ValueError, match=r"`token` is no sensitive label.*auth_token, password"):
        declared_with(declare, channels=[wrong])


def test_existing_channels_are_not_registered(declare: Declare) -> None:
    """They are managed elsewhere."""
    assert {channel["inputs"]["type"] for channel in declared_with(declare).of_type(CHANNEL)} == {
        channel.kind for channel in ARGS.channels
    }
    assert declared_with(declare, channels=[]).of_type(CHANNEL) == []


def test_ids_are_found_by_kind_one_input_for_each(declare: Declare) -> None:
    """In the order of the channels, the existing ones last. A plan shows each id by itself."""
    found: dict[tuple[str, ...], list[pulumi.Input[str]]] = {}

    def program() -> None:
        channels = NotificationChannels("channels", ARGS)
        kinds: list[tuple[str, ...]] = [(), ("sms",), ("slack", "email")]
        found.update({wanted: channels.ids_of(wanted) for wanted in kinds})
        monitoring.AlertPolicy(
            "policy", combiner="OR", conditions=[], display_name="Policy", notification_channels=found["slack", "email"]
        )

    assert declare(program).inputs("policy")["notificationChannels"] == [
        "<channels-email-ops@shop.example.net.id>",
        "<channels-slack.id>",
        "projects/shop-1234/notificationChannels/0",
        "projects/shop-1234/notificationChannels/1",
    ]
    assert [found[()], found["sms",]] == [[], []]
    assert [isinstance(channel_id, pulumi.Output) for channel_id in found["slack", "email"]] == [
        True,
        True,
        False,
        False,
    ]


def test_its_output_has_the_ids_by_kind(declare: Declare) -> None:
    """Including a kind that has existing channels only."""
    assert declared_with(declare).outputs_of("channels") == {
        "ids": {
            "email": ["<channels-email-ops@shop.example.net.id>", "projects/shop-1234/notificationChannels/1"],
            "slack": ["<channels-slack.id>", "projects/shop-1234/notificationChannels/0"],
            "pagerduty": ["<channels-pagerduty.id>"],
            "webhook_basicauth": ["<channels-webhook_basicauth.id>"],
            "pubsub": ["projects/shop-1234/notificationChannels/2"],
        }
    }


def test_without_channels_its_output_is_empty(declare: Declare) -> None:
    """It is an empty mapping, not a list."""
    assert declared_with(declare, channels=[], existing=[]).outputs_of("channels") == {"ids": {}}


def test_the_place_in_the_list_changes_nothing_that_is_registered(declare: Declare) -> None:
    """A renamed channel would be deleted and created again, and lose its verification."""
    second = dataclasses.replace(EMAIL, key="dev@shop.example.net")
    plans = [declared_with(declare, channels=order).of_type(CHANNEL) for order in ([EMAIL, second], [second, EMAIL])]
    assert sorted(plans[0], key=lambda channel: channel["name"]) == sorted(
        plans[1], key=lambda channel: channel["name"]
    )


def test_the_channels_of_the_settings_are_taken_as_they_are() -> None:
    """Each sensitive label has the stored secret that its definition names."""
    settings = Channels.model_validate(
        {
            "emails": ["Ops@shop.example.net"],
            "slack": {"channel_name": "#alerts", "team": "Shop"},
            "pagerduty": {"service_name": "On call"},
        }
    )
    stored = {SLACK_AUTH_TOKEN: "a token", PAGERDUTY_SERVICE_KEY: "a key"}
    channels = [NotificationChannelArgs.of(channel, stored.__getitem__) for channel in declared_channels(settings)]
    assert channels == [EMAIL, SLACK, PAGERDUTY]
