"""A drill on demand: one notification with a word in it, over every channel that the stack's alerts use.

A policy that is always true is made for some minutes and deleted again. It takes the way of every alert (evaluation,
incident, channel, message), which a test message of a channel does not. The declared policies stay as they are: a word
written into one of them would be drift, and would come to nobody before the next week.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from readiness.alerts.definition import EVALUATION_INTERVAL_SECONDS
from readiness.durations import duration_text
from readiness.finding import Finding
from readiness.live.google_api import Google, GoogleError
from readiness.live.stack_policies import live_policies
from readiness.refusal import RefusedError

# An incident opens at the first evaluation; messages have been seen to take minutes. The API's least for auto-close.
AUTO_CLOSE_SECONDS = 1800
_MAY_STAND = "its policy may stand and tell its channels still: run the drill again, which deletes it first"


@dataclass(frozen=True, kw_only=True, slots=True)
class Drill:
    """A drill that runs: its word, its policy, and the channels that it goes to."""

    nonce: str
    policy: str
    channels: tuple[str, ...]


def new_nonce() -> str:
    """A word that nobody guesses and everybody can type: eight of 0-9 and a-f."""
    return secrets.token_hex(4)


@contextmanager
def running_drill(google: Google, environment: str, nonce: str) -> Iterator[Drill]:
    """A drill that lasts as long as the block, and what earlier ones left behind is deleted first.

    Raises RefusedError where the stack has no live policy with a channel, and GoogleError.
    """
    policies = live_policies(google, environment)
    for policy in policies:
        if policy.is_of_a_drill:
            _end(google, policy.name)
    channels = tuple(dict.fromkeys(channel for each in policies if not each.is_of_a_drill for channel in each.channels))
    if not channels:
        message = f"no live policy of {environment} tells any channel, so that a drill would reach nobody"
        raise RefusedError(
            [
                Finding(
                    rule_id="drill-needs-update",
                    file=f"project {google.project}",
                    message=message,
                    hint="Run `pulumi up` first",
                )
            ]
        )
    name = _begin(google, drill_policy(environment, nonce, channels))
    try:
        yield Drill(nonce=nonce, policy=name, channels=channels)
    finally:
        _end(google, name)


def _begin(google: Google, body: dict[str, Any]) -> str:
    """Makes the policy and returns its name. Raises GoogleError, which says so where it may stand nevertheless."""
    try:
        name = google.send("POST", "monitoring", f"projects/{google.project}/alertPolicies", body).get("name")
    except GoogleError as error:
        if 0 < error.status < 500:
            raise
        raise GoogleError(error.status, f"{error}; {_MAY_STAND}") from None
    if not isinstance(name, str) or not name:
        raise GoogleError(0, f"Google does not say what the drill's policy is called; {_MAY_STAND}")
    return name


def _end(google: Google, name: str) -> None:
    """Deletes a drill's policy. Raises GoogleError; one that is gone already is none."""
    try:
        google.send("DELETE", "monitoring", name)
    except GoogleError as error:
        if error.status == 404:
            return
        raise GoogleError(error.status, f"{error}; {_MAY_STAND}") from None


def drill_policy(environment: str, nonce: str, channels: tuple[str, ...]) -> dict[str, Any]:
    """The policy's body. Its names and its text hold the word, since not every channel shows the text."""
    return {
        "displayName": f"Drill {nonce} ({environment})",
        "combiner": "OR",
        "enabled": True,
        "severity": "WARNING",
        "conditions": [
            {
                "displayName": f"Drill {nonce}: nothing is broken",
                "conditionPrometheusQueryLanguage": {
                    "query": "vector(1)",
                    "duration": "0s",
                    "evaluationInterval": duration_text(EVALUATION_INTERVAL_SECONDS),
                    "alertRule": "NotificationDrillOnDemand",
                },
            }
        ],
        "documentation": {
            "mimeType": "text/markdown",
            "subject": f"[{environment}] Drill {nonce}: nothing is broken",
            "content": (
                f"Nothing is broken. Somebody wants to know whether alerts of {environment} arrive here.\n\n"
                f"Tell them the word **{nonce}**, or run `readiness drill STACK --received {nonce}`.\n"
            ),
        },
        "notificationChannels": list(channels),
        "alertStrategy": {"autoClose": duration_text(AUTO_CLOSE_SECONDS)},
        "userLabels": {"managed_by": "readiness", "environment": environment, "drill": nonce},
    }


def wait_minutes(minutes: int, sleep: Callable[[float], None] = time.sleep) -> None:
    """Time for an evaluation, an incident and the slowest channel."""
    sleep(60.0 * minutes)
