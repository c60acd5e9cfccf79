"""One case for each way in which an alert, or what it needs, can become weaker."""

from __future__ import annotations

from typing import Any

from readiness.resource_types import ALERT_POLICY, API, CHANNEL, LOG_METRIC, UPTIME_CHECK
from tests.plan.weakening_case import Inputs, cases, put

QUERY = 'sum by (s) (rate(m{s=~"api|web",c="5xx"}[179s])) / sum by (s) (rate(m{s=~"api|web"}[179s])) > 0.05'
FILTER = 'resource.type="cloud_run_revision"\nresource.labels.service_name=("api" OR "web")\nNOT textPayload=~"Redis"'
THRESHOLD = {"comparison": "COMPARISON_GT", "thresholdValue": 5, "duration": "60s", "filter": FILTER}
_TWO = {"combiner": "OR", "conditions": [{"displayName": "a"}, {"displayName": "b"}]}
_MEAN = [{"perSeriesAligner": "ALIGN_MEAN"}]
_HTTP = {"httpCheck": {"path": "/health", "useSsl": True, "validateSsl": True}, "period": "60s", "timeout": "10s"}


def promql(query: str = QUERY, **fields: str) -> Inputs:
    """A policy with one PromQL condition."""
    condition = {"query": query, "duration": "300s", "evaluationInterval": "30s"} | fields
    return {"combiner": "OR", "conditions": [{"conditionPrometheusQueryLanguage": condition}]}


def threshold(**fields: Any) -> Inputs:
    """A policy with one threshold condition."""
    return {"combiner": "OR", "conditions": [{"conditionThreshold": THRESHOLD | fields}]}


def _prompts(*names: str) -> Inputs:
    return {"alertStrategy": {"notificationPrompts": list(names)}}


def _statuses(*statuses: int) -> Inputs:
    return put(_HTTP, "httpCheck.acceptedResponseStatusCodes", [{"statusValue": status} for status in statuses])


def _channel(kind: str, address: str = "") -> Inputs:
    return {"type": kind, "labels": {"email_address": address} if address else {}}


_LOWER, _EUROPE = threshold(comparison="COMPARISON_LT"), {"selectedRegions": ["EUROPE"]}
_ONE = put(_TWO, "conditions.1", None)
_LIMITED, _SLOWER = ({"alertStrategy": {"notificationRateLimit": {"period": time}}} for time in ("300s", "3600s"))

ALERT_CASES = (
    *cases(
        ALERT_POLICY,
        (promql(), promql(QUERY.replace("> 0.05", "> 0.5")), "threshold > 0.05 -> > 0.5"),
        (promql(), promql(QUERY.replace("api|web", "api")), "s without web"),
        (promql(), promql(duration="600s"), "must be true for longer"),
        (threshold(), threshold(duration="120s"), "must be true for longer"),
        (promql(), promql(evaluationInterval="300s"), "is evaluated less often"),
        (threshold(), threshold(thresholdValue=50), "threshold COMPARISON_GT 5 ->"),
        (_LOWER, threshold(comparison="COMPARISON_LT", thresholdValue=1), "threshold COMPARISON_LT 5 ->"),
        (threshold(), threshold(filter=FILTER.replace(' OR "web"', "")), "resource.labels.service_name without web"),
        (_TWO, _ONE, "has lost a condition"),
        (put(_ONE, "combiner", "AND"), put(_TWO, "combiner", "AND"), "needs one more condition"),
        (_TWO, put(_TWO, "combiner", "AND"), "needs all conditions to be met at once"),
        ({}, {"enabled": False}, "is switched off"),
        ({"severity": "CRITICAL"}, {"severity": "WARNING"}, "severity lowered from CRITICAL"),
        ({"severity": "ERROR"}, {}, "severity lowered from ERROR to none"),
        (_prompts("OPENED", "CLOSED"), _prompts("CLOSED"), "no longer notifies when an incident opens"),
        (_LIMITED, _SLOWER, "notifies less often"),
    ),
    *cases(
        ALERT_POLICY,
        (promql(), promql(QUERY.replace("179s", "600s")), "window of rate 2m59s -> 10m"),
        (promql(), promql(f"{QUERY} and vector(0)"), "cannot be compared"),
        (threshold(), _LOWER, "_GT 5 -> "),
        (promql(), threshold(), "another kind of condition"),
        (threshold(), threshold(trigger={"count": 3}), "trigger changed"),
        (threshold(), threshold(aggregations=_MEAN), "aggregations changed"),
        (threshold(), threshold(denominatorFilter="a"), "denominatorFilter changed"),
        (threshold(), threshold(denominatorAggregations=_MEAN), "denominatorAggregations changed"),
        (threshold(), threshold(forecastOptions={"forecastHorizon": "3600s"}), "forecastOptions changed"),
        (threshold(), threshold(evaluationMissingData="INACTIVE"), "evaluationMissingData changed"),
        judged=False,
    ),
    *cases(CHANNEL, ({}, {"enabled": False}, "is switched off")),
    *cases(
        CHANNEL,
        (_channel("email", "ops@example.com"), _channel("email", "nobody@example.com"), "notifies somebody else"),
        (_channel("email"), _channel("slack"), "notifies somebody else"),
        judged=False,
    ),
    *cases(
        LOG_METRIC,
        ({"filter": FILTER}, {"filter": FILTER.replace("Redis", "Redis|Timeout")}, "NOT textPayload with Timeout"),
        ({}, {"disabled": True}, "is switched off"),
    ),
    *cases(
        UPTIME_CHECK,
        ({}, {"disabled": True}, "is switched off"),
        (_HTTP, put(_HTTP, "period", "900s"), "is checked less often"),
        (_HTTP, put(_HTTP, "timeout", "60s"), "has more time to answer"),
        ({"selectedRegions": ["EUROPE", "USA", "ASIA_PACIFIC"]}, _EUROPE, "no longer checked from ASIA_PACIFIC, USA"),
        ({}, _EUROPE, "is no longer checked from everywhere"),
        ({"contentMatchers": [{"content": "ok"}]}, {}, "accepts any content"),
        (_HTTP, put(_HTTP, "httpCheck.useSsl", False), "no longer requires TLS with a valid certificate"),
        (_HTTP, put(_HTTP, "httpCheck.validateSsl", False), "no longer requires TLS with a valid certificate"),
        (_statuses(200), _HTTP, "other status codes"),
        (_statuses(200), _statuses(200, 500), "accepts other status codes"),
    ),
    *cases(
        UPTIME_CHECK,
        (_HTTP, put(_HTTP, "httpCheck.path", "/"), "checks another address"),
        (_HTTP, put(_HTTP, "httpCheck.port", 80), "checks another address"),
        (_HTTP, put(_HTTP, "monitoredResource.labels.host", "x"), "checks another address"),
        judged=False,
    ),
    *cases(
        API,
        ({}, {"disableDependentServices": True}, "may be turned off for everybody"),
        ({"disableOnDestroy": False}, {"disableOnDestroy": True}, "may be turned off for everybody"),
    ),
)
