"""One case for each way in which less is recorded, kept or promised, or a right loses its limit."""

from __future__ import annotations

from readiness.plan import weakening_records as records
from readiness.plan.weakening_rule import Rule
from readiness.resource_types import LOG_METRIC
from tests.plan.weakening_case import Case, Inputs, put

_READ = {"logType": "DATA_READ"}
_WRITE = {"logType": "DATA_WRITE"}
_SINK = {
    "destination": "logging.googleapis.com/projects/p/locations/l/buckets/b",
    "filter": 'resource.type=("a" OR "b")',
}
_SLO = {"goal": 0.999, "rollingPeriodDays": 30}
_LABELS = {"labelExtractors": {"service": "EXTRACT(resource.labels.service_name)"}}


def _case(type_: str, rule: Rule, old: Inputs, new: Inputs, said: str, *, judged: bool = True) -> Case:
    return Case(rule=rule, type=type_, old=old, new=new, said=said, judged=judged)


RECORD_CASES = (
    _case(
        records.AUDIT_CONFIG,
        records.audit_log,
        {"auditLogConfigs": [_READ, _WRITE]},
        {"auditLogConfigs": [_WRITE]},
        "DATA_READ is no longer logged",
    ),
    _case(
        records.AUDIT_CONFIG,
        records.audit_log,
        {"auditLogConfigs": [_READ]},
        {"auditLogConfigs": [_READ | {"exemptedMembers": ["user:mallory@example.com"]}]},
        "DATA_READ of user:mallory@example.com is no longer logged",
    ),
    _case(
        records.LOG_BUCKET,
        records.log_retention,
        {"retentionDays": 400},
        {"retentionDays": 30},
        "30 instead of 400 days",
    ),
    _case(records.LOG_BUCKET, records.log_retention, {"retentionDays": 400}, {}, "30 instead of 400 days"),
    _case(records.LOG_SINK, records.sink, _SINK, put(_SINK, "filter", 'resource.type="a"'), "without b"),
    _case(records.LOG_SINK, records.sink, put(_SINK, "filter", None), _SINK, "no longer takes every entry"),
    _case(records.LOG_SINK, records.sink, _SINK, _SINK | {"disabled": True}, "is switched off"),
    _case(records.LOG_SINK, records.sink, _SINK, _SINK | {"exclusions": [{"name": "x"}]}, "leaves entries out"),
    _case(
        records.LOG_SINK,
        records.sink,
        _SINK,
        put(_SINK, "destination", "storage.googleapis.com/elsewhere"),
        "leads entries somewhere else",
        judged=False,
    ),
    _case(records.OBJECTIVE, records.objective, _SLO, put(_SLO, "goal", 0.99), "99.0000% instead of 99.9000%"),
    _case(
        records.OBJECTIVE,
        records.objective,
        _SLO,
        put(_SLO, "rollingPeriodDays", 7),
        "rollingPeriodDays changed",
        judged=False,
    ),
    _case(LOG_METRIC, records.metric_labels, _LABELS, {}, "the label service is gone"),
    _case(
        LOG_METRIC,
        records.metric_labels,
        {"valueExtractor": "EXTRACT(a)"},
        {"valueExtractor": "EXTRACT(b)"},
        "the value is read from elsewhere",
        judged=False,
    ),
    _case(records.JOB, records.job_protection, {}, {"deletionProtection": False}, "may be deleted"),
)
