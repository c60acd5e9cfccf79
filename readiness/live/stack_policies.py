"""The alert policies of one stack as they are live, found by the labels that the program declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readiness.live.google_api import Google, GoogleError


@dataclass(frozen=True, kw_only=True, slots=True)
class LivePolicy:
    """`name` and `channels` as the API names them; `labels` are the user's."""

    name: str
    channels: tuple[str, ...]
    labels: Mapping[str, Any]

    @property
    def alert(self) -> str:
        """The alert that the policy is for, empty where it says none."""
        return str(self.labels.get("alert", ""))

    @property
    def is_of_a_drill(self) -> bool:
        """Whether it was made by a drill on demand: one that runs, or one that was cut short."""
        return "drill" in self.labels


def live_policies(google: Google, environment: str) -> list[LivePolicy]:
    """Every policy of the stack. Raises GoogleError, also for one that has no name or channels of another kind."""
    path = f"projects/{google.project}/alertPolicies"
    found: list[LivePolicy] = []
    for each in google.items("monitoring", path, "alertPolicies"):
        labels = each.get("userLabels")
        if not isinstance(labels, dict):
            continue
        if (labels.get("managed_by"), labels.get("environment")) != ("readiness", environment):
            continue
        name, channels = each.get("name"), each.get("notificationChannels", [])
        names = [name, *channels] if isinstance(channels, list) else [None]
        if not all(isinstance(text, str) for text in names):
            raise GoogleError(0, f"monitoring {path}: a policy of {environment} is not as the API describes policies")
        found.append(LivePolicy(name=str(name), channels=tuple(channels), labels=labels))
    return found
