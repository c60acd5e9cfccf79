"""The kinds of notification channels.

A kind has an entry in `CHANNEL_DEFINITIONS`, its name in `ChannelKind` and its setting in `Channels`. The settings, the
secrets, the alerts' sets of kinds, the runbook, the rules for plans and `readiness adopt` read them from this file. See
"Add a channel kind" in CONTRIBUTING.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import Field

from readiness.finding import Finding
from readiness.settings.base import EmailAddress, Listed, SecretName, Section, Text
from readiness.settings.placeholders import REACHES_NOBODY, is_placeholder
from readiness.settings.stack_files import StackConfig
from readiness.settings.view import duplicates, findings_of, known, known_items

# The names of Google's types. `notificationChannelDescriptors.list` returns them with their labels
# (https://docs.cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.notificationChannelDescriptors).
ChannelKind = Literal["email", "slack", "pagerduty"]

# A second-hand figure (docs/facts/monitoring.md#channels-of-a-policy).
MAX_CHANNELS_PER_POLICY = 16

SLACK_AUTH_TOKEN = SecretName(
    name="slack_auth_token",
    needed_by=("channels", "slack"),
    what="the bot token of the Slack app",
    form="which begins with `xoxb-`",
    pattern=r"xoxb-[A-Za-z0-9-]+",
)
PAGERDUTY_SERVICE_KEY = SecretName(
    name="pagerduty_service_key",
    needed_by=("channels", "pagerduty"),
    what="the integration key of the PagerDuty service",
    form="which is letters and digits only",
    pattern=r"[A-Za-z0-9]+",
)


class SlackChannel(Section):
    """A Slack channel; its bot token is the secret `readiness:slack_auth_token`."""

    channel_name: Annotated[str, Field(pattern=r"^#[a-z0-9._-]{1,79}$", description="With the `#`, in quotes.")]
    team: Annotated[Text | None, Field(description="Slack workspace, where the API asks for it.")] = None


class PagerDutyService(Section):
    """A PagerDuty service; its integration key is the secret `readiness:pagerduty_service_key`."""

    service_name: Text


class ExistingChannel(Section):
    """A notification channel that somebody else manages."""

    kind: ChannelKind
    id: Annotated[str, Field(pattern=r"^projects/[a-z0-9-]+/notificationChannels/[0-9]+$", max_length=200)]


class Channels(Section):
    """Who is notified. Every alert goes to e-mail; the runbook's row of an alert names its other channels."""

    emails: Listed[EmailAddress] = ()
    slack: SlackChannel | None = None
    pagerduty: PagerDutyService | None = None
    existing: Listed[ExistingChannel] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredChannel:
    """A channel that a stack declares, as plain values.

    `key` distinguishes channels of one kind; None if there is at most one. `secrets` names the secret of each sensitive
    label.
    """

    kind: ChannelKind
    key: str | None = None
    display_name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, SecretName] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelDefinition:
    """A kind of channel.

    `shown_name` is the name in documents. `pages`: whether it pages a person; an alert on a cause skips such a kind.
    `required_labels`: the labels that Google requires. `secrets`: the secret of each sensitive label. `channels`
    yields the channels that a stack configures, without their secrets.
    """

    kind: ChannelKind
    shown_name: str
    pages: bool = False
    required_labels: tuple[str, ...] = ()
    secrets: Mapping[str, SecretName] = field(default_factory=dict)
    channels: Callable[[Channels], Iterable[DeclaredChannel]]


def _emails(channels: Channels) -> Iterator[DeclaredChannel]:
    for address in channels.emails:
        # The address is the key, so that its place in the list does not matter and no two channels share a name.
        labels = {"email_address": address}
        yield DeclaredChannel(kind="email", key=address.lower(), display_name=f"E-mail {address}", labels=labels)


def _slack(channels: Channels) -> Iterator[DeclaredChannel]:
    if channels.slack is not None:
        labels = {"channel_name": channels.slack.channel_name}
        if channels.slack.team is not None:
            labels["team"] = channels.slack.team
        yield DeclaredChannel(kind="slack", display_name=f"Slack {channels.slack.channel_name}", labels=labels)


def _pagerduty(channels: Channels) -> Iterator[DeclaredChannel]:
    if channels.pagerduty is not None:
        yield DeclaredChannel(kind="pagerduty", display_name=f"PagerDuty {channels.pagerduty.service_name}")


# The order in which channels are declared and the runbook names them.
CHANNEL_DEFINITIONS = (
    ChannelDefinition(kind="email", shown_name="e-mail", required_labels=("email_address",), channels=_emails),
    ChannelDefinition(
        kind="slack",
        shown_name="Slack",
        required_labels=("channel_name",),
        secrets={"auth_token": SLACK_AUTH_TOKEN},
        channels=_slack,
    ),
    ChannelDefinition(
        kind="pagerduty",
        shown_name="PagerDuty",
        pages=True,
        secrets={"service_key": PAGERDUTY_SERVICE_KEY},
        channels=_pagerduty,
    ),
)
CHANNEL_SECRETS = tuple(secret for definition in CHANNEL_DEFINITIONS for secret in definition.secrets.values())

# The sets of kinds that an alert can notify. Which alert gets which set: readiness/alerts/definition.py.
EVERY_CHANNEL: frozenset[ChannelKind] = frozenset(definition.kind for definition in CHANNEL_DEFINITIONS)
PAGE = EVERY_CHANNEL
TEAM: frozenset[ChannelKind] = frozenset(definition.kind for definition in CHANNEL_DEFINITIONS if not definition.pages)
EMAIL_ONLY: frozenset[ChannelKind] = frozenset({"email"})


def declared_channels(channels: Channels) -> Iterator[DeclaredChannel]:
    """The channels that a stack declares, without those of `existing`, which are managed elsewhere."""
    for definition in CHANNEL_DEFINITIONS:
        yield from (replace(channel, secrets=definition.secrets) for channel in definition.channels(channels))


def configured_kinds(channels: Channels) -> frozenset[ChannelKind]:
    """The kinds of which the stack has at least one channel, declared here or managed elsewhere."""
    existing = (channel.kind for channel in channels.existing)
    return frozenset({*existing, *(channel.kind for channel in declared_channels(channels))})


def shown_names(kinds: frozenset[ChannelKind]) -> list[str]:
    """The names of kinds as people read them, in the order of the definitions: `["e-mail", "Slack"]`."""
    return [definition.shown_name for definition in CHANNEL_DEFINITIONS if definition.kind in kinds]


def channels_notified(kinds: frozenset[ChannelKind], channels: Channels) -> list[str]:
    """Those of the kinds that the stack has a channel of, by the names that people read: `["e-mail"]`."""
    return shown_names(kinds & configured_kinds(channels))


def channel_problems(config: StackConfig, channels: Channels) -> Iterator[Finding]:
    """Every rule between the channels: one for e-mail, none twice, not too many."""
    yield from findings_of(
        lambda: duplicates(config, ("channels", "emails"), channels.emails),
        lambda: duplicates(config, ("channels", "existing"), channels.existing, "id"),
        lambda: _email_problems(config, channels),
        lambda: _count_problems(config, channels),
        lambda: _placeholder_warnings(config, channels.emails),
        lambda: _email_only_warning(config, channels),
    )


def channel_project_problems(
    config: StackConfig, existing: tuple[ExistingChannel, ...], project: str
) -> Iterator[Finding]:
    """A policy can use channels of its own project only."""
    for index, channel in known_items(existing):
        identity = known(channel, "id")
        if identity is not None and identity.split("/")[1] != project:
            path, hint = ("channels", "existing", index, "id"), "Name one of the project in `gcp:project`"
            yield config.error("settings-channels", path, "belongs to another project", hint)


def _email_problems(config: StackConfig, channels: Channels) -> Iterator[Finding]:
    # An unknown key may have been meant for e-mail.
    if config.values["readiness:channels"].keys() - Channels.model_fields.keys():
        return
    if not channels.emails and all(channel.kind != "email" for channel in channels.existing):
        message = "has no e-mail channel, and an alert that goes by e-mail only would reach nobody"
        hint = "Add an address to `emails`, or an existing channel of kind email"
        yield config.error("settings-channels", ("channels",), message, hint)


def _count_problems(config: StackConfig, channels: Channels) -> Iterator[Finding]:
    values = [known(channels, name) for name in Channels.model_fields]
    total = sum(len(value) if isinstance(value, Sized) else int(value is not None) for value in values)
    if total > MAX_CHANNELS_PER_POLICY:
        message = f"holds {total} channels, and a policy takes at most {MAX_CHANNELS_PER_POLICY}"
        yield config.error("settings-channels", ("channels",), message, "Put the addresses behind a mailing list")


def _placeholder_warnings(config: StackConfig, emails: tuple[str, ...]) -> Iterator[Finding]:
    for index, address in known_items(emails):
        if is_placeholder(address):
            path, hint = ("channels", "emails", index), "Write the real address before the first `pulumi up`"
            yield config.warning("settings-placeholder", path, REACHES_NOBODY, hint, placeholder=True)


def _email_only_warning(config: StackConfig, channels: Channels) -> Iterator[Finding]:
    """Every CRITICAL alert notifies every kind of channel: with e-mail alone, it waits until somebody reads mail."""
    if configured_kinds(channels) == EMAIL_ONLY:
        names = " or ".join(shown_names(EVERY_CHANNEL - EMAIL_ONLY))
        message = f"has only e-mail, so every CRITICAL alert waits until somebody reads mail: there is no {names}"
        hint = "Add `slack` or `pagerduty`, or the id of an existing channel of such a kind"
        yield config.warning("settings-email-only", ("channels",), message, hint)
