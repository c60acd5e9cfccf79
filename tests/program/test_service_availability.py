"""Uptime checks and objectives of a stack, read from its plan."""

from __future__ import annotations

import re
from typing import Any

import pytest

from readiness.alerting.rules import rules_of
from readiness.operate.google_api import ENDPOINTS
from readiness.review.offline_plan import Plan
from tests.program.variations import own_plan_with, plan_with, policies_of, services
from tests.projects import EVERY_OPTION, STACKS, config_of, settings_of

CHECK = "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig"
SERVICE = "gcp:monitoring/customService:CustomService"
OBJECTIVE = "gcp:monitoring/slo:Slo"
BODIES = {
    "healthy": '"healthy"',
    "today, the pool's mistake": '"error"',
    "the database is down": '"unhealthy"',
}


def checks_of(plan: Plan) -> dict[str, dict[str, Any]]:
    """The inputs of a plan's uptime checks by host."""
    return {each["inputs"]["monitoredResource"]["labels"]["host"]: each["inputs"] for each in plan.of_type(CHECK)}


def backend_answering(**known: object) -> list[dict[str, Any]]:
    """Staging's services, the backend with another `known_degraded`, or none."""
    listed = [dict(each) for each in config_of("staging").values["readiness:services"]]
    answer = {name: value for name, value in listed[0]["health_answer"].items() if name != "known_degraded"}
    listed[0]["health_answer"] = answer | ({"known_degraded": known} if known else {})
    return listed


def matcher_of(plan: Plan) -> dict[str, Any]:
    """The one content matcher of staging's backend."""
    (matcher,) = next(each for host, each in checks_of(plan).items() if "backend" in host)["contentMatchers"]
    return matcher


@pytest.mark.parametrize("stack", STACKS)
def test_every_service_is_asked_for_its_health_address_over_validated_tls(plans: dict[str, Plan], stack: str) -> None:
    """The seed's script asked over plain HTTP, in production alone."""
    settings = settings_of(stack)
    found = checks_of(plans[stack])
    assert list(found) == [service.host for service in sorted(settings.services, key=lambda each: each.name)]
    for service in settings.services:
        http = found[service.host]["httpCheck"]
        assert (http["useSsl"], http["validateSsl"], http["requestMethod"]) == (True, True, "GET")
        assert service.url.rstrip("/") + service.health_path in (
            f"https://{service.host}{http['path']}",
            f"https://{service.host}:{http['port']}{http['path']}",
        )
        assert http["acceptedResponseStatusCodes"] == [{"statusClass": "STATUS_CLASS_2XX"}]


def test_the_customers_checks_ask_port_443_every_minute_from_five_places(plans: dict[str, Plan]) -> None:
    """USA is three places."""
    for check in checks_of(plans["prod"]).values():
        assert check["httpCheck"]["port"] == 443
        assert (check["period"], check["timeout"]) == ("60s", "10s")
        assert check["selectedRegions"] == ["USA", "EUROPE", "ASIA_PACIFIC"]


def test_period_timeout_and_regions_come_from_the_settings(plans: dict[str, Plan]) -> None:
    """And the port of an address that names one."""
    checks = checks_of(plans[EVERY_OPTION])
    for check in checks.values():
        assert (check["period"], check["timeout"]) == ("300s", "20s")
        assert check["selectedRegions"] == ["USA_OREGON", "EUROPE", "SOUTH_AMERICA"]
    assert checks["shop-api-admin.example.net"]["httpCheck"]["port"] == 8443
    assert checks["shop-api-admin.example.net"]["httpCheck"]["path"] == "/base/"


def test_a_service_without_a_healthy_answer_in_the_settings_is_asked_for_a_200_only(plans: dict[str, Plan]) -> None:
    """The frontend says nothing of a database."""
    frontend = next(each for host, each in checks_of(plans["prod"]).items() if "frontend" in host)
    assert frontend.get("contentMatchers", []) == []


def test_the_backends_answer_must_say_that_its_database_is_healthy() -> None:
    """The JSON literal with its quotes; only the first matcher counts, so there is one."""
    matcher = matcher_of(plan_with("staging", services=backend_answering()))
    assert matcher == {
        "content": '"healthy"',
        "matcher": "MATCHES_JSON_PATH",
        "jsonPathMatcher": {"jsonPath": "$.services.database.status", "jsonMatcher": "EXACT_MATCH"},
    }


def test_a_known_degraded_answer_without_a_date_is_not_accepted() -> None:
    """It is for `verify --allow-degraded` alone."""
    known = {"value": "error", "because": "a mistake"}
    assert matcher_of(plan_with("staging", services=backend_answering(**known)))["content"] == '"healthy"'


@pytest.mark.parametrize(("state", "literal"), BODIES.items())
def test_until_its_date_the_degraded_answer_of_today_is_accepted_and_never_a_dead_database(
    plans: dict[str, Plan], state: str, literal: str
) -> None:
    """Whether a pattern is held against the literal or against the text in it; a 503 fails by its status."""
    matcher = matcher_of(plans["staging"])
    assert matcher["jsonPathMatcher"]["jsonMatcher"] == "REGEX_MATCH"
    for text in (literal, literal.strip('"')):
        assert bool(re.search(matcher["content"], text)) is (state != "the database is down"), state


def test_the_plan_is_the_same_on_any_day() -> None:
    """A date that has passed changes what `check` says, not what is declared."""
    known = {"value": "error", "because": "a mistake"}
    plans = [
        plan_with("staging", services=backend_answering(**known, accept_degraded_until=day))
        for day in ("2001-01-01", "2027-11-25")
    ]
    assert checks_of(plans[0]) == checks_of(plans[1])


@pytest.mark.parametrize("stack", STACKS)
def test_every_service_has_an_objective_of_bad_requests_over_all(plans: dict[str, Plan], stack: str) -> None:
    """By exact name: the project holds the other environment's services too."""
    settings = settings_of(stack)
    objectives = list(plans[stack].of_type(OBJECTIVE))
    assert len(objectives) == len(settings.services) == len(list(plans[stack].of_type(SERVICE)))
    for service in settings.services:
        (found,) = [each["inputs"] for each in objectives if each["name"].endswith(f"-{service.name}-availability")]
        ratio = found["requestBasedSli"]["goodTotalRatio"]
        assert found["goal"] == settings.availability.goal
        assert found["rollingPeriodDays"] == settings.availability.period_days
        assert ratio["totalServiceFilter"].endswith(f'resource.labels.service_name="{service.name}"')
        assert ratio["badServiceFilter"] == f'{ratio["totalServiceFilter"]} metric.labels.response_code_class="5xx"'
        assert ratio.keys() == {"badServiceFilter", "totalServiceFilter"}


def test_the_burn_rates_page_for_what_the_objective_allows() -> None:
    """14.4, 6 and 3 times half a percent; another objective moves all three, and nothing else."""
    before = policies_of(own_plan_with("prod"))
    after = policies_of(own_plan_with("prod", availability={"goal": 0.99}))
    thresholds = {"FastErrorBudgetBurn": ("0.072", "0.144"), "SteadyErrorBudgetBurn": ("0.03", "0.06")}
    thresholds["SlowErrorBudgetBurn"] = ("0.015", "0.03")
    for alert in before:
        queries = [
            each[alert]["inputs"]["conditions"][0]["conditionPrometheusQueryLanguage"]["query"]
            for each in (before, after)
        ]
        if alert not in thresholds:
            assert queries[0] == queries[1]
            continue
        for query, share in zip(queries, thresholds[alert], strict=True):
            assert query.count(f" > {share} and ") == 2
            assert query.endswith(" > 2")


def test_forty_services_make_as_many_checks_and_no_more_policies() -> None:
    """And every query stays below the limit."""
    few, many = own_plan_with("prod", services=services(1)), own_plan_with("prod", services=services(40))
    assert len(list(many.of_type(CHECK))) == len(list(many.of_type(OBJECTIVE))) == 40
    assert policies_of(few).keys() == policies_of(many).keys()


def test_no_query_names_what_is_known_only_after_the_first_update(plans: dict[str, Plan]) -> None:
    """An uptime check's id would be one: the alert finds the checks by their host."""
    assert "monitoring" in ENDPOINTS
    for stack in STACKS:
        assert [rule.query for rule in rules_of(settings_of(stack)) if "<" in rule.query.replace(" < ", " ")] == []
        query = next(
            rule.query for rule in rules_of(settings_of(stack)) if rule.definition.name == "FailedHealthChecks"
        )
        assert 'check_id="' not in query
