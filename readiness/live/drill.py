"""A drill on demand: one notification that contains a code word, over every channel that the stack's alerts use.

The drill creates a policy whose condition is always true, and deletes it after some minutes. It takes the path of every
alert (evaluation, incident, channel, message), which a test message of a channel does not. The declared policies stay
unchanged: a code word written into one of them would be drift, and would notify nobody before the next week.

`records/drill.<stack>.json` records who received which drill. It is committed like other evidence.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import TypeAdapter

from readiness.alerts.definition import EVALUATION_INTERVAL_SECONDS
from readiness.finding import Finding, RefusedError
from readiness.live.evidence import EvidenceFile
from readiness.live.google_api import Google, GoogleError
from readiness.times import duration_text, instant

# An incident opens at the first evaluation; messages can take minutes. This is the API's minimum for auto-close.
AUTO_CLOSE_SECONDS = 1800
# A weekly drill for a year.
MAX_DRILLS = 52
_MAY_EXIST = "its policy may still exist and notify its channels: run the drill again, which deletes it first"


@dataclass(frozen=True, kw_only=True, slots=True)
class LivePolicy:
    """An alert policy of a stack. `name` and `channels` as the API names them; `labels` are the user's."""

    name: str
    channels: tuple[str, ...]
    labels: Mapping[str, Any]

    @property
    def alert(self) -> str:
        """The name of the policy's alert; empty if its labels name none."""
        return str(self.labels.get("alert", ""))

    @property
    def is_of_a_drill(self) -> bool:
        """Whether a drill on demand made it: one that is running, or one that was interrupted."""
        return "drill" in self.labels


def live_policies(google: Google, environment: str) -> list[LivePolicy]:
    """Every policy of the stack, found by the labels that the program declares.

    Raises GoogleError, also for a policy without a name or with malformed channels.
    """
    path = f"projects/{google.project}/alertPolicies"
    found: list[LivePolicy] = []
    for policy in google.items("monitoring", path, "alertPolicies"):
        labels = policy.get("userLabels")
        if not isinstance(labels, dict):
            continue
        if (labels.get("managed_by"), labels.get("environment")) != ("readiness", environment):
            continue
        name, channels = policy.get("name"), policy.get("notificationChannels", [])
        names = [name, *channels] if isinstance(channels, list) else [None]
        if not all(isinstance(text, str) for text in names):
            raise GoogleError(0, f"monitoring {path}: a policy of {environment} is not as the API describes policies")
        found.append(LivePolicy(name=str(name), channels=tuple(channels), labels=labels))
    return found


def needs_update(rule_id: str, google: Google, message: str) -> Finding:
    """The finding that the project lacks a resource that an update of the stack creates."""
    return Finding(rule_id=rule_id, file=f"project {google.project}", message=message, hint="Run `pulumi up` first")


def new_nonce() -> str:
    """A code word that nobody guesses and everybody can type: eight of 0-9 and a-f."""
    return secrets.token_hex(4)


@contextmanager
def running_drill(google: Google, environment: str, nonce: str) -> Iterator[tuple[str, ...]]:
    """Runs a drill as long as the block lasts; yields the channels that it notifies.

    It first deletes the policies that earlier drills left. Raises RefusedError if no live policy of the stack has a
    channel, and GoogleError.
    """
    policies = live_policies(google, environment)
    for policy in policies:
        if policy.is_of_a_drill:
            _end(google, policy.name)
    declared = [policy for policy in policies if not policy.is_of_a_drill]
    channels = tuple(dict.fromkeys(channel for policy in declared for channel in policy.channels))
    if not channels:
        message = f"no live policy of {environment} notifies a channel, so a drill would reach nobody"
        raise RefusedError([needs_update("drill-needs-update", google, message)])
    name = _begin(google, drill_policy(environment, nonce, channels))
    try:
        yield channels
    finally:
        _end(google, name)


def _begin(google: Google, body: dict[str, Any]) -> str:
    """Creates the policy and returns its name. Raises GoogleError, whose text says if the policy may exist anyway."""
    try:
        name = google.send("POST", "monitoring", f"projects/{google.project}/alertPolicies", body).get("name")
    except GoogleError as error:
        if 0 < error.status < 500:
            raise
        raise GoogleError(error.status, f"{error}; {_MAY_EXIST}") from None
    if not isinstance(name, str) or not name:
        raise GoogleError(0, f"Google's answer does not contain the name of the drill's policy; {_MAY_EXIST}")
    return name


def _end(google: Google, name: str) -> None:
    """Deletes a drill's policy. Raises GoogleError, but not if the policy no longer exists."""
    try:
        google.send("DELETE", "monitoring", name)
    except GoogleError as error:
        if error.status == 404:
            return
        raise GoogleError(error.status, f"{error}; {_MAY_EXIST}") from None


def drill_policy(environment: str, nonce: str, channels: tuple[str, ...]) -> dict[str, Any]:
    """The policy's body. Its names and its text contain the code word, because not every channel shows the text."""
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
                f"Nothing is broken. This drill tests whether alerts of {environment} arrive here.\n\n"
                f"Send the code word **{nonce}** to the person who started the drill, or run "
                f"`readiness drill STACK --received {nonce}`.\n"
            ),
        },
        "notificationChannels": list(channels),
        "alertStrategy": {"autoClose": duration_text(AUTO_CLOSE_SECONDS)},
        "userLabels": {"managed_by": "readiness", "environment": environment, "drill": nonce},
    }


def wait_minutes(minutes: int, sleep: Callable[[float], None] = time.sleep) -> None:
    """Waits for an evaluation, an incident and the slowest channel."""
    sleep(60.0 * minutes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """Somebody received the code word; `at` in UTC, RFC 3339."""

    by: str
    at: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedDrill:
    """A drill that was sent; `channels` are their names in Cloud Monitoring."""

    nonce: str
    sent: str
    channels: tuple[str, ...]
    received: tuple[Receipt, ...] = ()

    @property
    def response_seconds(self) -> float | None:
        """Seconds from sending to the first receipt; None without a receipt. Raises ValueError for a malformed time."""
        receipts = [instant(receipt.at) for receipt in self.received]
        return (min(receipts) - instant(self.sent)).total_seconds() if receipts else None


_DRILLS = EvidenceFile[RecordedDrill](
    name="drill", key="drills", items=TypeAdapter(tuple[RecordedDrill, ...]), most=MAX_DRILLS
)
drill_record_path, write_drills = _DRILLS.path, _DRILLS.write


def read_drills(path: Path) -> tuple[RecordedDrill, ...]:
    """The recorded drills, oldest first; none without a file. Raises RefusedError if the file is not a record."""
    drills = _DRILLS.read(path)
    try:
        for drill in drills:
            # Raises ValueError for a malformed time.
            instant(drill.sent)
            _ = drill.response_seconds
    except ValueError:
        raise _DRILLS.refused(path, "is not a record of drills", "Restore it from version control") from None
    return drills


def response_text(drill: RecordedDrill, target_minutes: int) -> str:
    """The response time and the target; "not known" if nobody has recorded a receipt."""
    seconds = drill.response_seconds
    if seconds is None:
        return "response time not known: nobody has recorded that the code word arrived"
    met = "met" if seconds < 60 * target_minutes else "MISSED"
    return f"response time {_minutes_text(seconds)}, target under {target_minutes} min: {met}"


def response_report(stack: str, drills: Sequence[RecordedDrill], target_minutes: int) -> list[str]:
    """A line for each recorded drill, oldest first, and a summary."""
    if not drills:
        return [f"no drill of {stack} is recorded: response time not known. Send one with: readiness drill {stack}"]
    lines = [f"{drill.sent}  {drill.nonce}  {response_text(drill, target_minutes)}" for drill in drills]
    times = [seconds for drill in drills if (seconds := drill.response_seconds) is not None]
    met = sum(seconds < 60 * target_minutes for seconds in times)
    total = f"{len(times)} of {len(drills)} drills were answered, {met} within {target_minutes} min"
    return [*lines, f"{total}; median {_minutes_text(median(times))}" if times else total]


def drill_document(drill: RecordedDrill, target_minutes: int) -> dict[str, Any]:
    """A drill as JSON. `response_seconds` and `is_met` are null until somebody has recorded that the word arrived."""
    seconds = drill.response_seconds
    return {
        "word": drill.nonce,
        **{name: value for name, value in asdict(drill).items() if name != "nonce"},
        "response_seconds": seconds,
        "target_minutes": target_minutes,
        "is_met": None if seconds is None else seconds < 60 * target_minutes,
    }


def _minutes_text(seconds: float) -> str:
    return f"{seconds / 60:.1f} min"


def with_receipt(path: Path, drills: Sequence[RecordedDrill], nonce: str, receipt: Receipt) -> list[RecordedDrill]:
    """The drills with one more receipt. Raises RefusedError for a code word that no drill has sent."""
    word = nonce.strip().lower()
    if word not in {drill.nonce for drill in drills}:
        known = ", ".join(drill.nonce for drill in drills[-3:]) or "none"
        message = f"contains no drill with the code word {word}; the latest: {known}"
        raise _DRILLS.refused(path, message, "Copy the code word from the notification")
    return [replace(drill, received=(*drill.received, receipt)) if drill.nonce == word else drill for drill in drills]
