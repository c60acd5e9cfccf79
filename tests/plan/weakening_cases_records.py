"""One case for each way in which less is recorded, kept or promised, or a right loses its limit."""

from __future__ import annotations

from readiness.resource_types import AUDIT_CONFIG, JOB, LOG_BUCKET, LOG_METRIC, LOG_SINK, OBJECTIVE
from tests.plan.weakening_case import Inputs, cases, put

_READ = {"logType": "DATA_READ"}
_WRITE = {"logType": "DATA_WRITE"}
_SINK = {
    "destination": "logging.googleapis.com/projects/p/locations/l/buckets/b",
    "filter": 'resource.type=("a" OR "b")',
}
_SLO = {"goal": 0.999, "rollingPeriodDays": 30}
_LABELS = {"labelExtractors": {"service": "EXTRACT(resource.labels.service_name)"}}


def _audit(*kinds: Inputs) -> Inputs:
    return {"auditLogConfigs": list(kinds)}


RECORD_CASES = (
    *cases(
        AUDIT_CONFIG,
        (_audit(_READ, _WRITE), _audit(_WRITE), "DATA_READ is no longer logged"),
        (_audit(_READ), _audit(_READ | {"exemptedMembers": ["user:mallory"]}), "DATA_READ of user:mallory is no"),
    ),
    *cases(
        LOG_BUCKET,
        ({"retentionDays": 400}, {"retentionDays": 30}, "30 instead of 400 days"),
        ({"retentionDays": 400}, {}, "30 instead of 400 days"),
    ),
    *cases(
        LOG_SINK,
        (_SINK, put(_SINK, "filter", 'resource.type="a"'), "without b"),
        (put(_SINK, "filter", None), _SINK, "no longer exports every entry"),
        (_SINK, _SINK | {"disabled": True}, "is switched off"),
        (_SINK, _SINK | {"exclusions": [{"name": "x"}]}, "excludes some entries"),
    ),
    *cases(
        LOG_SINK, (_SINK, _SINK | {"destination": "elsewhere"}, "exports entries to another destination"), judged=False
    ),
    *cases(OBJECTIVE, (_SLO, put(_SLO, "goal", 0.99), "99.0000% instead of 99.9000%")),
    *cases(
        OBJECTIVE,
        (_SLO, put(_SLO, "rollingPeriodDays", 7), "rollingPeriodDays changed"),
        *(
            ({}, {name: {"a": 1}}, f"{name} changed")
            for name in ("requestBasedSli", "windowsBasedSli", "basicSli", "calendarPeriod")
        ),
        judged=False,
    ),
    *cases(LOG_METRIC, (_LABELS, {}, "the label service is removed")),
    *cases(
        LOG_METRIC,
        ({"valueExtractor": "EXTRACT(a)"}, {"valueExtractor": "EXTRACT(b)"}, "the value is extracted otherwise"),
        judged=False,
    ),
    *cases(JOB, ({}, {"deletionProtection": False}, "may be deleted")),
)
