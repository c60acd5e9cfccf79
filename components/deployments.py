"""Deployments made visible: what tells of them, what counts and keeps them, and what shows them. Only wires."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.delivery_metrics import DeliveryMetrics, DeliveryMetricsArgs
from components.deployment_dashboard import DeploymentDashboard, DeploymentDashboardArgs
from components.deployment_log import DeploymentLog, DeploymentLogArgs
from components.deployment_telemetry import DeploymentTelemetry, DeploymentTelemetryArgs
from readiness.delivery.dashboard import dashboard_json
from readiness.delivery.metrics import delivery_metrics
from readiness.settings.delivery import DeploymentTelemetry as TelemetrySettings
from readiness.settings.model import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentsArgs:
    """`telemetry` has the services of every environment; `apis` must be enabled before."""

    settings: Settings
    telemetry: TelemetrySettings
    apis: pulumi.Resource


class Deployments(pulumi.ComponentResource):
    """`dashboard_url` opens the dashboard."""

    def __init__(self, name: str, args: DeploymentsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:delivery:Deployments", name, None, opts)
        settings, telemetry, inside = args.settings, args.telemetry, pulumi.ResourceOptions(parent=self)
        project = settings.project
        told = DeploymentTelemetryArgs(
            owner=settings.github_owner,
            repository=settings.repository.name,
            project=project,
            telemetry=telemetry,
            managed_files=settings.managed_files,
            apis=args.apis,
        )
        DeploymentTelemetry("deployment-telemetry", told, inside)
        kept = DeploymentLogArgs(project=project, retention_days=telemetry.log_retention_days, apis=args.apis)
        DeploymentLog("deployment-log", kept, inside)
        counted = [
            DeliveryMetrics(
                f"delivery-metrics-{environment.name}",
                DeliveryMetricsArgs(
                    project=project, metrics=delivery_metrics(project, environment.name), apis=args.apis
                ),
                inside,
            )
            for environment in telemetry.environments
        ]
        shown = DeploymentDashboardArgs(
            project=project,
            dashboard_json=dashboard_json(settings, telemetry),
            viewers=telemetry.dashboard_viewers,
            metrics=counted,
            apis=args.apis,
        )
        self.dashboard_url = DeploymentDashboard("deployment-dashboard", shown, inside).url
        self.register_outputs({"dashboard_url": self.dashboard_url})
