"""One case for each way in which an alert, or what it needs, can become weaker."""

from __future__ import annotations

from typing import Any

from readiness.plan import weakening_alerts as alerts
from readiness.plan.weakening_rule import Rule
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


def _alert(rule: Rule, old: Inputs, new: Inputs, said: str, *, judged: bool = True) -> Case:
    return Case(rule=rule, type=alerts.ALERT_POLICY, old=old, new=new, said=said, judged=judged)


def _uptime(rule: Rule, old: Inputs, new: Inputs, said: str, *, judged: bool = True) -> Case:
    return Case(rule=rule, type=alerts.UPTIME_CHECK, old=old, new=new, said=said, judged=judged)


ALERT_CASES = (
    _alert(alerts.query, promql(), promql(QUERY.replace("> 0.05", "> 0.5")), "threshold > 0.05 -> > 0.5"),
    _alert(alerts.query, promql(), promql(QUERY.replace("api|web", "api")), "s without web"),
    _alert(alerts.query, promql(), promql(QUERY.replace("179s", "600s")), "window of rate 2m59s -> 10m"),
    _alert(alerts.query, promql(), promql(f"{QUERY} and vector(0)"), "cannot be compared", judged=False),
    _alert(alerts.duration, promql(), promql(duration="600s"), "must hold for longer"),
    _alert(alerts.duration, threshold(), threshold(duration="120s"), "must hold for longer"),
    _alert(alerts.evaluation_interval, promql(), promql(evaluationInterval="300s"), "is evaluated less often"),
    _alert(alerts.threshold_value, threshold(), threshold(thresholdValue=50), "threshold COMPARISON_GT 5 ->"),
    _alert(
        alerts.threshold_value,
        threshold(comparison="COMPARISON_LT"),
        threshold(comparison="COMPARISON_LT", thresholdValue=1),
        "threshold COMPARISON_LT 5 ->",
    ),
    _alert(alerts.threshold_value, threshold(), threshold(comparison="COMPARISON_LT"), "_GT 5 -> ", judged=False),
    _alert(
        alerts.condition_filter,
        threshold(),
        threshold(filter=FILTER.replace(' OR "web"', "")),
        "filter: resource.labels.service_name without web",
    ),
    _alert(alerts.condition_not_judged, threshold(), threshold(trigger={"count": 3}), "trigger changed", judged=False),
    _alert(alerts.condition_not_judged, promql(), threshold(), "another kind of condition", judged=False),
    _alert(alerts.condition_lost, _TWO, put(_TWO, "conditions.1", None), "has lost a condition"),
    _alert(
        alerts.condition_lost,
        put(put(_TWO, "conditions.1", None), "combiner", "AND"),
        put(_TWO, "combiner", "AND"),
        "needs one more condition",
    ),
    _alert(alerts.combiner, _TWO, put(_TWO, "combiner", "AND"), "asks for all conditions at once"),
    _alert(alerts.enabled, {}, {"enabled": False}, "is switched off"),
    _alert(alerts.severity, {"severity": "CRITICAL"}, {"severity": "WARNING"}, "severity lowered from CRITICAL"),
    _alert(alerts.severity, {"severity": "ERROR"}, {}, "severity lowered from ERROR to none"),
    _alert(
        alerts.opening_prompt,
        {"alertStrategy": {"notificationPrompts": ["OPENED", "CLOSED"]}},
        {"alertStrategy": {"notificationPrompts": ["CLOSED"]}},
        "no longer tells when an incident opens",
    ),
    _alert(
        alerts.notification_rate,
        {"alertStrategy": {"notificationRateLimit": {"period": "300s"}}},
        {"alertStrategy": {"notificationRateLimit": {"period": "3600s"}}},
        "tells less often",
    ),
    Case(rule=alerts.enabled, type=alerts.CHANNEL, old={}, new={"enabled": False}, said="is switched off"),
    Case(
        rule=alerts.destination,
        type=alerts.CHANNEL,
        old={"type": "email", "labels": {"email_address": "ops@example.com"}},
        new={"type": "email", "labels": {"email_address": "nobody@example.com"}},
        said="tells somebody else",
        judged=False,
    ),
    Case(
        rule=alerts.metric_filter,
        type=alerts.LOG_METRIC,
        old={"filter": FILTER},
        new={"filter": FILTER.replace("Redis", "Redis|Timeout")},
        said="filter: NOT textPayload with Timeout",
    ),
    Case(rule=alerts.metric_disabled, type=alerts.LOG_METRIC, old={}, new={"disabled": True}, said="is switched off"),
    _uptime(alerts.metric_disabled, {}, {"disabled": True}, "is switched off"),
    _uptime(alerts.uptime_rarer, _HTTP, put(_HTTP, "period", "900s"), "is checked less often"),
    _uptime(alerts.uptime_rarer, _HTTP, put(_HTTP, "timeout", "60s"), "may answer later"),
    _uptime(
        alerts.uptime_regions,
        {"selectedRegions": ["EUROPE", "USA", "ASIA_PACIFIC"]},
        {"selectedRegions": ["EUROPE"]},
        "is no longer checked from ASIA_PACIFIC, USA",
    ),
    _uptime(alerts.uptime_regions, {}, {"selectedRegions": ["EUROPE"]}, "is no longer checked from everywhere"),
    _uptime(alerts.uptime_answer, {"contentMatchers": [{"content": "ok"}]}, {}, "accepts any content"),
    _uptime(alerts.uptime_answer, _HTTP, put(_HTTP, "httpCheck.path", "/"), "checks another address", judged=False),
    _uptime(
        alerts.uptime_answer,
        put(_HTTP, "httpCheck.acceptedResponseStatusCodes", [{"statusValue": 200}]),
        put(_HTTP, "httpCheck.acceptedResponseStatusCodes", [{"statusValue": 200}, {"statusValue": 500}]),
        "accepts other status codes",
    ),
    _uptime(alerts.uptime_tls, _HTTP, put(_HTTP, "httpCheck.validateSsl", False), "no longer checks the connection"),
    Case(
        rule=alerts.api_disabled,
        type=alerts.API,
        old={"disableOnDestroy": False},
        new={"disableOnDestroy": True},
        said="may be turned off for everybody",
    ),
)
