"""Series as Cloud Run and Cloud Logging write them: one sample a minute with the increase in that minute (DELTA).

promtool has only counters, so the minutes are added up. Monitoring stores the start time of every sample, so it also
counts the first one. A counter needs an earlier sample for that. So wherever samples begin, the series contains the
previous value a minute earlier ("explicit 0 start").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import gcd, inf
from typing import TypeVar

SAMPLE_PERIOD_SECONDS = 60

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """The increase in each minute. None is a minute without a sample: without traffic, or before the series exists.

    `before`: the counter's value before its first minute. promtool does not extrapolate a counter below zero.
    `gauge`: `minutes` are values instead of increases. They are not added up, and a lost sample is missing.
    """

    metric: str
    labels: Mapping[str, str]
    minutes: tuple[float | None, ...]
    gauge: bool = False
    before: float = 0.0

    @property
    def selector(self) -> str:
        """The series as promtool writes it."""
        return self.metric + "{" + ",".join(f'{name}="{value}"' for name, value in self.labels.items()) + "}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """When the samples arrive: seconds after the full minute, and which of every three is lost (0, 1, 2 or None).

    The count of a lost sample is part of the next sample.
    """

    phase_seconds: int
    lost: int | None = None

    @property
    def step_seconds(self) -> int:
        """The longest step that includes all samples: promtool's `interval`."""
        return gcd(self.phase_seconds, SAMPLE_PERIOD_SECONDS)

    def time_of(self, minute: int) -> int:
        """Seconds at which the sample of a minute arrives."""
        return self.phase_seconds + SAMPLE_PERIOD_SECONDS * (minute + 1)

    def loses(self, minute: int) -> bool:
        """Whether the sample of a minute is lost."""
        return self.lost is not None and minute % 3 == self.lost

    def first_delivered(self, minute: int) -> int:
        """The first minute from `minute` on whose sample arrives."""
        return minute + 1 if self.loses(minute) else minute


def minutes(*spans: tuple[int, T]) -> tuple[T, ...]:
    """`minutes((10, 0), (5, 3))` is ten minutes with 0, then five with 3."""
    return tuple(value for count, value in spans for _ in range(count))


def promtool_values(series: Series, delivery: Delivery) -> str:
    """The series as a promtool `values` text on the delivery's step."""
    if series.gauge:
        return _sequence(_delivered(series, delivery), delivery.step_seconds)
    counter: dict[int, float] = {}
    total = series.before
    before: float | None = None
    for minute, added in enumerate(series.minutes):
        if added is not None:
            if before is None:
                counter[delivery.time_of(minute - 1)] = total
            total += added
            if not delivery.loses(minute):
                counter[delivery.time_of(minute)] = total
        before = added
    return _sequence(counter, delivery.step_seconds)


def _delivered(series: Series, delivery: Delivery) -> dict[int, float]:
    return {
        delivery.time_of(minute): value
        for minute, value in enumerate(series.minutes)
        if value is not None and not delivery.loses(minute)
    }


def _sequence(counter: Mapping[int, float], step_seconds: int) -> str:
    words = []
    position = 0
    for time, value in sorted(counter.items()):
        index = time // step_seconds
        if index > position:
            words.append(f"_x{index - position}")
        words.append(_number(value))
        position = index + 1
    return " ".join(words)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def distribution(
    metric: str, labels: Mapping[str, str], bounds: Sequence[float], samples: Iterable[Mapping[float, float] | None]
) -> tuple[Series, ...]:
    """A distribution in PromQL: one counter for each bucket. `samples`: `{value: count}` of each minute, or None.

    Bounds that no used bucket has are left out, because no quantile depends on them, and promtool reads them slowly.
    """
    listed = list(samples)
    values = {value for sample in listed if sample for value in sample}
    used = [
        bound for below, bound in zip((0.0, *bounds), bounds, strict=False) if _touched(below, bound, bounds, values)
    ]
    return tuple(
        Series(
            metric=f"{metric}_bucket",
            labels={**labels, "le": le},
            minutes=tuple(
                None if sample is None else sum(count for value, count in sample.items() if value <= bound)
                for sample in listed
            ),
        )
        for le, bound in [*((_number(bound), bound) for bound in used), ("+Inf", inf)]
    )


def _touched(below: float, bound: float, bounds: Sequence[float], values: Iterable[float]) -> bool:
    """Whether `bound` is the lower or upper end of a bucket with a value in it."""
    above = min((higher for higher in bounds if higher > bound), default=inf)
    return any(below < value <= above for value in values)
