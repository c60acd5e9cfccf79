"""Alert policies (monitoring v3, `AlertPolicy`), apart from their conditions.

Sources: the descriptions in the discovery document, google-cloud-monitoring 2.32.0 `types/alert.py`, and the API's own
refusals as users have reported them (docs/facts/monitoring.md#limits-of-an-alert-policy).
"""

from __future__ import annotations

from collections.abc import Iterator

from readiness.rules.body_view import BodyView
from readiness.rules.prose_rules.common import Rule, at_most_characters, in_each, labels_well_formed, malformed
from readiness.rules.prose_rules.conditions import CONDITION_RULES
from readiness.rules.violation import FieldMessage

MAX_CONDITIONS = 6
MAX_CHANNELS = 16
MIN_AUTO_CLOSE_SECONDS = 1800
MAX_CONTENT_CHARACTERS = 8192
MAX_CONTENT_BYTES = 10_240
MAX_SUBJECT_BYTES = 255
MAX_LINKS = 3
MAX_LINK_NAME_CHARACTERS = 63
MAX_LINK_CHARACTERS = 2083
_ALONE = ("conditionPrometheusQueryLanguage", "conditionMatchedLog", "conditionSql", "conditionMonitoringQueryLanguage")


def _one_to_six_conditions(policy: BodyView) -> Iterator[FieldMessage]:
    """`A policy can have from one to six conditions.`"""
    count = len(policy.each("conditions"))
    if not 1 <= count <= MAX_CONDITIONS:
        yield policy.finding("conditions", f"are {count}; a policy has from one to {MAX_CONDITIONS}")


def _some_conditions_stand_alone(policy: BodyView) -> Iterator[FieldMessage]:
    """A PromQL, log match, SQL or MQL condition is the only one (Google's pages on each; `AlertPolicy.conditions`)."""
    conditions = policy.each("conditions")
    for condition in conditions:
        for kind in condition.written(*_ALONE):
            if len(conditions) > 1:
                yield condition.finding(kind, "must be the only condition of its policy")


def _auto_close_of_half_an_hour(policy: BodyView) -> Iterator[FieldMessage]:
    """`autoclose duration should be at least 30 minutes`: the API's refusal (nomadkaraoke/karaoke-gen#788)."""
    strategy = policy.field("alertStrategy")
    seconds = strategy.seconds("autoClose")
    if seconds is not None and seconds < MIN_AUTO_CLOSE_SECONDS:
        yield strategy.finding("autoClose", f"is {seconds:g} s; the API takes {MIN_AUTO_CLOSE_SECONDS} s or more")


def _rate_limit_for_log_match_only(policy: BodyView) -> Iterator[FieldMessage]:
    """`Required for log-based alerting policies […] not implemented for` others (`AlertStrategy`)."""
    strategy = policy.field("alertStrategy")
    matches_logs = any(condition.has("conditionMatchedLog") for condition in policy.each("conditions"))
    if matches_logs and not strategy.has("notificationRateLimit"):
        yield policy.finding("alertStrategy.notificationRateLimit", "is required where a condition matches logs")
    if not matches_logs and strategy.has("notificationRateLimit"):
        yield strategy.finding("notificationRateLimit", "is taken only where a condition matches logs")


def _prompts(policy: BodyView) -> Iterator[FieldMessage]:
    """`[OPENED]` or `[OPENED, CLOSED]`; where logs are matched `[OPENED]` (`types/alert.py`)."""
    strategy = policy.field("alertStrategy")
    prompts = strategy.field("notificationPrompts").value
    if not isinstance(prompts, list):
        return
    matches_logs = any(condition.has("conditionMatchedLog") for condition in policy.each("conditions"))
    if matches_logs and prompts != ["OPENED"]:
        yield strategy.finding("notificationPrompts", "must be [OPENED] where a condition matches logs")
    elif "OPENED" not in prompts:
        yield strategy.finding("notificationPrompts", "must be [OPENED] or [OPENED, CLOSED]")


def _renotify_interval(policy: BodyView) -> Iterator[FieldMessage]:
    """`The value must be between 30 minutes and 24 hours.` (`NotificationChannelStrategy.renotifyInterval`)"""
    for strategy in policy.field("alertStrategy").each("notificationChannelStrategy"):
        seconds = strategy.seconds("renotifyInterval")
        if seconds is not None and not 1800 <= seconds <= 86_400:
            yield strategy.finding("renotifyInterval", f"is {seconds:g} s; the API takes 1800 s to 86400 s")


def _documentation(policy: BodyView) -> Iterator[FieldMessage]:
    """The limits of `Documentation`; past 255 bytes the subject is cut in every notification."""
    documentation = policy.field("documentation")
    content = documentation.text("content") or ""
    if len(content) > MAX_CONTENT_CHARACTERS:
        yield documentation.finding("content", f"has {len(content)} characters; the API takes {MAX_CONTENT_CHARACTERS}")
    if len(content.encode()) > MAX_CONTENT_BYTES:
        yield documentation.finding("content", f"has {len(content.encode())} bytes; the API takes {MAX_CONTENT_BYTES}")
    if (documentation.text("mimeType") or "text/markdown") != "text/markdown":
        yield documentation.finding("mimeType", "must be text/markdown")
    subject = documentation.text("subject") or ""
    if len(subject.encode()) > MAX_SUBJECT_BYTES:
        message = f"has {len(subject.encode())} bytes; notifications cut it at {MAX_SUBJECT_BYTES}"
        yield documentation.finding("subject", message)


def _links(policy: BodyView) -> Iterator[FieldMessage]:
    """At most three links (`types/alert.py`), each within the limits of `Link`."""
    documentation = policy.field("documentation")
    links = documentation.each("links")
    if len(links) > MAX_LINKS:
        yield documentation.finding("links", f"are {len(links)}; the API takes {MAX_LINKS}")
    for link in links:
        name = link.text("displayName")
        if name is not None and not 1 <= len(name) <= MAX_LINK_NAME_CHARACTERS:
            message = f"has {len(name)} characters; the API takes 1 to {MAX_LINK_NAME_CHARACTERS}"
            yield link.finding("displayName", message)
        yield from at_most_characters("url", MAX_LINK_CHARACTERS)(link)


def _channels(policy: BodyView) -> Iterator[FieldMessage]:
    """At most 16 channels (docs/facts/monitoring.md#channels-of-a-policy), each by its full name."""
    channels = policy.each("notificationChannels")
    if len(channels) > MAX_CHANNELS:
        yield policy.finding("notificationChannels", f"are {len(channels)}; a policy takes {MAX_CHANNELS}")
    for channel in channels:
        full_name = r"projects/[^/]+/notificationChannels/[^/]+"
        yield from malformed(channel, full_name, "of the form projects/P/notificationChannels/N")


ALERT_POLICY_RULES: tuple[Rule, ...] = (
    at_most_characters("displayName", 512),
    labels_well_formed("userLabels"),
    _one_to_six_conditions,
    _some_conditions_stand_alone,
    in_each("conditions", *CONDITION_RULES),
    _auto_close_of_half_an_hour,
    _rate_limit_for_log_match_only,
    _prompts,
    _renotify_interval,
    _documentation,
    _links,
    _channels,
)
