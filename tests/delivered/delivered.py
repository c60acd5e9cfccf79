"""Files as they are delivered."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from readiness.alerts.watched_workflows import watched_deployments
from readiness.delivered.delivery_files import delivery_files
from readiness.delivered.image_files import ImagePlace, image_files
from readiness.settings.delivery import DeploymentTelemetry
from readiness.settings.image_workflows import ImageWorkflows
from tests.projects import settings_of


def telemetry_of(stack: str) -> DeploymentTelemetry:
    """The settings of the deployment telemetry."""
    telemetry = watched_deployments(settings_of(stack))
    assert telemetry is not None
    return telemetry


def telemetry_files(stack: str) -> dict[str, str]:
    """Their files by path."""
    return delivery_files(telemetry_of(stack), repository="o/r", project="some-project", default_branch="main")


def image_settings(stack: str) -> ImageWorkflows:
    """The settings of what looks after the images."""
    section = settings_of(stack).image_workflows
    assert section is not None
    return section


def files_for_images(stack: str) -> dict[str, str]:
    """Their files by path."""
    place = ImagePlace(
        repository="o/r",
        default_branch="trunk",
        project="some-project",
        region="us-central1",
        registry="images",
        environment="production",
        services=("api", "web"),
    )
    return image_files(image_settings(stack), place)


def written(folder: Path, files: Mapping[str, str]) -> Path:
    """The files where GitHub looks for them."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def zizmor(folder: Path) -> subprocess.CompletedProcess[str]:
    """What zizmor finds, as CI asks it."""
    command = [str(Path(sys.executable).with_name("zizmor")), "--offline", "--strict-collection"]
    return subprocess.run(
        [*command, "--persona", "auditor", "--no-progress", str(folder)], capture_output=True, text=True, check=False
    )
