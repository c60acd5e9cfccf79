"""Log-based metrics that count database connection errors, one for each log in which they show.

Deliberately not managed here: the logs themselves and their retention. Names carry the environment, because both
stacks declare the pair in one project, where a metric's name exists once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import logging

from readiness.alerting.connection_errors import LogMetric


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionErrorMetricsArgs:
    """`metrics` holds name, description and filter of each counter."""

    project: str
    metrics: Sequence[LogMetric]


class ConnectionErrorMetrics(pulumi.ComponentResource):
    """One counter for each log; what alerts on them depends on this component."""

    def __init__(self, name: str, args: ConnectionErrorMetricsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:alerting:ConnectionErrorMetrics", name, None, opts)
        self.metrics = {
            metric.source: logging.Metric(
                f"{name}-{metric.source}",
                project=args.project,
                name=metric.name,
                description=metric.description,
                filter=metric.filter,
                metric_descriptor=logging.MetricMetricDescriptorArgs(metric_kind="DELTA", value_type="INT64", unit="1"),
                opts=pulumi.ResourceOptions(parent=self),
            )
            for metric in args.metrics
        }
        self.register_outputs({"names": [metric.name for metric in args.metrics]})
