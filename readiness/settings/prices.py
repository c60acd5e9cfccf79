"""The one table of prices, and what a month uses that no plan knows.

Every price of `LIST_PRICES` is on https://cloud.google.com/stackdriver/pricing ("Google Cloud Observability pricing"),
that of scanned images on https://cloud.google.com/artifact-analysis/pricing. docs/costs.md says how each was checked,
and on which day.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from readiness.settings.base import HttpsUrl, Section
from readiness.settings.dates import Day

# Ours: Google changed the model of alerting prices three times in two years.
STALE_AFTER_DAYS = 365

Usd = Annotated[float, Field(ge=0, le=1000)]
Amount = Annotated[float, Field(ge=0, le=1_000_000_000)]


class Prices(Section):
    """List prices in USD, as `source` shows them on `date`. What has no price here is "not known", never free.

    A table in the settings replaces the whole default table, so that each price is of its source and date.
    """

    source: HttpsUrl
    date: Day
    usd_per_condition_month: Annotated[
        Usd | None, Field(description="Of an alert policy, where a contract charges by condition.")
    ] = None
    usd_per_metric_reference_month: Annotated[
        Usd | None, Field(description="For each time that the query of an alert names a metric.")
    ] = None
    usd_per_million_points: Annotated[Usd | None, Field(description="Points that the queries of alerts return.")] = None
    alerting_charged_from: Annotated[
        Day | None, Field(description="The day, in quotes, before which metric references and points cost nothing.")
    ] = None
    usd_per_thousand_uptime_executions: Usd | None = None
    free_uptime_executions_per_project_month: Amount = 0
    usd_per_log_gib: Annotated[Usd | None, Field(description="Log entries stored, with their first 30 days.")] = None
    free_log_gib_per_project_month: Amount = 0
    usd_per_kept_log_gib_month: Annotated[
        Usd | None, Field(description="For each month of a bucket's retention beyond the first 30 days.")
    ] = None
    usd_per_metric_mib: Annotated[Usd | None, Field(description="Samples of log-based and custom metrics.")] = None
    free_metric_mib_per_billing_account_month: Amount = 0
    usd_per_scanned_image: Usd | None = None

    def is_stale(self, today: date) -> bool:
        """Whether the table is older than `STALE_AFTER_DAYS`."""
        return (today - date.fromisoformat(self.date)).days > STALE_AFTER_DAYS


LIST_PRICES = Prices(
    source="https://cloud.google.com/stackdriver/pricing",
    date="2026-09-08",
    usd_per_condition_month=0,
    usd_per_metric_reference_month=0.35,
    usd_per_million_points=0.5,
    alerting_charged_from="2027-09-01",
    usd_per_thousand_uptime_executions=0.3,
    free_uptime_executions_per_project_month=1_000_000,
    usd_per_log_gib=0.5,
    free_log_gib_per_project_month=50,
    usd_per_kept_log_gib_month=0.01,
    usd_per_metric_mib=0.258,
    free_metric_mib_per_billing_account_month=150,
    usd_per_scanned_image=0.26,
)


class ExpectedUsage(Section):
    """What the stack uses in a month and a plan cannot know. What is missing here has no amount in the costs."""

    log_gib: Annotated[
        Amount | None, Field(description="GiB of log entries that the stack stores, as Logs storage shows them.")
    ] = None
    scanned_images: Annotated[Amount | None, Field(description="Images pushed for the first time, by digest.")] = None
    values_per_open_label: Annotated[
        int | None,
        Field(
            ge=1,
            le=10_000,
            description="The most values of a label that an alert groups over and nothing limits, such as `who`.",
        ),
    ] = None
