"""The secrets of a stack, by name. Their values are seen by the engine alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretName:
    """A secret setting `readiness:<name>`, the setting that makes it needed, and how its value begins."""

    name: str
    needed_by: tuple[str, ...]
    what: str
    prefix: str = ""

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
    prefix="xoxb-",
)
PAGERDUTY_SERVICE_KEY = SecretName(
    name="pagerduty_service_key",
    needed_by=("channels", "pagerduty"),
    what="the integration key of the PagerDuty service",
)
SECRETS = (SLACK_AUTH_TOKEN, PAGERDUTY_SERVICE_KEY)

# Stands for every secret where the program runs without an engine, and is never sent anywhere.
OFFLINE_PLACEHOLDER = "offline-plan-placeholder"
