"""Renders the files that report deployments: three workflows, their program, and its settings, below `.github/`.

The program is delivered unchanged from `delivery_telemetry/`, next to this file, and tested there.
"""

from __future__ import annotations

from readiness.alerts.log_metric import DEPLOYMENT_LOG
from readiness.delivered.header import program_files, with_header
from readiness.delivered.templates import filled_in, json_text, template, toml_line
from readiness.settings.delivery import DeliveryEnvironment, DeploymentTelemetry, QualityFigure

FOLDER = ".github/readiness"
SETTINGS_PATH = f"{FOLDER}/delivery.toml"
WORKFLOWS = ("delivery-reports", "deployment-telemetry", "rollback-watch")


# The alerts on problems that users notice, by the `alert` label of their policies. MigrationFailed and the drill also
# page, but their incidents close after a time, not because the service works again.
INCIDENT_ALERTS = ("database-down", "error-budget-burn", "failed-health-checks", "high-error-rate")

_SETTING = "deployment_telemetry"


def delivery_files(
    telemetry: DeploymentTelemetry, *, repository: str, project: str, default_branch: str
) -> dict[str, str]:
    """Every file by its path; `repository` is OWNER/NAME."""
    workflows = {
        f".github/workflows/{name}.yml": with_header(_SETTING, _workflow(name, telemetry, repository))
        for name in WORKFLOWS
    }
    modules = program_files(_SETTING, FOLDER, "delivery_telemetry")
    return {
        **workflows,
        SETTINGS_PATH: with_header(_SETTING, _settings_text(telemetry, project, default_branch)),
        **modules,
    }


def _workflow(name: str, telemetry: DeploymentTelemetry, repository: str) -> str:
    values = {
        "OWNER/REPOSITORY": repository,
        "WORKFLOW_NAMES": json_text([environment.workflow for environment in telemetry.environments]),
        "WORKLOAD_IDENTITY_PROVIDER": telemetry.workload_identity_provider,
        "SERVICE_ACCOUNT": telemetry.service_account,
        "ROLLBACK_POLL_MINUTES": str(telemetry.rollback_poll_minutes),
    }
    return filled_in(template(f"{name}.yml"), values)


def _settings_text(telemetry: DeploymentTelemetry, project: str, default_branch: str) -> str:
    lines = [
        toml_line("project", project),
        toml_line("default_branch", default_branch),
        toml_line("log", DEPLOYMENT_LOG),
        toml_line("slack_reports", telemetry.slack_reports),
        toml_line("success_ratio", telemetry.target_success_ratio),
        toml_line("restore_seconds", telemetry.target_restore_seconds),
        toml_line("incident_alerts", list(INCIDENT_ALERTS)),
    ]
    for environment in telemetry.environments:
        lines += ["", "[[environments]]", *_environment_lines(environment)]
    for figure in telemetry.quality:
        lines += ["", "[[quality]]", *_quality_lines(figure)]
    return "\n".join(lines) + "\n"


def _quality_lines(figure: QualityFigure) -> list[str]:
    values = {
        "name": figure.name,
        "file": figure.workflow_file,
        "job": figure.job,
        "annotation": figure.annotation,
        "at_least": figure.at_least,
        "at_most": figure.at_most,
    }
    return [toml_line(name, value) for name, value in values.items() if value is not None]


def _environment_lines(environment: DeliveryEnvironment) -> list[str]:
    return [
        toml_line("name", environment.name),
        toml_line("workflow", environment.workflow),
        toml_line("file", environment.workflow_file),
        toml_line("job", environment.job),
        toml_line("services", list(environment.services)),
        toml_line("slack_events", list(environment.slack_events)),
        toml_line("deployments_per_week", environment.target_deployments_per_week),
        toml_line("duration_seconds", environment.target_duration_seconds),
    ]
