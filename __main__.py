"""The program: reads the settings, declares the components, exports what other tools read. It only wires."""

from __future__ import annotations

import pulumi

from components.alert_policies import AlertPolicies, AlertPoliciesArgs
from components.enabled_apis import MONITORING_APIS, EnabledApis, EnabledApisArgs
from components.log_metrics import LogMetrics, LogMetricsArgs
from components.migration_job import MigrationJob, MigrationJobArgs
from components.notification_channels import NotificationChannels, NotificationChannelsArgs
from components.service_availability import ServiceAvailability, ServiceAvailabilityArgs
from readiness.alerting.catalogue import log_metrics_of
from readiness.alerting.rules import rule_group_name, rules_of
from readiness.settings.from_engine import load_settings, stored_secret
from readiness.settings.secret_names import PAGERDUTY_SERVICE_KEY, SLACK_AUTH_TOKEN, SLACK_WEBHOOK_URL

settings = load_settings()
apis = EnabledApis("apis", EnabledApisArgs(project=settings.project, apis=MONITORING_APIS))
channels = NotificationChannels(
    "channels",
    NotificationChannelsArgs(
        project=settings.project,
        environment=settings.environment.name,
        channels=settings.channels,
        slack_auth_token=stored_secret(SLACK_AUTH_TOKEN),
        pagerduty_service_key=stored_secret(PAGERDUTY_SERVICE_KEY),
        apis=apis,
    ),
)
counters = LogMetricsArgs(project=settings.project, metrics=log_metrics_of(settings), apis=apis)
metrics = LogMetrics("log-metrics", counters)
alerts = AlertPolicies(
    "alerts",
    AlertPoliciesArgs(
        project=settings.project,
        environment=settings.environment.name,
        rules=rules_of(settings),
        rule_group=rule_group_name(settings),
        auto_close_seconds=settings.alerts.auto_close_seconds,
        channels=channels,
        log_metrics=metrics,
        apis=apis,
    ),
)
ServiceAvailability("availability", ServiceAvailabilityArgs(settings=settings, apis=apis))
if settings.migration_job is not None:
    MigrationJob("migration-job", MigrationJobArgs(settings=settings, job=settings.migration_job))
pulumi.export("alert_policies", alerts.ids)
pulumi.export("runbook", settings.runbook.url)

if settings.owns_shared_resources:
    # Here, because only the owner needs GitHub's SDK, which takes longer to import than everything else together.
    from components.shared_resources import SharedResources, SharedResourcesArgs

    webhook = stored_secret(SLACK_WEBHOOK_URL)
    owned = SharedResourcesArgs(settings=settings, apis=apis, channels=channels, slack_webhook_url=webhook)
    shared = SharedResources("shared", owned)
    pulumi.export("image_scanning_state", shared.scanning_state)
    pulumi.export("deployment_dashboard", shared.deployment_dashboard)
