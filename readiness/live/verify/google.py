"""Checks on Google Cloud: the declared alert policies, channels and image scanning.

"An invalid policy will not generate incidents", and an UNVERIFIED channel does not deliver
(google-cloud-monitoring 2.32.0, `types/alert.py` and `types/notification.py`). A plan or a refresh shows neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from readiness.live.google_api import Google
from readiness.live.rows import Row, failed, passed

POLICIES, CHANNELS, SCANNING = "alert policy", "channel", "image scanning"

Inputs = Mapping[str, Any]


def policy_rows(google: Google, declared: Sequence[Inputs]) -> list[Row]:
    """One row for each declared policy. `declared` are the inputs of the plan's policies. Raises GoogleError."""
    live = list(google.items("monitoring", f"projects/{google.project}/alertPolicies", "alertPolicies"))
    return [_policy_row(inputs, _having(live, "displayName", inputs["displayName"])) for inputs in declared]


def channel_rows(google: Google, declared: Sequence[Inputs], existing: Sequence[str]) -> list[Row]:
    """One row for each channel: the declared ones by display name, those of `existing` by id. Raises GoogleError."""
    live = list(google.items("monitoring", f"projects/{google.project}/notificationChannels", "notificationChannels"))
    wanted = [("displayName", inputs["displayName"]) for inputs in declared] + [("name", name) for name in existing]
    return [_channel_row(name, _having(live, key, name)) for key, name in wanted]


def scanning_rows(google: Google, region: str, repository_id: str) -> list[Row]:
    """One row, from the state that Artifact Registry itself computes. Raises GoogleError.

    INHERITED in a plan does not mean that scanning is active: the scanning API may be off.
    """
    path = f"projects/{google.project}/locations/{region}/repositories/{repository_id}"
    config = google.get("artifactRegistry", path).get("vulnerabilityScanningConfig", {})
    state = config.get("enablementState", "unknown")
    if state != "SCANNING_ACTIVE":
        return [failed(SCANNING, repository_id, state, config.get("enablementStateReason", ""))]
    return [passed(SCANNING, repository_id, state)]


def _having(live: Sequence[dict[str, Any]], key: str, value: str) -> list[dict[str, Any]]:
    return [resource for resource in live if resource.get(key) == value]


def _policy_row(inputs: Inputs, found: Sequence[dict[str, Any]]) -> Row:
    name = inputs["displayName"]
    if not found:
        return failed(POLICIES, name, "is missing", "`readiness up` creates it")
    if len(found) > 1:
        return failed(POLICIES, name, f"{len(found)} live policies have this name")
    (policy,) = found
    validity = policy.get("validity", {})
    if validity.get("code"):
        return failed(POLICIES, name, f"is invalid and never fires: {validity.get('message', 'no reason given')}")
    wanted = inputs.get("enabled", True)
    if policy.get("enabled", True) != wanted:
        return failed(POLICIES, name, "is disabled" if wanted else "is enabled, but declared as disabled")
    notified, declared = len(policy.get("notificationChannels", ())), len(inputs.get("notificationChannels") or ())
    if notified < declared:
        return failed(POLICIES, name, f"notifies {notified} of the {declared} declared channels")
    return passed(
        POLICIES, name, f"{'enabled' if wanted else 'disabled, as declared'}, valid, notifies {notified} channel(s)"
    )


def _channel_row(name: str, found: Sequence[dict[str, Any]]) -> Row:
    if len(found) != 1:
        return failed(CHANNELS, name, "is missing" if not found else f"{len(found)} live channels have this name")
    (channel,) = found
    if channel.get("verificationStatus") == "UNVERIFIED":
        return failed(CHANNELS, name, "is UNVERIFIED", "it delivers nothing until its owner confirms it")
    if channel.get("enabled") is False:
        return failed(CHANNELS, name, "is disabled")
    return passed(CHANNELS, name, f"{channel.get('type', 'unknown type')}, delivers")
