"""A dashboard of Cloud Monitoring, and the roles of those who view it.

Not managed here: other dashboards, and roles that people already have. Each viewer is added to the project's IAM
policy, and no other member is removed from it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import monitoring, projects

from .arguments import check_arguments, refuse_the_same_names
from .outputs import with_version
from .resource_options import child_options

# The first role shows dashboards without their data, which needs the second role.
VIEWER_ROLES = {"dashboards": "roles/monitoring.dashboardViewer", "data": "roles/monitoring.viewer"}


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentDashboardArgs:
    """`dashboard_json` is a dashboard in the JSON form of the Cloud Monitoring API.

    The metrics that the dashboard reads must exist first: name them in the component's `depends_on`. `viewers` are IAM
    members, such as `group:team@example.com`. They are plain strings because they are part of resource names.
    """

    project: pulumi.Input[str]
    dashboard_json: pulumi.Input[str]
    viewers: Sequence[str] = ()


class DeploymentDashboard(pulumi.ComponentResource):
    """Declares the dashboard, and two roles for each viewer. `url`: the dashboard's address in the console."""

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
        self.register_outputs(with_version({"url": self.url}))


def _slug(viewer: str) -> str:
    return re.sub("[^a-z0-9]+", "-", viewer.lower())
