"""Who deletes from the registry is logged, and what serves and is vulnerable is counted.

The audit configuration is **authoritative for its service**: it replaces whatever else is configured for
`artifactregistry.googleapis.com` in the project, exempted members included, and nothing of other services. Without it
neither a deletion nor a dry run of the cleanup shows anywhere; it is off by default. A destroy switches it off again.

Deliberately not managed here: the counters that alerts read (`log_metrics.py`), and how long the logs are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import logging, projects

from readiness.alerting.registry_alerts import VULNERABILITY_METRIC, vulnerability_filter

# One bucket a step: 0, 1, 2, 5, … findings. A changed bucket makes a metric's data unusable, so the name has a version.
_BOUNDS = (1.0, 2.0, 3.0, 6.0, 11.0, 21.0, 51.0, 101.0, 201.0, 501.0, 1001.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryAuditArgs:
    """`apis` must be enabled before both."""

    project: str
    apis: pulumi.Resource


class RegistryAudit(pulumi.ComponentResource):
    """The Data Write audit log of Artifact Registry, and the distribution of findings by service and severity."""

    def __init__(self, name: str, args: RegistryAuditArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:registry:RegistryAudit", name, None, opts)
        projects.IAMAuditConfig(
            f"{name}-log",
            project=args.project,
            service="artifactregistry.googleapis.com",
            audit_log_configs=[projects.IAMAuditConfigAuditLogConfigArgs(log_type="DATA_WRITE")],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.apis]),
        )
        logging.Metric(
            f"{name}-vulnerabilities",
            project=args.project,
            name=VULNERABILITY_METRIC,
            description="Vulnerabilities of what serves, by the weekly scan",
            filter=vulnerability_filter(args.project),
            metric_descriptor=logging.MetricMetricDescriptorArgs(
                metric_kind="DELTA",
                value_type="DISTRIBUTION",
                unit="1",
                labels=[
                    logging.MetricMetricDescriptorLabelArgs(key=label, value_type="STRING", description=meaning)
                    for label, meaning in _LABELS.items()
                ],
            ),
            label_extractors={label: f"EXTRACT(jsonPayload.{label})" for label in _LABELS},
            value_extractor="EXTRACT(jsonPayload.count)",
            bucket_options=logging.MetricBucketOptionsArgs(
                explicit_buckets=logging.MetricBucketOptionsExplicitBucketsArgs(bounds=list(_BOUNDS))
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.apis]),
        )
        self.register_outputs({"metric": VULNERABILITY_METRIC})


_LABELS = {
    "environment": "The environment that serves it",
    "service": "The Cloud Run service",
    "severity": "critical, high, medium, low or unknown",
}
