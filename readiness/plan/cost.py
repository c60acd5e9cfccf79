"""The cost line of a plan: what its alert conditions and uptime checks are billed at, by the settings' own prices.

No price stands in the program: they change, and differ by contract. Without `readiness:prices` a plan says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from readiness.plan.offline_plan import Plan
from readiness.resource_types import ALERT_POLICY, UPTIME_CHECK
from readiness.settings.observation import PLACES_OF_REGION, Prices
from readiness.times import seconds_of

# Google bills by the month; 730 hours are a twelfth of a year.
SECONDS_A_MONTH = 730 * 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Billed:
    """What is billed of a plan: conditions of alert policies, and executions of uptime checks in a month."""

    conditions: int
    executions: int


def billed(plan: Plan) -> Billed:
    """Counts what a plan declares."""
    conditions = sum(len(each["inputs"].get("conditions", [])) for each in plan.of_type(ALERT_POLICY))
    executions = 0
    for check in plan.of_type(UPTIME_CHECK):
        places = sum(PLACES_OF_REGION.get(region, 1) for region in check["inputs"]["selectedRegions"])
        period = seconds_of(check["inputs"]["period"])
        executions += round(places * SECONDS_A_MONTH / period) if period else 0
    return Billed(conditions=conditions, executions=executions)


def cost_line(plan: Plan, prices: Prices | None) -> str:
    """One sentence: the sum a month with its parts and the prices' source and date, or that it is not priced."""
    found = billed(plan)
    parts = f"{found.conditions} alert conditions, {found.executions:,} executions of uptime checks a month"
    if prices is None:
        return f"Cost of monitoring: not priced ({parts}); write readiness:prices with source and date"
    paid = max(0, found.executions - prices.uptime_executions_free_month)
    total = found.conditions * prices.alert_condition_month + paid * prices.uptime_execution
    free = f", {found.executions - paid:,} of them free" if paid < found.executions else ""
    return (
        f"Cost of monitoring: USD {total:,.2f} a month ({parts}{free}; prices of {prices.date}, {prices.source}). "
        "Log bytes, series that queries return and the requests of the checks are not in it"
    )
