"""When an alert becomes weaker: policies, channels, log metrics, uptime checks and the APIs they need."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.alerts.severity import SEVERITIES
from readiness.plan.field_changes import Inputs, at, list_at, number_at, objects_at, paired_entries, text_at, texts_at
from readiness.plan.query_change import query_changes
from readiness.plan.weakening_rule import Rule, WeakenedField, longer, narrower, switched, under
from readiness.resource_types import ALERT_POLICY, API, CHANNEL, LOG_METRIC, UPTIME_CHECK

_PROMQL = "conditionPrometheusQueryLanguage"
_CONDITION_KINDS = (
    _PROMQL, "conditionThreshold", "conditionAbsent", "conditionMatchedLog", "conditionMonitoringQueryLanguage",
    "conditionSql",
)  # fmt: skip
# Fields of a threshold condition whose effect depends on the metric.
_NOT_JUDGED = (
    "aggregations",
    "denominatorFilter",
    "denominatorAggregations",
    "trigger",
    "forecastOptions",
    "evaluationMissingData",
)
# The least first; an alert may have none.
_SEVERITIES = ("", *reversed(SEVERITIES))


def _conditions(old: Inputs, new: Inputs) -> Iterator[tuple[str, Inputs, Inputs]]:
    """Conditions that both have, with the path of each."""
    for step, before, after in paired_entries(list_at(old, "conditions"), list_at(new, "conditions")):
        if isinstance(before, dict) and isinstance(after, dict):
            yield f"conditions[{step}]", before, after


def query(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """A looser threshold, a narrower filter, a duller window, or a query that cannot be compared."""
    field = f"{_PROMQL}.query"
    for path, before, after in _conditions(old, new):
        texts = text_at(before, field), text_at(after, field)
        for change in query_changes(*texts) if all(texts) else ():
            if change.is_weaker:
                yield WeakenedField(field=f"{path}.{field}", old=texts[0], new=texts[1], reason=change.text)


def duration(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """The condition must hold for longer before anybody is told."""
    for path, before, after in _conditions(old, new):
        for kind in _CONDITION_KINDS:
            if isinstance(at(before, kind), dict) and isinstance(at(after, kind), dict):
                found = longer(before, after, f"{kind}.duration", reason="must hold for longer", default="0s")
                yield from under(path, found)


def evaluation_interval(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """The query is run less often."""
    for path, before, after in _conditions(old, new):
        field = f"{_PROMQL}.evaluationInterval"
        yield from under(path, longer(before, after, field, reason="is evaluated less often", default="30s"))


def threshold_value(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """A threshold condition's value moved away, or its comparison was turned round."""
    field = "conditionThreshold.thresholdValue"
    for path, before, after in _conditions(old, new):
        comparisons = [text_at(each, "conditionThreshold.comparison") for each in (before, after)]
        values = [number_at(each, field) or 0.0 for each in (before, after)]
        if comparisons[0] != comparisons[1]:
            is_looser = all(comparisons)
        else:
            is_looser = values[1] < values[0] if comparisons[0].startswith("COMPARISON_L") else values[1] > values[0]
        if is_looser:
            texts = [f"{name} {value:g}" for name, value in zip(comparisons, values, strict=True)]
            yield WeakenedField(
                field=f"{path}.{field}",
                old=at(before, field),
                new=at(after, field),
                reason=f"threshold {texts[0]} -> {texts[1]}",
            )


def condition_filter(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """A condition's filter lets less through."""
    for path, before, after in _conditions(old, new):
        for kind in _CONDITION_KINDS:
            field = f"{kind}.filter"
            yield from under(path, narrower(before, after, field))


def condition_not_judged(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Another kind of condition, or another way to aggregate: nobody can say from the text that it is as strict."""
    for path, before, after in _conditions(old, new):
        kinds = [[kind for kind in _CONDITION_KINDS if kind in each] for each in (before, after)]
        if kinds[0] != kinds[1]:
            reason = "is another kind of condition; whether it is as strict cannot be judged"
            yield WeakenedField(field=path, old=before, new=after, reason=reason)
        for field in (f"conditionThreshold.{name}" for name in _NOT_JUDGED):
            if kinds[0] == kinds[1] and at(before, field) != at(after, field):
                reason = f"{field.rpartition('.')[2]} changed; whether it is as strict cannot be judged"
                yield WeakenedField(field=f"{path}.{field}", old=at(before, field), new=at(after, field), reason=reason)


def condition_lost(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Any condition is enough to alert, and one is gone; or all are needed, and one more is."""
    every = text_at(old, "combiner").startswith("AND")
    for step, before, after in paired_entries(list_at(old, "conditions"), list_at(new, "conditions")):
        gone, come = not isinstance(after, dict), not isinstance(before, dict)
        if (gone and not every) or (come and every):
            reason = "needs one more condition" if come else "has lost a condition"
            yield WeakenedField(field=f"conditions[{step}]", old=before, new=after, reason=reason)


def combiner(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """One condition was enough, now all are needed. With a single condition it means nothing."""
    before, after = text_at(old, "combiner"), text_at(new, "combiner")
    if before == "OR" and after.startswith("AND") and len(list_at(new, "conditions")) > 1:
        yield WeakenedField(field="combiner", old=before, new=after, reason="asks for all conditions at once")


def enabled(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """The policy or channel is switched off."""
    yield from switched(old, new, "enabled", off=True, default=True, reason="is switched off")


def severity(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """A lower severity, none, or one that does not exist."""
    before, after = text_at(old, "severity"), text_at(new, "severity")
    ranks = [_SEVERITIES.index(each) if each in _SEVERITIES else -1 for each in (before, after)]
    if ranks[1] < ranks[0]:
        reason = f"severity lowered from {before} to {after or 'none'}"
        yield WeakenedField(field="severity", old=at(old, "severity"), new=at(new, "severity"), reason=reason)


def opening_prompt(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Nobody is told that an incident opened. Without the field the API tells of opening and closing."""
    field = "alertStrategy.notificationPrompts"
    before, after = (texts_at(inputs, field) or {"OPENED"} for inputs in (old, new))
    if "OPENED" in before and "OPENED" not in after:
        reason = "no longer tells when an incident opens"
        yield WeakenedField(field=field, old=at(old, field), new=at(new, field), reason=reason)


def notification_rate(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Fewer notifications in the same time."""
    field = "alertStrategy.notificationRateLimit.period"
    yield from longer(old, new, field, reason="tells less often", default="0s")


def destination(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """The channel leads somewhere else: who was told no longer is."""
    for field in ("type", "labels"):
        if at(old, field) != at(new, field):
            yield WeakenedField(field=field, old=at(old, field), new=at(new, field), reason="tells somebody else")


def metric_filter(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Less of the log is counted."""
    yield from narrower(old, new, "filter")


def metric_disabled(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """The metric or check is switched off."""
    yield from switched(old, new, "disabled", off=False, default=False, reason="is switched off")


def uptime_rarer(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Checked less often, or allowed to be slower."""
    yield from longer(old, new, "period", reason="is checked less often", default="300s")
    yield from longer(old, new, "timeout", reason="may answer later")


def uptime_regions(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Checked from fewer places. Without the field every region checks."""
    before, after = (texts_at(inputs, "selectedRegions") for inputs in (old, new))
    lost = sorted(before - after) if after else []
    if lost or (after and not before):
        reason = f"is no longer checked from {', '.join(lost) or 'everywhere'}"
        yield WeakenedField(field="selectedRegions", old=sorted(before), new=sorted(after), reason=reason)


def uptime_answer(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Other content or more status codes pass, or another address is asked."""
    before, after = (objects_at(inputs, "contentMatchers") for inputs in (old, new))
    if before and before != after:
        reason = "asks for other content; whether it is as strict cannot be judged" if after else "accepts any content"
        yield WeakenedField(field="contentMatchers", old=before, new=after, reason=reason)
    field = "httpCheck.acceptedResponseStatusCodes"
    accepted = [{str(sorted(each.items())) for each in objects_at(inputs, field)} for inputs in (old, new)]
    # Without the field 2xx passes, which a list can only be compared with by looking.
    if accepted[1] and not accepted[1] <= accepted[0]:
        yield WeakenedField(field=field, old=at(old, field), new=at(new, field), reason="accepts other status codes")
    for field in ("httpCheck.path", "httpCheck.port", "monitoredResource"):
        if at(old, field) != at(new, field):
            yield WeakenedField(field=field, old=at(old, field), new=at(new, field), reason="checks another address")


def uptime_tls(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Without TLS, or whatever the certificate is."""
    for field in ("httpCheck.useSsl", "httpCheck.validateSsl"):
        yield from switched(old, new, field, off=True, default=False, reason="no longer checks the connection")


def api_disabled(old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Destroying, or removing a line, would turn the API off, for whoever else uses it too."""
    for field in ("disableOnDestroy", "disableDependentServices"):
        reason = "may be turned off for everybody when it is no longer declared"
        yield from switched(old, new, field, off=False, default=False, reason=reason)


ALERT_RULES: tuple[tuple[str, Rule], ...] = (
    (ALERT_POLICY, query),
    (ALERT_POLICY, duration),
    (ALERT_POLICY, evaluation_interval),
    (ALERT_POLICY, threshold_value),
    (ALERT_POLICY, condition_filter),
    (ALERT_POLICY, condition_not_judged),
    (ALERT_POLICY, condition_lost),
    (ALERT_POLICY, combiner),
    (ALERT_POLICY, enabled),
    (ALERT_POLICY, severity),
    (ALERT_POLICY, opening_prompt),
    (ALERT_POLICY, notification_rate),
    (CHANNEL, enabled),
    (CHANNEL, destination),
    (LOG_METRIC, metric_filter),
    (LOG_METRIC, metric_disabled),
    (UPTIME_CHECK, metric_disabled),
    (UPTIME_CHECK, uptime_rarer),
    (UPTIME_CHECK, uptime_regions),
    (UPTIME_CHECK, uptime_answer),
    (UPTIME_CHECK, uptime_tls),
    (API, api_disabled),
)
