"""The program: reads the settings, declares the components, exports what other tools read. It only wires."""

from __future__ import annotations

import pulumi

from components.alert_policies import AlertPolicies, AlertPoliciesArgs
from components.connection_error_metrics import ConnectionErrorMetrics, ConnectionErrorMetricsArgs
from components.notification_channels import NotificationChannels, NotificationChannelsArgs
from readiness.alerting.connection_errors import application_metric, server_metric
from readiness.alerting.rules import rule_group_name, rules_of
from readiness.settings.from_engine import load_settings, secret
from readiness.settings.secret_names import PAGERDUTY_SERVICE_KEY, SLACK_AUTH_TOKEN

settings = load_settings()

channels = NotificationChannels(
    "channels",
    NotificationChannelsArgs(
        project=settings.project,
        environment=settings.environment.name,
        channels=settings.channels,
        slack_auth_token=secret(SLACK_AUTH_TOKEN) if settings.channels.slack is not None else None,
        pagerduty_service_key=secret(PAGERDUTY_SERVICE_KEY) if settings.channels.pagerduty is not None else None,
    ),
)

connection_errors = ConnectionErrorMetrics(
    "connection-errors",
    ConnectionErrorMetricsArgs(
        project=settings.project,
        metrics=(server_metric(settings), application_metric(settings)),
    ),
)

alerts = AlertPolicies(
    "alerts",
    AlertPoliciesArgs(
        project=settings.project,
        environment=settings.environment.name,
        rules=rules_of(settings),
        rule_group=rule_group_name(settings),
        auto_close_seconds=settings.alerts.auto_close_seconds,
        channels=channels,
        log_metrics=connection_errors,
    ),
)

pulumi.export("alert_policies", {alert: policy.id for alert, policy in alerts.policies.items()})
pulumi.export("runbook", settings.runbook.url)
