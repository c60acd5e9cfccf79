"""The secrets of a stack, by name. Their values are seen by the engine alone."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretName:
    """A secret setting `readiness:<name>`, and the setting that makes it needed: None where storing it is enough.

    `pattern` is the whole of a valid value, `form` says it in words.
    """

    name: str
    needed_by: tuple[str, ...] | None
    what: str
    form: str
    pattern: str

    def accepts(self, value: str) -> bool:
        """Whether the value can be what it is said to be; empty text and a line end never are."""
        return re.fullmatch(self.pattern, value) is not None

    @property
    def key(self) -> str:
        """The full configuration key."""
        return f"readiness:{self.name}"

    @property
    def set_command(self) -> str:
        """The command that stores it encrypted."""
        return f"pulumi config set --secret {self.key}"


SLACK_AUTH_TOKEN = SecretName(
    name="slack_auth_token",
    needed_by=("channels", "slack"),
    what="the bot token of the Slack app",
    form="which begins with `xoxb-`",
    pattern=r"xoxb-[A-Za-z0-9-]+",
)
PAGERDUTY_SERVICE_KEY = SecretName(
    name="pagerduty_service_key",
    needed_by=("channels", "pagerduty"),
    what="the integration key of the PagerDuty service",
    form="which is letters and digits only",
    pattern=r"[A-Za-z0-9]+",
)
SLACK_WEBHOOK_URL = SecretName(
    name="slack_webhook_url",
    needed_by=None,
    what="the incoming webhook that the deployment workflows post to",
    form="which begins with `https://hooks.slack.com/` and has no space or line end",
    pattern=r"https://hooks\.slack\.com/(services|workflows|triggers)/[A-Za-z0-9/_-]+",
)
SECRETS = (SLACK_AUTH_TOKEN, PAGERDUTY_SERVICE_KEY, SLACK_WEBHOOK_URL)

# Stands for every secret where the program runs without an engine, and is never sent anywhere.
OFFLINE_PLACEHOLDER = "offline-plan-placeholder"
