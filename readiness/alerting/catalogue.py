"""The alert policies, as data. Everything that names one (policy, rule file, runbook, test) reads it here.

A new group of alerts is a file of its own, and one more line here.
"""

from __future__ import annotations

from collections.abc import Iterator

from readiness.alerting.availability_alerts import AVAILABILITY_ALERTS
from readiness.alerting.container_alerts import CONTAINER_ALERTS
from readiness.alerting.database_alerts import DATABASE_ALERTS
from readiness.alerting.definition import AlertDefinition
from readiness.alerting.delivery_alerts import DELIVERY_ALERTS
from readiness.alerting.drill_alerts import DRILL_ALERTS
from readiness.alerting.log_metric import LogMetric
from readiness.alerting.migration_alerts import MIGRATION_ALERTS
from readiness.alerting.registry_alerts import REGISTRY_ALERTS
from readiness.alerting.service_alerts import SERVICE_ALERTS
from readiness.settings.model import Settings

ALERTS: tuple[AlertDefinition, ...] = (
    *SERVICE_ALERTS,
    *DATABASE_ALERTS,
    *REGISTRY_ALERTS,
    *AVAILABILITY_ALERTS,
    *CONTAINER_ALERTS,
    *DELIVERY_ALERTS,
    *DRILL_ALERTS,
    *MIGRATION_ALERTS,
)


def alerts_of(settings: Settings) -> Iterator[AlertDefinition]:
    """The alerts that the stack declares, in the catalogue's order."""
    return (definition for definition in ALERTS if definition.declared_by(settings))


def log_metrics_of(settings: Settings) -> tuple[LogMetric, ...]:
    """Every counter that the stack's alerts read, each once."""
    return tuple(dict.fromkeys(each for definition in alerts_of(settings) for each in definition.log_metrics(settings)))
