"""Settings of deployment telemetry: what is watched, who is told, which targets are drawn, what pages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from readiness.settings.base import DashboardViewer, Section, ServiceAccount, Text

SlackEvent = Literal["started", "waiting", "success", "failure", "rollback"]


class DeliveryEnvironment(Section):
    """One environment and the GitHub workflow that deploys to it."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="As in `readiness:environment`.")]
    workflow: Annotated[Text, Field(description="The workflow's `name:`, by which `workflow_run` knows it.")]
    workflow_file: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*\.ya?ml$", description="In `.github/workflows`.")
    ]
    job: Annotated[Text, Field(description="Display name of the deploying job; its duration is the deployment's.")]
    services: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$")], ...],
        Field(strict=False, description="Cloud Run services whose rollbacks are told; of the own stack: its services."),
    ] = ()
    target_deployments_per_week: Annotated[float, Field(gt=0, le=1000, description="More than so many.")]
    target_duration_seconds: Annotated[int, Field(ge=60, le=86_400, description="Less than so long.")]
    slack_events: Annotated[
        tuple[SlackEvent, ...],
        Field(strict=False, description="Default: what the customer's own workflows do not send."),
    ] = ("waiting", "rollback")


class DeploymentTelemetry(Section):
    """The workflows that tell of deployments, the log that keeps them, and the dashboard that shows them."""

    workload_identity_provider: Annotated[
        str,
        Field(pattern=r"^projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/[a-z0-9-]+$"),
    ]
    service_account: Annotated[ServiceAccount, Field(description="Whom the workflows act as; they hold no key.")]
    environments: Annotated[tuple[DeliveryEnvironment, ...], Field(strict=False, min_length=1, max_length=4)]
    target_success_ratio: Annotated[float, Field(gt=0, lt=1, description="A share of 1: 0.95 is 95 %.")] = 0.95
    target_restore_seconds: Annotated[int, Field(ge=60, le=604_800)] = 1800
    slack_reports: Annotated[bool, Field(description="Whether the weekly and monthly report go to Slack too.")] = True
    rollback_poll_minutes: Annotated[
        Literal[5, 10, 15, 30], Field(description="How often the audit log is read; GitHub's least is 5.")
    ] = 15
    log_retention_days: Annotated[int, Field(ge=31, le=3650, description="Of the deployments' own log bucket.")] = 400
    dashboard_viewers: Annotated[
        tuple[DashboardViewer, ...], Field(strict=False, description="`group:team@example.com`, `user:…`, `domain:…`.")
    ] = ()


class DeliveryAlerts(Section):
    """What pages about deployments. That one failed always does."""

    min_success_ratio: Annotated[float, Field(gt=0, lt=1, description="Of the last 20 deployments; 0.95 is 95 %.")] = (
        0.95
    )
    max_days_without_success: Annotated[float, Field(ge=1, le=365)] = 14
