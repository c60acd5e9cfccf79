"""The catalogue filled in for one stack: the very texts that are deployed, tested and shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import Template

from readiness.alerting.catalogue import ALERTS, RATE_WINDOW_SECONDS, SAMPLE_PERIOD_SECONDS, AlertDefinition
from readiness.alerting.connection_errors import application_metric, server_metric
from readiness.settings.model import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertRule:
    """An alert of one stack."""

    definition: AlertDefinition
    query: str
    duration_seconds: int
    condition: str
    display_name: str
    documentation_subject: str
    documentation: str
    runbook_url: str


def rules_of(settings: Settings) -> tuple[AlertRule, ...]:
    """Every alert rule of the stack, in the catalogue's order."""
    return tuple(_rule(definition, settings) for definition in ALERTS)


def rule_group_name(settings: Settings) -> str:
    """The rule group under which Monitoring and the Prometheus file list the rules."""
    return f"readiness-{settings.environment.name}"


def runbook_anchor(definition: AlertDefinition) -> str:
    """The anchor that GitHub gives to the alert's heading, which is its name."""
    return definition.name.lower()


def services_selector(settings: Settings) -> str:
    """Matches exactly the stack's own services: PromQL anchors a regular expression at both ends."""
    names = "|".join(re.escape(service.name).replace(r"\-", "-") for service in settings.services)
    return f'monitored_resource="cloud_run_revision",service_name=~"{names}"'


def _rule(definition: AlertDefinition, settings: Settings) -> AlertRule:
    runbook_url = f"{settings.runbook.url}#{runbook_anchor(definition)}"
    condition = definition.condition(settings.alerts)
    return AlertRule(
        definition=definition,
        query=Template(definition.query).substitute(_query_values(definition, settings)),
        duration_seconds=definition.duration_seconds(settings.alerts),
        condition=condition,
        display_name=f"{definition.title} ({settings.environment.name})",
        documentation_subject=f"[{settings.environment.name}] {definition.title}: {_subject(definition, settings)}",
        documentation=_documentation(definition, condition, runbook_url, settings),
        runbook_url=runbook_url,
    )


def _query_values(definition: AlertDefinition, settings: Settings) -> dict[str, str]:
    window_seconds = settings.alerts.database_connection_errors.window_seconds
    count_window_seconds = window_seconds + SAMPLE_PERIOD_SECONDS
    return {
        "services": services_selector(settings),
        "database": f'monitored_resource="cloudsql_database",database_id="{settings.database_id}"',
        "server_metric": server_metric(settings).promql_name,
        "application_metric": application_metric(settings).promql_name,
        "rate_window": f"{RATE_WINDOW_SECONDS}s",
        "count_window": f"{count_window_seconds}s",
        "count_window_seconds": str(count_window_seconds),
        "window_seconds": str(window_seconds),
        "threshold": repr(definition.threshold(settings.alerts)),
    }


def _subject(definition: AlertDefinition, settings: Settings) -> str:
    return settings.database.instance if definition.reads_logs else "${metric_or_resource.labels.service_name}"


def _documentation(definition: AlertDefinition, condition: str, runbook_url: str, settings: Settings) -> str:
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(definition.first_steps, start=1))
    return (
        f"**{condition}** on `{_subject(definition, settings)}`, environment {settings.environment.name}.\n\n"
        f"{definition.meaning}\n\n"
        f"First steps:\n\n{steps}\n\n"
        f"Runbook: {runbook_url}\n"
    )
