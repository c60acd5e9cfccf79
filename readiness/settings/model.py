"""The settings of one stack: the single place where a setting's name, unit, range and default are written.

Plain values only. Secrets are no part of it: `secret_names.py` names them, the program takes them as `Output`s.
Ranges are the API's own where it has one (facts named at the field), else what keeps an alert meaningful.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

ChannelKind = Literal["email", "slack", "pagerduty"]

# A threshold of 1 or more can never be passed by a share of a whole; 80 for 80 % is the usual slip.
Ratio = Annotated[float, Field(gt=0, lt=1, description="A share of 1: 0.8 is 80 %.")]

# Not below the 179 s over which rates are taken, or one lone error would page; retest windows end at 24 h
# (docs.cloud.google.com/monitoring/alerts/using-promql, "Limitations").
DurationSeconds = Annotated[
    int, Field(ge=180, le=86_400, multiple_of=60, description="How long the condition must hold before it pages.")
]

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
HttpsUrl = Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[^\s#]*)?$", max_length=2000)]
EmailAddress = Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>.]+$", max_length=254)]


class Section(BaseModel):
    """Common to every group of settings: frozen, no unknown keys, no conversions, no values in errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, allow_inf_nan=False)


class Environment(Section):
    """The environment of the stack, under both of the names that the customer's systems use."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="In full: `production`.")]
    short_name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="As in resource names: `prod`.")]


class Repository(Section):
    """The GitHub repository of the application."""

    owner: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}$")]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]


class Runbook(Section):
    """Where the person who is paged finds `docs/runbook.md`."""

    url: Annotated[HttpsUrl, Field(description="Address of the published runbook, without `#anchor`.")]


class Service(Section):
    """One Cloud Run service of the stack. Cloud Run allows 49 characters in a name."""

    name: Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$")]
    role: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="`backend`, `frontend`, …")]
    url: HttpsUrl
    health_path: Annotated[str, Field(pattern=r"^/[^\s?#]*$")] = "/"


class Database(Section):
    """The Cloud SQL instance of the stack."""

    instance: Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,96}[a-z0-9])?$")]


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
    """Thresholds of the five alert policies. They have no defaults: the stack's file says what pages."""

    high_cpu_usage: HighCpuUsage
    high_memory_usage: HighMemoryUsage
    high_error_rate: HighErrorRate
    high_latency: HighLatency
    database_connection_errors: DatabaseConnectionErrors
    auto_close_seconds: Annotated[
        int,
        Field(ge=1800, le=604_800, description="An incident without data closes after this; the API's least is 1800."),
    ] = 1800


class SlackChannel(Section):
    """A Slack channel; its bot token is the secret `readiness:slack_auth_token`."""

    channel_name: Annotated[str, Field(pattern=r"^#[a-z0-9._-]{1,79}$", description="With the `#`.")]
    team: Annotated[Text | None, Field(description="Slack workspace, where the API asks for it.")] = None


class PagerDutyService(Section):
    """A PagerDuty service; its integration key is the secret `readiness:pagerduty_service_key`."""

    service_name: Text


class ExistingChannel(Section):
    """A notification channel that somebody else manages."""

    kind: ChannelKind
    id: Annotated[str, Field(pattern=r"^projects/[a-z0-9-]+/notificationChannels/[0-9]+$")]


class Channels(Section):
    """Who is told. Every alert goes by e-mail; the others where an alert's row in the runbook says so."""

    emails: Annotated[tuple[EmailAddress, ...], Field(strict=False)] = ()
    slack: SlackChannel | None = None
    pagerduty: PagerDutyService | None = None
    existing: Annotated[tuple[ExistingChannel, ...], Field(strict=False)] = ()


class Contact(Section):
    """A person or rota of the escalation path, in the order in which they are called."""

    name: Text
    reach: Annotated[Text, Field(description="How: an address, a number, a channel.")]


class Escalation(Section):
    """Feeds the runbook."""

    contacts: Annotated[tuple[Contact, ...], Field(strict=False, min_length=1)]


class Settings(Section):
    """All settings of a stack. `project` and `region` are the provider's own keys `gcp:project` and `gcp:region`."""

    project: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$")]
    region: Annotated[str, Field(pattern=r"^[a-z]+-[a-z]+[0-9]+$")]
    environment: Environment
    repository: Repository
    runbook: Runbook
    services: Annotated[tuple[Service, ...], Field(strict=False, min_length=1)]
    database: Database
    alerts: Alerts
    channels: Channels
    escalation: Escalation

    @property
    def database_id(self) -> str:
        """The instance as Monitoring and Logging name it."""
        return f"{self.project}:{self.database.instance}"
