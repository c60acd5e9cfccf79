"""Log-based metrics: counters of the log entries that match a filter, or distributions of one of their fields.

A metric's name exists once in a project: two stacks of one project must give their metrics different names.

Not managed here: the logs themselves and how long they are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pulumi
from pulumi_gcp import logging

from .arguments import check_arguments
from .outputs import by_key, with_version
from .resource_options import child_options

if TYPE_CHECKING:
    from readiness.alerts.log_metric import LogMetric


@dataclass(frozen=True, kw_only=True, slots=True)
class LogMetricArgs:
    """A counter of log entries, or with `value_field` a distribution of that field's values.

    `key` ends the resource's name. `labels` maps each label, a field of `jsonPayload`, to its description. A label in
    `label_extractors` is what that expression (`REGEXP_EXTRACT(field, "regex")`) takes from an entry instead.
    `value_field` is a field of `jsonPayload` that holds a number in the unit `unit`. `bucket_bounds` are the ascending
    bounds of the distribution's buckets. Changed labels or buckets make the collected data unusable: change `name`
    with them.
    """

    key: str
    name: pulumi.Input[str]
    description: pulumi.Input[str]
    filter: pulumi.Input[str]
    labels: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    label_extractors: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    value_field: str | None = None
    unit: str = "1"
    bucket_bounds: Sequence[float] = ()

    @classmethod
    def of(cls, metric: LogMetric) -> LogMetricArgs:
        """A metric of the toolkit."""
        return cls(
            key=metric.slug,
            name=metric.name,
            description=metric.description,
            filter=metric.filter,
            labels=metric.labels,
            label_extractors=metric.label_extractors,
            value_field=metric.value_field,
            unit=metric.unit,
            bucket_bounds=metric.bounds,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class LogMetricsArgs:
    """The project that contains the logs, and its metrics."""

    project: pulumi.Input[str]
    metrics: Sequence[LogMetricArgs]


class LogMetrics(pulumi.ComponentResource):
    """Declares one metric for each of the argument `metrics`.

    `names`: the names of the metrics by their `key`. The attribute `metrics` has the resources by their `key`, for
    `depends_on`.
    """

    names: pulumi.Output[Mapping[str, str]]

    def __init__(self, name: str, args: LogMetricsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        place = check_arguments(name, args, LogMetricsArgs)
        for index, metric in enumerate(args.metrics):
            if metric.bucket_bounds and not metric.value_field:
                place.at(f".metrics[{index}].bucket_bounds").refuse("needs `value_field`: a counter has no buckets.")
        super().__init__("readiness:alerting:LogMetrics", name, None, opts)
        self.metrics = {
            metric.key: log_metric(f"{name}-{metric.key}", args.project, metric, child_options(self, opts))
            for metric in args.metrics
        }
        self.names = by_key({key: metric.name for key, metric in self.metrics.items()})
        self.register_outputs(with_version({"names": self.names}))


def log_metric(
    name: str, project: pulumi.Input[str], args: LogMetricArgs, opts: pulumi.ResourceOptions
) -> logging.Metric:
    """The resource of one metric."""
    bounds = [float(bound) for bound in args.bucket_bounds]
    return logging.Metric(
        name,
        project=project,
        name=args.name,
        description=args.description,
        filter=args.filter,
        metric_descriptor=logging.MetricMetricDescriptorArgs(
            metric_kind="DELTA",
            value_type="DISTRIBUTION" if args.value_field else "INT64",
            unit=args.unit,
            labels=[
                logging.MetricMetricDescriptorLabelArgs(key=label, value_type="STRING", description=description)
                for label, description in args.labels.items()
            ]
            or None,
        ),
        label_extractors={
            label: args.label_extractors.get(label, f"EXTRACT(jsonPayload.{label})") for label in args.labels
        }
        or None,
        value_extractor=f"EXTRACT(jsonPayload.{args.value_field})" if args.value_field else None,
        bucket_options=logging.MetricBucketOptionsArgs(
            explicit_buckets=logging.MetricBucketOptionsExplicitBucketsArgs(bounds=bounds)
        )
        if bounds
        else None,
        opts=opts,
    )
