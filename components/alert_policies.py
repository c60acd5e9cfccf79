"""Alert policies: one for each alert, with one condition and the channels that it notifies.

A condition is a PromQL query, which `promtool` can test as it is deployed, or a threshold on a log-based metric, the
form that Prowler's audit looks for (docs/adr/0001-alert-rules.md). A query that groups by `service_name` covers every
service with one policy.

Not managed here: snoozes and other policies of the project.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi_gcp import monitoring

from readiness.times import duration_text

from .arguments import check_arguments
from .outputs import by_key, with_version
from .resource_options import child_options

if TYPE_CHECKING:
    from readiness.alerts.rules import AlertRule
    from readiness.alerts.security_alerts import SecurityRule


@dataclass(frozen=True, kw_only=True, slots=True)
class PromqlConditionArgs:
    """Fires when `query` has returned series for `duration_seconds`, until it returns none.

    A series that ends, because a service scales to zero, ends the incident too: how soon is not documented
    (docs/facts/monitoring.md#what-closes-an-incident).

    Monitoring lists the rule as `alert_rule` in `rule_group`. Set `reads_new_metrics` for a query on a metric that
    Monitoring may not know yet: a log-based metric is unknown until the first matching entry, and for up to ten minutes
    after it was created (https://github.com/hashicorp/terraform-provider-google/issues/20491).
    """

    query: pulumi.Input[str]
    alert_rule: pulumi.Input[str]
    rule_group: pulumi.Input[str]
    duration_seconds: int
    evaluation_interval_seconds: int = 30
    reads_new_metrics: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ThresholdConditionArgs:
    """Fires when the counter that `filter` selects has increased within `window_seconds`."""

    filter: pulumi.Input[str]
    window_seconds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertPolicyArgs:
    """`key` ends the resource's name and is the policy's label `alert`: lower case, digits, `-` and `_`.

    `severity` is CRITICAL, ERROR or WARNING. A notification shows `subject` and below it `documentation`, which is
    Markdown. `channel_ids` have the form `projects/P/notificationChannels/N`. `depends_on` names the log-based metrics
    that the condition reads: Monitoring refuses a condition on a metric that it does not know. `former_keys` are keys
    under which an earlier program declared the policy: the live one is updated in place.
    """

    key: str
    display_name: pulumi.Input[str]
    condition_name: pulumi.Input[str]
    condition: PromqlConditionArgs | ThresholdConditionArgs
    severity: pulumi.Input[str]
    documentation: pulumi.Input[str]
    subject: pulumi.Input[str]
    runbook_url: pulumi.Input[str]
    channel_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    depends_on: Sequence[pulumi.Resource] = ()
    former_keys: Sequence[str] = ()

    @classmethod
    def of(
        cls,
        rule: AlertRule,
        *,
        rule_group: pulumi.Input[str],
        channel_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
        depends_on: Sequence[pulumi.Resource] = (),
    ) -> AlertPolicyArgs:
        """An alert of the toolkit's catalogue."""
        definition = rule.definition
        return cls(
            key=definition.slug,
            display_name=rule.display_name,
            condition_name=rule.condition,
            condition=PromqlConditionArgs(
                query=rule.query,
                alert_rule=definition.name,
                rule_group=rule_group,
                duration_seconds=rule.duration_seconds,
                evaluation_interval_seconds=rule.evaluation_interval_seconds,
                reads_new_metrics=bool(rule.log_metrics) or definition.reads_late_metrics,
            ),
            severity=rule.severity,
            documentation=rule.documentation,
            subject=rule.documentation_subject,
            runbook_url=rule.runbook_url,
            channel_ids=channel_ids,
            depends_on=depends_on,
            former_keys=definition.former_slugs,
        )

    @classmethod
    def of_security(
        cls,
        rule: SecurityRule,
        *,
        channel_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
        depends_on: Sequence[pulumi.Resource] = (),
    ) -> AlertPolicyArgs:
        """A security alert of the toolkit: a threshold on the counter of its log entries."""
        return cls(
            key=rule.alert.slug,
            display_name=rule.display_name,
            condition_name=rule.condition,
            condition=ThresholdConditionArgs(filter=rule.condition_filter, window_seconds=rule.window_seconds),
            severity=rule.alert.severity,
            documentation=rule.documentation,
            subject=rule.documentation_subject,
            runbook_url=rule.runbook_url,
            channel_ids=channel_ids,
            depends_on=depends_on,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertPoliciesArgs:
    """`environment` labels every policy. `auto_close_seconds` (at least 1800) is every policy's `autoClose`.

    An incident of a threshold closes when it has had no data for so long. One of a PromQL condition may close earlier.
    """

    project: pulumi.Input[str]
    environment: pulumi.Input[str]
    auto_close_seconds: int
    policies: Sequence[AlertPolicyArgs]


class AlertPolicies(pulumi.ComponentResource):
    """Declares one policy for each of `policies`. `ids`: the policies' ids by their `key`."""

    ids: pulumi.Output[Mapping[str, str]]

    def __init__(self, name: str, args: AlertPoliciesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(name, args, AlertPoliciesArgs)
        super().__init__("readiness:alerting:AlertPolicies", name, None, opts)
        self.policies = {
            policy.key: _policy(
                f"{name}-{policy.key}",
                policy,
                args,
                pulumi.ResourceOptions.merge(
                    child_options(self, opts, depends_on=policy.depends_on),
                    pulumi.ResourceOptions(aliases=[pulumi.Alias(name=f"{name}-{key}") for key in policy.former_keys]),
                ),
            )
            for policy in args.policies
        }
        self.ids = by_key({key: policy.id for key, policy in self.policies.items()})
        self.register_outputs(with_version({"ids": self.ids}))


def _policy(
    name: str, policy: AlertPolicyArgs, args: AlertPoliciesArgs, opts: pulumi.ResourceOptions
) -> monitoring.AlertPolicy:
    return monitoring.AlertPolicy(
        name,
        project=args.project,
        display_name=policy.display_name,
        # The API requires a combiner. With one condition, its value has no effect.
        combiner="OR",
        conditions=[_condition(policy)],
        severity=policy.severity,
        documentation=monitoring.AlertPolicyDocumentationArgs(
            content=policy.documentation,
            mime_type="text/markdown",
            subject=policy.subject,
            links=[monitoring.AlertPolicyDocumentationLinkArgs(display_name="Runbook", url=policy.runbook_url)],
        ),
        alert_strategy=monitoring.AlertPolicyAlertStrategyArgs(
            auto_close=duration_text(args.auto_close_seconds),
            notification_prompts=["OPENED", "CLOSED"],
        ),
        notification_channels=policy.channel_ids,
        user_labels={"alert": policy.key, "environment": args.environment, "managed_by": "readiness"},
        opts=opts,
    )


def _condition(policy: AlertPolicyArgs) -> monitoring.AlertPolicyConditionArgs:
    condition = policy.condition
    if isinstance(condition, PromqlConditionArgs):
        return monitoring.AlertPolicyConditionArgs(
            display_name=policy.condition_name,
            condition_prometheus_query_language=monitoring.AlertPolicyConditionConditionPrometheusQueryLanguageArgs(
                query=condition.query,
                duration=duration_text(condition.duration_seconds),
                evaluation_interval=duration_text(condition.evaluation_interval_seconds),
                rule_group=condition.rule_group,
                alert_rule=condition.alert_rule,
                disable_metric_validation=condition.reads_new_metrics,
            ),
        )
    return monitoring.AlertPolicyConditionArgs(
        display_name=policy.condition_name,
        condition_threshold=monitoring.AlertPolicyConditionConditionThresholdArgs(
            filter=condition.filter,
            comparison="COMPARISON_GT",
            threshold_value=0,
            duration="0s",
            aggregations=[
                monitoring.AlertPolicyConditionConditionThresholdAggregationArgs(
                    alignment_period=duration_text(condition.window_seconds),
                    # The increase within the window. ALIGN_COUNT would count the samples, including zeros.
                    per_series_aligner="ALIGN_DELTA",
                    cross_series_reducer="REDUCE_SUM",
                )
            ],
            trigger=monitoring.AlertPolicyConditionConditionThresholdTriggerArgs(count=1),
        ),
    )
