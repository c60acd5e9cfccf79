"""`delivery.toml`: which workflows are watched, and what is reported where."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATH = Path(__file__).resolve().parent.parent / "delivery.toml"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """One environment. `job` is the display name of the deploying job, `file` the workflow's file."""

    name: str
    workflow: str
    file: str
    job: str
    services: tuple[str, ...]
    slack_events: tuple[str, ...]
    deployments_per_week: float
    duration_seconds: float


@dataclass(frozen=True, kw_only=True)
class Quality:
    """A figure that a job publishes as an annotation with this title, and its target: one of the last two."""

    name: str
    file: str
    job: str
    annotation: str
    at_least: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The content of the file."""

    project: str
    log: str
    slack_reports: bool
    success_ratio: float
    restore_seconds: float
    environments: tuple[Environment, ...]
    # The alerts whose incidents count, by the `alert` label of their policies.
    incident_alerts: tuple[str, ...] = ()
    default_branch: str = "main"
    quality: tuple[Quality, ...] = ()

    def of_workflow(self, name: str) -> Environment | None:
        """The environment that a workflow deploys to."""
        return next((environment for environment in self.environments if environment.workflow == name), None)

    def of_service(self, name: str) -> Environment | None:
        """The environment that a Cloud Run service belongs to."""
        return next((environment for environment in self.environments if name in environment.services), None)


def read_settings(path: Path = PATH) -> Settings:
    """The settings as delivered."""
    return settings_from(tomllib.loads(path.read_text(encoding="utf-8")))


def settings_from(raw: dict[str, Any]) -> Settings:
    """The settings from the content of the file."""
    environments = [
        {name: _frozen(value) for name, value in environment.items()} for environment in raw["environments"]
    ]
    values: dict[str, Any] = {
        **{name: _frozen(value) for name, value in raw.items()},
        "environments": tuple(Environment(**environment) for environment in environments),
        "quality": tuple(Quality(**figure) for figure in raw.get("quality", ())),
    }
    return Settings(**values)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
