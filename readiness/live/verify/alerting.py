"""The declared alert policies and channels, as Cloud Monitoring has them.

"An invalid policy will not generate incidents", and an UNVERIFIED channel does not deliver
(google-cloud-monitoring 2.32.0, `types/alert.py` and `types/notification.py`). Neither shows in a plan or a refresh.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from readiness.live.google_api import Google
from readiness.live.verify.rows import Row, failed, passed

POLICIES, CHANNELS = "alert policy", "channel"

Inputs = Mapping[str, Any]


def policy_rows(google: Google, declared: Sequence[Inputs]) -> list[Row]:
    """One row a declared policy. `declared` are the inputs of the plan's policies. Raises GoogleError."""
    live: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in google.items("monitoring", f"projects/{google.project}/alertPolicies", "alertPolicies"):
        live[each.get("displayName", "")].append(each)
    return [_policy_row(inputs, live[inputs["displayName"]]) for inputs in declared]


def channel_rows(google: Google, declared: Sequence[Inputs], existing: Sequence[str]) -> list[Row]:
    """One row a channel: the declared ones by display name, those of `existing` by id. Raises GoogleError."""
    path = f"projects/{google.project}/notificationChannels"
    live = list(google.items("monitoring", path, "notificationChannels"))
    rows = []
    for inputs in declared:
        name = inputs["displayName"]
        rows.append(_channel_row(name, [each for each in live if each.get("displayName") == name]))
    return rows + [_channel_row(name, [each for each in live if each.get("name") == name]) for name in existing]


def _policy_row(inputs: Inputs, found: Sequence[dict[str, Any]]) -> Row:
    name = inputs["displayName"]
    if len(found) != 1:
        text = "is missing: `readiness up` creates it" if not found else f"{len(found)} live policies have this name"
        return failed(POLICIES, name, text)
    (policy,) = found
    validity = policy.get("validity", {})
    if validity.get("code"):
        return failed(POLICIES, name, f"invalid, so that it never fires: {validity.get('message', 'no reason given')}")
    wanted = inputs.get("enabled", True)
    if policy.get("enabled", True) != wanted:
        return failed(POLICIES, name, "is switched off" if wanted else "is switched on, and declared off")
    told, declared = len(policy.get("notificationChannels", ())), len(inputs.get("notificationChannels") or ())
    if told < declared:
        return failed(POLICIES, name, f"tells {told} of the {declared} declared channels")
    return passed(POLICIES, name, f"{'enabled' if wanted else 'off, as declared'}, valid, tells {told} channel(s)")


def _channel_row(name: str, found: Sequence[dict[str, Any]]) -> Row:
    if len(found) != 1:
        return failed(CHANNELS, name, "is missing" if not found else f"{len(found)} live channels have this name")
    (channel,) = found
    if channel.get("verificationStatus") == "UNVERIFIED":
        return failed(CHANNELS, name, "is UNVERIFIED: it delivers nothing until its owner confirms it")
    if channel.get("enabled") is False:
        return failed(CHANNELS, name, "is switched off")
    return passed(CHANNELS, name, f"{channel.get('type', 'unknown type')}, delivers")
