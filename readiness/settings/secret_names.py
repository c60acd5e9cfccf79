"""The secrets of a stack, by name. Their values are seen by the engine alone."""

from __future__ import annotations

from readiness.settings.channels import CHANNEL_SECRETS
from readiness.settings.secret_name import SecretName

SLACK_WEBHOOK_URL = SecretName(
    name="slack_webhook_url",
    needed_by=None,
    what="the incoming webhook that the deployment workflows post to",
    form="which begins with `https://hooks.slack.com/` and has no space or line end",
    pattern=r"https://hooks\.slack\.com/(services|workflows|triggers)/[A-Za-z0-9/_-]+",
)
SECRETS = (*CHANNEL_SECRETS, SLACK_WEBHOOK_URL)

# Stands for every secret where the program runs without an engine, and is never sent anywhere.
OFFLINE_PLACEHOLDER = "offline-plan-placeholder"
