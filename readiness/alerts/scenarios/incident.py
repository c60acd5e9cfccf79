"""The form of a scenario: an alert, what happens minute by minute, and whether and when someone is paged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from readiness.alerts.scenarios.series import Series
from readiness.alerts.scenarios.stack import Stack

# A count needs no duration. promtool extrapolates a counter that begins at 0 less while its newest sample is fresh, so
# the first or the second evaluation after the sample pages.
PROMPT_SECONDS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Fires:
    """Pages for exactly these label sets: not before, and within, so many seconds of the first bad minute's sample.

    `lasts`: from then on it stays open until the scenario ends. `until_seconds`: it stays open until so long after that
    sample, and is over half a minute later.
    """

    labels: tuple[dict[str, str], ...]
    first_bad_minute: int
    not_before_seconds: int
    within_seconds: int
    lasts: bool = True
    until_seconds: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Quiet:
    """Never pages, at no evaluation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """A scenario on one stack."""

    series: tuple[Series, ...]
    expect: Fires | Quiet


def quiet(*series: Iterable[Series]) -> Incident:
    """A scenario in which nobody is paged."""
    return Incident(series=tuple(series_ for group in series for series_ in group), expect=Quiet())


def pages_promptly(
    *series: Series,
    first_bad_minute: int,
    labels: Mapping[str, str],
    lasts: bool,
    until_seconds: int | None = None,
    within_seconds: int = PROMPT_SECONDS,
) -> Incident:
    """A scenario that pages once, for these labels, as soon as the first bad sample is evaluated."""
    expect = Fires(
        labels=(dict(labels),),
        first_bad_minute=first_bad_minute,
        not_before_seconds=0,
        within_seconds=within_seconds,
        lasts=lasts,
        until_seconds=until_seconds,
    )
    return Incident(series=series, expect=expect)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """A scenario for any stack. Its name is its title, `why` says what it protects from.

    `on` raises NotBuildableError where the settings of the stack leave no place for it.

    `phases`: it is about time, so it runs at every sample phase; `losses`: and with every loss pattern.
    `long`: it spans hours or days, and runs on the first stack alone.
    """

    alert: str
    name: str
    why: str
    on: Callable[[Stack], Incident]
    phases: bool
    losses: bool
    long: bool = False


Builder = TypeVar("Builder", bound=Callable[..., Incident])


@dataclass(frozen=True, slots=True)
class Collection:
    """Scenarios of one or more alerts: functions that make an incident, each with `@COLLECTION.add()` above it.

    `subjects`: by alert, what such a function gets before the stack. A scenario has the function's name, and its
    docstring is the reason.
    """

    subjects: Mapping[str, tuple[object, ...]]
    scenarios: list[Scenario] = field(default_factory=list)

    def add(self, *, phases: bool = False, losses: bool = False, long: bool = False) -> Callable[[Builder], Builder]:
        """Adds the function for each of the alerts. The arguments are those of `Scenario`; losses include phases."""

        def added(build: Builder) -> Builder:
            for alert, given in self.subjects.items():
                scenario = Scenario(
                    alert=alert,
                    name=build.__name__,
                    why=" ".join((build.__doc__ or "").split()),
                    on=partial(build, *given),
                    phases=phases or losses,
                    losses=losses,
                    long=long,
                )
                self.scenarios.append(scenario)
            return build

        return added
