"""Which services belong to which environment of the telemetry."""

from __future__ import annotations

from readiness.settings.delivery import DeploymentTelemetry
from readiness.settings.model import Settings


def watched_deployments(settings: Settings) -> DeploymentTelemetry | None:
    """The telemetry with the services of every environment. Those of its own stack come from `readiness:services`."""
    telemetry = settings.deployment_telemetry
    if telemetry is None:
        return None
    own = tuple(service.name for service in settings.services)
    environments = tuple(
        environment.model_copy(update={"services": own})
        if environment.name == settings.environment.name
        else environment
        for environment in telemetry.environments
    )
    return telemetry.model_copy(update={"environments": environments})
