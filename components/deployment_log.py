"""The deployments' own log bucket: log-based metrics keep six weeks and count nothing twice, this keeps the entries.

Log Analytics is on, so that a quarter or a year can be asked in SQL. The entries stay in the default bucket as well,
where the log-based metrics count them. Deliberately not managed here: the default bucket and its retention.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import logging

from readiness.managed_files.delivery_files import DEPLOYMENT_LOG


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentLogArgs:
    """`retention_days`: Google takes 1 to 3650. `apis` must be enabled before the bucket."""

    project: str
    retention_days: int
    apis: pulumi.Resource


class DeploymentLog(pulumi.ComponentResource):
    """The bucket, and the sink that copies every deployment's entry into it."""

    def __init__(self, name: str, args: DeploymentLogArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:delivery:DeploymentLog", name, None, opts)
        bucket = logging.ProjectBucketConfig(
            f"{name}-bucket",
            project=args.project,
            location="global",
            bucket_id=DEPLOYMENT_LOG,
            description="Every deployment and rollback, for questions that go back further than the metrics",
            retention_days=args.retention_days,
            enable_analytics=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.apis]),
        )
        logging.ProjectSink(
            f"{name}-sink",
            project=args.project,
            name=DEPLOYMENT_LOG,
            description="Deployments and rollbacks into their own bucket",
            destination=pulumi.Output.concat("logging.googleapis.com/", bucket.id),
            filter=f'logName="projects/{args.project}/logs/{DEPLOYMENT_LOG}"',
            # A bucket of the same project needs no grant to the writer; the provider's default will be true.
            unique_writer_identity=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.apis]),
        )
        self.register_outputs({"bucket": bucket.id})
