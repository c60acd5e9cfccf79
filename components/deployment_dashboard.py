"""The dashboard of deployments, and who may look at it.

Deliberately not managed here: other dashboards, and roles that people have already. `viewers` are added to the
project's policy, one by one, and nobody is taken from it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import monitoring, projects

# Dashboards alone do not show data: reading it is the second role.
VIEWER_ROLES = {"dashboards": "roles/monitoring.dashboardViewer", "data": "roles/monitoring.viewer"}


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentDashboardArgs:
    """`viewers` as IAM writes them: `group:team@example.com`. `metrics` is what it reads, `apis` before both."""

    project: str
    dashboard_json: str
    viewers: Sequence[str]
    metrics: Sequence[pulumi.Resource]
    apis: pulumi.Resource


class DeploymentDashboard(pulumi.ComponentResource):
    """`url` opens it in the console."""

    def __init__(self, name: str, args: DeploymentDashboardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:delivery:DeploymentDashboard", name, None, opts)
        dashboard = monitoring.Dashboard(
            f"{name}-dashboard",
            project=args.project,
            dashboard_json=args.dashboard_json,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.apis, *args.metrics]),
        )
        for viewer in args.viewers:
            for what, role in VIEWER_ROLES.items():
                projects.IAMMember(
                    f"{name}-{what}-{re.sub('[^a-z0-9]+', '-', viewer.lower())}",
                    project=args.project,
                    role=role,
                    member=viewer,
                    opts=pulumi.ResourceOptions(parent=self, depends_on=[args.apis]),
                )
        self.url = dashboard.id.apply(
            lambda identity: (
                f"https://console.cloud.google.com/monitoring/dashboards/builder/{identity.rpartition('/')[2]}"
                f"?project={args.project}"
            )
        )
        self.register_outputs({"url": self.url})
