"""What tells of deployments: three workflows, the program that they run, and its settings, all below `.github/`.

The program is delivered as it stands in `delivery_telemetry/` beside this file, where it is tested.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

from readiness.alerts.log_metric import DEPLOYMENT_LOG
from readiness.delivered.header import program_files, with_header
from readiness.settings.delivery import DeliveryEnvironment, DeploymentTelemetry

FOLDER = ".github/readiness"
SETTINGS_PATH = f"{FOLDER}/delivery.toml"
WORKFLOWS = ("delivery-reports", "deployment-telemetry", "rollback-watch")


_SETTING = "deployment_telemetry"


def delivery_files(telemetry: DeploymentTelemetry, *, repository: str, project: str) -> dict[str, str]:
    """Every file by its path; `repository` is OWNER/NAME."""
    workflows = {
        f".github/workflows/{name}.yml": with_header(_SETTING, _workflow(name, telemetry, repository))
        for name in WORKFLOWS
    }
    modules = program_files(_SETTING, FOLDER, "delivery_telemetry")
    return {**workflows, SETTINGS_PATH: with_header(_SETTING, _settings_text(telemetry, project)), **modules}


def _workflow(name: str, telemetry: DeploymentTelemetry, repository: str) -> str:
    values = {
        "OWNER/REPOSITORY": repository,
        "WORKFLOW_NAMES": json.dumps([each.workflow for each in telemetry.environments], ensure_ascii=False),
        "WORKLOAD_IDENTITY_PROVIDER": telemetry.workload_identity_provider,
        "SERVICE_ACCOUNT": telemetry.service_account,
        "ROLLBACK_POLL_MINUTES": str(telemetry.rollback_poll_minutes),
    }
    pattern = "|".join(rf"\b{re.escape(each)}\b" for each in values)
    return re.sub(pattern, lambda found: values[found.group()], _read(f"{name}.yml"))


def _settings_text(telemetry: DeploymentTelemetry, project: str) -> str:
    lines = [
        _toml("project", project),
        _toml("log", DEPLOYMENT_LOG),
        _toml("slack_reports", telemetry.slack_reports),
        _toml("success_ratio", telemetry.target_success_ratio),
        _toml("restore_seconds", telemetry.target_restore_seconds),
    ]
    for environment in telemetry.environments:
        lines += ["", "[[environments]]", *_environment_lines(environment)]
    return "\n".join(lines) + "\n"


def _environment_lines(environment: DeliveryEnvironment) -> list[str]:
    return [
        _toml("name", environment.name),
        _toml("workflow", environment.workflow),
        _toml("file", environment.workflow_file),
        _toml("job", environment.job),
        _toml("services", list(environment.services)),
        _toml("slack_events", list(environment.slack_events)),
        _toml("deployments_per_week", environment.target_deployments_per_week),
        _toml("duration_seconds", environment.target_duration_seconds),
    ]


def _toml(key: str, value: Any) -> str:
    """JSON's texts, numbers, lists and truth values are TOML's, too, but for characters outside the first plane."""
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"


def _read(path: str) -> str:
    return files("readiness.delivered").joinpath(path).read_text(encoding="utf-8")
