"""The component `DeploymentDashboard`."""

from __future__ import annotations

import dataclasses
from typing import Any

import pulumi
import pytest

from components.deployment_dashboard import DeploymentDashboard, DeploymentDashboardArgs
from components.enabled_apis import EnabledApis, EnabledApisArgs
from components.log_metrics import LogMetricArgs, LogMetrics, LogMetricsArgs
from readiness.plan.recorder import RecordingMonitor
from tests.components.conftest import Declare
from tests.components.inputs import assert_inputs_are_inputs

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


def test_every_child_waits_for_what_the_component_depends_on(declare: Declare) -> None:
    """The API, and the metrics that the dashboard reads."""

    def program() -> None:
        apis = EnabledApis("apis", EnabledApisArgs(project="shop-1234", apis=["monitoring.googleapis.com"]))
        counter = LogMetricArgs(key="errors", name="errors", description="Errors", filter="severity=ERROR")
        metrics = LogMetrics("logs", LogMetricsArgs(project="shop-1234", metrics=[counter]))
        DeploymentDashboard("board", ARGS, pulumi.ResourceOptions(depends_on=[apis, metrics]))

    declared = declare(program)
    for name in ("board-dashboard", *GRANTS):
        assert declared.dependencies_of(name) == {"apis-monitoring", "logs-errors"}


def test_two_fit_into_one_program(declare: Declare) -> None:
    """Their children have different names, because each begins with the name of its component."""
    declared = declare(lambda: [DeploymentDashboard("first", ARGS), DeploymentDashboard("second", ARGS)])
    for name in ("first", "second"):
        children = [f"{name}-dashboard", *(grant.replace("board", name, 1) for grant in GRANTS)]
        assert [declared.parent_of(child) for child in children] == [name] * len(children)


def test_every_input_may_be_an_output_unknown_or_secret(declare: Declare) -> None:
    """Project and dashboard."""
    assert_inputs_are_inputs(declare, declare_dashboard, ARGS)
