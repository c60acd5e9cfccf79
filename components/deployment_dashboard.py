"""The dashboard of deployments, and who may look at it.

Not managed here: other dashboards, and roles that people have already. `viewers` are added to the project's policy, one
by one, and nobody is taken from it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import monitoring, projects

from components.arguments import check_arguments, refuse_the_same_names
from components.resource_options import child_options

# Dashboards alone do not show data: reading it is the second role.
VIEWER_ROLES = {"dashboards": "roles/monitoring.dashboardViewer", "data": "roles/monitoring.viewer"}


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentDashboardArgs:
    """`dashboard_json`: a dashboard of Monitoring's REST API as JSON. The metrics that it reads exist first.

    `viewers` as IAM writes them, `group:team@example.com`; they are plain text because they name their grants.
    """

    project: pulumi.Input[str]
    dashboard_json: pulumi.Input[str]
    viewers: Sequence[str] = ()


class DeploymentDashboard(pulumi.ComponentResource):
    """`url` opens it in the console."""

    url: pulumi.Output[str]

    def __init__(self, name: str, args: DeploymentDashboardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        place = check_arguments(name, args, DeploymentDashboardArgs).at(".viewers")
        refuse_the_same_names({viewer: _slug(viewer) for viewer in args.viewers}, place)
        super().__init__("readiness:delivery:DeploymentDashboard", name, None, opts)
        dashboard = monitoring.Dashboard(
            f"{name}-dashboard",
            project=args.project,
            dashboard_json=args.dashboard_json,
            opts=child_options(self, opts),
        )
        for viewer in args.viewers:
            for what, role in VIEWER_ROLES.items():
                projects.IAMMember(
                    f"{name}-{what}-{_slug(viewer)}",
                    project=args.project,
                    role=role,
                    member=viewer,
                    opts=child_options(self, opts),
                )
        self.url = pulumi.Output.format(
            "https://console.cloud.google.com/monitoring/dashboards/builder/{0}?project={1}",
            dashboard.id.apply(lambda identity: identity.rpartition("/")[2]),
            args.project,
        )
        self.register_outputs({"url": self.url})


def _slug(viewer: str) -> str:
    return re.sub("[^a-z0-9]+", "-", viewer.lower())
