"""A snooze for the time of a deployment: the stack's alerts are evaluated, but notify nobody.

It excludes the weekly drill, which must always arrive. A snooze ends by itself; Cloud Monitoring cannot delete one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from readiness.finding import RefusedError
from readiness.live.drill import live_policies, needs_update
from readiness.live.google_api import Google, GoogleError
from readiness.times import instant_text

# The API's limit (Snooze.Criteria.policies).
MAX_POLICIES = 16
# Longer than any deployment. To silence an alert for longer, change its declaration.
MAX_MINUTES = 120
_ALWAYS_NOTIFIES = "notification-drill"


def snooze(google: Google, environment: str, minutes: int, now: datetime) -> tuple[int, str]:
    """Snoozes every policy of the stack from now on; returns their number, and the end (UTC, RFC 3339).

    Raises RefusedError if the stack has no live policy, and GoogleError, whose text says how many are snoozed by then.
    """
    live = live_policies(google, environment)
    names = [policy.name for policy in live if policy.alert != _ALWAYS_NOTIFIES and not policy.is_of_a_drill]
    if not names:
        message = f"has no live alert policy of {environment}"
        raise RefusedError([needs_update("snooze-needs-update", google, message)])
    until = instant_text(now + timedelta(minutes=minutes))
    for start in range(0, len(names), MAX_POLICIES):
        body = {
            "displayName": f"Deployment of {environment}",
            "criteria": {"policies": names[start : start + MAX_POLICIES]},
            "interval": {"startTime": instant_text(now), "endTime": until},
        }
        try:
            google.send("POST", "monitoring", f"projects/{google.project}/snoozes", body)
        except GoogleError as error:
            done = f"{start} of {len(names)} policies are snoozed until {until}; then " if start else ""
            raise GoogleError(error.status, f"{done}{error}") from None
    return len(names), until
