"""The costs of a stack: quantities counted from the plan, and their prices. Figures are worked out by hand."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.plan.cost import (
    Basis,
    Cost,
    Line,
    OtherStacks,
    conditions_of,
    cost_of,
    executions_of,
    executions_of_settings,
    others_in,
)
from readiness.plan.offline_plan import Plan
from readiness.plan.render_cost import cost_data, cost_line, cost_markdown, cost_text
from readiness.settings.prices import LIST_PRICES, ExpectedUsage
from tests.pinned_clock import TODAY
from tests.plan.cost_plans import EVALUATIONS, MINUTES, bucket, errors_of, policy, promql, service_plan, uptime_check
from tests.plan.diff_plans import PlanValue, resource
from tests.projects import EVERY_OPTION, STACKS, Command, settings_of

_CHECK_EXECUTIONS = 5 * MINUTES


def cost(*resources: PlanValue, **basis: Any) -> Cost:
    """The costs of a stack that declares these."""
    return cost_of("prod", resources, Basis(**basis))


def line(found: Cost, key: str) -> Line:
    """One line."""
    return next(line for line in found.lines if line.key == key)


def test_one_service_costs_a_reference_twice_and_a_point_an_evaluation() -> None:
    """The quotient names two metrics and returns one series; the check is free."""
    found = cost(*service_plan(1))
    assert (line(found, "metric_references").quantity, line(found, "metric_references").amount) == (2, 0.7)
    assert line(found, "alert_points").quantity == EVALUATIONS == 87_600
    assert line(found, "alert_points").amount == 0.0438
    assert (line(found, "uptime_executions").quantity, line(found, "uptime_executions").amount) == (219_000, 0)
    assert (found.total(from_start=False), found.total(from_start=True)) == (0, 0.7438)


def test_with_many_services_the_points_are_the_larger_part() -> None:
    """60 services: the references stay, the points and the executions do not."""
    found = cost(*service_plan(60))
    assert line(found, "metric_references").amount == 0.7
    assert (line(found, "alert_points").quantity, line(found, "alert_points").amount) == (5_256_000, 2.628)
    assert line(found, "uptime_executions").quantity == 13_140_000
    # 12,140,000 executions beyond the free million, at USD 0.30 a thousand.
    assert line(found, "uptime_executions").amount == 3642
    assert found.total(from_start=False) == 3642


def test_a_stack_without_uptime_checks_has_no_executions() -> None:
    """Zero is known, and not "not known"."""
    found = cost(errors_of(1))
    assert (line(found, "uptime_executions").quantity, line(found, "uptime_executions").amount) == (0, 0)


def test_a_stack_that_declares_nothing_costs_nothing() -> None:
    """And what it costs is known."""
    found = cost()
    assert (found.lines, found.total(from_start=True), found.is_least) == ((), 0, False)


@pytest.mark.parametrize(
    ("query", "series", "references"),
    [
        ("sum(rate(a[5m])) > 1", 1, 1),
        ('sum by (service_name) (rate(a{service_name=~"x|y|z"}[5m])) > 1', 3, 1),
        ('sum by (service_name) (rate(a{service_name="x"}[5m])) > 1', 1, 1),
        # Each clause is counted, and the right side of a comparison has no metric.
        ('sum by (service_name) (rate(a{service_name=~"x|y"}[5m])) > 1 and sum(rate(b[5m])) > 2', 3, 2),
        ('sum by (service_name) (a{service_name=~"x|y"}) unless sum by (service_name) (b)', 4, 2),
        # A quotient is one clause, with no more series than its smaller side.
        ('sum by (service_name) (a{service_name=~"x|y"}) / sum(b) > 1', 1, 2),
        ('sum by (service_name) (a{service_name=~"x|y"}) / on () group_left sum(b) > 1', 2, 2),
        # The quantile has one series for all of its buckets.
        ('histogram_quantile(0.95, sum by (service_name, le) (rate(a_bucket{service_name=~"x|y"}[3m]))) > 1', 2, 1),
        ('round(max by (service_name) (sum by (service_name, who) (a{service_name=~"x|y"})) * 2) > 1', 2, 1),
        ('absent_over_time(a{service_name="x"}[5m]) > 0', 1, 1),
        ("vector(1) and on () (hour() == 9)", 0, 0),
    ],
)
def test_a_query_returns_what_its_clauses_group_over(query: str, series: int, references: int) -> None:
    """Split at comparisons, `and`, `or` and `unless`."""
    (found,) = conditions_of([policy(promql(query))], ExpectedUsage())
    assert (found.returned.series, found.returned.references, found.returned.unknown) == (series, references, ())
    assert found.points_month == series * EVALUATIONS


def test_series_that_are_not_grouped_have_all_labels_of_the_metric() -> None:
    """A sample of each place for each host."""
    query = 'min_over_time(monitoring_googleapis_com:uptime_check_check_passed{host=~"a[.]app|b[.]app"}[5m]) == 0'
    (found,) = conditions_of([policy(promql(query)), uptime_check(1)], ExpectedUsage())
    assert found.returned.series == 2 * 5


def test_the_interval_of_the_condition_counts() -> None:
    """Every minute is half of every 30 s."""
    (found,) = conditions_of([policy(promql("sum(a) > 1", "60s"))], ExpectedUsage())
    assert found.points_month == MINUTES


def test_a_threshold_of_one_summed_series_is_one_point_an_evaluation() -> None:
    """As the alerts of CIS are."""
    threshold = {"aggregations": [{"crossSeriesReducer": "REDUCE_SUM"}], "filter": "x"}
    (found,) = conditions_of([policy({"conditionThreshold": threshold})], ExpectedUsage())
    assert (found.returned.series, found.returned.references, found.points_month) == (1, 1, EVALUATIONS)


@pytest.mark.parametrize(
    ("condition", "unknown"),
    [
        (promql("sum by (who) (a) > 1"), "who"),
        (promql('sum by (service_name) (a{service_name=~"shop-.*"}) by ('), "the query, which cannot be read"),
        ({"conditionThreshold": {"filter": "x"}}, "the labels of a condition that is not PromQL"),
    ],
)
def test_what_nothing_limits_is_counted_once_and_makes_the_sum_at_least(condition: PlanValue, unknown: str) -> None:
    """Never as nothing. All else is known here."""
    found = cost(policy(condition), usage=ExpectedUsage(log_gib=1))
    assert (found.is_least, found.unknown) == (True, ())
    assert line(found, "alert_points").is_least
    assert line(found, "alert_points").quantity == EVALUATIONS
    assert f"not known and counted once: {unknown}" in line(found, "alert_points").derived


def test_the_settings_can_limit_an_open_label() -> None:
    """Then the assumption is named instead."""
    found = cost(policy(promql("sum by (who) (a) > 1")), usage=ExpectedUsage(values_per_open_label=4))
    assert line(found, "alert_points").quantity == 4 * EVALUATIONS
    assert not line(found, "alert_points").is_least
    assert "values of who as in expected_usage.values_per_open_label" in line(found, "alert_points").derived


def test_what_is_not_known_is_in_no_sum_and_never_zero() -> None:
    """Log bytes depend on traffic."""
    found = cost(*service_plan(1), bucket(400))
    assert line(found, "stored_logs").quantity is None
    assert line(found, "stored_logs").amount is None
    assert found.is_least
    assert found.unknown == ("stored log entries", "log entries kept in _Default")
    assert cost_line(found).startswith("Cost: at least USD 0.00 a month, from 2027-09-01 on at least USD 0.74 (")
    assert "stored log entries: not known, at USD 0.5 per GiB; 50 GiB of the project are free" in cost_text(
        found, TODAY
    )


def test_log_bytes_are_priced_once_the_settings_say_how_many() -> None:
    """80 GiB: 30 beyond the free ones; kept twelve months and a third longer than 30 days, at 400 days."""
    found = cost(errors_of(1), bucket(400), usage=ExpectedUsage(log_gib=80))
    assert line(found, "stored_logs").amount == 15
    assert line(found, "kept_logs:_Default").amount == pytest.approx(80 * 370 / 30 * 0.01)
    assert not found.is_least


@pytest.mark.parametrize("days", [30, 1, 0, -5, None, "400", 10**9])
def test_a_bucket_that_keeps_nothing_longer_costs_nothing_more(days: object) -> None:
    """Nor does one with a retention that no API takes."""
    assert [found.key for found in cost(bucket(days)).lines if found.key.startswith("kept")] == []


def test_a_quantity_without_price_is_not_known() -> None:
    """A team's own table may leave it out."""
    prices = LIST_PRICES.model_copy(update={"usd_per_million_points": None})
    found = cost(errors_of(1), prices=prices)
    assert line(found, "alert_points").amount is None
    assert found.is_least
    assert "points, no price in readiness:prices;" in cost_text(found, TODAY)


def test_two_stacks_of_a_project_share_its_free_executions() -> None:
    """Each alone is below the million; together they pay for 314,000, in proportion."""
    alone = cost(*(uptime_check(number) for number in range(3)))
    assert line(alone, "uptime_executions").amount == 0
    shared = cost(
        *(uptime_check(number) for number in range(3)),
        others=OtherStacks(names=("staging",), executions=3 * _CHECK_EXECUTIONS),
    )
    found = line(shared, "uptime_executions")
    assert (found.quantity, found.paid) == (657_000, 157_000)
    assert found.amount == pytest.approx(47.1)
    assert found.free == "1,314,000 of 1,000,000 free ones of the project are used, shared with staging"


def test_a_stack_whose_use_is_not_known_makes_the_amount_at_least() -> None:
    """It may use what is free."""
    found = line(cost(uptime_check(1), others=OtherStacks(unknown=("broken",))), "uptime_executions")
    assert found.is_least
    assert found.free.endswith("not known what broken uses")


def test_others_are_those_of_the_same_project_alone() -> None:
    """A stack with a project of its own has free executions of its own."""
    staging = settings_of("staging")
    elsewhere = staging.model_copy(update={"project": "another-project"})
    found = others_in(staging.project, {"same": staging, "elsewhere": elsewhere, "broken": None})
    assert (found.names, found.executions, found.unknown) == (("same",), 2 * _CHECK_EXECUTIONS, ("broken",))


@pytest.mark.parametrize("stack", STACKS)
def test_executions_by_the_settings_are_those_of_the_plan(stack: str, plans: dict[str, Plan]) -> None:
    """Of other stacks only the settings are read."""
    assert executions_of_settings(settings_of(stack)) == executions_of(plans[stack].resources) > 0


@given(
    services=st.integers(min_value=1, max_value=40),
    others=st.integers(min_value=0, max_value=10_000_000),
    gib=st.floats(min_value=0, max_value=1000),
)
def test_a_service_more_never_lowers_the_costs(services: int, others: int, gib: float) -> None:
    """Whatever the other stacks of the project use."""
    basis = {"others": OtherStacks(names=("other",), executions=others), "usage": ExpectedUsage(log_gib=gib)}
    before, after = cost(*service_plan(services), **basis), cost(*service_plan(services + 1), **basis)
    for from_start in (False, True):
        assert after.total(from_start=from_start) >= before.total(from_start=from_start)
    assert after.total(from_start=True) > before.total(from_start=True)


def test_prices_older_than_a_year_are_a_note_and_no_error() -> None:
    """In text and in Markdown; the data is the same on every day."""
    found = cost(*service_plan(1))
    note = "The prices are of 2026-09-08, more than 365 days ago: compare them with https://cloud.google.com/"
    for render in (cost_text, cost_markdown):
        assert note in render(found, date(2027, 9, 9))
        assert "more than 365 days ago" not in render(found, date(2027, 9, 8))


@pytest.mark.parametrize(
    "hostile",
    [None, 7, "x", [], [None], {}, {"conditions": 3}, [["USA"]], {"conditionPrometheusQueryLanguage": "query"}],
)
def test_a_plan_of_another_shape_is_counted_and_not_a_traceback(hostile: Any) -> None:
    """A file may have anything anywhere."""
    parts = [
        policy(promql("sum(a) > 1", hostile)),
        resource("gcp:monitoring/alertPolicy:AlertPolicy", {"conditions": hostile}),
        policy(promql(hostile), {"conditionThreshold": hostile}, {"conditionThreshold": {"aggregations": hostile}}),
        resource("gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig", {"period": hostile, "selectedRegions": hostile}),
        bucket(hostile),
    ]
    found = cost(*parts)
    assert found.total(from_start=True) > 0
    json.dumps(cost_data(found), allow_nan=False)


@pytest.mark.parametrize("interval", ["0s", "0.0000001s", f"0.{'0' * 330}1s", "9" * 400 + "s", "1ms"])
def test_an_interval_that_no_api_takes_gives_a_number(interval: str) -> None:
    """No division by zero and no infinite sum."""
    (found,) = conditions_of([policy(promql("sum(a) > 1", interval))], ExpectedUsage())
    assert 0 <= found.points_month <= 730 * 3600


def test_plan_shows_the_costs_in_every_form(command: Command) -> None:
    """The sum at the head, the lines at the end; as JSON under `cost`."""
    text = command("plan", "staging").out
    (head,) = (line for line in text.split("\n") if line.startswith("Cost: "))
    assert head.startswith("Cost: at least USD 0.00 a month, from 2027-09-01 on at least USD ")
    shared = "876,000 of 1,000,000 free ones of the project are used, shared with prod"
    assert shared in text.partition("\nCost of a month\n")[2]
    folded = command("plan", "staging", "--format", "markdown").out
    assert shared in folded.partition("<details><summary>Cost of a month</summary>")[2]
    found = json.loads(command("plan", "staging", "--format", "json").out)["cost"]
    executions = next(line for line in found["lines"] if line["key"] == "uptime_executions")
    assert (executions["quantity"], executions["usd_month"], executions["usd"], executions["per"]) == (
        438_000,
        0,
        0.3,
        1000,
    )
    assert found["at_least"] is True
    assert "stored log entries" in found["not_known"]
    assert found["prices"] == {"source": LIST_PRICES.source, "date": LIST_PRICES.date}
    points = next(line for line in found["lines"] if line["key"] == "alert_points")["quantity"]
    assert sum(condition["points_month"] for condition in found["conditions"]) == points


def test_names_from_a_plan_cannot_leave_their_place_in_markdown(plans: dict[str, Plan]) -> None:
    """A bucket's name is anybody's text."""
    text = cost_markdown(cost(errors_of(1), bucket(90, "`</details><img>@team")), TODAY)
    assert "`` log entries kept in `</details><img>@team" in text or "``" in text
    assert text.count("</details>") == 2
    assert cost_of(EVERY_OPTION, plans[EVERY_OPTION].resources, Basis()).lines
