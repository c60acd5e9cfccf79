"""One case for each way in which an alert, or what it needs, can become weaker."""

from __future__ import annotations

from typing import Any

from readiness.resource_types import ALERT_POLICY, API, CHANNEL, LOG_METRIC, UPTIME_CHECK
from tests.plan.weakening_case import Case, Inputs, put

QUERY = 'sum by (s) (rate(m{s=~"api|web",c="5xx"}[179s])) / sum by (s) (rate(m{s=~"api|web"}[179s])) > 0.05'
FILTER = 'resource.type="cloud_run_revision"\nresource.labels.service_name=("api" OR "web")\nNOT textPayload=~"Redis"'
THRESHOLD = {"comparison": "COMPARISON_GT", "thresholdValue": 5, "duration": "60s", "filter": FILTER}
_TWO = {"combiner": "OR", "conditions": [{"displayName": "a"}, {"displayName": "b"}]}
_HTTP = {"httpCheck": {"path": "/health", "useSsl": True, "validateSsl": True}, "period": "60s", "timeout": "10s"}


def promql(query: str = QUERY, **fields: str) -> Inputs:
    """A policy with one PromQL condition."""
    condition = {"query": query, "duration": "300s", "evaluationInterval": "30s"} | fields
    return {"combiner": "OR", "conditions": [{"conditionPrometheusQueryLanguage": condition}]}


def threshold(**fields: Any) -> Inputs:
    """A policy with one threshold condition."""
    return {"combiner": "OR", "conditions": [{"conditionThreshold": THRESHOLD | fields}]}


def _alert(old: Inputs, new: Inputs, said: str, *, judged: bool = True) -> Case:
    return Case(type=ALERT_POLICY, old=old, new=new, said=said, judged=judged)


def _uptime(old: Inputs, new: Inputs, said: str, *, judged: bool = True) -> Case:
    return Case(type=UPTIME_CHECK, old=old, new=new, said=said, judged=judged)


ALERT_CASES = (
    _alert(promql(), promql(QUERY.replace("> 0.05", "> 0.5")), "threshold > 0.05 -> > 0.5"),
    _alert(promql(), promql(QUERY.replace("api|web", "api")), "s without web"),
    _alert(promql(), promql(QUERY.replace("179s", "600s")), "window of rate 2m59s -> 10m", judged=False),
    _alert(promql(), promql(f"{QUERY} and vector(0)"), "cannot be compared", judged=False),
    _alert(promql(), promql(duration="600s"), "must hold for longer"),
    _alert(threshold(), threshold(duration="120s"), "must hold for longer"),
    _alert(promql(), promql(evaluationInterval="300s"), "is evaluated less often"),
    _alert(threshold(), threshold(thresholdValue=50), "threshold COMPARISON_GT 5 ->"),
    _alert(
        threshold(comparison="COMPARISON_LT"),
        threshold(comparison="COMPARISON_LT", thresholdValue=1),
        "threshold COMPARISON_LT 5 ->",
    ),
    _alert(threshold(), threshold(comparison="COMPARISON_LT"), "_GT 5 -> ", judged=False),
    _alert(
        threshold(),
        threshold(filter=FILTER.replace(' OR "web"', "")),
        "filter: resource.labels.service_name without web",
    ),
    _alert(threshold(), threshold(trigger={"count": 3}), "trigger changed", judged=False),
    _alert(promql(), threshold(), "another kind of condition", judged=False),
    *(
        _alert(threshold(), threshold(**{name: value}), f"{name} changed", judged=False)
        for name, value in (
            ("aggregations", [{"perSeriesAligner": "ALIGN_MEAN"}]),
            ("denominatorFilter", "a"),
            ("denominatorAggregations", [{"perSeriesAligner": "ALIGN_MEAN"}]),
            ("forecastOptions", {"forecastHorizon": "3600s"}),
            ("evaluationMissingData", "EVALUATION_MISSING_DATA_INACTIVE"),
        )
    ),
    _alert(_TWO, put(_TWO, "conditions.1", None), "has lost a condition"),
    _alert(
        put(put(_TWO, "conditions.1", None), "combiner", "AND"),
        put(_TWO, "combiner", "AND"),
        "needs one more condition",
    ),
    _alert(_TWO, put(_TWO, "combiner", "AND"), "asks for all conditions at once"),
    _alert({}, {"enabled": False}, "is switched off"),
    _alert({"severity": "CRITICAL"}, {"severity": "WARNING"}, "severity lowered from CRITICAL"),
    _alert({"severity": "ERROR"}, {}, "severity lowered from ERROR to none"),
    _alert(
        {"alertStrategy": {"notificationPrompts": ["OPENED", "CLOSED"]}},
        {"alertStrategy": {"notificationPrompts": ["CLOSED"]}},
        "no longer tells when an incident opens",
    ),
    _alert(
        {"alertStrategy": {"notificationRateLimit": {"period": "300s"}}},
        {"alertStrategy": {"notificationRateLimit": {"period": "3600s"}}},
        "tells less often",
    ),
    Case(type=CHANNEL, old={}, new={"enabled": False}, said="is switched off"),
    Case(
        type=CHANNEL,
        old={"type": "email", "labels": {"email_address": "ops@example.com"}},
        new={"type": "email", "labels": {"email_address": "nobody@example.com"}},
        said="tells somebody else",
        judged=False,
    ),
    Case(
        type=CHANNEL,
        old={"type": "email", "labels": {}},
        new={"type": "slack", "labels": {}},
        said="tells somebody else",
        judged=False,
    ),
    Case(
        type=LOG_METRIC,
        old={"filter": FILTER},
        new={"filter": FILTER.replace("Redis", "Redis|Timeout")},
        said="filter: NOT textPayload with Timeout",
    ),
    Case(type=LOG_METRIC, old={}, new={"disabled": True}, said="is switched off"),
    _uptime({}, {"disabled": True}, "is switched off"),
    _uptime(_HTTP, put(_HTTP, "period", "900s"), "is checked less often"),
    _uptime(_HTTP, put(_HTTP, "timeout", "60s"), "may answer later"),
    _uptime(
        {"selectedRegions": ["EUROPE", "USA", "ASIA_PACIFIC"]},
        {"selectedRegions": ["EUROPE"]},
        "is no longer checked from ASIA_PACIFIC, USA",
    ),
    _uptime({}, {"selectedRegions": ["EUROPE"]}, "is no longer checked from everywhere"),
    _uptime({"contentMatchers": [{"content": "ok"}]}, {}, "accepts any content"),
    _uptime(_HTTP, put(_HTTP, "httpCheck.path", "/"), "checks another address", judged=False),
    _uptime(_HTTP, put(_HTTP, "httpCheck.port", 80), "checks another address", judged=False),
    _uptime(_HTTP, put(_HTTP, "httpCheck.useSsl", False), "no longer checks the connection"),
    _uptime(_HTTP, put(_HTTP, "monitoredResource.labels.host", "x"), "checks another address", judged=False),
    _uptime(put(_HTTP, "httpCheck.acceptedResponseStatusCodes", [{"statusValue": 200}]), _HTTP, "other status codes"),
    _uptime(
        put(_HTTP, "httpCheck.acceptedResponseStatusCodes", [{"statusValue": 200}]),
        put(_HTTP, "httpCheck.acceptedResponseStatusCodes", [{"statusValue": 200}, {"statusValue": 500}]),
        "accepts other status codes",
    ),
    _uptime(_HTTP, put(_HTTP, "httpCheck.validateSsl", False), "no longer checks the connection"),
    Case(
        type=API,
        old={},
        new={"disableDependentServices": True},
        said="may be turned off for everybody",
    ),
    Case(
        type=API,
        old={"disableOnDestroy": False},
        new={"disableOnDestroy": True},
        said="may be turned off for everybody",
    ),
)
