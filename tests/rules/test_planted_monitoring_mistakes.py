"""Mistakes in channels, uptime checks, dashboards and objectives, each found at its path."""

from __future__ import annotations

import json

import pytest

from tests.rules.good_inputs import (
    CHANNEL,
    DASHBOARD,
    OBJECTIVE,
    SERVICE,
    UPTIME_CHECK,
    good_body,
    good_inputs,
    resource,
)
from tests.rules.planting import LEFT_OUT, Mistake, assert_found, check_body, check_plan, planted

CHANNEL_MISTAKES = [
    Mistake(
        "a Slack channel without a token", CHANNEL, "labels.auth_token", LEFT_OUT, "required in a channel of type slack"
    ),
    Mistake("a Slack channel without its channel", CHANNEL, "labels.channel_name", LEFT_OUT, "is required"),
    Mistake("a channel's empty token", CHANNEL, "labels.auth_token", "", "is required"),
    Mistake("a webhook in place of Slack", CHANNEL, "type", "webhook_tokenauth", "cannot reach Slack"),
    Mistake("a channel's title too long", CHANNEL, "displayName", "x" * 513, "the API takes 512"),
    Mistake("a channel's description too long", CHANNEL, "description", "x" * 1025, "the API takes 1024"),
    Mistake("a verification status", CHANNEL, "verificationStatus", "DONE", "is not one of UNVERIFIED, VERIFIED"),
    Mistake("a misspelt field of a channel", CHANNEL, "lables", {}, "`labels`"),
]
UPTIME_MISTAKES = [
    Mistake("a period of 45 seconds", UPTIME_CHECK, "period", "45s", "60, 300, 600 or 900 s"),
    Mistake("a timeout of two minutes", UPTIME_CHECK, "timeout", "120s", "1 to 60 s"),
    Mistake("no timeout", UPTIME_CHECK, "timeout", LEFT_OUT, "is required"),
    Mistake("a check without a title", UPTIME_CHECK, "displayName", LEFT_OUT, "is required"),
    Mistake(
        "two regions of one location", UPTIME_CHECK, "selectedRegions", ["EUROPE", "ASIA_PACIFIC"], "cover 2 locations"
    ),
    Mistake("one region twice over", UPTIME_CHECK, "selectedRegions", ["EUROPE"] * 3, "cover 1 locations"),
    Mistake(
        "a region of no place", UPTIME_CHECK, "selectedRegions[0]", "REGION_UNSPECIFIED", "cover 1", "selectedRegions"
    ),
    Mistake(
        "a matcher a byte too long",
        UPTIME_CHECK,
        "contentMatchers",
        [{"content": "x" * 1025}],
        "1025 bytes",
        "contentMatchers[0].content",
    ),
    Mistake("a region that does not exist", UPTIME_CHECK, "selectedRegions[1]", "AFRICA", "is not one of"),
    Mistake("two matchers", UPTIME_CHECK, "contentMatchers", [{"content": "a"}] * 2, "the API reads 1"),
    Mistake(
        "an empty matcher", UPTIME_CHECK, "contentMatchers", [{"content": ""}], "is empty", "contentMatchers[0].content"
    ),
    Mistake(
        "a matcher too long",
        UPTIME_CHECK,
        "contentMatchers",
        [{"content": "é" * 513}],
        "1026 bytes",
        "contentMatchers[0].content",
    ),
    Mistake("a JSON text without quotes", UPTIME_CHECK, "contentMatchers[0].content", "healthy", "no JSON literal"),
    Mistake(
        "a JSON matcher without a path",
        UPTIME_CHECK,
        "contentMatchers[0].jsonPathMatcher",
        LEFT_OUT,
        "is required",
        "contentMatchers[0].jsonPathMatcher.jsonPath",
    ),
    Mistake(
        "a JSON path with a plain matcher",
        UPTIME_CHECK,
        "contentMatchers[0].matcher",
        "CONTAINS_STRING",
        "goes only with",
        "contentMatchers[0].jsonPathMatcher",
    ),
    Mistake("a check of a resource unknown", UPTIME_CHECK, "monitoredResource.type", "cloud_run_job", "is not one of"),
    Mistake("a check of nothing", UPTIME_CHECK, "monitoredResource", LEFT_OUT, "has none of", ""),
    Mistake("a check over two protocols", UPTIME_CHECK, "tcpCheck", {"port": 443}, "is written beside httpCheck"),
]
OBJECTIVE_MISTAKES = [
    Mistake("a goal of 100 per cent", OBJECTIVE, "goal", 1, "at most 0.9999"),
    Mistake("a goal of nothing", OBJECTIVE, "goal", 0, "above 0"),
    Mistake("no goal", OBJECTIVE, "goal", LEFT_OUT, "above 0"),
    Mistake("a goal of 99", OBJECTIVE, "goal", 99.5, "at most 0.9999"),
    Mistake("31 rolling days", OBJECTIVE, "rollingPeriod", "2678400s", "1 to 30 whole days"),
    Mistake("a day and a half", OBJECTIVE, "rollingPeriod", "129600s", "is 1.5 days"),
    Mistake("two periods", OBJECTIVE, "calendarPeriod", "MONTH", "is written beside rollingPeriod"),
    Mistake(
        "a ratio of three",
        OBJECTIVE,
        "serviceLevelIndicator.requestBased.goodTotalRatio.badServiceFilter",
        "bad",
        "exactly two",
        "serviceLevelIndicator.requestBased.goodTotalRatio",
    ),
    Mistake(
        "an objective without an indicator",
        OBJECTIVE,
        "serviceLevelIndicator",
        {},
        "has none of",
        "serviceLevelIndicator",
    ),
    Mistake("a misspelt field of a service", SERVICE, "displayname", "app", "`displayName`"),
    Mistake("a service's label with a dot", SERVICE, "userLabels.environment", "a.b", "no value of a label"),
]
TILE = "mosaicLayout.tiles[1]"
QUERY = "mosaicLayout.tiles[0].widget.xyChart.dataSets[0].timeSeriesQuery"
WIDGETS = [{"text": {"content": str(number)}} for number in range(51)]
DASHBOARD_MISTAKES = [
    Mistake("no columns", DASHBOARD, "mosaicLayout", {"columns": 0}, "takes 1 to 48", "mosaicLayout.columns"),
    Mistake("49 columns", DASHBOARD, "mosaicLayout.columns", 49, "takes 1 to 48"),
    Mistake("a tile of no width", DASHBOARD, f"{TILE}.width", 0, "must be 1 or more"),
    Mistake("a tile of no height", DASHBOARD, f"{TILE}.height", LEFT_OUT, "must be 1 or more"),
    Mistake("a tile beyond the edge", DASHBOARD, f"{TILE}.xPos", 25, "reaches column 49 of 48", f"{TILE}.width"),
    Mistake("a position of zero", DASHBOARD, f"{TILE}.yPos", 0, "leave it out"),
    Mistake("a false", DASHBOARD, f"{QUERY}.outputFullDuration", False, "is false; leave it out"),
    Mistake("an empty list", DASHBOARD, "dashboardFilters", [], "leave it out"),
    Mistake("two layouts", DASHBOARD, "gridLayout", {"widgets": [WIDGETS[0]]}, "is written beside", "mosaicLayout"),
    Mistake("51 widgets", DASHBOARD, "", {"displayName": "d", "gridLayout": {"widgets": WIDGETS}}, "51 widgets"),
    Mistake("a widget of two contents", DASHBOARD, f"{TILE}.widget.blank", {}, "is written beside text"),
    Mistake("a query of two languages", DASHBOARD, f"{QUERY}.timeSeriesQueryLanguage", "fetch", "is written beside"),
    Mistake("a query of no language", DASHBOARD, QUERY, {"unitOverride": "1"}, "has none of"),
    Mistake("a misspelt field of a chart", DASHBOARD, f"{QUERY}.promethuesQuery", "up", "`prometheusQuery`"),
    Mistake("a dashboard without a title", DASHBOARD, "displayName", LEFT_OUT, "is required"),
]


@pytest.mark.parametrize(
    "mistake", [*CHANNEL_MISTAKES, *UPTIME_MISTAKES, *OBJECTIVE_MISTAKES, *DASHBOARD_MISTAKES], ids=str
)
def test_a_mistake_in_a_body_is_found(mistake: Mistake) -> None:
    """The published schemas, and docs/facts/monitoring.md."""
    assert_found(mistake, mistake.found_in_body())


INPUT_MISTAKES = [
    Mistake("a token among the plain labels", CHANNEL, "labels.service_key", "x", "belongs in sensitiveLabels"),
    Mistake(
        "two secrets of one channel", CHANNEL, "sensitiveLabels.password", "[secret]", "exactly one", "sensitiveLabels"
    ),
    Mistake("a service's id in capitals", SERVICE, "serviceId", "App", "a service's id"),
]


@pytest.mark.parametrize("mistake", INPUT_MISTAKES, ids=str)
def test_a_mistake_that_no_body_shows_is_found_in_the_inputs(mistake: Mistake) -> None:
    """What the provider puts into the address, or handles by itself."""
    assert_found(mistake, mistake.found_in_inputs())


def test_a_label_in_both_places_is_refused() -> None:
    """The provider's Diff refuses it: `cannot be set at the same time as label`."""
    inputs = planted(good_inputs(CHANNEL), "labels.auth_token", "<other.value>")
    messages = [item.message for item in check_plan([resource(CHANNEL, inputs)])]
    assert "auth_token is in labels too, which the provider refuses" in messages


def test_a_slack_hook_in_a_webhook_channel_is_refused() -> None:
    """It would be sent Google's own JSON."""
    inputs = {"type": "webhook_basicauth", "labels": {"url": "https://hooks.slack.com/services/T/B/x"}}
    (found,) = check_plan([resource(CHANNEL, inputs)])
    assert found.path == "labels.url"


def test_an_e_mail_channel_needs_an_address() -> None:
    """Absent, and of the wrong form."""
    (absent,) = check_plan([resource(CHANNEL, {"type": "email"})])
    (malformed,) = check_plan([resource(CHANNEL, {"type": "email", "labels": {"email_address": "ops"}})])
    assert absent.path == malformed.path == "labels.email_address"


def test_an_objective_over_a_calendar_period_takes_the_four_of_them() -> None:
    """`CALENDAR_PERIOD` has more values than the API supports."""
    inputs = good_inputs(OBJECTIVE)
    del inputs["rollingPeriodDays"]
    assert check_plan([resource(OBJECTIVE, {**inputs, "calendarPeriod": "FORTNIGHT"})]) == []
    (found,) = check_plan([resource(OBJECTIVE, {**inputs, "calendarPeriod": "QUARTER"})])
    assert found.path == "calendarPeriod"


@pytest.mark.parametrize("type_", [CHANNEL, UPTIME_CHECK, SERVICE, OBJECTIVE])
def test_labels_are_checked_wherever_there_are_labels(type_: str) -> None:
    """The same words in the description of each."""
    (found,) = check_body(type_, planted(good_body(type_), "userLabels", {"Team": "a"}))
    assert found.path == "userLabels.Team"


@pytest.mark.parametrize("name", ["auth_token", "password", "service_key"])
def test_no_secret_stands_among_the_plain_labels(name: str) -> None:
    """All three that the provider has a sensitive label for."""
    inputs = {"type": "webhook_basicauth", "labels": {name: "<other.value>"}}
    (found,) = check_plan([resource(CHANNEL, inputs)])
    assert (found.path, found.message) == (f"labels.{name}", "is a secret and belongs in sensitiveLabels")


@pytest.mark.parametrize(
    "query",
    [
        {"opsAnalyticsQuery": {"sql": "SELECT 1"}},
        {"prometheusQuery": "up"},
        {"timeSeriesFilter": {"filter": "a"}},
        {"timeSeriesFilterRatio": {"numerator": {"filter": "a"}, "denominator": {"filter": "b"}}},
        {"timeSeriesQueryLanguage": "fetch"},
        {"traceQuery": {}},
    ],
)
def test_each_language_of_a_query_is_taken_alone(query: dict[str, object]) -> None:
    """Six of them."""
    assert check_body(DASHBOARD, planted(good_body(DASHBOARD), QUERY, query)) == []


def test_a_synthetic_monitor_needs_no_protocol() -> None:
    """Its function does the asking."""
    monitor = {"cloudFunctionV2": {"name": "projects/p/locations/l/functions/f"}}
    inputs = {"displayName": "probe", "timeout": "60s", "syntheticMonitor": monitor}
    assert check_plan([resource(UPTIME_CHECK, inputs)]) == []


def test_headers_of_groups_are_no_widgets_of_the_fifty() -> None:
    """50 widgets and a header are taken."""
    header = {"title": "Cloud Run", "collapsibleGroup": {"collapsed": True}}
    text = json.dumps({"displayName": "d", "gridLayout": {"widgets": [header, *WIDGETS[:50]]}})
    assert check_plan([resource(DASHBOARD, {"dashboardJson": text})]) == []
