"""What a rule about weakening is: two versions of a resource's inputs in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from readiness.durations import seconds_of
from readiness.plan.field_changes import Inputs, at, is_on, text_at
from readiness.plan.query_change import filter_changes

# The field of a finding that speaks of all of a resource.
WHOLE_RESOURCE = "(resource)"


@dataclass(frozen=True, kw_only=True, slots=True)
class WeakenedField:
    """A field by whose change a guard became weaker, and how, as the end of a sentence on the resource."""

    field: str
    old: Any
    new: Any
    reason: str


Rule = Callable[[Inputs, Inputs], Iterator[WeakenedField]]


def switched(old: Inputs, new: Inputs, field: str, *, off: bool, default: bool, reason: str) -> Iterator[WeakenedField]:
    """A flag that was turned off (`off`) or on; `default` is what the provider makes of an absent one."""
    before, after = is_on(old, field, default=default), is_on(new, field, default=default)
    if before is off and after is not off:
        yield WeakenedField(field=field, old=at(old, field), new=at(new, field), reason=reason)


def longer(old: Inputs, new: Inputs, field: str, *, reason: str, default: str | None = None) -> Iterator[WeakenedField]:
    """A duration that grew; one that cannot be read, and differs, counts."""
    before, after = at(old, field), at(new, field)
    if before == after:
        return
    seconds = [seconds_of(value if isinstance(value, str) else default) for value in (before, after)]
    if seconds[0] is None or seconds[1] is None or seconds[1] > seconds[0]:
        yield WeakenedField(field=field, old=before, new=after, reason=reason)


def narrower(old: Inputs, new: Inputs, field: str) -> Iterator[WeakenedField]:
    """A filter of Cloud Logging or Monitoring that lets less through."""
    texts = text_at(old, field), text_at(new, field)
    for change in filter_changes(*texts) if all(texts) else ():
        if change.is_narrower:
            yield WeakenedField(field=field, old=texts[0], new=texts[1], reason=f"filter: {change.text}")


def under(prefix: str, findings: Iterator[WeakenedField]) -> Iterator[WeakenedField]:
    """The findings with the path of what their field stands in."""
    for each in findings:
        yield WeakenedField(field=f"{prefix}.{each.field}", old=each.old, new=each.new, reason=each.reason)
