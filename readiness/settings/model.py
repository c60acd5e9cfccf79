"""The settings of one stack: the single place where a setting's name, unit, range and default are written.

Plain values only. Secrets are no part of it: `secret_names.py` names them, the program takes them as `Output`s.
Ranges are the API's own where it has one (its source is named at the field), else what keeps an alert meaningful.
"""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, WithJsonSchema

from readiness.settings.base import (
    URL_PATH_CHARACTERS,
    DurationSeconds,
    HttpsUrl,
    Ratio,
    Section,
)
from readiness.settings.channels import Channels
from readiness.settings.delivery import DeliveryAlerts, DeploymentTelemetry
from readiness.settings.github import BranchRuleset, Dependabot, ManagedFiles, ProductionEnvironment, Repository
from readiness.settings.image_workflows import ImageWorkflows
from readiness.settings.markdown_links import MarkdownText
from readiness.settings.migration import MigrationJob
from readiness.settings.notes import Notes
from readiness.settings.observation import (
    Availability,
    ConnectionPool,
    ContainerCrashLoop,
    DatabaseConnections,
    InstanceLimit,
    NotificationDrill,
    Prices,
    SlowStartUp,
    UptimeChecks,
)
from readiness.settings.provider_hosts import ProviderHost
from readiness.settings.registry import ImageRegistry
from readiness.settings.security import SecurityAlerts
from readiness.settings.service_checks import HealthAnswer, Smoke


class Environment(Section):
    """The environment of the stack, under both of the names that the customer's systems use."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="In full: `production`.")]
    short_name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="As in resource names: `prod`.")]


class Runbook(Section):
    """Where the person who is paged finds `docs/runbook.md`."""

    url: Annotated[HttpsUrl, Field(description="Address of the published runbook, without `#anchor`.")]


class Service(Section):
    """One Cloud Run service of the stack. Cloud Run allows 49 characters in a name."""

    name: Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$")]
    role: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="`backend`, `frontend`, …")]
    url: HttpsUrl
    health_path: Annotated[str, Field(pattern=f"^/[{URL_PATH_CHARACTERS}]*$", max_length=2000)] = "/"
    health_answer: HealthAnswer | None = None
    smoke: Smoke | None = None
    max_instances: Annotated[
        int | None, Field(ge=1, le=1000, description="As the deployment sets it; with it, reaching the limit pages.")
    ] = None
    max_instances_per: Annotated[
        Literal["revision", "service"],
        Field(description="What `max_instances` limits: each revision (`--max-instances`), or all together (`--max`)."),
    ] = "revision"
    connection_pools: Annotated[
        tuple[ConnectionPool, ...], Field(strict=False, description="Database pools that each instance opens.")
    ] = ()

    @property
    def host(self) -> str:
        """The host of `url`, without the port."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port of `url`."""
        return urlsplit(self.url).port or 443

    @property
    def health_url_path(self) -> str:
        """The path of the health address, that of `url` included."""
        return urlsplit(self.url).path.rstrip("/") + self.health_path


class Database(Section):
    """The Cloud SQL instance of the stack."""

    instance: Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,96}[a-z0-9])?$")]
    max_connections: Annotated[
        int | None,
        Field(ge=10, le=262_143, description="The instance's flag; with it, running out of connections pages."),
    ] = None


class HighCpuUsage(Section):
    """CPU use of a service's busiest instances."""

    cpu_ratio: Ratio
    duration_seconds: DurationSeconds


class HighMemoryUsage(Section):
    """Memory use of a service's fullest instances."""

    memory_ratio: Ratio
    duration_seconds: DurationSeconds


class HighErrorRate(Section):
    """Share of a service's requests that are answered 5xx."""

    error_ratio: Ratio
    duration_seconds: DurationSeconds


class HighLatency(Section):
    """95th percentile of a service's response times. Cloud Run ends a request after 3,600 s."""

    latency_ms: Annotated[int, Field(ge=100, le=3_600_000, description="Milliseconds: 5 s is 5000.")]
    duration_seconds: DurationSeconds


class DatabaseConnectionErrors(Section):
    """Connection errors of the instance, counted in logs."""

    error_count: Annotated[int, Field(gt=0, le=1_000_000, description="More than this many page.")]
    window_seconds: Annotated[int, Field(ge=120, le=3600, multiple_of=60)]


class Alerts(Section):
    """Thresholds of the alert policies. The first five have no defaults: the stack's file says what pages."""

    high_cpu_usage: HighCpuUsage
    high_memory_usage: HighMemoryUsage
    high_error_rate: HighErrorRate
    high_latency: HighLatency
    database_connection_errors: DatabaseConnectionErrors
    database_connections: DatabaseConnections = DatabaseConnections()
    instance_limit: InstanceLimit = InstanceLimit()
    container_crash_loop: ContainerCrashLoop = ContainerCrashLoop()
    slow_start_up: SlowStartUp = SlowStartUp()
    delivery: Annotated[
        DeliveryAlerts | None, Field(description="Only where a stack of the project has `deployment_telemetry`.")
    ] = None
    auto_close_seconds: Annotated[
        int,
        Field(
            ge=1800,
            le=604_800,
            description="How long an incident of a security alert stays open without data, at least 1800. PromQL "
            "alerts get it too, but may close earlier: as soon as their query has no result.",
        ),
    ] = 1800


class Contact(Section):
    """A person or rota of the escalation path, in the order in which they are called."""

    name: MarkdownText
    reach: Annotated[MarkdownText, Field(description="How: an address, a number, a channel.")]


class Escalation(Section):
    """Feeds the runbook."""

    contacts: Annotated[tuple[Contact, ...], Field(strict=False, min_length=1)]


class Settings(Section):
    """All settings of a stack. `project`, `region`, `github_owner` are the providers' own `gcp:project`, … .

    What exists once in the project or in the repository is declared by the one stack that owns it: from
    `image_registry` on, these settings stand in its file alone.
    """

    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
    region: Annotated[str, Field(pattern=r"^[a-z]+-[a-z]+[0-9]+$")]
    github_owner: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}$")]
    environment: Environment
    repository: Repository
    runbook: Runbook
    services: Annotated[tuple[Service, ...], Field(strict=False, min_length=1)]
    database: Database
    alerts: Alerts
    uptime_checks: UptimeChecks = UptimeChecks()
    availability: Availability = Availability()
    notification_drill: NotificationDrill = NotificationDrill()
    prices: Prices | None = None
    provider_hosts: Annotated[
        tuple[ProviderHost, ...],
        Field(strict=False, description="Hosts beside the official ones that are given a provider's credentials."),
    ] = ()
    channels: Channels
    escalation: Escalation
    notes: Notes = Notes()
    managed_files: ManagedFiles = ManagedFiles()
    migration_job: MigrationJob | None = None
    owns_shared_resources: Annotated[
        bool,
        # As text too: `pulumi stack init` rewrites the file so.
        WithJsonSchema({"enum": [True, False, "true", "false"]}),
        Field(description="Whether this stack declares what both stacks share. Exactly one stack does."),
    ]
    image_registry: ImageRegistry | None = None
    image_workflows: ImageWorkflows | None = None
    production_environment: ProductionEnvironment | None = None
    branch_ruleset: BranchRuleset | None = None
    dependabot: Dependabot | None = None
    deployment_telemetry: DeploymentTelemetry | None = None
    security_alerts: SecurityAlerts | None = None

    @property
    def database_id(self) -> str:
        """The instance as Monitoring and Logging name it."""
        return f"{self.project}:{self.database.instance}"
