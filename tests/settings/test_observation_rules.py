"""Rules between the settings of uptime checks, availability and connections."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from readiness.problems import Problem, Severity
from readiness.settings.observation_rules import BURN_FACTORS, observation_problems
from readiness.settings.validation import validate
from tests.projects import config_of

TODAY = date(2026, 11, 25)


def problems(today: date = TODAY, **changed: Any) -> list[Problem]:
    """What the rules say of staging, whose settings `changed` replace."""
    config = config_of("staging")
    raw = {key.removeprefix("readiness:"): value for key, value in config.values.items()}
    return list(observation_problems(config, raw | changed, today))


def backend(**changed: Any) -> list[dict[str, Any]]:
    """Staging's services, the backend changed."""
    first, *others = config_of("staging").values["readiness:services"]
    return [{**first, **changed}, *others]


def until(day: object) -> list[dict[str, Any]]:
    """The same with another date until which the degraded answer is accepted."""
    answer = {
        "json_path": "$.a",
        "healthy": "up",
        "known_degraded": {"value": "error", "because": "known", "accept_degraded_until": day},
    }
    return backend(health_answer=answer)


def of_degraded(found: list[Problem]) -> list[Problem]:
    """What is said of the dates."""
    return [each for each in found if each.key.endswith("accept_degraded_until")]


@pytest.mark.parametrize("day", ["2026-11-25", "2027-03-31", None])
def test_a_date_of_today_or_later_is_accepted(day: object) -> None:
    """The last day counts."""
    assert of_degraded(problems(services=until(day))) == []


def test_a_date_that_has_passed_warns_and_stops_an_update() -> None:
    """As a placeholder does: a preview goes on, `pulumi up` refuses; the line is that of the service."""
    (problem,) = of_degraded(problems(services=until("2026-11-24")))
    assert (problem.severity, problem.placeholder) == (Severity.WARNING, True)
    assert problem.key == "readiness:services[0].health_answer.known_degraded.accept_degraded_until"
    assert "has passed" in problem.message


@pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01", "0000-01-01"])
def test_a_date_that_is_none_is_refused(day: str) -> None:
    """It looks like one to the model."""
    (problem,) = of_degraded(problems(services=until(day)))
    assert problem.severity is Severity.ERROR
    assert "no day of the calendar" in problem.message


def test_the_day_of_the_prices_is_one_of_the_calendar() -> None:
    """`prices.date` is shown beside every sum."""
    (problem,) = [each for each in problems(prices={"date": "2026-04-31"}) if each.key == "readiness:prices.date"]
    assert "no day of the calendar" in problem.message
    assert [each for each in problems(prices={"date": "2026-04-30"}) if "prices" in each.key] == []


@pytest.mark.parametrize(
    ("regions", "places"),
    [(["EUROPE"], 1), (["EUROPE", "EUROPE", "ASIA_PACIFIC"], 2), (["USA_OREGON", "EUROPE"], 2), (["USA"], None)],
)
def test_fewer_than_three_places_are_refused(regions: list[str], places: int | None) -> None:
    """The API's rule; USA alone is three, and a region that is named twice is one."""
    found = [each for each in problems(uptime_checks={"regions": regions}) if "regions" in each.key]
    assert [f"are {places} places" in each.message for each in found] == ([True] if places else [])


@pytest.mark.parametrize(("goal", "refused"), [(0.5, True), (0.93, True), (0.9306, False), (0.9999, False)])
def test_an_objective_for_which_no_alert_could_page_is_refused(goal: float, refused: bool) -> None:
    """14.4 times the errors that 93 % allows are more than all requests."""
    found = [each for each in problems(availability={"goal": goal}) if each.key == "readiness:availability.goal"]
    assert bool(found) is refused
    assert (BURN_FACTORS[0] * (1 - goal) >= 1) is refused
    assert all("No alert could page" in each.mend and "write more than 0.931" in each.mend for each in found)


def pooled(instances: object, *pools: dict[str, object], slots: object = 100) -> list[Problem]:
    """What is said of a backend with these pools on an instance with so many slots."""
    found = problems(
        services=backend(max_instances=instances, connection_pools=list(pools)),
        database={"instance": "x", "max_connections": slots},
    )
    return [each for each in found if each.key == "readiness:database.max_connections"]


def test_the_customers_pools_are_more_than_the_database_has_slots_for() -> None:
    """Two pools of 10 and 20 more, five instances: 300 against 100. A warning: it is so today."""
    (problem,) = pooled(5, {"size": 10, "overflow": 20}, {"size": 10, "overflow": 20})
    assert problem.severity is Severity.WARNING
    assert problem.message == "is 100, and the services may open 300 connections (5 instances x 60)"


def test_as_many_connections_as_slots_are_no_problem() -> None:
    """Nor is a service whose limit or pools nobody has written down, nor a database without its flag."""
    assert pooled(5, {"size": 20}) == []
    assert pooled(None, {"size": 1000}) == []
    assert pooled(1000) == []
    assert pooled(5, {"size": 1000}, slots=None) == []
    assert len(pooled(5, {"size": 20, "overflow": 1})) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("availability", {"goal": "high"}),
        ("availability", []),
        ("uptime_checks", {"regions": "USA"}),
        ("uptime_checks", {"regions": [1, None]}),
        ("services", ["x", {"connection_pools": [7]}, {"connection_pools": [{"size": "big"}], "max_instances": 3}]),
        ("services", [{"health_answer": {"known_degraded": "yes"}}]),
        ("services", until(20270331)),
        ("prices", "free"),
        ("database", {"max_connections": True}),
    ],
)
def test_values_of_a_wrong_type_are_left_to_the_model(name: str, value: Any) -> None:
    """One complaint a mistake: the rules between settings say nothing more, and do not fail."""
    found = problems(**{name: value})
    assert [each for each in found if each.severity is Severity.ERROR and "regions" not in each.key] == []


def test_the_rules_are_asked_with_the_day_of_today() -> None:
    """A date of the last century is told by `check` itself."""
    config = config_of("staging")
    config.values["readiness:services"] = until("1999-12-31")
    assert [each.placeholder for each in of_degraded(list(validate(config).problems))] == [True]
