"""The tables of alerts, channels, log metrics, uptime checks, objectives, logs and APIs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from readiness.alerts.severity import SEVERITIES
from readiness.plan.engine_rules import exists_always
from readiness.plan.field_changes import ABSENT, Inputs, at, list_of, number_of, objects_of, text_at, texts_of
from readiness.plan.protection import (
    NOT_KNOWN,
    Change,
    Protection,
    Rule,
    WeakenedField,
    always,
    elsewhere,
    fewer,
    longer,
    narrower,
    switched,
    takes_nothing,
)
from readiness.plan.query_change import query_changes
from readiness.resource_types import (
    ALERT_POLICY,
    API,
    CHANNEL,
    LOG_BUCKET,
    LOG_METRIC,
    LOG_SINK,
    MONITORED_SERVICE,
    OBJECTIVE,
    UPTIME_CHECK,
)

_PROMQL = "conditionPrometheusQueryLanguage"
_CONDITION_KINDS = (
    _PROMQL, "conditionThreshold", "conditionAbsent", "conditionMatchedLog", "conditionMonitoringQueryLanguage",
    "conditionSql",
)  # fmt: skip
# Fields of a threshold condition whose effect depends on the metric.
_AGGREGATION = (
    "aggregations", "denominatorFilter", "denominatorAggregations", "trigger", "forecastOptions",
    "evaluationMissingData",
)  # fmt: skip
# The least first; an alert may have none.
_SEVERITIES = ("", *reversed(SEVERITIES))
# How long Google keeps a log bucket's entries by default.
_DEFAULT_RETENTION_DAYS = 30
# What an objective is measured by, beside its goal.
_MEASURES = ("requestBasedSli", "windowsBasedSli", "basicSli", "rollingPeriodDays", "calendarPeriod")
_SUCCESS = frozenset(range(200, 300))


def _query(change: Change) -> Iterable[str]:
    if not all(isinstance(value, str) and value for value in change.sides):
        return (NOT_KNOWN,)
    return [found.text for found in query_changes(change.old, change.new) if found.is_weaker]


def _threshold(change: Change) -> Iterator[WeakenedField]:
    """The value of a threshold condition, or its comparison: the one says nothing without the other."""
    comparisons = [text_at(side, "comparison") for side in change.beside]
    given = [at(side, "thresholdValue") for side in change.beside]
    before, after = (0.0 if value is ABSENT else number_of(value) for value in given)
    if before is None or after is None or comparisons[0] != comparisons[1]:
        is_looser = True
    else:
        is_looser = after < before if comparisons[0].startswith("COMPARISON_L") else after > before
    if is_looser:
        texts = [f"{value}" if value is None else f"{value:g}" for value in (before, after)]
        reason = f"threshold {comparisons[0]} {texts[0]} -> {comparisons[1]} {texts[1]}"
        path = f"{change.path.rpartition('.')[0]}.thresholdValue"
        yield WeakenedField(path, given[0], given[1], reason)


def _kind(change: Change) -> Iterable[str] | None:
    kinds = [[kind for kind in _CONDITION_KINDS if at(side, kind) is not ABSENT] for side in change.sides]
    return None if kinds[0] == kinds[1] else ("is another kind of condition, which may be less strict",)


def _in_number(reason: str, *, of_all: bool) -> Rule:
    """For a condition that comes or goes; `of_all`: it matters where all conditions have to hold."""
    return lambda change: (reason,) if text_at(change.inputs[0], "combiner").startswith("AND") is of_all else ()


def _combiner(change: Change) -> Iterable[str]:
    """With a single condition it means nothing."""
    if len(list_of(at(change.inputs[1], "conditions"))) < 2 or change.new == "OR":
        return ()
    is_and = isinstance(change.new, str) and change.new.startswith("AND")
    return ("needs all conditions to be met at once",) if change.old == "OR" and is_and else (NOT_KNOWN,)


def _severity(change: Change) -> Iterator[str]:
    values = ["" if value is ABSENT else value for value in change.sides]
    before, after = (_SEVERITIES.index(value) if value in _SEVERITIES else -1 for value in values)
    if after < before:
        yield f"severity lowered from {values[0]} to {values[1] or 'none'}"
    elif before < 0:
        yield NOT_KNOWN


def _prompts(change: Change) -> Iterator[str]:
    """Without the field the API notifies of opening and closing."""
    before, after = (texts_of(value) or {"OPENED"} for value in change.sides)
    if not after <= {"OPENED", "CLOSED"}:
        yield NOT_KNOWN
    elif "OPENED" in before and "OPENED" not in after:
        yield "no longer notifies when an incident opens"


def _label(change: Change) -> Iterator[WeakenedField]:
    """A label that is read from the log in another way; a further one takes nothing from any alert."""
    if change.old is not ABSENT:
        name = change.path.removeprefix("labelExtractors.")
        reason = f"the label {name} is removed or extracted otherwise; alerts may no longer match it"
        new = None if change.new is ABSENT else change.new
        yield WeakenedField(change.path, change.old, new, reason)


def _regions(change: Change) -> Iterator[WeakenedField]:
    """Without the field every region checks."""
    before, after = map(texts_of, change.sides)
    lost = sorted(before - after) if after else []
    if lost or (after and not before):
        reason = f"is no longer checked from {', '.join(lost) or 'everywhere'}"
        yield WeakenedField(change.path, sorted(before), sorted(after), reason)


def _content(change: Change) -> Iterator[WeakenedField]:
    before, after = map(objects_of, change.sides)
    if before:
        reason = "expects other content, which may be less strict" if after else "accepts any content"
        yield WeakenedField(change.path, before, after, reason)


def _statuses(change: Change) -> Iterable[str]:
    before, after = map(_accepted_statuses, change.sides)
    return () if before is not None and after is not None and after <= before else ("accepts other status codes",)


def _accepted_statuses(value: Any) -> frozenset[int] | None:
    """The status codes that pass, 2xx without a list; None where they are not known."""
    found: set[int] = set() if value not in (ABSENT, []) else set(_SUCCESS)
    for entry in list_of(value):
        status_class, status = text_at(entry, "statusClass"), number_of(at(entry, "statusValue"))
        if match := re.fullmatch("STATUS_CLASS_([1-5])XX", status_class):
            hundred = int(match[1]) * 100
            found |= set(range(hundred, hundred + 100))
        elif status is not None and not status_class:
            found.add(int(status))
        else:
            return None
    return frozenset(found)


def _sink_filter(change: Change) -> Iterable[str]:
    before, after = ("" if value is ABSENT else value for value in change.sides)
    if not before or not after:
        return ("no longer exports every entry",) if after else ()
    return narrower(change)


def _exclusions(change: Change) -> Iterable[str]:
    before, after = map(list_of, change.sides)
    return ("excludes some entries",) if any(entry not in before for entry in after) else ()


def _bucket_created(inputs: Inputs) -> Iterator[str]:
    """A bucket that Google made already contains entries. Google deletes those older than the declared days at once."""
    if "<" in text_at(inputs, "bucketId"):
        yield "may adopt an existing log bucket: the plan does not know its id"
    elif exists_always(LOG_BUCKET, inputs):
        days = number_of(at(inputs, "retentionDays"))
        kept = f"{days:g} days" if days is not None else "a time that the plan does not contain"
        yield f"adopts the log bucket {text_at(inputs, 'bucketId')} and keeps its entries for {kept}"


def _bucket_deleted(inputs: Inputs) -> Iterator[str]:
    if exists_always(LOG_BUCKET, inputs):
        yield "is no longer declared: its retention is no longer managed"
    else:
        yield "is deleted: the entries in it are lost"


def _sink_created(inputs: Inputs) -> Iterator[str]:
    """Copies of log entries leave, unless they go to a log bucket of the same plan."""
    destination = text_at(inputs, "destination")
    if not re.fullmatch(r"logging\.googleapis\.com/<[^<>]+\.id>", destination):
        yield f"sends copies of log entries to {destination or 'a destination that the plan does not contain'}"


def audit_created(inputs: Inputs) -> Iterator[str]:
    """An audit configuration replaces the one that its service has: it may exempt somebody who was not exempted."""
    for entry in objects_of(inputs.get("auditLogConfigs")):
        if exempted := sorted(texts_of(entry.get("exemptedMembers"))):
            yield f"{text_at(entry, 'logType')} of {', '.join(exempted)} is not logged"


def exempted_less(change: Change) -> Iterator[str]:
    """Of `auditLogConfigs`: a kind of access is no longer logged, or not of everybody."""
    before, after = (
        {text_at(entry, "logType"): texts_of(at(entry, "exemptedMembers")) for entry in objects_of(value)}
        for value in change.sides
    )
    for kind in sorted(before.keys() - after.keys()):
        yield f"{kind} is no longer logged"
    for kind in sorted(before.keys() & after.keys()):
        if exempted := sorted(after[kind] - before[kind]):
            yield f"{kind} of {', '.join(exempted)} is no longer logged"


def _another(name: str) -> Rule:
    return always(f"{name} changed; it is not known whether it is as strict")


_enabled = switched("is switched off", off=True, default=True)
_disabled = switched("is switched off", off=False, default=False)
_address = always("checks another address")
_destroyed = switched("may be turned off for everybody when it is no longer declared", off=False, default=False)
_unsecured = switched("no longer requires TLS with a valid certificate", off=True, default=False)
_CONDITION_RULES: dict[str, Rule] = {
    **{f"{kind}.duration": longer("must be true for longer", default="0s") for kind in _CONDITION_KINDS},
    **{f"{kind}.filter": narrower for kind in _CONDITION_KINDS},
    **{f"conditionThreshold.{name}": _another(name) for name in _AGGREGATION},
    "conditionThreshold.comparison": _threshold,
    "conditionThreshold.thresholdValue": _threshold,
    f"{_PROMQL}.evaluationInterval": longer("is evaluated less often", default="30s"),
    f"{_PROMQL}.query": _query,
}

ALERT_PROTECTION = (
    Protection(
        pattern=ALERT_POLICY,
        created=takes_nothing,
        deleted="is deleted: nobody is notified of this any more",
        harmless=(
            "displayName", "documentation", "userLabels", "conditions[].displayName",
            *(f"conditions[].{_PROMQL}.{name}" for name in ("alertRule", "labels", "ruleGroup")),
        ),
        rules={
            "combiner": _combiner,
            "conditions[+]": _in_number("needs one more condition", of_all=True),
            "conditions[-]": _in_number("has lost a condition", of_all=False),
            "conditions[]": _kind,
            **{f"conditions[].{name}": rule for name, rule in _CONDITION_RULES.items()},
            "alertStrategy.notificationPrompts": _prompts,
            "alertStrategy.notificationRateLimit.period": longer("notifies less often", default="0s"),
            "enabled": _enabled,
            # Whom it notified: `_channel_lost`.
            "notificationChannels": elsewhere,
            "severity": _severity,
        },
    ),
    # Its deletion shows in the policies that notified it: `_channel_lost`.
    Protection(
        pattern=CHANNEL,
        created=takes_nothing,
        deleted=takes_nothing,
        harmless=("displayName", "description", "userLabels"),
        rules={
            "enabled": _enabled,
            "labels": always("notifies somebody else"),
            "type": always("notifies somebody else"),
        },
    ),
    Protection(
        pattern=LOG_METRIC,
        created=takes_nothing,
        deleted="is deleted: this is no longer counted, and alerts on it do not fire",
        harmless=("description", "metricDescriptor.displayName", "metricDescriptor.labels[].description"),
        rules={
            "disabled": _disabled,
            "filter": narrower,
            "labelExtractors.*": _label,
            "metricDescriptor.labels[+]": elsewhere,
            "valueExtractor": always("the value is extracted otherwise; alerts may no longer match it"),
        },
    ),
    Protection(
        pattern=UPTIME_CHECK,
        created=takes_nothing,
        deleted="is deleted: it is no longer checked",
        harmless=("displayName", "userLabels"),
        rules={
            "contentMatchers": _content,
            "disabled": _disabled,
            "httpCheck.acceptedResponseStatusCodes": _statuses,
            "httpCheck.path": _address,
            "httpCheck.port": _address,
            "httpCheck.useSsl": _unsecured,
            "httpCheck.validateSsl": _unsecured,
            "monitoredResource": _address,
            "period": longer("is checked less often", default="300s"),
            "selectedRegions": _regions,
            "timeout": longer("has more time to answer"),
        },
    ),
    Protection(
        pattern=API,
        created=takes_nothing,
        deleted="is deleted: nothing declares that the API is enabled",
        rules={"disableDependentServices": _destroyed, "disableOnDestroy": _destroyed},
    ),
    # Its deletion takes its objectives with it, which say so.
    Protection(
        pattern=MONITORED_SERVICE,
        created=takes_nothing,
        deleted=takes_nothing,
        harmless=("displayName", "userLabels"),
    ),
    Protection(
        pattern=OBJECTIVE,
        created=takes_nothing,
        deleted="is deleted: the objective is no longer measured",
        harmless=("displayName", "userLabels"),
        rules={
            "goal": fewer(lambda before, after: f"the goal is {after:.4%} instead of {before:.4%}", default=0.0),
            **{name: _another(name) for name in _MEASURES},
        },
    ),
    Protection(
        pattern=LOG_BUCKET,
        created=_bucket_created,
        deleted=_bucket_deleted,
        harmless=("description",),
        rules={
            "retentionDays": fewer(
                lambda before, after: f"keeps entries for {after:g} instead of {before:g} days",
                default=_DEFAULT_RETENTION_DAYS,
            ),
        },
    ),
    Protection(
        pattern=LOG_SINK,
        created=_sink_created,
        deleted="is deleted: nothing is exported there any more",
        harmless=("description",),
        rules={
            "destination": always("exports entries to another destination"),
            "disabled": _disabled,
            "exclusions": _exclusions,
            "filter": _sink_filter,
        },
    ),
)  # fmt: skip
