"""The component `DeploymentDashboard`."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from components.deployment_dashboard import DeploymentDashboard, DeploymentDashboardArgs
from readiness.plan.recorder import RecordingMonitor
from tests.components.conftest import Declare

ARGS = DeploymentDashboardArgs(
    project="shop-1234",
    dashboard_json='{"displayName": "Deployments"}',
    viewers=["group:Team.A@shop.example.net", "domain:shop.example.net"],
)
GRANTS = {
    "board-dashboards-group-team-a-shop-example-net": (
        "roles/monitoring.dashboardViewer",
        "group:Team.A@shop.example.net",
    ),
    "board-data-group-team-a-shop-example-net": ("roles/monitoring.viewer", "group:Team.A@shop.example.net"),
    "board-dashboards-domain-shop-example-net": ("roles/monitoring.dashboardViewer", "domain:shop.example.net"),
    "board-data-domain-shop-example-net": ("roles/monitoring.viewer", "domain:shop.example.net"),
}


def declare_dashboard(args: DeploymentDashboardArgs = ARGS) -> DeploymentDashboard:
    """The component alone."""
    return DeploymentDashboard("board", args)


def test_the_dashboard_is_the_json_that_is_given(declare: Declare) -> None:
    """Nothing is added to it."""
    inputs = declare(declare_dashboard).inputs("board-dashboard")
    assert inputs == {"project": "shop-1234", "dashboardJson": '{"displayName": "Deployments"}'}


def test_each_viewer_may_see_dashboards_and_their_data(declare: Declare) -> None:
    """Each viewer gets two roles, whose resources are named after the viewer."""
    declared = declare(declare_dashboard)
    assert {name: declared.inputs(name) for name in GRANTS} == {
        name: {"project": "shop-1234", "role": role, "member": member} for name, (role, member) in GRANTS.items()
    }
    assert len(declared.of_type("gcp:projects/iAMMember:IAMMember")) == len(GRANTS)


def test_without_viewers_nobody_is_given_a_role(declare: Declare) -> None:
    """The dashboard alone is declared."""
    declared = declare(lambda: declare_dashboard(dataclasses.replace(ARGS, viewers=())))
    assert declared.names == ["board", "board-dashboard"]


def test_its_output_opens_the_dashboard(declare: Declare, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address contains the last part of the dashboard's id, and the project."""
    answer = RecordingMonitor.RegisterResource

    def with_google_id(self: RecordingMonitor, request: Any) -> Any:
        response = answer(self, request)
        if request.type == "gcp:monitoring/dashboard:Dashboard":
            response.id = "projects/987654321/dashboards/0a1b-2c"
        return response

    monkeypatch.setattr(RecordingMonitor, "RegisterResource", with_google_id)
    assert declare(declare_dashboard).outputs_of("board") == {
        "url": "https://console.cloud.google.com/monitoring/dashboards/builder/0a1b-2c?project=shop-1234"
    }
