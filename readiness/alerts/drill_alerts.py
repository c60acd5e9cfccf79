"""The weekly drill: an alert that fires on purpose, so that somebody notices a broken notification channel in time."""

from __future__ import annotations

from collections.abc import Mapping

from readiness.alerts.definition import AlertDefinition
from readiness.settings.channels import EVERY_CHANNEL
from readiness.settings.model import Settings

_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MINUTES = 10


def _drill_values(settings: Settings) -> Mapping[str, str]:
    return {"weekday": str(settings.notification_drill.weekday), "hour": str(settings.notification_drill.hour)}


def _when(settings: Settings) -> str:
    drill = settings.notification_drill
    return f"{_WEEKDAYS[drill.weekday]}, {drill.hour:02}:00 UTC"


NOTIFICATION_DRILL = AlertDefinition(
    name="NotificationDrill",
    title="Notification drill",
    severity="WARNING",
    channel_kinds=EVERY_CHANNEL,
    query=(
        "vector(1) and on () (day_of_week() == $weekday) and on () (hour() == $hour) and on () (minute() < $threshold)"
    ),
    query_values=_drill_values,
    subject=lambda _settings: "this notification itself",
    threshold=lambda _settings: _MINUTES,
    duration_seconds=lambda _settings: 0,
    condition=lambda settings: f"A drill: every {_when(settings)}, for {_MINUTES} min",
    meaning=(
        "Nothing is broken. This alert fires every week on purpose. If it does not arrive on a channel, no other alert "
        "would arrive there either. It notifies every channel that an alert of this stack may use."
    ),
    first_steps=(
        "Do nothing: this is the weekly drill, and it arrived.",
        "If it did not arrive on one of the channels, start it by hand, and check the settings of that channel: "
        "`readiness drill $stack`.",
        "If it arrived on no channel, check that the policy exists and is valid: `readiness verify $stack`.",
    ),
    causes=(
        "It is the time of the weekly drill",
        "Somebody ran `readiness drill STACK`. The notification then contains a word that confirms the drill",
    ),
    mitigation=(
        "If the notification contains a word, confirm that it arrived. Replace WORD with it: `readiness drill $stack "
        "--received=WORD`.",
    ),
    console_path=lambda _settings: "monitoring/alerting",
    value="always 1",
)

DRILL_ALERTS = (NOTIFICATION_DRILL,)
