"""What a stored secret must look like; a value of the wrong form never reaches an API."""

from __future__ import annotations

import pytest

from readiness.settings.configuration_keys import OFFLINE_PLACEHOLDER, SLACK_WEBHOOK_URL

WEBHOOK = "https://hooks.slack.com/" + "services/T0/B0/abc"


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
