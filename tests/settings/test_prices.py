"""The table of prices in the settings: one by default, replaced whole, and refused with one error for each mistake."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from readiness.finding import Finding, Severity
from readiness.rules.stack import check_config
from readiness.settings.prices import LIST_PRICES, STALE_AFTER_DAYS
from tests.pinned_clock import TODAY
from tests.projects import CUSTOMER_STACKS, EVERY_OPTION, config_of, settings_of

_TABLE = {"source": "https://example.com/prices", "date": "2026-11-01"}


def errors_of(setting: str, value: Any) -> list[Finding]:
    """The errors in the settings of staging with this value."""
    config = config_of("staging")
    config.values[f"readiness:{setting}"] = value
    found = check_config(config, today=TODAY).problems
    return [problem for problem in found if problem.severity is Severity.ERROR]


def test_without_a_table_the_list_prices_apply_with_source_and_date() -> None:
    """There is one table, and it says where it is from."""
    for stack in CUSTOMER_STACKS:
        assert settings_of(stack).prices == LIST_PRICES
    assert (LIST_PRICES.source, LIST_PRICES.date) == ("https://cloud.google.com/stackdriver/pricing", "2026-09-08")
    assert settings_of(EVERY_OPTION).prices.source == "https://prices.shop.example.net/monitoring"


def test_a_table_of_a_team_replaces_every_list_price() -> None:
    """A price that it leaves out is not known: it would be shown with a source that does not have it."""
    config = config_of("staging")
    config.values["readiness:prices"] = {**_TABLE, "usd_per_log_gib": 0.4}
    settings = check_config(config, today=TODAY).settings
    assert settings is not None
    assert (settings.prices.usd_per_log_gib, settings.prices.usd_per_million_points) == (0.4, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("usd_per_log_gib", -0.01),
        ("usd_per_log_gib", float("nan")),
        ("usd_per_log_gib", float("inf")),
        ("usd_per_million_points", 1e300),
        ("usd_per_million_points", "0.5"),
        ("usd_per_million_points", True),
        ("usd_per_million_points", None),
        ("usd_per_million_points", [0.5]),
        ("free_log_gib_per_project_month", -1),
        ("free_uptime_executions_per_project_month", 10**30),
        ("alerting_charged_from", "2027-02-30"),
        ("alerting_charged_from", 20270901),
        ("date", "2026-04-31"),
        ("source", "not an address"),
        ("uptime_execution", 0.0003),
    ],
)
def test_a_hostile_table_is_one_error_at_its_key(name: str, value: Any) -> None:
    """Negative, not a number, far too large, a text, a day that does not exist, a name of an earlier version."""
    (problem,) = errors_of("prices", {**_TABLE, name: value})
    assert problem.key == f"readiness:prices.{name}"
    assert problem.hint


@pytest.mark.parametrize("name", ["source", "date"])
def test_a_table_without_source_or_date_is_refused(name: str) -> None:
    """A price without them cannot be checked."""
    (problem,) = errors_of("prices", {key: value for key, value in _TABLE.items() if key != name})
    assert problem.rule_id == "settings-missing-key"
    assert problem.key == f"readiness:prices.{name}"


@pytest.mark.parametrize(
    ("name", "value"),
    [("log_gib", -1), ("log_gib", float("nan")), ("scanned_images", "40"), ("values_per_open_label", 0),
     ("values_per_open_label", 2.5), ("values_per_open_label", 10**9)],
)  # fmt: skip
def test_a_hostile_usage_is_one_error_at_its_key(name: str, value: Any) -> None:
    """The same for what a month uses."""
    (problem,) = errors_of("expected_usage", {name: value})
    assert problem.key == f"readiness:expected_usage.{name}"


def test_a_table_is_stale_the_day_after_a_year() -> None:
    """Not on the last day."""
    day = date.fromisoformat(LIST_PRICES.date)
    last = date.fromordinal(day.toordinal() + STALE_AFTER_DAYS)
    assert [LIST_PRICES.is_stale(today) for today in (last, date.fromordinal(last.toordinal() + 1))] == [False, True]
