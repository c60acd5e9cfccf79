"""Notification channels: who is told when an alert fires.

Deliberately not managed here: channels that exist already and are named by id in the settings (they are only routed
to), and the Slack app and PagerDuty service behind a channel. A Slack channel is of type `slack` with a bot token;
`webhook_tokenauth` posts Google's own JSON, which a Slack webhook does not take.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pulumi
from pulumi_gcp import monitoring

from readiness.settings.from_engine import StoredSecret
from readiness.settings.model import ChannelKind, Channels


@dataclass(frozen=True, kw_only=True, slots=True)
class NotificationChannelsArgs:
    """The secrets are None where that kind of channel is not configured; `apis` must be enabled before a channel."""

    project: str
    environment: str
    channels: Channels
    slack_auth_token: StoredSecret | None
    pagerduty_service_key: StoredSecret | None
    apis: pulumi.Resource


class NotificationChannels(pulumi.ComponentResource):
    """The stack's channels; `ids_of` says which of them take an alert."""

    def __init__(self, name: str, args: NotificationChannelsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:alerting:NotificationChannels", name, None, opts)
        self._name = name
        self._args = args
        self._ids: list[tuple[ChannelKind, pulumi.Input[str]]] = []
        for address in args.channels.emails:
            # Named by the address itself, so that its place in the list does not matter and no two share a name.
            self._add("email", address.lower(), f"E-mail {address}", labels={"email_address": address})
        if args.channels.slack is not None and args.slack_auth_token is not None:
            labels = {"channel_name": args.channels.slack.channel_name}
            if args.channels.slack.team is not None:
                labels["team"] = args.channels.slack.team
            secret = monitoring.NotificationChannelSensitiveLabelsArgs(auth_token=args.slack_auth_token.value)
            self._add("slack", None, f"Slack {args.channels.slack.channel_name}", labels=labels, secret=secret)
        if args.channels.pagerduty is not None and args.pagerduty_service_key is not None:
            secret = monitoring.NotificationChannelSensitiveLabelsArgs(service_key=args.pagerduty_service_key.value)
            self._add("pagerduty", None, f"PagerDuty {args.channels.pagerduty.service_name}", secret=secret)
        self._ids += [(channel.kind, channel.id) for channel in args.channels.existing]
        self.register_outputs({"ids": [identity for _, identity in self._ids]})

    def ids_of(self, kinds: Iterable[ChannelKind]) -> list[pulumi.Input[str]]:
        """Ids (`projects/P/notificationChannels/N`) of the channels of these kinds."""
        wanted = frozenset(kinds)
        return [identity for kind, identity in self._ids if kind in wanted]

    def _add(
        self,
        kind: ChannelKind,
        suffix: str | None,
        display_name: str,
        *,
        labels: dict[str, str] | None = None,
        secret: monitoring.NotificationChannelSensitiveLabelsArgs | None = None,
    ) -> None:
        channel = monitoring.NotificationChannel(
            "-".join(part for part in (self._name, kind, suffix) if part),
            project=self._args.project,
            type=kind,
            display_name=f"{display_name} ({self._args.environment})",
            labels=labels,
            sensitive_labels=secret,
            user_labels={"environment": self._args.environment, "managed_by": "readiness"},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._args.apis]),
        )
        self._ids.append((kind, channel.id))
