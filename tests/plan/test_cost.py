"""The cost line: counted from the plan, priced by the settings alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from readiness.plan.cost import billed, cost_line
from readiness.plan.offline_plan import Plan
from readiness.plan.render_plan import plan_markdown, plan_text
from readiness.resource_types import ALERT_POLICY
from tests.projects import EVERY_OPTION, ROOT, Command, settings_of


def test_without_prices_a_plan_says_that_it_is_not_priced(command: Command) -> None:
    """And what would be billed; no price stands in the program."""
    done = command("plan", "staging")
    text = " ".join(done.out.split())
    assert "Cost of monitoring: not priced (" in text
    assert "write readiness:prices with source and date." in text


def test_conditions_and_executions_are_counted_from_the_plan(plans: dict[str, Plan]) -> None:
    """Two services from five places every minute of 730 hours."""
    policies = [each for each in plans["prod"].resources if each["type"].endswith(":AlertPolicy")]
    found = billed(plans["prod"])
    assert found.conditions == sum(len(each["inputs"]["conditions"]) for each in policies)
    assert found.executions == 2 * 5 * 730 * 60


def a_plan(*conditions: dict[str, Any]) -> Plan:
    """A plan of one policy with these conditions."""
    policy = {"type": ALERT_POLICY, "name": "a", "inputs": {"conditions": list(conditions)}}

    def of_type(type_: str) -> list[dict[str, Any]]:
        return [policy] if type_ == ALERT_POLICY else []

    return cast(Plan, SimpleNamespace(of_type=of_type))


def promql(query: str, interval: str = "30s") -> dict[str, Any]:
    """A condition in PromQL."""
    return {"conditionPrometheusQueryLanguage": {"query": query, "evaluationInterval": interval}}


def test_metrics_are_counted_as_often_as_a_query_names_them() -> None:
    """By the query's tree; every evaluation returns a point of each at the least."""
    found = billed(
        a_plan(promql('sum(rate(a{b="c + d"}[5m])) / sum(rate(a[5m])) > 0.5 and e > 1'), promql("f > 1", "60s"))
    )
    assert (found.conditions, found.references) == (2, 4)
    assert found.points == 3 * 730 * 120 + 730 * 60


def test_a_condition_of_another_kind_is_one_metric_every_minute() -> None:
    """The eight alerts of CIS compare a counter with a threshold."""
    found = billed(a_plan({"conditionThreshold": {"filter": "x"}}))
    assert (found.references, found.points) == (1, 730 * 60)


def test_alerting_is_priced_from_its_day_on(plans: dict[str, Plan]) -> None:
    """And is not part of what is charged before."""
    prices = settings_of(EVERY_OPTION).prices
    assert prices is not None
    assert prices.alerting is not None
    found = billed(plans[EVERY_OPTION])
    total = found.references * 0.35 + found.points / 1e6 * 0.5
    line = cost_line(plans[EVERY_OPTION], prices)
    assert (
        f"from 2027-09-01 on, USD {total:,.2f} or more a month for alerting ({found.references} metrics x 0.35, "
        in line
    )
    assert "log bytes: not priced, they depend on traffic (USD 0.5 a GiB beyond 50 GiB" in line


def test_what_has_no_price_says_so(plans: dict[str, Plan]) -> None:
    """Settings of an earlier version have neither."""
    prices = settings_of(EVERY_OPTION).prices
    assert prices is not None
    line = cost_line(plans["prod"], prices.model_copy(update={"alerting": None, "logs": None}))
    assert "metrics and points of alerts: not priced" in line
    assert "log bytes: not priced, no `logs`" in line


def test_the_sum_names_source_date_and_what_is_free(plans: dict[str, Plan]) -> None:
    """Executions up to the free ones cost nothing."""
    prices = settings_of(EVERY_OPTION).prices
    assert prices is not None
    found = billed(plans[EVERY_OPTION])
    line = cost_line(plans[EVERY_OPTION], prices)
    assert f"USD {found.conditions * 0.1:,.2f} a month" in line
    assert "prices of 2026-11-01, https://prices.shop.example.net/monitoring" in line
    assert f"{found.executions:,} of them free" in line


def test_what_is_over_the_free_executions_is_paid(plans: dict[str, Plan]) -> None:
    """Each of them."""
    prices = settings_of(EVERY_OPTION).prices
    assert prices is not None
    found = billed(plans["prod"])
    without_free = prices.model_copy(update={"uptime_executions_free_month": 0, "alert_condition_month": 0.0})
    assert f"USD {found.executions * 0.0003:,.2f} a month" in cost_line(plans["prod"], without_free)


def test_the_line_stands_in_both_forms_of_the_plan(plans: dict[str, Plan]) -> None:
    """Below the caveat, once."""
    for render in (plan_text, plan_markdown):
        assert render(plans["prod"], "Cost: a lot").count("Cost: a lot.") == 1
        assert "Cost" not in render(plans["prod"]).split("alerts-")[0]
    assert (ROOT / "docs" / "costs.md").is_file()
