"""The list of all alerts, as data. Policies, rule files, the runbook and tests read it.

For a new group of alerts, add a file, and a line here.
"""

from __future__ import annotations

from collections.abc import Iterator

from readiness.alerts.access_alerts import ACCESS_ALERTS
from readiness.alerts.availability_alerts import AVAILABILITY_ALERTS
from readiness.alerts.container_alerts import CONTAINER_ALERTS
from readiness.alerts.database_alerts import DATABASE_ALERTS
from readiness.alerts.database_instance_alerts import DATABASE_INSTANCE_ALERTS
from readiness.alerts.definition import AlertDefinition
from readiness.alerts.delivery_alerts import DELIVERY_ALERTS
from readiness.alerts.drill_alerts import DRILL_ALERTS
from readiness.alerts.log_metric import LogMetric
from readiness.alerts.migration_alerts import MIGRATION_ALERTS
from readiness.alerts.registry_alerts import REGISTRY_ALERTS
from readiness.alerts.rollback_alerts import ROLLBACK_ALERTS
from readiness.alerts.service_alerts import SERVICE_ALERTS
from readiness.settings.model import Settings

ALERTS: tuple[AlertDefinition, ...] = (
    *SERVICE_ALERTS,
    *DATABASE_ALERTS,
    *DATABASE_INSTANCE_ALERTS,
    *REGISTRY_ALERTS,
    *AVAILABILITY_ALERTS,
    *CONTAINER_ALERTS,
    *DELIVERY_ALERTS,
    *DRILL_ALERTS,
    *MIGRATION_ALERTS,
    *ACCESS_ALERTS,
    *ROLLBACK_ALERTS,
)


def alerts_of(settings: Settings) -> Iterator[AlertDefinition]:
    """The alerts that the stack declares, in the catalogue's order."""
    return (definition for definition in ALERTS if definition.declared_by(settings))


def log_metrics_of(settings: Settings) -> tuple[LogMetric, ...]:
    """Every counter that the stack's alerts read, each once."""
    return tuple(
        dict.fromkeys(metric for definition in alerts_of(settings) for metric in definition.log_metrics(settings))
    )
