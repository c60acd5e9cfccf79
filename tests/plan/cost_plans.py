"""Small plans whose costs can be worked out by hand."""

from __future__ import annotations

from typing import Any

from readiness.resource_types import ALERT_POLICY, LOG_BUCKET, UPTIME_CHECK
from tests.plan.diff_plans import PlanValue, resource

PROJECT = "shop-prod"
# A month of 730 hours.
EVALUATIONS = 730 * 120
MINUTES = 730 * 60


def policy(*conditions: PlanValue, name: str = "alert") -> PlanValue:
    """An alert policy with these conditions."""
    inputs = {"displayName": name, "project": PROJECT, "conditions": list(conditions)}
    return resource(ALERT_POLICY, inputs, name=name)


def promql(query: str, interval: Any = "30s") -> PlanValue:
    """A condition in PromQL."""
    return {"conditionPrometheusQueryLanguage": {"query": query, "evaluationInterval": interval}}


def errors_of(services: int) -> PlanValue:
    """A policy on the ratio of errors of so many services, as the product declares it."""
    names = "|".join(f"service-{number}" for number in range(services))
    of_services = f'monitored_resource="cloud_run_revision",service_name=~"{names}"'
    metric = "run_googleapis_com:request_count"
    errors = f'sum by (service_name, location) (rate({metric}{{{of_services},response_code_class="5xx"}}[3m]))'
    query = f"{errors} / sum by (service_name, location) (rate({metric}{{{of_services}}}[3m])) > 0.05"
    return policy(promql(query), name="errors")


def uptime_check(number: int, *regions: str, project: str = PROJECT) -> PlanValue:
    """A check every minute; by default from five places."""
    inputs = {
        "project": project,
        "period": "60s",
        "selectedRegions": list(regions or ("USA", "EUROPE", "ASIA_PACIFIC")),
    }
    return resource(UPTIME_CHECK, inputs, name=f"uptime-{number}")


def service_plan(services: int) -> list[PlanValue]:
    """A policy on so many services, and a check of each."""
    return [errors_of(services), *(uptime_check(number) for number in range(services))]


def bucket(days: object, name: str = "_Default") -> PlanValue:
    """A log bucket that keeps entries for so many days."""
    return resource(LOG_BUCKET, {"bucketId": name, "project": PROJECT, "retentionDays": days}, name=name)
