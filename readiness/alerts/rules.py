"""The alerts of one stack, with the settings filled in: the texts that are deployed, tested and shown."""

from __future__ import annotations

from dataclasses import dataclass
from string import Template

from readiness.alerts.catalogue import alerts_of
from readiness.alerts.commands import notification_text
from readiness.alerts.definition import (
    EVALUATION_INTERVAL_SECONDS,
    RATE_WINDOW_SECONDS,
    AlertDefinition,
    of_each_service,
    of_the_database,
)
from readiness.alerts.log_metric import LogMetric
from readiness.alerts.runbook_address import runbook_address
from readiness.alerts.selectors import services_selector, window
from readiness.alerts.severity import AlertSeverity
from readiness.settings.base import GAUGE_WINDOW_SECONDS
from readiness.settings.channels import ChannelKind
from readiness.settings.model import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertRule:
    """An alert of one stack."""

    definition: AlertDefinition
    severity: AlertSeverity
    channel_kinds: frozenset[ChannelKind]
    query: str
    duration_seconds: int
    condition: str
    display_name: str
    documentation_subject: str
    documentation: str
    runbook_url: str
    log_metrics: tuple[LogMetric, ...]
    evaluation_interval_seconds: int = EVALUATION_INTERVAL_SECONDS


def rules_of(settings: Settings) -> tuple[AlertRule, ...]:
    """Every alert rule of the stack, in the catalogue's order."""
    return tuple(_rule(definition, settings) for definition in alerts_of(settings))


def rule_group_name(settings: Settings) -> str:
    """The rule group under which Monitoring and the Prometheus file list the rules."""
    return f"readiness-{settings.environment.name}"


def _rule(definition: AlertDefinition, settings: Settings) -> AlertRule:
    runbook_url = runbook_address(definition.name, settings)
    condition = definition.condition(settings)
    return AlertRule(
        definition=definition,
        severity=definition.severity_in(settings),
        channel_kinds=definition.channel_kinds_in(settings),
        query=query_of(definition, settings),
        duration_seconds=_pending_seconds(definition.duration_seconds(settings)),
        condition=condition,
        display_name=f"{definition.title} ({settings.environment.name})",
        documentation_subject=f"[{settings.environment.name}] {definition.title}: {definition.subject(settings)}",
        documentation=_documentation(definition, condition, runbook_url, settings),
        runbook_url=runbook_url,
        log_metrics=definition.log_metrics(settings),
    )


def _pending_seconds(stated_seconds: int) -> int:
    """How long the condition must be true: the stated duration and one evaluation more. 0 stays 0.

    Prometheus 2 counts both edges of a window, so at some sample phases a breach that is a minute too short lasts for
    exactly the stated duration (docs/adr/0001-alert-rules.md).
    """
    return stated_seconds + EVALUATION_INTERVAL_SECONDS if stated_seconds else 0


def query_of(definition: AlertDefinition, settings: Settings) -> str:
    """The query of an alert for one stack."""
    values = {
        "services": services_selector(settings),
        "rate_window": window(RATE_WINDOW_SECONDS),
        "gauge_window": window(GAUGE_WINDOW_SECONDS),
        "threshold": repr(definition.threshold(settings)),
    }
    own = {name: Template(text).substitute(values) for name, text in definition.query_values(settings).items()}
    return Template(definition.query).substitute(values | own)


# The variable that contains the result of a PromQL query (docs/facts/monitoring.md#variables-in-a-notification).
_VALUE = "${metric.label.value}"


def _documentation(definition: AlertDefinition, condition: str, runbook_url: str, settings: Settings) -> str:
    return notification_text(
        definition.first_steps[0],
        runbook_url=runbook_url,
        value=f"{_VALUE} ({definition.value})",
        threshold=condition,
        subject=_subject_and_environment(definition, settings),
        console_url=_console_url(definition, settings),
    )


def _subject_and_environment(definition: AlertDefinition, settings: Settings) -> str:
    subject, environment = definition.subject(settings), f"environment {settings.environment.name}"
    return environment if subject == settings.environment.name else f"{subject}, {environment}"


def _console_url(definition: AlertDefinition, settings: Settings) -> str:
    subject = definition.subject(settings)
    if definition.console_path is not None:
        path = definition.console_path(settings)
    elif definition.subject is of_the_database:
        path = f"sql/instances/{subject}/overview"
    elif definition.subject is of_each_service:
        path = f"run/detail/{settings.region}/{subject}/metrics"
    else:
        path = "monitoring/alerting"
    return f"https://console.cloud.google.com/{path}?project={settings.project}"
