"""The program: reads the settings, declares the components, exports what other tools read. It only wires."""

from __future__ import annotations

import pulumi

from components.alert_policies import AlertPolicies, AlertPoliciesArgs, AlertPolicyArgs
from components.enabled_apis import MONITORING_APIS, REGISTRY_APIS, EnabledApis, EnabledApisArgs
from components.log_metrics import LogMetricArgs, LogMetrics, LogMetricsArgs
from components.migration_job import MigrationJob, MigrationJobArgs
from components.moved import moved_from
from components.notification_channels import NotificationChannels, NotificationChannelsArgs
from components.service_levels import ServiceLevels, ServiceLevelsArgs
from components.uptime_checks import UptimeCheckArgs, UptimeChecks, UptimeChecksArgs
from readiness.alerting.catalogue import log_metrics_of
from readiness.alerting.rules import rule_group_name, rules_of
from readiness.settings.from_engine import load_settings, stored_secret
from readiness.settings.secret_names import SLACK_WEBHOOK_URL

settings = load_settings()
project, environment = settings.project, settings.environment.name

apis = EnabledApis("apis", EnabledApisArgs(project=project, apis=MONITORING_APIS))
after_apis = pulumi.ResourceOptions(depends_on=[apis])
