"""Rules between the settings of uptime checks, availability and connections."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from readiness import clock
from readiness.finding import Finding, Severity
from readiness.rules.stack import check_config
from readiness.settings.observation import BURN_FACTORS
from tests.edits import edit, line_of
from tests.pinned_clock import TODAY
from tests.projects import Command, config_of


def problems(today: date = TODAY, **changed: Any) -> list[Finding]:
    """What is found in staging, whose settings `changed` replace."""
    config = config_of("staging")
    config.values |= {f"readiness:{name}": value for name, value in changed.items()}
    return list(check_config(config, today=today).problems)


def backend(**changed: Any) -> list[dict[str, Any]]:
    """Staging's services, the backend changed."""
    first, *others = config_of("staging").values["readiness:services"]
    return [{**first, **changed}, *others]


def until(day: object) -> list[dict[str, Any]]:
    """The same with another date until which the degraded answer is accepted."""
    answer = {
        "json_path": "$.a",
        "healthy": "up",
        "known_degraded": {"value": "error", "because": "known"} | ({"accept_degraded_until": day} if day else {}),
    }
    return backend(health_answer=answer)


def of_degraded(found: list[Finding]) -> list[Finding]:
    """What is said of the dates."""
    return [finding for finding in found if finding.key.endswith("accept_degraded_until")]


@pytest.mark.parametrize("day", ["2026-12-26", "2027-03-31", "2027-11-25", None])
def test_a_date_more_than_30_days_away_is_accepted(day: object) -> None:
    """Nothing is said of it yet."""
    assert of_degraded(problems(services=until(day))) == []


@pytest.mark.parametrize(
    ("day", "when"),
    [("2026-12-25", "in 30 days"), ("2026-12-24", "in 29 days"), ("2026-11-26", "in 1 day"), ("2026-11-25", "today")],
)
def test_a_date_that_is_at_most_30_days_away_warns_and_stops_nothing(day: str, when: str) -> None:
    """The last day counts; the warning says what to do before `pulumi up` refuses it."""
    (problem,) = of_degraded(problems(services=until(day)))
    assert (problem.severity, problem.placeholder) == (Severity.WARNING, False)
    assert problem.message == f"expires on {day}, {when}"
    assert problem.hint.startswith("Remove the line once the service answers as healthy, or decide on a later day")


@pytest.mark.parametrize(("today", "day"), [(date(2028, 2, 29), "2028-03-30"), (date(2026, 12, 31), "2027-01-30")])
def test_days_are_counted_across_the_ends_of_months_and_years(today: date, day: str) -> None:
    """30 of them, on a leap day too."""
    (problem,) = of_degraded(problems(today=today, services=until(day)))
    assert problem.message == f"expires on {day}, in 30 days"


def test_a_date_that_has_passed_warns_and_stops_an_update() -> None:
    """As a placeholder does: a preview goes on, `pulumi up` refuses; the line is that of the service."""
    (problem,) = of_degraded(problems(services=until("2026-11-24")))
    assert (problem.severity, problem.placeholder) == (Severity.WARNING, True)
    assert problem.key == "readiness:services[0].health_answer.known_degraded.accept_degraded_until"
    assert "has passed" in problem.message


@pytest.mark.parametrize("day", ["2027-11-26", "2999-12-31", "9999-12-31"])
def test_a_date_more_than_a_year_away_is_refused(day: str) -> None:
    """An acceptance ends; the hint names the last day."""
    (problem,) = of_degraded(problems(services=until(day)))
    assert problem.severity is Severity.ERROR
    assert problem.message == "is more than 365 days away"
    assert problem.hint == "Write 2027-11-25 or an earlier day; it can be renewed when it comes"


def test_check_refuses_a_date_that_never_comes_at_its_line(small_project: Path, command: Command) -> None:
    """With status 1, and one error."""
    file = "Pulumi.staging.yaml"
    answer = _KNOWN_DEGRADED.replace("2027-03-31", "9999-12-31")
    edit(small_project, "      health_path: /health\n", "      health_path: /health\n" + answer, file)
    done = command("check", "staging", cwd=small_project)
    line = line_of(small_project, "accept_degraded_until", file)
    assert done.status == 1
    key = "readiness:services[0].health_answer.known_degraded.accept_degraded_until"
    assert f"error: {file}:{line}: {key}: is more than 365 days away. Write 2027-11-25 or an earlier day" in done.err
    assert done.err.count("error:") == 1


@pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01", "0000-01-01"])
def test_a_date_that_is_none_is_refused(day: str) -> None:
    """It looks like one to the model."""
    (problem,) = of_degraded(problems(services=until(day)))
    assert problem.severity is Severity.ERROR
    assert "no day of the calendar" in problem.message


@pytest.mark.parametrize(
    ("regions", "places"),
    [(["EUROPE"], 1), (["EUROPE", "ASIA_PACIFIC"], 2), (["USA_OREGON", "EUROPE"], 2), (["USA"], None)],
)
def test_fewer_than_three_places_are_refused(regions: list[str], places: int | None) -> None:
    """The API's rule; USA alone is three, and a region that is named twice is refused as such."""
    found = [problem for problem in problems(uptime_checks={"regions": regions}) if "regions" in problem.key]
    assert [f"are {places} places" in finding.message for finding in found] == ([True] if places else [])


@pytest.mark.parametrize(("goal", "refused"), [(0.5, True), (0.93, True), (0.9306, False), (0.9999, False)])
def test_an_objective_for_which_no_alert_could_page_is_refused(goal: float, refused: bool) -> None:
    """14.4 times the errors that 93 % allows are more than all requests."""
    found = [
        problem for problem in problems(availability={"goal": goal}) if problem.key == "readiness:availability.goal"
    ]
    assert bool(found) is refused
    assert (BURN_FACTORS[0] * (1 - goal) >= 1) is refused
    assert all("No alert could page" in finding.hint and "write more than 0.931" in finding.hint for finding in found)


def pooled(instances: object, *pools: dict[str, object], slots: object = 100) -> list[Finding]:
    """What is said of a backend with these pools on an instance with so many slots."""
    found = problems(
        services=backend(max_instances=instances, connection_pools=list(pools)),
        database={"instance": "x"} | ({} if slots is None else {"max_connections": slots}),
    )
    return [finding for finding in found if finding.rule_id == "settings-database-connections"]


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
    errors = [problem for problem in problems(**{name: value}) if problem.severity is Severity.ERROR]
    assert errors
    assert {error.rule_id for error in errors} <= {"settings-invalid-value", "settings-missing-key"}


def database_problems(*removed: str, **changed: Any) -> list[tuple[str, str]]:
    """Key and rule of the errors in the settings of staging without some sections, and with others changed."""
    config = config_of("staging")
    config.values |= {f"readiness:{name}": value for name, value in changed.items()}
    for name in removed:
        config.values.pop(f"readiness:{name}", None)
    found = check_config(config, today=TODAY).problems
    return [(problem.key, problem.rule_id) for problem in found if problem.severity is Severity.ERROR]


def alerts_without_connection_errors() -> dict[str, Any]:
    """The alerts of staging without the one on the database."""
    alerts = config_of("staging").values["readiness:alerts"]
    return {name: value for name, value in alerts.items() if name != "database_connection_errors"}


def test_a_stack_may_have_no_database() -> None:
    """Then it has neither the alert on connection errors nor a job that migrates."""
    alerts = alerts_without_connection_errors()
    without = ("database", "migration_job")
    assert database_problems(*without, alerts=alerts) == []
    assert database_problems(*without) == [("readiness:alerts.database_connection_errors", "settings-database-missing")]
    job = config_of("prod").values["readiness:migration_job"]
    found = database_problems("database", alerts=alerts, migration_job=job)
    assert ("readiness:migration_job", "settings-database-missing") in found


def test_a_database_without_its_alert_is_refused() -> None:
    """Its connection errors would notify nobody. A refused section is not a missing one."""
    expected = [("readiness:alerts.database_connection_errors", "settings-missing-key")]
    assert database_problems(alerts=alerts_without_connection_errors()) == expected
    assert [rule for _, rule in database_problems(alerts=None)] != ["settings-missing-key"]


_KNOWN_DEGRADED = """\
      health_answer:
        json_path: $.status
        healthy: up
        known_degraded:
          value: error
          because: the cache is cold
          accept_degraded_until: "2027-03-31"
"""


@pytest.mark.parametrize(
    ("now", "warning"),
    [
        (datetime(2027, 2, 28, 23, 59, 59, tzinfo=UTC), None),
        (datetime(2027, 3, 1, tzinfo=UTC), "expires on 2027-03-31, in 30 days. Remove the line"),
        (datetime(2027, 3, 31, 23, 59, 59, tzinfo=UTC), "expires on 2027-03-31, today. Remove the line"),
        (datetime(2027, 4, 1, tzinfo=UTC), "has passed; the uptime check still takes the degraded answer"),
    ],
)
def test_check_warns_of_the_date_with_file_line_and_key(
    small_project: Path, command: Command, monkeypatch: pytest.MonkeyPatch, now: datetime, warning: str | None
) -> None:
    """It counts days in UTC, and it ends with 0 because a warning stops nothing."""
    file = "Pulumi.staging.yaml"
    edit(small_project, "      health_path: /health\n", "      health_path: /health\n" + _KNOWN_DEGRADED, file)
    monkeypatch.setattr(clock, "now", lambda: now)
    done = command("check", "staging", cwd=small_project)
    line = line_of(small_project, "accept_degraded_until", file)
    place = f"warning: {file}:{line}: readiness:services[0].health_answer.known_degraded.accept_degraded_until: "
    assert done.status == 0, done.text
    assert (place in done.err) is (warning is not None)
    assert warning is None or place + warning in done.err


def test_a_token_is_refused_only_after_a_log_out() -> None:
    """A path that nothing would ask is a mistake in the settings."""
    smoke = {"login_path": "/in", "upload_path": "/files", "refused_after_logout_path": "/me"}
    (found,) = [problem for problem in problems(services=backend(smoke=smoke)) if "smoke" in problem.key]
    assert (found.rule_id, found.key) == (
        "settings-smoke-logout",
        "readiness:services[0].smoke.refused_after_logout_path",
    )
    whole = problems(services=backend(smoke=smoke | {"logout_path": "/out"}))
    assert [item for item in whole if "smoke" in item.key] == []


@pytest.mark.parametrize("path", ["/files", "/files/{id}", "/files/{upload}/{upload}", "files/{upload}"])
def test_a_path_that_deletes_names_the_upload_once(path: str) -> None:
    """One without it would delete something else."""
    smoke = {"login_path": "/in", "upload_path": "/files", "delete_path": path}
    assert [problem.key for problem in problems(services=backend(smoke=smoke)) if "smoke" in problem.key] == [
        "readiness:services[0].smoke.delete_path"
    ]
