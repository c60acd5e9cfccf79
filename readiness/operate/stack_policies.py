"""The alert policies of one stack as they are live, found by the labels that the program declares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from readiness.operate.google_api import Google

Policy = dict[str, Any]


def live_policies(google: Google, environment: str) -> list[Policy]:
    """Every policy of the stack. Raises GoogleError."""
    found = google.items("monitoring", f"projects/{google.project}/alertPolicies", "alertPolicies")
    return [
        each for each in found if _labels(each).items() >= {("managed_by", "readiness"), ("environment", environment)}
    ]


def drill_leftovers(policies: Iterable[Policy]) -> list[Policy]:
    """Policies of drills that were cut short."""
    return [each for each in policies if "drill" in _labels(each)]


def alert_of(policy: Policy) -> str:
    """The alert that a policy is for, empty where it says none."""
    return _labels(policy).get("alert", "")


def _labels(policy: Policy) -> dict[str, str]:
    return policy.get("userLabels", {})
