"""Log-based metrics: the counters of log entries that the alerts read.

Deliberately not managed here: the logs themselves and their retention. Names carry the environment, because both
stacks declare them in one project, where a metric's name exists once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import logging

from readiness.alerting.log_metric import LogMetric


@dataclass(frozen=True, kw_only=True, slots=True)
class LogMetricsArgs:
    """`metrics` holds name, description and filter of each counter; `apis` must be enabled before them."""

    project: str
    metrics: Sequence[LogMetric]
    apis: pulumi.Resource


class LogMetrics(pulumi.ComponentResource):
    """The counters of one stack, by their names in Cloud Logging; an alert depends on those that it reads."""

    def __init__(self, name: str, args: LogMetricsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:alerting:LogMetrics", name, None, opts)
        self.metrics = {
            metric.name: logging.Metric(
                f"{name}-{metric.slug}",
                project=args.project,
                name=metric.name,
                description=metric.description,
                filter=metric.filter,
                metric_descriptor=logging.MetricMetricDescriptorArgs(metric_kind="DELTA", value_type="INT64", unit="1"),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[args.apis]),
            )
            for metric in args.metrics
        }
        self.register_outputs({"names": [metric.name for metric in args.metrics]})
