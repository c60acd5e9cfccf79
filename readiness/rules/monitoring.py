"""What Cloud Monitoring takes of channels, uptime checks, objectives and dashboards (monitoring v3 and v1).

Sources: the descriptions in the discovery documents, and docs/facts/monitoring.md. Requests as the real provider sends
them: docs/facts/providers.md#requests-to-google.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from readiness.resource_types import CHANNEL, DASHBOARD, MONITORED_SERVICE, OBJECTIVE, UPTIME_CHECK
from readiness.rules import checks
from readiness.rules.contract import Contract, Field, Inputs, is_placeholder, renamed, without
from readiness.rules.rule import Remark
from readiness.settings.channels import CHANNEL_DEFINITIONS
from readiness.settings.observation import MIN_PLACES, PLACES_OF_REGION

# Labels that a channel of the type cannot work without, the sensitive ones among them.
_NEEDED_LABELS: dict[str, tuple[str, ...]] = {
    definition.kind: (*definition.required_labels, *definition.secrets) for definition in CHANNEL_DEFINITIONS
}


def _channel_body(inputs: Inputs) -> Inputs:
    """Sensitive labels are sent in clear among the labels."""
    body = without(inputs, "forceDelete", "sensitiveLabels")
    sensitive = _sensitive_labels(inputs)
    return {**body, "labels": {**body.get("labels", {}), **sensitive}} if sensitive else body


def _sensitive_labels(inputs: Inputs) -> Inputs:
    """A channel's sensitive labels by the API's names, including the write-only ones (`authTokenWo`)."""
    given = inputs.get("sensitiveLabels") or {}
    written = {key.removesuffix("Wo"): value for key, value in given.items() if not key.endswith("WoVersion")}
    return renamed(written, authToken="auth_token", serviceKey="service_key")


def _labels_of_the_type(channel: Field) -> Iterator[Remark]:
    for name in _NEEDED_LABELS.get(channel.text("type") or "", ()):
        if channel.field("labels").field(name).value in (None, ""):
            yield channel.remark(f"labels.{name}", f"is required in a channel of type {channel.text('type')}")


def _no_plain_webhook_for_slack(channel: Field) -> Iterator[Remark]:
    """A webhook posts Google's incident JSON; a Slack hook wants `text` or `blocks` and refuses it."""
    type_ = channel.text("type") or ""
    if type_ == "webhook_tokenauth":
        yield channel.remark("type", "webhook_tokenauth cannot reach Slack; use type slack with a bot token")
    elif type_.startswith("webhook") and "hooks.slack.com" in (channel.field("labels").text("url") or ""):
        yield channel.remark("labels.url", "is a Slack hook, which does not take Google's JSON; use type slack")


def _secrets_only_as_sensitive_labels(inputs: Field) -> Iterator[Remark]:
    """A token among the plain labels would be readable in plans, state and history."""
    for name in inputs.field("labels").written("auth_token", "password", "service_key"):
        yield inputs.remark(f"labels.{name}", "is a secret and belongs in sensitiveLabels")


def _one_sensitive_label(inputs: Field) -> Iterator[Remark]:
    """`Exactly one of` auth_token, password, service_key a block (provider documentation)."""
    if not isinstance(inputs.field("sensitiveLabels").value, dict):
        return
    given = _sensitive_labels(inputs.value)
    if len(given) != 1:
        yield inputs.remark("sensitiveLabels", f"has {len(given)} labels; the provider takes exactly one")
    for name in inputs.field("labels").written(*given):
        yield inputs.remark("sensitiveLabels", f"{name} is in labels too, which the provider refuses")


_CHANNEL = Contract(
    schema=("monitoring.v3", "NotificationChannel"),
    body=_channel_body,
    checks=(
        checks.length("displayName", 512),
        checks.length("description", 1024),
        checks.labels("userLabels"),
        _labels_of_the_type,
        _no_plain_webhook_for_slack,
        checks.inside("labels", checks.form("email_address", r"[^@]*@.*", "an e-mail address")),
    ),
    input_checks=(_secrets_only_as_sensitive_labels, _one_sensitive_label),
)


def _uptime_check_body(inputs: Inputs) -> Inputs:
    """The write-only password is sent as the plain one."""
    body = without(inputs)
    check = body.get("httpCheck")
    if isinstance(check, dict) and isinstance(check.get("authInfo"), dict):
        info = {key: value for key, value in check["authInfo"].items() if key != "passwordWoVersion"}
        body["httpCheck"] = {**check, "authInfo": renamed(info, passwordWo="password")}
    return body


_MONITORED_RESOURCES = (
    "aws_ec2_instance", "aws_elb_load_balancer", "cloud_run_revision", "gae_app", "gce_instance", "k8s_service",
    "servicedirectory_service", "uptime_url",
)  # fmt: skip
_LOCATIONS_OF_REGION = {**PLACES_OF_REGION, "REGION_UNSPECIFIED": 0}


def _period(check: Field) -> Iterator[Remark]:
    """`The only supported values are 60s […], 300s […], 600s […], and 900s.`"""
    period_seconds = check.seconds("period")
    if period_seconds is not None and period_seconds not in (60, 300, 600, 900):
        yield check.remark("period", f"is {period_seconds:g} s; the API takes 60, 300, 600 or 900 s")


def _regions(check: Field) -> Iterator[Remark]:
    """`Enough regions must be provided to include a minimum of 3 locations.`"""
    regions = {str(region.value) for region in check.items("selectedRegions")}
    locations = sum(_LOCATIONS_OF_REGION.get(region, 1) for region in regions)
    if regions and locations < MIN_PLACES:
        yield check.remark("selectedRegions", f"cover {locations} locations; the API takes {MIN_PLACES} or more")


def _json_matcher(matcher: Field) -> Iterator[Remark]:
    """A JSON path goes with the two JSON matchers only; an exact match compares JSON literals, quotes included."""
    by_path = (matcher.text("matcher") or "").endswith("MATCHES_JSON_PATH")
    path, content = matcher.field("jsonPathMatcher"), matcher.text("content")
    if content == "":
        yield matcher.remark("content", "is empty, which matches everything")
    if by_path and not path.has("jsonPath"):
        yield path.remark("jsonPath", f"is required with the matcher {matcher.text('matcher')}")
    if not by_path and matcher.has("jsonPathMatcher"):
        yield matcher.remark("jsonPathMatcher", "goes only with the matchers MATCHES_JSON_PATH and its negation")
    if by_path and content and path.text("jsonMatcher") != "REGEX_MATCH":
        try:
            json.loads(content)
        except ValueError:
            yield matcher.remark("content", f"{content} is no JSON literal; a text has its quotes")


_UPTIME_CHECK = Contract(
    schema=("monitoring.v3", "UptimeCheckConfig"),
    body=_uptime_check_body,
    checks=(
        checks.one_of("monitoredResource", "resourceGroup", "syntheticMonitor"),
        checks.one_of("httpCheck", "tcpCheck", required=False),
        checks.labels("userLabels"),
        # `Required.` is at the end of these descriptions, where the schema does not see it.
        checks.needs("displayName", "timeout"),
        _period,
        # `Must be between 1 and 60 seconds. Required.`
        checks.seconds("timeout", 1, 60),
        _regions,
        # `Only the first entry in the content_matchers list is supported, and additional entries will be ignored.`
        checks.count("contentMatchers", 1, takes="the API reads"),
        checks.each("contentMatchers", checks.length("content", 1024, of_bytes=True), _json_matcher),
        # The types that the description of `monitoredResource` lists.
        checks.inside("monitoredResource", checks.choice("type", *_MONITORED_RESOURCES)),
    ),
)

_SECONDS_PER_DAY = 86_400
_INDICATORS = {"basicSli": "basicSli", "requestBasedSli": "requestBased", "windowsBasedSli": "windowsBased"}
_RATIO = ("goodServiceFilter", "badServiceFilter", "totalServiceFilter")


def _objective_body(inputs: Inputs) -> Inputs:
    """The three kinds of indicator are below one field, and the rolling days are a duration."""
    body = without(inputs, "service", "sloId", "rollingPeriodDays", *_INDICATORS)
    if "sloId" in inputs:
        body["name"] = inputs["sloId"]
    days = inputs.get("rollingPeriodDays")
    if days is not None:
        body["rollingPeriod"] = f"{days * _SECONDS_PER_DAY}s" if isinstance(days, int) else days
    indicator = {_INDICATORS[name]: inputs[name] for name in _INDICATORS if name in inputs}
    body["serviceLevelIndicator"] = _with_basic_indicators(indicator)
    return body


def _with_basic_indicators(value: Any) -> Any:
    """Basic indicators, at whatever depth, as the API has them: lists in the singular, availability an empty object."""
    if not isinstance(value, dict):
        return value
    converted = {key: _with_basic_indicators(item) for key, item in value.items()}
    for name in ("basicSli", "basicSliPerformance"):
        if isinstance(converted.get(name), dict):
            basic = renamed(converted[name], locations="location", methods="method", versions="version")
            converted[name] = {**basic, "availability": {}} if "availability" in basic else basic
    return converted


def _goal(objective: Field) -> Iterator[Remark]:
    """`0 < goal <= 0.9999`. The provider refuses more too; the 0.999 of its documentation is older than its check."""
    goal = objective.number("goal")
    if not objective.has("goal") or (goal is not None and not 0 < goal <= 0.9999):
        yield objective.remark("goal", "must be a share above 0 and at most 0.9999")


def _rolling_days(objective: Field) -> Iterator[Remark]:
    """`Must be an integer multiple of 1 day no larger than 30 days.`"""
    rolling_seconds = objective.seconds("rollingPeriod")
    days = 1 if rolling_seconds is None else rolling_seconds / _SECONDS_PER_DAY
    if not (1 <= days <= 30 and days == int(days)):
        yield objective.remark("rollingPeriod", f"is {days:g} days; the API takes 1 to 30 whole days")


def _two_of_the_ratio(ratio: Field) -> Iterator[Remark]:
    """`Must have exactly two of` good, bad and total."""
    written = ratio.written(*_RATIO)
    if len(written) != 2:
        yield ratio.remark("", f"has {len(written)} of {', '.join(_RATIO)}; the API takes exactly two")


_OBJECTIVE = Contract(
    schema=("monitoring.v3", "ServiceLevelObjective"),
    body=_objective_body,
    checks=(
        checks.labels("userLabels"),
        _goal,
        checks.one_of("rollingPeriod", "calendarPeriod"),
        _rolling_days,
        # `Only DAY, WEEK, FORTNIGHT, and MONTH are supported.`
        checks.choice("calendarPeriod", "DAY", "WEEK", "FORTNIGHT", "MONTH"),
        checks.inside("serviceLevelIndicator", checks.one_of("basicSli", "requestBased", "windowsBased")),
        checks.inside("serviceLevelIndicator.requestBased.goodTotalRatio", _two_of_the_ratio),
    ),
)

# What a widget says of itself; everything else in it is its content.
_ABOUT_THE_WIDGET = frozenset({"title", "id", "visibilityCondition"})
# Other checks say that these are not zero.
_NEVER_ZERO = (".columns", ".height", ".width")
_one_query = checks.one_of(
    "opsAnalyticsQuery",
    "prometheusQuery",
    "timeSeriesFilter",
    "timeSeriesFilterRatio",
    "timeSeriesQueryLanguage",
    "traceQuery",
)


def _dashboard_body(inputs: Inputs) -> Any:
    """The dashboard's JSON itself. Raises ValueError if it is none."""
    text = inputs.get("dashboardJson")
    return text if is_placeholder(text) or text is None else json.loads(text)


def _widgets(dashboard: Field) -> Iterator[Remark]:
    """At most 50, apart from the headers of collapsible groups; the content of each is a `oneof`."""
    found: list[Field] = []
    for field in dashboard.walk():
        found += [*field.items("widgets"), *([field.field("widget")] if field.has("widget") else [])]
    widgets = [widget for widget in found if isinstance(widget.value, dict)]
    counted = sum(not widget.has("collapsibleGroup") for widget in widgets)
    if counted > 50:
        yield dashboard.remark("", f"has {counted} widgets; the API takes 50")
    for widget in widgets:
        contents = [name for name in widget.value if name not in _ABOUT_THE_WIDGET]
        if len(contents) > 1:
            yield widget.remark(contents[1], f"is written beside {contents[0]}; a widget has one content")


def _queries(dashboard: Field) -> Iterator[Remark]:
    for field in dashboard.walk():
        yield from checks.inside("timeSeriesQuery", _one_query)(field)


def _nothing_that_differs_forever(dashboard: Field) -> Iterator[Remark]:
    """The API returns no null, empty list, zero or false, so that each shows in every later preview.

    The provider ignores what only the API's answer has, not what only the program has (`removeComputedKeys`).
    """
    for field in dashboard.walk():
        value = field.value
        is_zero = isinstance(value, int | float) and not value and not field.path.endswith(_NEVER_ZERO)
        if value is None or value == [] or is_zero:
            shown = json.dumps(value) if is_zero else "empty"
            yield field.remark("", f"is {shown}; leave it out, or every preview shows a difference")


def _tiles(layout: Field) -> Iterator[Remark]:
    """Tiles are inside the columns and have a size."""
    columns = layout.number("columns")
    for tile in layout.items("tiles"):
        for name in ("width", "height"):
            if (tile.number(name) or 0) < 1:
                yield tile.remark(name, "must be 1 or more")
        right = (tile.number("xPos") or 0) + (tile.number("width") or 0)
        if columns is not None and right > columns:
            yield tile.remark("width", f"reaches column {right:g} of {columns:g}")


_DASHBOARD = Contract(
    schema=("monitoring.v1", "Dashboard"),
    body=_dashboard_body,
    checks=(
        checks.one_of("columnLayout", "gridLayout", "mosaicLayout", "rowLayout"),
        # `The number of columns must be between 1 and 48`
        checks.inside("mosaicLayout", checks.number("columns", 1, 48), _tiles),
        _widgets,
        _queries,
        _nothing_that_differs_forever,
    ),
)

CONTRACTS = {
    CHANNEL: _CHANNEL,
    UPTIME_CHECK: _UPTIME_CHECK,
    OBJECTIVE: _OBJECTIVE,
    DASHBOARD: _DASHBOARD,
    # A service of no particular kind.
    MONITORED_SERVICE: Contract(
        schema=("monitoring.v3", "Service"),
        body=lambda inputs: {"custom": {}, **without(inputs, "serviceId")},
        checks=(checks.labels("userLabels"),),
        input_checks=(checks.form("serviceId", r"[a-z0-9-]{1,63}", "a service's id: at most 63 of a-z, 0-9 and -"),),
    ),
}
