"""The Data Write audit log of Artifact Registry, and a metric of the vulnerabilities that a scan finds.

The log is off by default; without it, neither a deletion nor a dry run of a cleanup policy is logged. Its configuration
is **authoritative for the service**: it replaces every other configuration of `artifactregistry.googleapis.com` in
the project, including exempted members, and leaves other services as they are. A destroy turns the log off again.

Not managed here: the metrics that alerts read (`log_metrics.py`), and how long the logs are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import projects

from .arguments import check_arguments
from .log_metrics import LogMetricArgs, log_metric
from .outputs import with_version
from .resource_options import child_options


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryAuditArgs:
    """`vulnerabilities` is the metric of the entries that a scan writes to the project's logs."""

    project: pulumi.Input[str]
    vulnerabilities: LogMetricArgs


class RegistryAudit(pulumi.ComponentResource):
    """Enables the Data Write audit log of Artifact Registry, and declares the metric of vulnerabilities.

    `metric_name`: the metric's name in Cloud Logging.
    """

    metric_name: pulumi.Output[str]

    def __init__(self, name: str, args: RegistryAuditArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(name, args, RegistryAuditArgs)
        super().__init__("readiness:registry:RegistryAudit", name, None, opts)
        projects.IAMAuditConfig(
            f"{name}-log",
            project=args.project,
            service="artifactregistry.googleapis.com",
            audit_log_configs=[projects.IAMAuditConfigAuditLogConfigArgs(log_type="DATA_WRITE")],
            opts=child_options(self, opts),
        )
        self.metric = log_metric(
            f"{name}-{args.vulnerabilities.key}", args.project, args.vulnerabilities, child_options(self, opts)
        )
        self.metric_name = self.metric.name
        self.register_outputs(with_version({"metric_name": self.metric_name}))
