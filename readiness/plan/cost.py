"""The cost line of a plan: quantities that it declares, times the prices that the settings have with source and date.

No price is in the program: they change, and differ by contract. What cannot be counted from a plan is "not priced",
with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readiness.alerts.promql import PromqlError, parse, selectors
from readiness.plan.offline_plan import Plan
from readiness.resource_types import ALERT_POLICY, UPTIME_CHECK
from readiness.settings.observation import PLACES_OF_REGION, AlertPrices, LogPrices, Prices
from readiness.times import seconds_of

# Google bills by the month; 730 hours are a twelfth of a year.
SECONDS_A_MONTH = 730 * 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Billed:
    """What is billed of a plan, in a month: conditions of alert policies, metrics that their queries name, points that
    the queries return at the least (one series for each metric and evaluation), and executions of uptime checks.
    """

    conditions: int
    references: int
    points: int
    executions: int


def billed(plan: Plan) -> Billed:
    """Counts what a plan declares."""
    conditions = [condition for policy in plan.of_type(ALERT_POLICY) for condition in policy["inputs"]["conditions"]]
    executions = 0
    for check in plan.of_type(UPTIME_CHECK):
        places = sum(PLACES_OF_REGION.get(region, 1) for region in check["inputs"]["selectedRegions"])
        period = seconds_of(check["inputs"]["period"])
        executions += round(places * SECONDS_A_MONTH / period) if period else 0
    return Billed(
        conditions=len(conditions),
        references=sum(_references(condition) for condition in conditions),
        points=sum(_references(condition) * _evaluations(condition) for condition in conditions),
        executions=executions,
    )


def cost_line(plan: Plan, prices: Prices | None) -> str:
    """One line: the sum a month with its parts and the prices' source and date, or that it is not priced."""
    found = billed(plan)
    parts = (
        f"{found.conditions} alert conditions that name {found.references} metrics and return"
        f" {found.points / 1e6:,.2f} million points or more, {found.executions:,} executions of uptime checks a month"
    )
    if prices is None:
        return f"Cost of monitoring: not priced ({parts}); write readiness:prices with source and date"
    paid = max(0, found.executions - prices.uptime_executions_free_month)
    total = found.conditions * prices.alert_condition_month + paid * prices.uptime_execution
    free = f", {found.executions - paid:,} of them free" if paid < found.executions else ""
    return "; ".join(
        [
            f"Cost of monitoring: USD {total:,.2f} a month ({parts}{free}, prices of {prices.date}, {prices.source})",
            _alerting(found, prices.alerting),
            _logs(prices.logs),
            "series of many services, custom metrics and the requests of the checks are not in it",
        ]
    )


def _alerting(found: Billed, prices: AlertPrices | None) -> str:
    if prices is None:
        return "metrics and points of alerts: not priced, no `alerting` in readiness:prices"
    total = found.references * prices.metric_reference_month + found.points / 1e6 * prices.points_million
    return (
        f"from {prices.charged_from} on, USD {total:,.2f} or more a month for alerting ({found.references} metrics x"
        f" {prices.metric_reference_month:g}, {found.points / 1e6:,.2f} million points x {prices.points_million:g})"
    )


def _logs(prices: LogPrices | None) -> str:
    if prices is None:
        return "log bytes: not priced, no `logs` in readiness:prices"
    return (
        f"log bytes: not priced, they depend on traffic (USD {prices.stored_gib:g} a GiB beyond"
        f" {prices.free_gib_month:g} GiB of the project a month, {prices.kept_gib_month:g} a GiB and month kept longer)"
    )


def _references(condition: Mapping[str, Any]) -> int:
    """The metrics that a condition names, each as often as its query does; one for a condition of another kind."""
    query = condition.get("conditionPrometheusQueryLanguage", {}).get("query")
    if query is None:
        return 1
    try:
        return len(selectors(parse(query)))
    except PromqlError:
        return 1


def _evaluations(condition: Mapping[str, Any]) -> int:
    """How often a month a condition is evaluated; a condition of another kind every minute."""
    language = condition.get("conditionPrometheusQueryLanguage", {})
    return round(SECONDS_A_MONTH / (seconds_of(language.get("evaluationInterval", "60s")) or 60))
