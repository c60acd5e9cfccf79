"""Deployment telemetry: which deployments are counted, who is notified, which targets are drawn, what pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Annotated, Literal

from pydantic import Field

from readiness.finding import Finding
from readiness.settings.base import DashboardViewer, Listed, RefusedValueError, Section, ServiceAccount, Text
from readiness.settings.placeholders import REACHES_NOBODY, is_placeholder
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath
from readiness.settings.view import duplicates, findings_of, known, known_items

TELEMETRY: KeyPath = ("deployment_telemetry",)
ENVIRONMENTS: KeyPath = (*TELEMETRY, "environments")
# What names one environment alone.
_UNIQUE_FIELDS = ("name", "workflow", "workflow_file")

SlackEvent = Literal["started", "waiting", "success", "failure", "rollback"]


class DeliveryEnvironment(Section):
    """One environment and the GitHub workflow that deploys to it."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="As in `readiness:environment`.")]
    workflow: Annotated[Text, Field(description="The workflow's `name:`, by which `workflow_run` knows it.")]
    workflow_file: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*\.ya?ml$", max_length=255, description="In `.github/workflows`."),
    ]
    job: Annotated[Text, Field(description="Display name of the deploying job; its duration is the deployment's.")]
    services: Annotated[
        Listed[Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$")]],
        Field(description="Cloud Run services whose rollbacks are notified; default: the services of this stack."),
    ] = ()
    target_deployments_per_week: Annotated[float, Field(gt=0, le=1000, description="More than so many.")]
    target_duration_seconds: Annotated[int, Field(ge=60, le=86_400, description="Less than so long.")]
    slack_events: Annotated[
        Listed[SlackEvent], Field(description="Default: the events that the application's own workflows do not send.")
    ] = ("waiting", "rollback")


# Shown in Markdown and in Slack, which read other characters as their own.
FigureName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 %,./()_-]{0,79}$")]


# A target is a percentage, a count, or a size in bytes: a terabyte is more than any.
MAX_TARGET = 1_000_000_000_000


class QualityFigure(Section):
    """A figure that CI publishes as an annotation of a job, and its target; the reports compare the two.

    The annotation's title is `annotation`, and its message begins with the number.
    """

    name: Annotated[FigureName, Field(description="What the report calls it: `backend test coverage, %`.")]
    workflow_file: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*\.ya?ml$", max_length=255, description="In `.github/workflows`."),
    ]
    job: Annotated[Text, Field(description="Display name of the job that publishes it.")]
    annotation: Annotated[FigureName, Field(description='The title: `echo "::notice title=Coverage::83.4"`.')]
    at_least: Annotated[
        float | None,
        Field(ge=0, le=MAX_TARGET, description="The target; or `at_most`, one of the two."),
    ] = None
    at_most: Annotated[float | None, Field(ge=0, le=MAX_TARGET)] = None


class DeploymentTelemetry(Section):
    """The workflows that tell of deployments, the log that keeps them, and the dashboard that shows them."""

    workload_identity_provider: Annotated[
        str,
        Field(
            pattern=r"^projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/[a-z0-9-]+$",
            max_length=200,
        ),
    ]
    service_account: Annotated[ServiceAccount, Field(description="Whom the workflows act as; they hold no key.")]
    environments: Annotated[Listed[DeliveryEnvironment], Field(min_length=1, max_length=4)]
    target_success_ratio: Annotated[float, Field(gt=0, lt=1, description="A share of 1: 0.95 is 95 %.")] = 0.95
    target_restore_seconds: Annotated[int, Field(ge=60, le=604_800)] = 1800
    slack_reports: Annotated[bool, Field(description="Whether the weekly and monthly report go to Slack too.")] = True
    rollback_poll_minutes: Annotated[
        Literal[5, 10, 15, 30], Field(description="How often the audit log is read; GitHub's least is 5.")
    ] = 15
    log_retention_days: Annotated[int, Field(ge=31, le=3650, description="Of the deployments' own log bucket.")] = 400
    quality: Annotated[
        Listed[QualityFigure], Field(max_length=10, description="Coverage, linting and the like, as CI publishes them.")
    ] = ()
    dashboard_viewers: Annotated[
        Listed[DashboardViewer], Field(description="`group:team@example.com`, `user:…`, `domain:…`.")
    ] = ()


class DeliveryAlerts(Section):
    """What pages about deployments. That one failed always does."""

    min_success_ratio: Annotated[float, Field(gt=0, lt=1, description="Of the last 20 deployments; 0.95 is 95 %.")] = (
        0.95
    )
    max_days_without_success: Annotated[float, Field(ge=1, le=365)] = 14


def delivery_problems(
    config: StackConfig, telemetry: DeploymentTelemetry | None, own: str | None, own_services: Iterable[str]
) -> Iterator[Finding]:
    """Every rule of the telemetry. `own` is the name of this stack's environment, None where it is refused."""
    if telemetry is None:
        return
    environments = telemetry.environments
    yield from findings_of(
        *(lambda field=field: duplicates(config, ENVIRONMENTS, environments, field) for field in _UNIQUE_FIELDS),
        lambda: duplicates(config, (*TELEMETRY, "dashboard_viewers"), telemetry.dashboard_viewers),
        lambda: _viewer_placeholders(config, telemetry.dashboard_viewers),
        lambda: _service_problems(config, environments, own, set(own_services)),
        lambda: _own_environment_problems(config, environments, own),
        lambda: _quality_problems(config, telemetry),
    )


def _viewer_placeholders(config: StackConfig, viewers: tuple[str, ...]) -> Iterator[Finding]:
    """Google refuses a member of a domain that does not exist, after half of the update is applied."""
    for index, viewer in known_items(viewers):
        if is_placeholder(viewer):
            path, hint = (*TELEMETRY, "dashboard_viewers", index), "Write the real group, person or domain"
            yield config.warning("settings-placeholder", path, REACHES_NOBODY, hint, placeholder=True)


def _quality_problems(config: StackConfig, telemetry: DeploymentTelemetry) -> Iterator[Finding]:
    """A figure with no target, or two."""
    for index, figure in known_items(telemetry.quality):
        # A target that is refused is a target.
        with suppress(RefusedValueError):
            if (figure.at_least is None) == (figure.at_most is None):
                message, hint = "needs one target", "Write either `at_least` or `at_most`"
                yield config.error("settings-delivery-quality", (*TELEMETRY, "quality", index), message, hint)


def _services_of(environments: Iterable[DeliveryEnvironment]) -> Iterator[tuple[int, int, str]]:
    """The services of all environments: index of the environment, index of the service in it, name."""
    for index, environment in known_items(environments):
        for number, service in known_items(known(environment, "services") or ()):
            yield index, number, service


def _service_problems(
    config: StackConfig, environments: tuple[DeliveryEnvironment, ...], own: str | None, own_services: set[str]
) -> Iterator[Finding]:
    """A service of two environments: its rollback would be reported for the wrong one."""
    first_at: dict[str, int] = {}
    rule_id = "settings-delivery-services"
    for index, number, service in _services_of(environments):
        path = (*ENVIRONMENTS, index, "services", number)
        if service in own_services and known(environments[index], "name") != own:
            yield config.error(rule_id, path, "is in readiness:services too", "Remove the line")
        if service in first_at:
            message = f"is in environment [{first_at[service]}] too"
            yield config.error(rule_id, path, message, "List each service in one environment, once")
        first_at.setdefault(service, index)


def _own_environment_problems(
    config: StackConfig, environments: tuple[DeliveryEnvironment, ...], own: str | None
) -> Iterator[Finding]:
    """This stack's environment is among them, without services of its own: two lists would come to differ."""
    if own is None:
        return
    rule_id, known_environments = "settings-delivery-environment", list(known_items(environments))
    names = [known(environment, "name") for _, environment in known_environments]
    if own not in names and None not in names and len(names) == len(environments):
        message = f"does not hold `{own}`, this stack's own environment"
        yield config.error(rule_id, ENVIRONMENTS, message, f"Add an entry with name: {own}")
        return
    for (index, environment), name in zip(known_environments, names, strict=True):
        listed, path = known(environment, "services"), (*ENVIRONMENTS, index, "services")
        if name == own and listed:
            message = "are this stack's own, which readiness:services holds"
            yield config.error(rule_id, path, message, "Remove the lines")
        if name not in (None, own) and listed == ():
            message = "is missing, so no rollback of them is notified"
            yield config.error(rule_id, path, message, "List the Cloud Run services of that environment")
