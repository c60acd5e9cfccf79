"""A log bucket that keeps the entries of one log longer than the default bucket does.

Log Analytics is on, so that SQL can query a quarter or a year. The entries are copied: they also stay in the default
bucket, where log-based metrics count them. Not managed here: the default bucket and its retention.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import logging

from .arguments import check_arguments
from .outputs import with_version
from .resource_options import child_options


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentLogArgs:
    """`log_name` is the last part of the log's name, and also the name of the bucket and of the sink.

    `retention_days`: Google takes 1 to 3650.
    """

    project: pulumi.Input[str]
    log_name: pulumi.Input[str]
    retention_days: pulumi.Input[int]


class DeploymentLog(pulumi.ComponentResource):
    """Declares the bucket, and the sink that copies every entry of the log into it.

    `bucket_id`: `projects/P/locations/global/buckets/B`.
    """

    bucket_id: pulumi.Output[str]

    def __init__(self, name: str, args: DeploymentLogArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(name, args, DeploymentLogArgs)
        super().__init__("readiness:delivery:DeploymentLog", name, None, opts)
        bucket = logging.ProjectBucketConfig(
            f"{name}-bucket",
            project=args.project,
            location="global",
            bucket_id=args.log_name,
            description="Every deployment and rollback, for questions that go back further than the metrics",
            retention_days=args.retention_days,
            enable_analytics=True,
            opts=child_options(self, opts),
        )
        logging.ProjectSink(
            f"{name}-sink",
            project=args.project,
            name=args.log_name,
            description="Deployments and rollbacks into their own bucket",
            destination=pulumi.Output.concat("logging.googleapis.com/", bucket.id),
            filter=pulumi.Output.format('logName="projects/{0}/logs/{1}"', args.project, args.log_name),
            # The default, made explicit. A bucket of the same project needs no grant for the sink's identity.
            unique_writer_identity=True,
            opts=child_options(self, opts),
        )
        self.bucket_id = bucket.id
        self.register_outputs(with_version({"bucket_id": self.bucket_id}))
