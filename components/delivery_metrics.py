"""Log-based metrics of deployments: how many, how long, how soon rolled back, how soon restored.

Names carry environment and version: a changed label or bucket makes a metric's data unusable, so it gets a new name.
Deliberately not managed here: the two figures that the workflows write as custom metrics; the first value makes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import logging

from readiness.delivery.metrics import DeliveryMetric


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryMetricsArgs:
    """The metrics of one environment; `apis` must be enabled before them."""

    project: str
    metrics: Sequence[DeliveryMetric]
    apis: pulumi.Resource


class DeliveryMetrics(pulumi.ComponentResource):
    """One metric each; what alerts on them depends on this component."""

    def __init__(self, name: str, args: DeliveryMetricsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:delivery:DeliveryMetrics", name, None, opts)
        for metric in args.metrics:
            logging.Metric(
                f"{name}-{metric.kind.replace('_', '-')}",
                project=args.project,
                name=metric.name,
                description=metric.description,
                filter=metric.filter,
                metric_descriptor=_descriptor(metric),
                label_extractors={label: f"EXTRACT(jsonPayload.{label})" for label in metric.labels},
                value_extractor=f"EXTRACT(jsonPayload.{metric.value})" if metric.value else None,
                bucket_options=_buckets(metric) if metric.bounds else None,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[args.apis]),
            )
        self.register_outputs({"names": [metric.name for metric in args.metrics]})


def _descriptor(metric: DeliveryMetric) -> logging.MetricMetricDescriptorArgs:
    return logging.MetricMetricDescriptorArgs(
        metric_kind="DELTA",
        value_type="DISTRIBUTION" if metric.value else "INT64",
        unit="s" if metric.value else "1",
        labels=[
            logging.MetricMetricDescriptorLabelArgs(key=label, value_type="STRING", description=_MEANING[label])
            for label in metric.labels
        ],
    )


_MEANING = {
    "outcome": "success, failure, cancelled, or not_started where an approval was refused",
    "service": "all, or the Cloud Run service that was rolled back",
}


def _buckets(metric: DeliveryMetric) -> logging.MetricBucketOptionsArgs:
    bounds = [float(bound) for bound in metric.bounds]
    return logging.MetricBucketOptionsArgs(
        explicit_buckets=logging.MetricBucketOptionsExplicitBucketsArgs(bounds=bounds)
    )
