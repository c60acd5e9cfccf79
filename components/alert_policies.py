"""The alert policies: one for each alert of the catalogue, over all services of the stack.

One policy covers every service, because its query keeps `service_name` apart: a new service adds no policy. Each holds
exactly one PromQL condition, the text that the tests run. Deliberately not managed here: snoozes, and whatever other
policies the project has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import monitoring

from components.log_metrics import LogMetrics
from components.notification_channels import NotificationChannels
from readiness.alerting.definition import EVALUATION_INTERVAL_SECONDS
from readiness.alerting.rules import AlertRule
from readiness.durations import duration_text


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertPoliciesArgs:
    """`log_metrics` holds what must exist before a policy that reads it, `apis` before any."""

    project: str
    environment: str
    rules: Sequence[AlertRule]
    rule_group: str
    auto_close_seconds: int
    channels: NotificationChannels
    log_metrics: LogMetrics
    apis: pulumi.Resource


class AlertPolicies(pulumi.ComponentResource):
    """The policies of one stack and their ids, both by the name of their alert."""

    def __init__(self, name: str, args: AlertPoliciesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:alerting:AlertPolicies", name, None, opts)
        self.policies = {rule.definition.name: self._policy(name, rule, args) for rule in args.rules}
        self.ids = {alert: policy.id for alert, policy in self.policies.items()}
        self.register_outputs({"ids": self.ids})

    def _policy(self, name: str, rule: AlertRule, args: AlertPoliciesArgs) -> monitoring.AlertPolicy:
        definition = rule.definition
        return monitoring.AlertPolicy(
            f"{name}-{definition.slug}",
            project=args.project,
            display_name=rule.display_name,
            # A PromQL policy has one condition, so the combiner combines nothing; every published policy sends OR.
            combiner="OR",
            conditions=[_condition(rule, args)],
            severity=definition.severity,
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
            notification_channels=args.channels.ids_of(definition.channel_kinds),
            user_labels={
                "alert": definition.slug,
                "environment": args.environment,
                "managed_by": "readiness",
            },
            # The metric must exist first: Monitoring refuses a query on a log-based metric that it has never seen.
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[args.apis, *(args.log_metrics.metrics[metric.name] for metric in rule.log_metrics)],
            ),
        )


def _condition(rule: AlertRule, args: AlertPoliciesArgs) -> monitoring.AlertPolicyConditionArgs:
    return monitoring.AlertPolicyConditionArgs(
        display_name=rule.condition,
        condition_prometheus_query_language=monitoring.AlertPolicyConditionConditionPrometheusQueryLanguageArgs(
            query=rule.query,
            duration=duration_text(rule.duration_seconds),
            evaluation_interval=duration_text(EVALUATION_INTERVAL_SECONDS),
            rule_group=args.rule_group,
            alert_rule=rule.definition.name,
            # A log-based metric is unknown to Monitoring for up to ten minutes after it was made, and until the first
            # matching line (hashicorp/terraform-provider-google#20491).
            disable_metric_validation=bool(rule.log_metrics) or rule.definition.reads_late_metrics,
        ),
    )
