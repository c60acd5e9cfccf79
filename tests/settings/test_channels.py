"""A kind of notification channel is declared in readiness/settings/channels.py, and everything else follows from there.

Each test that a new kind turns red names the file to edit.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from readiness.alerts.catalogue import ALERTS
from readiness.alerts.security_alerts import SECURITY_ALERTS
from readiness.settings.channels import (
    CHANNEL_DEFINITIONS,
    EVERY_CHANNEL,
    PAGERDUTY_SERVICE_KEY,
    SLACK_AUTH_TOKEN,
    TEAM,
    ChannelKind,
    Channels,
    DeclaredChannel,
    declared_channels,
    shown_names,
)
from tests.projects import EVERY_OPTION, EVERY_OPTION_FILE, ROOT, settings_of

PLACE = "readiness/settings/channels.py"
KINDS: tuple[str, ...] = get_args(ChannelKind)
# What the provider's block `sensitive_labels` takes.
SENSITIVE_LABELS = {"auth_token", "password", "service_key"}


def fixture_channels() -> Channels:
    """Those of the stack with every option."""
    return settings_of(EVERY_OPTION).channels


def without(setting: str) -> Channels:
    """The channels of the fixture but for one setting."""
    return fixture_channels().model_copy(update={setting: Channels.model_fields[setting].default})


def python_files() -> Iterator[Path]:
    """Where channels are used."""
    for folder in ("readiness", "components", "policy"):
        yield from (ROOT / folder).rglob("*.py")


def listed_kinds(source: str) -> Iterator[str]:
    """Every tuple, list, set or mapping of the source that lists two or more kinds."""
    for node in ast.walk(ast.parse(source)):
        items = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", [])
        names = [item.value for item in items if isinstance(item, ast.Constant) and item.value in KINDS]
        if len(names) > 1:
            yield ", ".join(map(str, names))


def test_the_channels_of_a_stack_are_plain_values_in_the_order_of_the_kinds() -> None:
    """An address is the key of its channel, in lower case, so that its place and its case rename nothing."""
    channels = Channels.model_validate(
        {
            "pagerduty": {"service_name": "Shop on call"},
            "slack": {"channel_name": "#shop-alerts", "team": "Shop"},
            "emails": ["First.Person@shop.example.net", "second+alerts@shop.example.net"],
        }
    )
    assert list(declared_channels(channels)) == [
        DeclaredChannel(
            kind="email",
            key="first.person@shop.example.net",
            display_name="E-mail First.Person@shop.example.net",
            labels={"email_address": "First.Person@shop.example.net"},
            secrets={},
        ),
        DeclaredChannel(
            kind="email",
            key="second+alerts@shop.example.net",
            display_name="E-mail second+alerts@shop.example.net",
            labels={"email_address": "second+alerts@shop.example.net"},
            secrets={},
        ),
        DeclaredChannel(
            kind="slack",
            key=None,
            display_name="Slack #shop-alerts",
            labels={"channel_name": "#shop-alerts", "team": "Shop"},
            secrets={"auth_token": SLACK_AUTH_TOKEN},
        ),
        DeclaredChannel(
            kind="pagerduty",
            key=None,
            display_name="PagerDuty Shop on call",
            labels={},
            secrets={"service_key": PAGERDUTY_SERVICE_KEY},
        ),
    ]


def test_slack_without_a_workspace_has_no_such_label() -> None:
    """The API refuses an empty one."""
    (slack,) = declared_channels(Channels.model_validate({"slack": {"channel_name": "#alerts"}}))
    assert slack.labels == {"channel_name": "#alerts"}


def test_a_stack_without_channels_declares_none() -> None:
    """Those that exist already may be all it has."""
    existing = {"kind": "slack", "id": "projects/shop-1234/notificationChannels/1"}
    assert list(declared_channels(Channels.model_validate({"existing": [existing]}))) == []


def test_every_kind_has_one_definition() -> None:
    """Else its channels are accepted in the settings and never declared."""
    assert [definition.kind for definition in CHANNEL_DEFINITIONS] == list(KINDS), PLACE


@pytest.mark.parametrize("kind", KINDS)
def test_the_stack_with_every_option_has_a_channel_of_each_kind(kind: str) -> None:
    """So that plans, contracts and recorded answers are tried with it."""
    kinds = {channel.kind for channel in declared_channels(fixture_channels())}
    assert kind in kinds, f"add the kind to {EVERY_OPTION_FILE}, and yield its channels in {PLACE}"


@pytest.mark.parametrize("setting", sorted(Channels.model_fields.keys() - {"existing"}))
def test_every_setting_of_channels_declares_some(setting: str) -> None:
    """A setting that no definition reads would be accepted, and its channel would notify nobody."""
    before, after = list(declared_channels(fixture_channels())), list(declared_channels(without(setting)))
    assert len(after) < len(before), f"{PLACE}: no definition yields channels of `{setting}`"


@pytest.mark.parametrize("kind", KINDS)
def test_a_channel_has_the_labels_and_the_secret_that_its_kind_needs(kind: str) -> None:
    """Google refuses it without a label; a secret is asked for where its setting is set, and only there."""
    (definition,) = (definition for definition in CHANNEL_DEFINITIONS if definition.kind == kind)
    for channel in declared_channels(fixture_channels()):
        assert channel.kind != kind or set(definition.required_labels) <= channel.labels.keys(), PLACE
    assert definition.secrets.keys() <= SENSITIVE_LABELS, PLACE
    for secret in definition.secrets.values():
        assert secret.needed_by is not None, PLACE
        section, setting = secret.needed_by
        assert section == "channels"
        assert kind not in {channel.kind for channel in declared_channels(without(setting))}, PLACE


def test_an_alert_notifies_all_kinds_those_that_page_nobody_or_some_kinds_that_exist() -> None:
    """A new kind is in the first set, and in the second unless it pages."""
    assert frozenset(KINDS) == EVERY_CHANNEL
    assert {"email", "slack"} <= TEAM <= EVERY_CHANNEL - {"pagerduty"}
    for alert in (*ALERTS, *SECURITY_ALERTS):
        assert "email" in alert.channel_kinds, alert.name
        assert alert.channel_kinds <= EVERY_CHANNEL, alert.name


def test_kinds_are_shown_by_name_in_their_order() -> None:
    """However the set is ordered."""
    assert shown_names(frozenset({"pagerduty", "email", "slack"})) == ["e-mail", "Slack", "PagerDuty"]
    assert shown_names(frozenset({"slack"})) == ["Slack"]


def test_no_other_file_lists_kinds_of_channels() -> None:
    """A second list is forgotten when a kind is added."""
    found = {
        str(path.relative_to(ROOT)): list(listed_kinds(path.read_text(encoding="utf-8"))) for path in python_files()
    }
    assert found.pop(PLACE), "the search finds them where they belong"
    assert {path: lists for path, lists in found.items() if lists} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_the_documents_name_every_kind_and_the_secrets_that_channels_need(kind: str) -> None:
    """What a stack can declare, in the table; what has to be stored, below the settings."""
    declared = (ROOT / "docs" / "what-it-declares.md").read_text(encoding="utf-8")
    settings = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    (row,) = (line for line in declared.splitlines() if line.startswith("| Notification channels |"))
    (definition,) = (definition for definition in CHANNEL_DEFINITIONS if definition.kind == kind)
    assert definition.shown_name in row
    for secret in definition.secrets.values():
        assert f"`{secret.key}`" in settings
