"""The settings of one stack: the single place where a setting's name, unit, range and default are written.

Plain values only. Secrets are no part of it: `configuration_keys.py` names them, the program takes them as `Output`s.
Ranges are the API's own where it has one (its source is named at the field), else what keeps an alert meaningful.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from readiness.settings.base import (
    DurationSeconds,
    GaugeDurationSeconds,
    HttpsUrl,
    Listed,
    MarkdownText,
    Ratio,
    RefusedValueError,
    Section,
)
from readiness.settings.channels import Channels
from readiness.settings.configuration_keys import SECRETS
from readiness.settings.delivery import DeliveryAlerts, DeploymentTelemetry
from readiness.settings.github import BranchRuleset, Dependabot, ManagedFiles, ProductionEnvironment, Repository
from readiness.settings.image_workflows import ImageWorkflows
from readiness.settings.notes import Notes
from readiness.settings.observation import Availability, NotificationDrill, UptimeChecks
from readiness.settings.prices import LIST_PRICES, ExpectedUsage, Prices
from readiness.settings.provider_hosts import ProviderHost
from readiness.settings.registry import ImageRegistry
from readiness.settings.security_audit import FailedLogins, SecurityAudit
from readiness.settings.services import Service


class Environment(Section):
    """The environment of the stack, under both names that your systems use."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="In full: `production`.")]
    short_name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="As in resource names: `prod`.")]
    production: Annotated[
        bool,
        Field(description="Whether it serves the application's users. `false`: a failed migration pages nobody."),
    ] = True


class Runbook(Section):
    """Where the person who is paged finds `docs/runbook.md`, and how often its rollback is rehearsed."""

    url: Annotated[
        HttpsUrl,
        Field(
            description="Address of the published docs/runbook.md, or with a `/` at its end of the published folder "
            "docs/runbook/. An address of another form is that of one page with a section for each alert."
        ),
    ]
    max_rehearsal_age_days: Annotated[
        int,
        Field(ge=1, le=730, description="`verify` says that a rollback is not rehearsed when the last one is older."),
    ] = 180


Engine = Literal["postgresql", "mysql", "sqlserver"]
# The largest disk of an instance with dedicated cores (https://cloud.google.com/sql/docs/postgres/quotas).
MAX_STORAGE_GIB = 65_536


class DatabaseStorage(Section):
    """How the instance's disk grows, as `gcloud sql instances describe INSTANCE` shows it."""

    automatic_increase: Annotated[bool, Field(description="`settings.storageAutoResize`.")]
    limit_gib: Annotated[
        int | None,
        Field(
            ge=10,
            le=MAX_STORAGE_GIB,
            description="`settings.storageAutoResizeLimit`. Leave it out if that is 0, which means no limit: the disk "
            "then grows to the most that the machine takes, counted as 65536 GiB. Write 3062 for a shared core.",
        ),
    ] = None


class Database(Section):
    """The Cloud SQL instance of the stack."""

    instance: Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,96}[a-z0-9])?$")]
    engine: Annotated[
        Engine,
        Field(description="Some alerts read metrics and log lines of PostgreSQL; `readiness check` names those."),
    ] = "postgresql"
    storage: Annotated[
        DatabaseStorage | None,
        Field(description="Without it, DatabaseDiskFull counts the disk as one that does not grow."),
    ] = None
    max_connections: Annotated[
        int | None,
        Field(ge=10, le=262_143, description="The instance's flag; with it, running out of connections pages."),
    ] = None


# PostgreSQL's own limit is 63 bytes.
_SQL_NAME = r"^[A-Za-z_][A-Za-z0-9_-]{0,62}$"


class MigrationJob(Section):
    """The job, its own account, and what it needs to reach the database of `readiness:database`."""

    name: Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$", description="As Cloud Run names the job.")]
    account_id: Annotated[
        str,
        Field(pattern=r"^[a-z]([a-z0-9-]{4,28}[a-z0-9])$", description="Of the service account that is made for it."),
    ]
    database: Annotated[str, Field(pattern=_SQL_NAME, description="The database inside the instance.")]
    user: Annotated[str, Field(pattern=_SQL_NAME, description="Who owns its tables.")]
    password_secret: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9_-]{1,255}$", description="Name in Secret Manager; the newest version is read.")
    ]
    vpc_connector: Annotated[
        str | None,
        Field(
            pattern=r"^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$", description="Needed where the instance has no public address."
        ),
    ] = None
    timeout_seconds: Annotated[
        int, Field(ge=60, le=86_400, description="Of a whole execution; it is never tried again.")
    ] = 1800


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


class DatabaseConnections(Section):
    """Share of the instance's connections that are open."""

    connections_ratio: Ratio = 0.8
    duration_seconds: DurationSeconds = 300


class DatabaseDown(Section):
    """How long the instance may say that it is down, or say nothing.

    The default tolerates a planned restart (https://cloud.google.com/sql/docs/postgres/maintenance): it takes a minute
    or two. GitLab pages after 5 minutes too
    (https://runbooks.gitlab-static.net/cloud-sql/alerts/cloudsqldatabasedown/index.html).
    """

    duration_seconds: GaugeDurationSeconds = 300


class DatabaseDisk(Section):
    """How full the disk may be.

    Google asks for 20 % of free space where the disk does not grow or grows to a limit
    (https://cloud.google.com/sql/docs/postgres/best-practices). Automatic increase adds space as soon as less than
    5 GB, on larger disks up to 25 GB, is free
    (https://cloud.google.com/sql/docs/postgres/instance-settings#automatic-storage-increase-2ndgen): less than
    `free_gib` for long means that it does not come. sigstore asks for the free space beside the share too, since 98 %
    of a large disk that grows is normal
    (https://github.com/sigstore/terraform-modules, gcp/modules/monitoring/infra/alerts.tf).
    """

    disk_ratio: Annotated[Ratio, Field(description="Of the disk, or of what it may grow to.")] = 0.8
    free_gib: Annotated[
        int, Field(ge=1, le=4, description="Only with automatic increase: less than this means that it fails.")
    ] = 2
    duration_seconds: GaugeDurationSeconds = 600


class DatabaseCpu(Section):
    """Share of the instance's CPU that is used.

    0.8 is the lower of sigstore's two limits (https://github.com/sigstore/terraform-modules,
    gcp/modules/monitoring/infra/alerts.tf). A quarter of an hour leaves out vacuum, backups and reports.
    """

    cpu_ratio: Ratio = 0.8
    duration_seconds: GaugeDurationSeconds = 900


class DatabaseMemory(Section):
    """Share of the instance's memory that is used, without the cache.

    Google recommends to stay below 90 % (https://cloud.google.com/sql/docs/postgres/optimize-high-memory-usage).
    """

    memory_ratio: Ratio = 0.9
    duration_seconds: GaugeDurationSeconds = 900


class TransactionIds(Section):
    """Share of PostgreSQL's 2 billion transaction IDs that no vacuum has freed.

    Google's recommender warns at 80 %; about 10 % is usual, and at 100 % the database takes no more writes
    (https://cloud.google.com/sql/docs/postgres/recommender-high-transactionid-utilization).
    """

    used_ratio: Ratio = 0.8
    duration_seconds: GaugeDurationSeconds = 900


# The alerts that a stack loses, wholly or in part, where a setting is missing (readiness/settings/unwatched.py).
UnwatchedAlert = Literal[
    "DatabaseConnectionErrors",
    "DatabaseConnectionsRunOut",
    "ImagesDeletedByOthers",
    "InstanceLimitReached",
    "LowDeploymentSuccess",
    "TransactionIdWraparound",
]


class InstanceLimit(Section):
    """How long a service may run as many instances as it may have."""

    duration_seconds: DurationSeconds = 300


class ContainerCrashLoop(Section):
    """Containers that died, counted in Cloud Run's log. Of the lines that one death writes, one kind counts."""

    line_count: Annotated[
        int, Field(ge=2, le=10_000, description="More than this many lines of one kind in the window page: deaths.")
    ] = 5
    window_seconds: Annotated[int, Field(ge=300, le=3600, multiple_of=60)] = 3600


class SlowStartUp(Section):
    """Median of the time that containers need to start. Cloud Run gives up after 240 s."""

    latency_ms: Annotated[int, Field(ge=1000, le=240_000, description="Milliseconds: 30 s is 30000.")] = 30_000
    window_seconds: Annotated[int, Field(ge=600, le=3600, multiple_of=60)] = 1800


class Alerts(Section):
    """Thresholds of the alert policies. The first five have no defaults: the stack's file says what pages.

    `database_connection_errors` is for a stack with a database: required there, refused elsewhere.
    """

    high_cpu_usage: HighCpuUsage
    high_memory_usage: HighMemoryUsage
    high_error_rate: HighErrorRate
    high_latency: HighLatency
    database_connection_errors: DatabaseConnectionErrors | None = None
    database_connections: DatabaseConnections = DatabaseConnections()
    database_down: DatabaseDown = DatabaseDown()
    database_disk: DatabaseDisk = DatabaseDisk()
    database_cpu: DatabaseCpu = DatabaseCpu()
    database_memory: DatabaseMemory = DatabaseMemory()
    transaction_ids: TransactionIds = TransactionIds()
    unwatched: Annotated[
        Listed[UnwatchedAlert],
        Field(description="Alerts that this stack does without on purpose: `readiness check` does not warn of them."),
    ] = ()
    instance_limit: InstanceLimit = InstanceLimit()
    container_crash_loop: ContainerCrashLoop = ContainerCrashLoop()
    slow_start_up: SlowStartUp = SlowStartUp()
    failed_logins: FailedLogins | None = None
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


class SecurityAlerts(Section):
    """The eight alerts of CIS Google Cloud 2.5 to 2.12. They are of the project: its one owner declares them."""

    enabled: Annotated[bool, Field(description="Whether a change of roles, networks, buckets or databases notifies.")]


class Contact(Section):
    """A person or rota of the escalation path, in the order in which they are called."""

    name: MarkdownText
    reach: Annotated[MarkdownText, Field(description="How: an address, a number, a channel.")]


class Escalation(Section):
    """Feeds the runbook."""

    contacts: Annotated[Listed[Contact], Field(min_length=1)]


class Settings(Section):
    """All settings of a stack. `project`, `region`, `github_owner` are the providers' own `gcp:project`, … .

    What exists once in the project or in the repository is declared by the one stack that owns it: from
    `image_registry` on, these settings stand in its file alone.
    """

    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
    region: Annotated[str, Field(pattern=r"^[a-z]+-[a-z]+[0-9]+$", max_length=40)]
    github_owner: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}$")]
    environment: Environment
    repository: Repository
    runbook: Runbook
    services: Annotated[Listed[Service], Field(min_length=1)]
    database: Database | None = None
    alerts: Alerts
    uptime_checks: UptimeChecks = UptimeChecks()
    availability: Availability = Availability()
    notification_drill: NotificationDrill = NotificationDrill()
    prices: Prices = LIST_PRICES
    expected_usage: ExpectedUsage = ExpectedUsage()
    provider_hosts: Annotated[
        Listed[ProviderHost],
        Field(description="Hosts beside the official ones that are given a provider's credentials."),
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
    security_audit: SecurityAudit | None = None

    @property
    def required_database(self) -> Database:
        """The database, for what only a stack with one has. Raises RefusedValueError for a stack without."""
        if self.database is None:
            raise RefusedValueError("this stack has no database")
        return self.database

    @property
    def connection_errors(self) -> DatabaseConnectionErrors:
        """The limit of a stack with a database, whose settings must hold one. Raises RefusedValueError without."""
        if self.alerts.database_connection_errors is None:
            raise RefusedValueError("this stack has no limit for connection errors of a database")
        return self.alerts.database_connection_errors

    @property
    def database_id(self) -> str:
        """The instance as Monitoring and Logging name it. Raises RefusedValueError for a stack without one."""
        return f"{self.project}:{self.required_database.instance}"


# Settings that are the providers' own keys, so that a project, a region or an owner is written once.
PROVIDER_SETTINGS = {"project": "gcp:project", "region": "gcp:region", "github_owner": "github:owner"}


def setting_names() -> list[str]:
    """The names that may follow `readiness:`, secrets included."""
    own = [name for name in Settings.model_fields if name not in PROVIDER_SETTINGS]
    return own + [secret.name for secret in SECRETS]


def full_key(setting: str) -> str:
    """The configuration key that holds a setting of the model."""
    return PROVIDER_SETTINGS.get(setting, f"readiness:{setting}")
