"""The form of a scenario: an alert, its series minute by minute, and whether and when somebody is notified."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from readiness.alerts.scenarios.series import Series
from readiness.alerts.scenarios.stack import Stack

# A count has no duration. promtool extrapolates a counter that begins at 0 less while its newest sample is recent, so
# the first or the second evaluation after the sample notifies.
PROMPT_SECONDS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Fires:
    """Fires for exactly these label sets, between two times after the sample of the first bad minute.

    `lasts`: it then stays open until the scenario ends. `until_seconds`: it stays open until this time after that
    sample, and is closed half a minute later.
    """

    labels: tuple[dict[str, str], ...]
    first_bad_minute: int
    not_before_seconds: int
    within_seconds: int
    lasts: bool = True
    until_seconds: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Quiet:
    """Never fires, at no evaluation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """A scenario on one stack."""

    series: tuple[Series, ...]
    expect: Fires | Quiet


def quiet(*series: Iterable[Series]) -> Incident:
    """A scenario in which nobody is notified."""
    return Incident(series=tuple(series_ for group in series for series_ in group), expect=Quiet())


def pages_promptly(
    *series: Series,
    first_bad_minute: int,
    labels: Mapping[str, str],
    lasts: bool,
    until_seconds: int | None = None,
    within_seconds: int = PROMPT_SECONDS,
) -> Incident:
    """A scenario that notifies once, for these labels, as soon as the first bad sample is evaluated."""
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
    """A scenario for any stack. `name` is its title, and `why` explains it.

    `on` raises NotBuildableError if the settings of the stack rule it out.

    `phases`: it depends on time, so it runs at every sample phase. `losses`: it also runs with every loss pattern.
    `long`: it takes hours or days, and runs only on the first stack.
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
    """Scenarios of one or more alerts: functions that return an incident, each with `@COLLECTION.add()` above it.

    `subjects`: for each alert, the arguments of the functions before the stack. The name of a function is the name of
    its scenario, and its docstring is the reason.
    """

    subjects: Mapping[str, tuple[object, ...]]
    scenarios: list[Scenario] = field(default_factory=list)

    def add(self, *, phases: bool = False, losses: bool = False, long: bool = False) -> Callable[[Builder], Builder]:
        """Adds the function for each of the alerts. The arguments are those of `Scenario`. Losses include phases."""

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
