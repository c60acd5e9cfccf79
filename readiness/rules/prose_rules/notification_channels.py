"""Notification channels (monitoring v3, `NotificationChannel`).

Sources: the descriptions in the discovery document, the provider's documentation of `sensitive_labels`, and what users
report of Slack (docs/facts/monitoring.md#notification-channels).
"""

from __future__ import annotations

from collections.abc import Iterator

from readiness.rules.body_view import BodyView
from readiness.rules.google_bodies import sensitive_labels
from readiness.rules.prose_rules.common import Rule, at_most_characters, labels_well_formed
from readiness.rules.violation import FieldMessage
from readiness.settings.channels import CHANNEL_DEFINITIONS

_SENSITIVE = ("auth_token", "password", "service_key")
# Labels that a channel of the type cannot work without, the sensitive ones among them.
_NEEDED: dict[str, tuple[str, ...]] = {
    definition.kind: (*definition.required_labels, *definition.secrets) for definition in CHANNEL_DEFINITIONS
}


def _labels_of_the_type(channel: BodyView) -> Iterator[FieldMessage]:
    labels = channel.field("labels")
    for name in _NEEDED.get(channel.text("type") or "", ()):
        if not labels.has(name) or labels.field(name).value == "":
            yield channel.finding(f"labels.{name}", f"is required in a channel of type {channel.text('type')}")


def _no_plain_webhook_for_slack(channel: BodyView) -> Iterator[FieldMessage]:
    """A webhook posts Google's incident JSON; a Slack hook wants `text` or `blocks` and refuses it."""
    type_ = channel.text("type") or ""
    if type_ == "webhook_tokenauth":
        yield channel.finding("type", "webhook_tokenauth cannot reach Slack; use type slack with a bot token")
    elif type_.startswith("webhook") and "hooks.slack.com" in (channel.field("labels").text("url") or ""):
        yield channel.finding("labels.url", "is a Slack hook, which does not take Google's JSON; use type slack")


def _email_address(channel: BodyView) -> Iterator[FieldMessage]:
    address = channel.field("labels").text("email_address")
    if address is not None and "@" not in address:
        yield channel.finding("labels.email_address", "is no e-mail address")


def _secrets_only_as_sensitive_labels(inputs: BodyView) -> Iterator[FieldMessage]:
    """Among the plain labels a token would stand in plans, state and history (rule on inputs)."""
    for name in _SENSITIVE:
        if inputs.field("labels").has(name):
            yield inputs.finding(f"labels.{name}", "is a secret and belongs in sensitiveLabels")


def _one_sensitive_label(inputs: BodyView) -> Iterator[FieldMessage]:
    """`Exactly one of` auth_token, password, service_key a block (provider documentation; rule on inputs)."""
    sensitive = inputs.field("sensitiveLabels").value
    given = sensitive_labels(inputs.value) if isinstance(sensitive, dict) else {}
    if isinstance(sensitive, dict) and len(given) != 1:
        yield inputs.finding("sensitiveLabels", f"holds {len(given)} labels; the provider takes exactly one")
    for name in given:
        if inputs.field("labels").has(name):
            yield inputs.finding("sensitiveLabels", f"{name} stands in labels too, which the provider refuses")


CHANNEL_RULES: tuple[Rule, ...] = (
    at_most_characters("displayName", 512),
    at_most_characters("description", 1024),
    labels_well_formed("userLabels"),
    _labels_of_the_type,
    _no_plain_webhook_for_slack,
    _email_address,
)
CHANNEL_INPUT_RULES: tuple[Rule, ...] = (_secrets_only_as_sensitive_labels, _one_sensitive_label)
