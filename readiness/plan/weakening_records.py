"""When less is recorded, kept or promised, or a right loses its limit: logs, sinks, objectives, grants, jobs."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.plan.field_changes import Inputs, at, list_at, number_at, objects_at, text_at, texts_at
from readiness.plan.weakening_rule import Rule, WeakenedField, narrower, switched
from readiness.resource_types import AUDIT_CONFIG, JOB, LOG_BUCKET, LOG_METRIC, LOG_SINK, OBJECTIVE

# What Google keeps a log bucket's entries for where nothing is said.
_DEFAULT_RETENTION_DAYS = 30
# What an objective is measured by, beside its goal.
_MEASURES = ("requestBasedSli", "windowsBasedSli", "basicSli", "rollingPeriodDays", "calendarPeriod")


def audit_log(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """A kind of access is no longer logged, or not of everybody."""
    field = "auditLogConfigs"
    before, after = (_exempted(inputs) for inputs in (old, new))
    reasons = [f"{kind} is no longer logged" for kind in sorted(before.keys() - after.keys())]
    for kind in sorted(before.keys() & after.keys()):
        if exempted := sorted(after[kind] - before[kind]):
            reasons.append(f"{kind} of {', '.join(exempted)} is no longer logged")
    for reason in reasons:
        yield WeakenedField(field=field, old=at(old, field), new=at(new, field), reason=reason)


def log_retention(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Entries are kept for a shorter time."""
    field = "retentionDays"
    before, after = (number_at(inputs, field) or _DEFAULT_RETENTION_DAYS for inputs in (old, new))
    if after < before:
        reason = f"keeps entries for {after:g} instead of {before:g} days"
        yield WeakenedField(field=field, old=at(old, field), new=at(new, field), reason=reason)


def sink(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Fewer entries are led there, or they are led somewhere else."""
    if not text_at(old, "filter") and text_at(new, "filter"):
        yield WeakenedField(
            field="filter", old=at(old, "filter"), new=at(new, "filter"), reason="no longer takes every entry"
        )
    yield from narrower(old, new, "filter")
    yield from switched(old, new, "disabled", off=False, default=False, reason="is switched off")
    if at(old, "destination") != at(new, "destination"):
        yield WeakenedField(
            field="destination",
            old=at(old, "destination"),
            new=at(new, "destination"),
            reason="leads entries somewhere else",
        )
    added = [each for each in list_at(new, "exclusions") if each not in list_at(old, "exclusions")]
    if added:
        reason = "leaves entries out"
        yield WeakenedField(field="exclusions", old=at(old, "exclusions"), new=at(new, "exclusions"), reason=reason)


def objective(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Less is promised, or it is measured in another way."""
    before, after = (number_at(inputs, "goal") or 0.0 for inputs in (old, new))
    if after < before:
        reason = f"the goal is {after:.4%} instead of {before:.4%}"
        yield WeakenedField(field="goal", old=at(old, "goal"), new=at(new, "goal"), reason=reason)
    for field in _MEASURES:
        if at(old, field) != at(new, field):
            reason = f"{field} changed; whether it is as strict cannot be judged"
            yield WeakenedField(field=field, old=at(old, field), new=at(new, field), reason=reason)


def metric_labels(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """A label or the value is read from the log in another way: an alert that asks for it may never see it again."""
    before, after = (at(inputs, "labelExtractors") for inputs in (old, new))
    for label in sorted(before) if isinstance(before, dict) else ():
        is_now = after.get(label) if isinstance(after, dict) else None
        if is_now != before[label]:
            reason = f"the label {label} is gone or read from elsewhere; whether alerts still see it cannot be judged"
            yield WeakenedField(field=f"labelExtractors.{label}", old=before[label], new=is_now, reason=reason)
    if at(old, "valueExtractor") != at(new, "valueExtractor"):
        yield WeakenedField(
            field="valueExtractor",
            old=at(old, "valueExtractor"),
            new=at(new, "valueExtractor"),
            reason="the value is read from elsewhere; whether alerts still see it cannot be judged",
        )


def job_protection(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Google would no longer refuse to delete the job."""
    yield from switched(old, new, "deletionProtection", off=True, default=True, reason="may be deleted")


def _exempted(inputs: Inputs) -> dict[str, frozenset[str]]:
    """Members that are not logged, by kind of access that is."""
    entries = objects_at(inputs, "auditLogConfigs")
    return {text_at(entry, "logType"): texts_at(entry, "exemptedMembers") for entry in entries}


RECORD_RULES: tuple[tuple[str, Rule], ...] = (
    (AUDIT_CONFIG, audit_log),
    (LOG_BUCKET, log_retention),
    (LOG_SINK, sink),
    (OBJECTIVE, objective),
    (LOG_METRIC, metric_labels),
    (JOB, job_protection),
)
