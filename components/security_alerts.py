"""The security alerts of the project: a counter of audit log entries and a policy for each line of CIS 2.5 to 2.12.

Threshold conditions, and no PromQL: Prowler, which the audit runs, reads nothing else (readiness/alerting/
security_alerts.py). Deliberately not managed here: the audit logs themselves; what these count is always logged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import monitoring

from components.log_metrics import LogMetrics, LogMetricsArgs
from components.notification_channels import NotificationChannels
from readiness.alerting.security_alerts import WINDOW_SECONDS, SecurityRule
from readiness.durations import duration_text


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityAlertsArgs:
    """`environment` is that of the stack that owns them; `apis` must be enabled before anything here."""

    project: str
    environment: str
    rules: Sequence[SecurityRule]
    auto_close_seconds: int
    channels: NotificationChannels
    apis: pulumi.Resource


class SecurityAlerts(pulumi.ComponentResource):
    """The policies, each after its counter."""

    def __init__(self, name: str, args: SecurityAlertsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:alerting:SecurityAlerts", name, None, opts)
        counted = [rule.alert.metric for rule in args.rules]
        counters = LogMetricsArgs(project=args.project, metrics=counted, apis=args.apis)
        self._counters = LogMetrics(f"{name}-metric", counters, pulumi.ResourceOptions(parent=self)).metrics
        self.policies = {rule.alert.name: self._policy(name, rule, args) for rule in args.rules}
        self.register_outputs({})

    def _policy(self, name: str, rule: SecurityRule, args: SecurityAlertsArgs) -> monitoring.AlertPolicy:
        return monitoring.AlertPolicy(
            f"{name}-{rule.alert.slug}",
            project=args.project,
            display_name=rule.display_name,
            combiner="OR",
            conditions=[_condition(rule)],
            severity=rule.alert.severity,
            documentation=monitoring.AlertPolicyDocumentationArgs(
                content=rule.documentation,
                mime_type="text/markdown",
                subject=rule.documentation_subject,
                links=[monitoring.AlertPolicyDocumentationLinkArgs(display_name="Runbook", url=rule.runbook_url)],
            ),
            alert_strategy=monitoring.AlertPolicyAlertStrategyArgs(
                auto_close=duration_text(args.auto_close_seconds),
                notification_prompts=["OPENED", "CLOSED"],
            ),
            notification_channels=args.channels.ids_of(rule.alert.channel_kinds),
            user_labels={
                "alert": rule.alert.slug,
                "environment": args.environment,
                "managed_by": "readiness",
            },
            # Monitoring refuses a filter on a log-based metric that it has never seen.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.apis, self._counters[rule.alert.metric.name]]),
        )


def _condition(rule: SecurityRule) -> monitoring.AlertPolicyConditionArgs:
    return monitoring.AlertPolicyConditionArgs(
        display_name=rule.condition,
        condition_threshold=monitoring.AlertPolicyConditionConditionThresholdArgs(
            filter=rule.condition_filter,
            comparison="COMPARISON_GT",
            threshold_value=0,
            duration=duration_text(0),
            aggregations=[
                monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                    alignment_period=duration_text(WINDOW_SECONDS),
                    # The change within the window. ALIGN_COUNT would count the samples, zeros among them.
                    per_series_aligner="ALIGN_DELTA",
                    cross_series_reducer="REDUCE_SUM",
                )
            ],
            trigger=monitoring.AlertPolicyConditionConditionThresholdTriggerArgs(count=1),
        ),
    )
