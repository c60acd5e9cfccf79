"""The first customer's live things as the APIs list them: what the old monitoring script and the workflows left."""

from __future__ import annotations

from typing import Any

from readiness import resource_types as types
from readiness.live.adopt import LiveThings

PROJECT = "projects/ytgrs-464303"
REPOSITORY = f"{PROJECT}/locations/us-central1/repositories/ai-resume-review-v2"


def channel(number: int, kind: str, name: str, **labels: str) -> dict[str, Any]:
    """A notification channel."""
    identity = f"{PROJECT}/notificationChannels/{number}"
    return {"name": identity, "type": kind, "displayName": name, "labels": labels}


def policy(number: int, name: str) -> dict[str, Any]:
    """An alert policy."""
    return {"name": f"{PROJECT}/alertPolicies/{number}", "displayName": name, "conditions": [{"displayName": "old"}]}


CUSTOMER: LiveThings = {
    types.CHANNEL: [
        channel(1, "webhook_tokenauth", "AI Resume Review - Slack Alerts", url="[hidden]"),
        channel(2, "email", "AI Resume Review - Email Alerts", email_address="ops@example.com"),
    ],
    types.ALERT_POLICY: [
        policy(11, "[Critical] Service Downtime Alert"),
        policy(12, "[Critical] High Error Rate Alert"),
        policy(13, "[Critical] Database Connection Issues"),
        policy(14, "Somebody else's policy"),
    ],
    types.UPTIME_CHECK: [{"name": f"{PROJECT}/uptimeCheckConfigs/backend", "displayName": "Backend Health Check"}],
    types.LOG_METRIC: [{"name": "failed_login_attempts"}],
    types.REGISTRY: [{"name": REPOSITORY}, {"name": f"{REPOSITORY}-other"}],
    types.ENVIRONMENT: [{"name": "production"}],
    types.BRANCH_POLICY: [],
    types.LABEL: [{"name": "bug"}, {"name": "Dependencies"}],
    types.REPOSITORY_SECRET: [{"name": "SLACK_WEBHOOK_URL"}],
}
