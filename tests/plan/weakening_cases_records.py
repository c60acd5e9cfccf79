"""One case for each way in which less is recorded, kept or promised, or a right loses its limit."""

from __future__ import annotations

from readiness.resource_types import AUDIT_CONFIG, JOB, LOG_BUCKET, LOG_METRIC, LOG_SINK, OBJECTIVE
from tests.plan.weakening_case import Case, Inputs, put

_READ = {"logType": "DATA_READ"}
_WRITE = {"logType": "DATA_WRITE"}
_SINK = {
    "destination": "logging.googleapis.com/projects/p/locations/l/buckets/b",
    "filter": 'resource.type=("a" OR "b")',
}
_SLO = {"goal": 0.999, "rollingPeriodDays": 30}
_LABELS = {"labelExtractors": {"service": "EXTRACT(resource.labels.service_name)"}}


def _case(type_: str, old: Inputs, new: Inputs, said: str, *, judged: bool = True) -> Case:
    return Case(type=type_, old=old, new=new, said=said, judged=judged)


RECORD_CASES = (
    _case(
        AUDIT_CONFIG,
        {"auditLogConfigs": [_READ, _WRITE]},
        {"auditLogConfigs": [_WRITE]},
        "DATA_READ is no longer logged",
    ),
    _case(
        AUDIT_CONFIG,
        {"auditLogConfigs": [_READ]},
        {"auditLogConfigs": [_READ | {"exemptedMembers": ["user:mallory@example.com"]}]},
        "DATA_READ of user:mallory@example.com is no longer logged",
    ),
    _case(
        LOG_BUCKET,
        {"retentionDays": 400},
        {"retentionDays": 30},
        "30 instead of 400 days",
    ),
    _case(LOG_BUCKET, {"retentionDays": 400}, {}, "30 instead of 400 days"),
    _case(LOG_SINK, _SINK, put(_SINK, "filter", 'resource.type="a"'), "without b"),
    _case(LOG_SINK, put(_SINK, "filter", None), _SINK, "no longer takes every entry"),
    _case(LOG_SINK, _SINK, _SINK | {"disabled": True}, "is switched off"),
    _case(LOG_SINK, _SINK, _SINK | {"exclusions": [{"name": "x"}]}, "leaves entries out"),
    _case(
        LOG_SINK,
        _SINK,
        put(_SINK, "destination", "storage.googleapis.com/elsewhere"),
        "leads entries somewhere else",
        judged=False,
    ),
    _case(OBJECTIVE, _SLO, put(_SLO, "goal", 0.99), "99.0000% instead of 99.9000%"),
    _case(
        OBJECTIVE,
        _SLO,
        put(_SLO, "rollingPeriodDays", 7),
        "rollingPeriodDays changed",
        judged=False,
    ),
    *(
        _case(OBJECTIVE, {}, {name: {"a": 1}}, f"{name} changed", judged=False)
        for name in ("requestBasedSli", "windowsBasedSli", "basicSli", "calendarPeriod")
    ),
    _case(LOG_METRIC, _LABELS, {}, "the label service is gone"),
    _case(
        LOG_METRIC,
        {"valueExtractor": "EXTRACT(a)"},
        {"valueExtractor": "EXTRACT(b)"},
        "the value is read from elsewhere",
        judged=False,
    ),
    _case(JOB, {}, {"deletionProtection": False}, "may be deleted"),
)
