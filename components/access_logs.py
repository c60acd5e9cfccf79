"""The Data Access audit logs of a project, and how long its default log bucket keeps entries.

Each configuration is **authoritative for its API**: it replaces every other configuration of the API in the project,
including exempted members, and leaves other APIs as they are. A destroy turns the log off again. Google bills these
logs like any other log.

Google creates the bucket `_Default` and never deletes it. The provider adopts it, and a destroy leaves it as it is,
with its last number of days (pulumi_gcp.logging.ProjectBucketConfig). If you lower the number of days, older entries
are deleted at once and cannot be restored.

Not managed here: `_Required`, who may read the logs, and who is exempted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import logging, projects

from .arguments import check_arguments
from .outputs import with_version
from .resource_options import child_options


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessLogArgs:
    """`key` ends the resource's name. `service` is an API such as `secretmanager.googleapis.com`.

    `log_types` are of ADMIN_READ, DATA_READ and DATA_WRITE.
    """

    key: str
    service: pulumi.Input[str]
    log_types: Sequence[pulumi.Input[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessLogsArgs:
    """`retention_days` of the project's bucket `_Default`: Google accepts 1 to 3650. None leaves it as it is."""

    project: pulumi.Input[str]
    logs: Sequence[AccessLogArgs]
    retention_days: pulumi.Input[int] | None = None


class AccessLogs(pulumi.ComponentResource):
    """Turns the logs on, and sets the retention of the bucket `_Default`."""

    def __init__(self, name: str, args: AccessLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(name, args, AccessLogsArgs)
        super().__init__("readiness:project:AccessLogs", name, None, opts)
        for log in args.logs:
            projects.IAMAuditConfig(
                f"{name}-{log.key}",
                project=args.project,
                service=log.service,
                audit_log_configs=[
                    projects.IAMAuditConfigAuditLogConfigArgs(log_type=log_type) for log_type in log.log_types
                ],
                opts=child_options(self, opts),
            )
        if args.retention_days is not None:
            logging.ProjectBucketConfig(
                f"{name}-default-bucket",
                project=args.project,
                location="global",
                bucket_id="_Default",
                retention_days=args.retention_days,
                opts=child_options(self, opts),
            )
        self.register_outputs(with_version({}))
