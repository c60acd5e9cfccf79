"""Google's Monitoring API on the loopback interface, as far as drill and snooze use it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.live.loopback import Reply, Request

PROJECT = "projects/ytgrs-464303"
CHANNELS = (f"{PROJECT}/notificationChannels/1", f"{PROJECT}/notificationChannels/2")


def policy(
    number: int, alert: str, *, environment: str = "staging", channels: tuple[str, ...] = CHANNELS, **labels: str
) -> dict[str, Any]:
    """A live policy as the API lists it."""
    return {
        "name": f"{PROJECT}/alertPolicies/{number}",
        "displayName": f"{alert} ({environment})",
        "notificationChannels": list(channels),
        "userLabels": {"managed_by": "readiness", "environment": environment, "alert": alert, **labels},
    }


@dataclass
class Monitoring:
    """The project's policies. `refuses`: methods and ends of paths that are answered 403."""

    policies: list[dict[str, Any]] = field(default_factory=list)
    refuses: dict[tuple[str, str], int] = field(default_factory=dict)
    made: int = 900

    def answer(self, request: Request) -> Reply:
        """One request, as the API answers it."""
        path = request.path.partition("?")[0].removeprefix("/v3/")
        for (method, end), after in self.refuses.items():
            if request.method == method and path.endswith(end):
                if after == 0:
                    return Reply(403, {"error": {"message": "Permission denied"}})
                self.refuses[method, end] = after - 1
        if request.method == "GET" and path == f"{PROJECT}/alertPolicies":
            return Reply(200, {"alertPolicies": self.policies})
        if request.method == "POST" and path == f"{PROJECT}/alertPolicies":
            self.made += 1
            self.policies.append({**request.body, "name": f"{PROJECT}/alertPolicies/{self.made}"})
            return Reply(200, self.policies[-1])
        if request.method == "DELETE":
            self.policies = [policy for policy in self.policies if policy["name"] != path]
            return Reply(200, {})
        if request.method == "POST" and path == f"{PROJECT}/snoozes":
            return Reply(200, {**request.body, "name": f"{PROJECT}/snoozes/1"})
        return Reply(404, {"error": {"message": f"no {path}"}})
