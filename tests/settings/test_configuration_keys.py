"""Every key that the loader lets pass has a decision, and a stored secret of the wrong form never reaches an API."""

from __future__ import annotations

import re

import pytest

from readiness.settings import configuration_keys
from readiness.settings.configuration_keys import (
    OFFLINE_PLACEHOLDER,
    PROJECT_FILE_DECISIONS,
    SLACK_WEBHOOK_URL,
    STACK_FILE_DECISIONS,
    UNKNOWN,
    Comparison,
    decision_of_key,
)
from readiness.settings.model import setting_names
from readiness.settings.stack_files import PROJECT_FILE_KEYS, STACK_FILE_KEYS

WEBHOOK = "https://hooks.slack.com/" + "services/T0/B0/abc"


def test_every_top_level_key_has_a_decision() -> None:
    """Of both files, and none for a key that the loader refuses."""
    assert set(PROJECT_FILE_DECISIONS) == set(PROJECT_FILE_KEYS)
    assert set(STACK_FILE_DECISIONS) == set(STACK_FILE_KEYS)


@pytest.mark.parametrize("namespace", configuration_keys.NAMESPACES)
def test_every_configuration_key_that_check_allows_has_a_decision(namespace: str) -> None:
    """A new version of a provider brings keys: somebody looks at each before it can be used unseen."""
    names = setting_names() if namespace == "readiness" else configuration_keys.known_keys(namespace)
    assert names
    assert [name for name in names if decision_of_key(f"{namespace}:{name}") is UNKNOWN] == []


def test_a_key_that_nobody_has_looked_at_needs_acknowledgement() -> None:
    """Not known is not harmless."""
    assert decision_of_key("gcp:somethingNew").comparison is Comparison.ACKNOWLEDGEMENT


def test_every_key_whose_name_speaks_of_a_host_is_one() -> None:
    """By the names that providers give them."""
    keys = [
        f"{provider}:{name}"
        for provider in configuration_keys.PROVIDERS
        for name in configuration_keys.known_keys(provider)
    ]
    hosts = {key for key in keys if re.search(r"(?i)endpoint$|url$|domain$|host$|address$", key)}
    assert len(hosts) > 100
    assert {key for key in keys if decision_of_key(key).is_host} == hosts


@pytest.mark.parametrize("key", sorted(configuration_keys.SECRET_PROVIDER_KEYS))
def test_every_credential_of_a_provider_needs_acknowledgement(key: str) -> None:
    """Another one is another account."""
    assert decision_of_key(key).comparison is Comparison.ACKNOWLEDGEMENT


@pytest.mark.parametrize("path", ["services/T0/B0/abc", "workflows/a-b_c", "triggers/x/1"])
def test_every_kind_of_incoming_webhook_is_taken(path: str) -> None:
    """Slack has three."""
    assert SLACK_WEBHOOK_URL.accepts("https://hooks.slack.com/" + path)


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        WEBHOOK + "\n",
        WEBHOOK + " ",
        " " + WEBHOOK,
        WEBHOOK.replace("https", "http"),
        WEBHOOK.replace("slack.com", "slack.com.evil.example"),
        WEBHOOK.replace("hooks.", "user@hooks."),
        WEBHOOK.replace("services", "unknown"),
        "https://hooks.slack.com/services/",
        "https://evil.example/?" + WEBHOOK,
        "not-a-webhook-at-all",
        OFFLINE_PLACEHOLDER,
    ],
)
def test_an_empty_or_malformed_webhook_is_not_taken(value: str) -> None:
    """GitHub takes an empty secret, and every deployment then fails."""
    assert not SLACK_WEBHOOK_URL.accepts(value)
