"""Notification channels: where a notification goes when an alert fires.

For a Slack channel, use the kind `slack` with a bot token. The kind `webhook_tokenauth` posts Google's own JSON,
which a Slack webhook refuses.

Not managed here: existing channels, whose ids are only passed on, and the Slack app or PagerDuty service of a channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pulumi
from pulumi_gcp import monitoring

from .arguments import Place, check_arguments
from .outputs import with_version
from .resource_options import child_options

if TYPE_CHECKING:
    from readiness.settings.base import SecretName
    from readiness.settings.channels import DeclaredChannel

# pulumi.com/registry/packages/gcp/api-docs/monitoring/notificationchannel, "NotificationChannelSensitiveLabels"
_SENSITIVE_LABELS = ("auth_token", "password", "service_key")


@dataclass(frozen=True, kw_only=True, slots=True)
class NotificationChannelArgs:
    """`kind` is Google's type: `email`, `slack`, `pagerduty` and so on.

    `key` follows the kind in the resource's name; leave it out if the kind has one channel. Choose a key that stays the
    same when the list changes, such as an e-mail address in lower case: a renamed channel is deleted and created again,
    and loses its verification.
    `labels` are those of the kind, such as `email_address`; everyone who sees the channel can read them.
    `sensitive_labels` has one of `auth_token`, `service_key` and `password`, whose value reaches the provider as a
    secret. Any other name raises ValueError.
    """

    kind: str
    key: str | None = None
    display_name: pulumi.Input[str]
    labels: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    sensitive_labels: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, channel: DeclaredChannel, secret: Callable[[SecretName], pulumi.Input[str]]) -> NotificationChannelArgs:
        """A channel of a stack's settings. `secret` returns the value of a stored secret."""
        return cls(
            kind=channel.kind,
            key=channel.key,
            display_name=channel.display_name,
            labels=channel.labels,
            sensitive_labels={label: secret(name) for label, name in channel.secrets.items()},
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ExistingChannelArgs:
    """A channel that somebody else manages. `id`: `projects/P/notificationChannels/N`."""

    kind: str
    id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class NotificationChannelsArgs:
    """`environment` is a label of every channel, and the end of its display name, in parentheses."""

    project: pulumi.Input[str]
    environment: pulumi.Input[str]
    channels: Sequence[NotificationChannelArgs]
    existing: Sequence[ExistingChannelArgs] = ()


class NotificationChannels(pulumi.ComponentResource):
    """Declares one channel for each of `channels`. `ids`: lists of ids by kind, those of `existing` last."""

    ids: pulumi.Output[Mapping[str, Sequence[str]]]

    def __init__(self, name: str, args: NotificationChannelsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        place = check_arguments(name, args, NotificationChannelsArgs)
        for index, channel in enumerate(args.channels):
            _check_labels(channel, place.at(f".channels[{index}]"))
        super().__init__("readiness:alerting:NotificationChannels", name, None, opts)
        self._ids: list[tuple[str, pulumi.Input[str]]] = [
            (channel.kind, _channel(_name(name, channel), channel, args, child_options(self, opts)).id)
            for channel in args.channels
        ]
        self._ids += [(channel.kind, channel.id) for channel in args.existing]
        kinds = dict.fromkeys(kind for kind, _ in self._ids)
        ids = pulumi.Output.from_input({kind: self.ids_of([kind]) for kind in kinds})
        # `from_input` also resolves nested outputs, which its annotation does not say.
        self.ids = cast("pulumi.Output[Mapping[str, Sequence[str]]]", ids)
        self.register_outputs(with_version({"ids": self.ids}))

    def ids_of(self, kinds: Iterable[str]) -> list[pulumi.Input[str]]:
        """The ids of the channels of these kinds, one input each, so that a plan shows every id that is known."""
        wanted = frozenset(kinds)
        return [channel_id for kind, channel_id in self._ids if kind in wanted]


def _check_labels(channel: NotificationChannelArgs, place: Place) -> None:
    for label in channel.labels:
        if label in _SENSITIVE_LABELS:
            place.at(".labels").refuse(f"`{label}` would be readable. Put it into `sensitive_labels`.")
    for label in channel.sensitive_labels:
        if label not in _SENSITIVE_LABELS:
            message = f"`{label}` is no sensitive label. Use one of {', '.join(_SENSITIVE_LABELS)}."
            place.at(".sensitive_labels").refuse(message)


def _name(component: str, channel: NotificationChannelArgs) -> str:
    return "-".join(part for part in (component, channel.kind, channel.key) if part)


def _channel(
    name: str, channel: NotificationChannelArgs, args: NotificationChannelsArgs, opts: pulumi.ResourceOptions
) -> monitoring.NotificationChannel:
    secrets = {label: pulumi.Output.secret(value) for label, value in channel.sensitive_labels.items()}
    return monitoring.NotificationChannel(
        name,
        project=args.project,
        type=channel.kind,
        display_name=pulumi.Output.concat(channel.display_name, " (", args.environment, ")"),
        labels=channel.labels or None,
        sensitive_labels=monitoring.NotificationChannelSensitiveLabelsArgs(**secrets) if secrets else None,
        user_labels={"environment": args.environment, "managed_by": "readiness"},
        opts=opts,
    )
