"""What changed between two alert queries, in a reviewer's words, and whether the alert became weaker by it.

Judged are thresholds, factors, quantiles, windows and label filters of two queries that are otherwise the same. A
change that cannot be judged counts as weaker: somebody has to look at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from readiness.review.promql_shape import Direction, Matchers, Shape, Threshold, Window, shape_of

# The longer the window of one of these, the larger its value. The others average: the longer, the later and the duller.
_ACCUMULATING = frozenset(
    {"increase", "delta", "count_over_time", "sum_over_time", "max_over_time", "last_over_time", "present_over_time",
     "changes", "resets"}
)  # fmt: skip
# Cloud Run and log-based metrics have a sample a minute; a second more or less in a window changes nothing.
_WINDOW_TOLERANCE_SECONDS = 1.0
# The longest query that we deploy has 20,000 characters (readiness/alerting/limits.py).
MAX_JUDGED_CHARACTERS = 100_000
_EVERYTHING = frozenset({".*", ".+"})


@dataclass(frozen=True, slots=True)
class QueryChange:
    """One difference: `threshold > 0.05 -> > 0.5`."""

    text: str
    is_weaker: bool


def query_changes(old: str, new: str) -> list[QueryChange]:
    """Every difference that matters; empty for queries that differ in nothing but spaces and order of matchers."""
    if max(len(old), len(new)) > MAX_JUDGED_CHARACTERS:
        return [QueryChange("is too long to be judged", is_weaker=True)] if old != new else []
    before, after = shape_of(old), shape_of(new)
    if before.parts != after.parts:
        return [QueryChange("the expression is another one; whether it is as strict cannot be judged", is_weaker=True)]
    direction = after.direction if after.direction == before.direction else None
    return [
        *_thresholds(before, after),
        *_numbers(before, after, direction),
        *_windows(before, after, direction),
        *_filters(before, after),
    ]


def _thresholds(before: Shape, after: Shape) -> Iterator[QueryChange]:
    for old, new in zip(before.thresholds, after.thresholds, strict=True):
        if (old.comparison, old.value) != (new.comparison, new.value):
            text = f"threshold {old.comparison} {old.text} -> {new.comparison} {new.text}"
            yield QueryChange(text, is_weaker=_is_looser(old, new))


def _is_looser(old: Threshold, new: Threshold) -> bool:
    if old.comparison[0] != new.comparison[0]:
        return True
    further = new.value > old.value if new.comparison[0] == ">" else new.value < old.value
    lost_equality = new.value == old.value and len(new.comparison) < len(old.comparison)
    return further or lost_equality


def _numbers(before: Shape, after: Shape, direction: Direction | None) -> Iterator[QueryChange]:
    pairs = [("quantile", old, new) for old, new in zip(before.quantiles, after.quantiles, strict=True)]
    pairs.append(("factor", before.factor, after.factor))
    for what, old, new in pairs:
        if abs(old - new) > 1e-9 * max(abs(old), abs(new)):
            yield QueryChange(f"{what} {old:g} -> {new:g}", is_weaker=_is_weaker_value(new > old, direction))


def _windows(before: Shape, after: Shape, direction: Direction | None) -> Iterator[QueryChange]:
    changed: dict[tuple[Window, Window], None] = {}
    for old, new in zip(before.windows, after.windows, strict=True):
        if abs(old.seconds - new.seconds) > _WINDOW_TOLERANCE_SECONDS:
            changed[old, new] = None
    for old, new in changed:
        is_longer = new.seconds > old.seconds
        weaker = _is_weaker_value(is_longer, direction) if new.function in _ACCUMULATING else is_longer
        yield QueryChange(f"window of {new.function or 'the query'} {old.text} -> {new.text}", is_weaker=weaker)


def _is_weaker_value(is_larger: bool, direction: Direction | None) -> bool:
    """A larger value on the left passes `>` sooner and `<` later."""
    return direction is None or is_larger is (direction == "below")


def _filters(before: Shape, after: Shape) -> Iterator[QueryChange]:
    pairs = list(zip(before.selectors, after.selectors, strict=True))
    for key in sorted({key for pair in pairs for matchers in pair for key in matchers}):
        changes = [_filter_change(key, old, new) for old, new in pairs]
        distinct = {change for change in changes if change is not None}
        is_everywhere = len(distinct) == 1 and None not in changes
        first_divisor = min(after.divisors, default=len(pairs))
        divides = any(change and index >= first_divisor for index, change in enumerate(changes))
        for change in sorted(distinct, key=lambda change: change.text):
            if divides and not is_everywhere:
                text = f"{change.text}, in a part of a quotient only: cannot be judged"
                yield QueryChange(text, is_weaker=True)
            else:
                yield change


def _filter_change(key: tuple[str, bool], old: Matchers, new: Matchers) -> QueryChange | None:
    label, is_positive = key
    before, after = old.get(key), new.get(key)
    if before == after:
        return None
    if before is None or after is None:
        names = _listed(after or before or frozenset())
        text = f"{label} {'only' if is_positive else 'not'} {names}"
        return QueryChange(text if before is None else f"no longer: {text}", is_weaker=before is None)
    lost, gained = before - after, after - before
    if not is_positive:
        lost, gained = gained, lost
    parts = [f"without {_listed(lost)}"] if lost else []
    parts += [f"with {_listed(gained)}"] if gained else []
    is_covered = is_positive and bool(after & _EVERYTHING)
    return QueryChange(f"{label} {', '.join(parts)}", is_weaker=bool(lost) and not is_covered)


def _listed(values: frozenset[str]) -> str:
    return ", ".join(sorted(values))
