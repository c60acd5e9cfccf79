"""The burn rates: errors that use the error budget too fast, over a long and a short window.

`F` below is the share of errors above which a rate fires: 14.4, 6 or 3 times the share that the objective allows.
Earlier traffic is in single minutes with many requests, because a sample a minute would give the same result.

ErrorBudgetBurn fires on the fast or the steady rate. Each rate has its own incidents, in which the other rate does not
fire. An earlier traffic peak hides the errors of the fast incidents from the steady rate. The errors of the steady
incidents are always too small a share for the fast rate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from readiness.alerts.scenarios.cloud_run import Minute, requests
from readiness.alerts.scenarios.incident import Collection, Fires, Incident, Scenario, quiet
from readiness.alerts.scenarios.series import Series, minutes
from readiness.alerts.scenarios.stack import NotBuildableError, Place, Stack

H = 5
PROBES_A_MINUTE = 5
# Far more requests than any incident here has errors.
_PEAK_REQUESTS = 1e12


@dataclass(frozen=True, kw_only=True, slots=True)
class Burn:
    """One of the rates, with windows in minutes. `most_failing`: in every minute, the errors stay below this factor."""

    alert: str
    name: str
    factor: float
    long: int
    short: int
    most_failing: float | None = None

    def share(self, stack: Stack) -> float:
        """F."""
        return self.factor * (1 - stack.settings.availability.goal)

    def failing_share(self, stack: Stack) -> float:
        """The share of errors while "everything" fails: 1, or less to keep the other rate quiet."""
        if self.most_failing is None:
            return 1.0
        return min(1.0, 0.9 * self.most_failing * (1 - stack.settings.availability.goal))

    def failing(self, stack: Stack, errors: float, of: float = 0.0) -> Minute:
        """A minute with this number of errors among `of` requests, or among more if their share would be too large."""
        return (max(of, errors / self.failing_share(stack)), errors)

    def hiding(self, stack: Stack, errors: float) -> float:
        """How many earlier good requests make this number of errors exactly F of all requests."""
        return errors * (1 / self.share(stack) - 1 / self.failing_share(stack))

    def calm(self, stack: Stack) -> float:
        """The factor by which good traffic before an outage is smaller if a large share of it may fail."""
        share = self.share(stack)
        return 1.0 if share < 0.15 else 0.1 * (1 - share)

    def require_that_traffic_hides_errors(self, stack: Stack) -> None:
        """Raises NotBuildableError if so many requests may fail that little good traffic hides an outage."""
        if self.share(stack) > 0.3:
            share = f"{self.share(stack):.0%}"
            raise NotBuildableError(f"{share} of the requests may fail, so even little good traffic hides an outage")

    def hidden_past(self, stack: Stack, errors: float) -> tuple[Minute, ...]:
        """Errors that did not fire because of earlier good traffic, until that traffic is no longer in the window.

        It ends when the long window contains only the errors.
        """
        return minutes(
            (1, (10_000 * errors, 0.0)),
            (int(0.4 * self.long), None),
            (1, self.failing(stack, errors)),
            (self.long - int(0.4 * self.long) + 1, None),
        )


FAST = Burn(alert="ErrorBudgetBurn", name="fast", factor=14.4, long=60, short=5)
STEADY = Burn(alert="ErrorBudgetBurn", name="steady", factor=6, long=360, short=30, most_failing=FAST.factor)
SLOW = Burn(alert="SlowErrorBudgetBurn", name="slow", factor=3, long=1440, short=120)
BURNS = {burn.name: burn for burn in (FAST, STEADY, SLOW)}


def _pages(
    *series: tuple[Series, ...],
    of: Place,
    first_bad: int,
    not_before_minutes: float,
    within_minutes: float,
    lasts: bool = True,
) -> Incident:
    expect = Fires(
        labels=(of.alert_labels,),
        first_bad_minute=first_bad,
        not_before_seconds=int(60 * not_before_minutes),
        within_seconds=int(60 * within_minutes),
        lasts=lasts,
    )
    return Incident(series=tuple(series_ for group in series for series_ in group), expect=expect)


# By the name of the rate, because two rates belong to one alert.
EVERY_BURN = Collection({name: (burn,) for name, burn in BURNS.items()})
# promtool extrapolates the second error after a long pause to three within the fast rate's hour.
NOT_STEADY = Collection({name: (burn,) for name, burn in BURNS.items() if burn is not STEADY})


@EVERY_BURN.add(phases=True)
def everything_fails_at_one_a_minute(burn: Burn, stack: Stack) -> Incident:
    """Fires at the third error: the query has no minimum of requests per second."""
    series = requests(stack.backend, minutes((H, (burn.calm(stack), 0)), (10, burn.failing(stack, 1))))
    return _pages(series, of=stack.backend, first_bad=H, not_before_minutes=1.5, within_minutes=3)


@EVERY_BURN.add()
def one_failing_request_a_minute_among_probes(burn: Burn, stack: Stack) -> Incident:
    """Successful probes are traffic too. A service that fails its only user must still fire."""
    probes = PROBES_A_MINUTE * burn.calm(stack)
    series = requests(stack.backend, minutes((H, (probes, 0)), (40, burn.failing(stack, 1, of=probes + 1))))
    return _pages(series, of=stack.backend, first_bad=H, not_before_minutes=1.5, within_minutes=30)


@EVERY_BURN.add()
def errors_half_above_the_limit(burn: Burn, stack: Stack) -> Incident:
    """Two revisions fail, and neither often enough alone: revisions are added up."""
    share = burn.share(stack)
    # Enough traffic for three errors within minutes.
    all_ = 60 if share >= 0.015 else 0.9 / share
    bad = all_ * min(1.5 * share, (1 + share) / 2)
    length = 30
    return _pages(
        requests(stack.backend, minutes((1, (all_ * burn.calm(stack), 0)), (length, (all_ - bad / 2, bad / 2)))),
        requests(stack.backend.of_revision("00042-new"), minutes((1, None), (length, (bad / 2, bad / 2)))),
        of=stack.backend,
        first_bad=1,
        not_before_minutes=0,
        within_minutes=5,
    )


@EVERY_BURN.add()
def errors_a_tenth_below_the_limit(burn: Burn, stack: Stack) -> Incident:
    """Quiet, independent of the other operands."""
    bad = 600 * 0.9 * burn.share(stack)
    return quiet(requests(stack.backend, minutes((30, (600, bad)))))


@EVERY_BURN.add(long=True)
def an_outage_after_much_traffic(burn: Burn, stack: Stack) -> Incident:
    """All requests of the long window count, and no earlier ones."""
    burn.require_that_traffic_hides_errors(stack)
    at = int(0.25 * burn.long)
    # Ten errors a minute are F of the traffic after so many minutes.
    wanted = max(4, burn.long // 20)
    before = burn.hiding(stack, 10 * wanted)
    timeline = minutes(
        (1, (10 * before, 0.0)),
        (int(0.75 * burn.long), None),
        (1, (before, 0.0)),
        (int(0.75 * burn.long), None),
        (2 * wanted + at, burn.failing(stack, 10)),
    )
    first_bad = len(timeline) - 2 * wanted - at
    series = requests(stack.backend, timeline)
    return _pages(
        series,
        of=stack.backend,
        first_bad=first_bad,
        not_before_minutes=0.6 * wanted,
        within_minutes=1.7 * wanted,
        lasts=False,
    )


@EVERY_BURN.add(long=True)
def a_short_outage_after_much_traffic(burn: Burn, stack: Stack) -> Incident:
    """Half as long as needed in the long window: a deployment, which hardly uses the budget."""
    wanted = max(4, burn.long // 20)
    before = burn.hiding(stack, 10 * wanted)
    bad = burn.failing(stack, 10)
    timeline = minutes((1, (before, 0.0)), (int(0.75 * burn.long), None), (wanted // 2, bad), (3, (10.0, 0.0)))
    return quiet(requests(stack.backend, timeline))


@EVERY_BURN.add(long=True)
def many_earlier_errors_while_few_requests_fail_now(burn: Burn, stack: Stack) -> Incident:
    """The short window must be above F too: seven tenths of F there must not fire."""
    now = (1000.0, 700.0 * burn.share(stack))
    errors = 3000.0 * burn.short
    return quiet(requests(stack.backend, (*burn.hidden_past(stack, errors), *minutes((burn.short * 3, now)))))


@EVERY_BURN.add(long=True)
def few_requests_fail_after_many_good_ones(burn: Burn, stack: Stack) -> Incident:
    """All requests of the short window count, not only the half with little traffic, in which all fail."""
    half = max(1, burn.short // 2 - 3)
    heavy = burn.hiding(stack, 30 * half)
    now = minutes((1, (heavy, 0.0)), (half, None), (half, burn.failing(stack, 10)), (burn.short * 2, (heavy, 0.0)))
    return quiet(requests(stack.backend, (*burn.hidden_past(stack, heavy), *now)))


@EVERY_BURN.add(long=True)
def everything_fails_after_a_minute_with_much_traffic(burn: Burn, stack: Stack) -> Incident:
    """Fires when that minute has left the short window, and not earlier."""
    burn.require_that_traffic_hides_errors(stack)
    heavy = burn.hiding(stack, 20 * burn.short)
    past = burn.hidden_past(stack, heavy)
    timeline = (*past, (heavy, 0.0), *minutes((burn.short + 8, burn.failing(stack, 10))))
    return _pages(
        requests(stack.backend, timeline),
        of=stack.backend,
        first_bad=len(past) + 1,
        not_before_minutes=burn.short * 0.8 - 1,
        within_minutes=burn.short + 2,
        lasts=False,
    )


def _rare(burn: Burn, *failing: int) -> tuple[Minute, ...]:
    """One request every tenth of the long window, and one that fails in each of these minutes."""
    step = burn.long // 10
    return tuple(
        (1.0, float(minute in failing)) if minute in failing or minute % step == 0 else None
        for minute in range(max(failing) + 2)
    )


@EVERY_BURN.add(long=True)
def three_errors_within_the_long_window(burn: Burn, stack: Stack) -> Incident:
    """In an idle service, as far apart as possible: the third one fires."""
    if burn.share(stack) >= 0.2:
        raise NotBuildableError(f"three errors in ten requests need not fire: {burn.share(stack):.0%} may fail")
    first = burn.long // 10
    third = first + burn.long - 2
    return _pages(
        requests(stack.backend, _rare(burn, first, first + burn.long // 2, third)),
        of=stack.backend,
        first_bad=third,
        not_before_minutes=0,
        within_minutes=1,
        lasts=False,
    )


@EVERY_BURN.add(long=True)
def three_errors_within_twice_the_long_window(burn: Burn, stack: Stack) -> Incident:
    """Two of ten requests are more than F, but two errors alone must not fire."""
    tenth = burn.long // 10
    return quiet(requests(stack.backend, _rare(burn, tenth, 9 * tenth, 17 * tenth)))


@EVERY_BURN.add()
def half_of_the_requests_are_refused_with_4xx(burn: Burn, stack: Stack) -> Incident:
    """A scanner or a faulty client is not a failure of the service."""
    del burn
    return quiet(requests(stack.backend, minutes((H, (60, 0)), (15, (60, 30))), bad="4xx"))


@EVERY_BURN.add()
def the_frontend_fails_while_the_backend_has_100_times_its_traffic(burn: Burn, stack: Stack) -> Incident:
    """The sum over both hides it: the services must be counted separately."""
    return _pages(
        requests(stack.frontend, minutes((H, (60 * burn.calm(stack), 0)), (15, burn.failing(stack, 60)))),
        requests(stack.backend, minutes((H + 15, (6000, 0)))),
        of=stack.frontend,
        first_bad=H,
        not_before_minutes=0,
        within_minutes=4,
    )


@EVERY_BURN.add()
def one_region_fails_while_another_has_100_times_its_traffic(burn: Burn, stack: Stack) -> Incident:
    """The same service must be counted separately in each region."""
    broken = stack.backend.in_location(stack.other_location)
    return _pages(
        requests(broken, minutes((H, (60 * burn.calm(stack), 0)), (15, burn.failing(stack, 60)))),
        requests(stack.backend, minutes((H + 15, (6000, 0)))),
        of=broken,
        first_bad=H,
        not_before_minutes=0,
        within_minutes=4,
    )


@EVERY_BURN.add()
def the_other_environment_fails(burn: Burn, stack: Stack) -> Incident:
    """Both environments share a project, and each stack notifies only for its own services."""
    del burn
    return quiet(
        requests(stack.other_backend, minutes((H, (60, 0)), (15, (60, 60)))),
        requests(stack.backend, minutes((H + 15, (60, 0)))),
    )


@EVERY_BURN.add()
def services_whose_names_contain_ours_fail(burn: Burn, stack: Stack) -> Incident:
    """The query matches whole names, although only the first operand names the services."""
    del burn
    return quiet(*(requests(service, minutes((H, (60, 0)), (15, (60, 60)))) for service in stack.neighbours))


@EVERY_BURN.add()
def another_kind_of_resource_of_the_same_name_fails(burn: Burn, stack: Stack) -> Incident:
    """PromQL reads every resource type unless the query names one."""
    del burn
    return quiet(requests(stack.backend.of_resource("cloud_run_job"), minutes((H, (60, 0)), (15, (60, 60)))))


@EVERY_BURN.add(long=True)
def a_user_gets_an_error_every_five_minutes_behind_healthy_probes(burn: Burn, stack: Stack) -> Incident:
    """Every request of the only user fails, and because of the probes 25 of 26 requests are good.

    HighErrorRate does not notice it (4 %), nor do the health checks and the fast rate (7 %). The steady rate pages
    after nearly five hours, and the slow rate notifies by e-mail after ten.
    """
    five_minutes = (*minutes((4, (PROBES_A_MINUTE + 0.0, 0.0))), (PROBES_A_MINUTE + 1.0, 1.0))
    share = 1 / (5 * PROBES_A_MINUTE + 1)
    before = minutes((burn.long, (PROBES_A_MINUTE + 0.0, 0.0)))
    series = requests(stack.backend, (*before, *five_minutes * (burn.long // 5)))
    if share <= burn.share(stack):
        return quiet(series)
    if burn.share(stack) > 0.9 * share:
        raise NotBuildableError(f"one request in {5 * PROBES_A_MINUTE + 1} is too close to the share that fires")
    # At least three errors, one every five minutes.
    wanted = max(10, burn.long * burn.share(stack) / share)
    return _pages(
        series,
        of=stack.backend,
        first_bad=burn.long + 4,
        not_before_minutes=min(0.95 * wanted, wanted - 5),
        within_minutes=max(1.05 * wanted, wanted + 5),
        lasts=False,
    )


@EVERY_BURN.add(long=True)
def a_user_gets_an_error_every_five_minutes_for_half_an_hour(burn: Burn, stack: Stack) -> Incident:
    """Six errors in total, with the same probes: they hardly use the budget."""
    five_minutes = (*minutes((4, (PROBES_A_MINUTE + 0.0, 0.0))), (PROBES_A_MINUTE + 1.0, 1.0))
    before = minutes((burn.long, (PROBES_A_MINUTE + 0.0, 0.0)))
    if 6 / (PROBES_A_MINUTE * burn.long) > 0.9 * burn.share(stack):
        raise NotBuildableError("six errors in half an hour are more than the objective allows")
    return quiet(requests(stack.backend, (*before, *five_minutes * 6, *before[:10])))


@EVERY_BURN.add(long=True)
def every_wake_up_from_zero_fails(burn: Burn, stack: Stack) -> Incident:
    """One failed request, then no instance for a tenth of the window: fires at the third error at the latest.

    The incident is too short for a duration, so HighErrorRate never fires. promtool extrapolates a counter with few
    samples by up to half, and counts two errors as three.
    """
    step = burn.long // 10
    timeline = tuple((1.0, 1.0) if minute % step == 0 else None for minute in range(2 * step + 2))
    return _pages(
        requests(stack.backend, (None, *timeline), good=None),
        of=stack.backend,
        first_bad=step + 1,
        not_before_minutes=0,
        within_minutes=step + 1,
        lasts=False,
    )


@NOT_STEADY.add(long=True)
def the_first_request_of_some_wake_ups_fails(burn: Burn, stack: Stack) -> Incident:
    """Two errors in the window, and all later requests succeed. That must not fire."""
    step = burn.long // 4
    wake = ((10.0, 1.0), (10.0, 0.0), *minutes((step - 2, None)))
    return quiet(requests(stack.backend, (None, *wake * 2)))


@EVERY_BURN.add()
def the_first_errors_of_a_new_revision(burn: Burn, stack: Stack) -> Incident:
    """Its series of 5xx begins with them. Monitoring knows when the first sample began, and so counts it."""
    bad = 1000 * max(0.4, (1 + burn.share(stack)) / 2) if burn.share(stack) >= 0.15 else 400
    bad = min(bad, 1000 * burn.failing_share(stack))
    timeline = minutes((H, None), (11, (1000, bad)))
    return _pages(
        requests(stack.backend.of_revision("00042-new"), timeline),
        requests(stack.backend, minutes((H, (1000 * burn.failing_share(stack) * burn.calm(stack), 0)), (11, None))),
        of=stack.backend,
        first_bad=H,
        not_before_minutes=0,
        within_minutes=3,
    )


@EVERY_BURN.add()
def the_first_error_of_a_new_revision_is_alone(burn: Burn, stack: Stack) -> Incident:
    """With little traffic it is a large share, but only one error."""
    del burn
    return quiet(
        requests(stack.backend.of_revision("00042-new"), minutes((H, None), (1, (2, 1)), (10, (1, 0)))),
        requests(stack.backend, minutes((H, (1, 0)), (11, None))),
    )


def _hidden_from_the_steady_rate(incident: Incident) -> Incident:
    """The incident an hour after a traffic peak, which is in the window of the steady rate, but not of the fast rate.

    Raises ValueError for an incident that is so long that the peak leaves the six hours.
    """
    ahead = FAST.long + 2
    length = max(len(series.minutes) for series in incident.series)
    if ahead + length > STEADY.long:
        raise ValueError(f"the incident lasts {length} minutes; the peak before it hides {STEADY.long - ahead}")
    places = {
        (series.labels["monitored_resource"], series.labels["service_name"], series.labels["location"])
        for series in incident.series
    }
    peaks = [
        series
        for resource, service, location in sorted(places)
        for series in requests(
            Place(service=service, location=location, revision="00040-peak", resource=resource),
            minutes((1, (_PEAK_REQUESTS, 0.0)), (ahead + length - 1, None)),
        )
    ]
    later = [replace(series, minutes=(*minutes((ahead, None)), *series.minutes)) for series in incident.series]
    expect = incident.expect
    if isinstance(expect, Fires):
        expect = replace(expect, first_bad_minute=expect.first_bad_minute + ahead)
    return Incident(series=(*later, *peaks), expect=expect)


def _of_its_alert(scenario: Scenario) -> Scenario:
    """A scenario of a rate as a scenario of its alert, with the rate in its name."""
    burn = BURNS[scenario.alert]
    name = scenario.name if burn is SLOW else f"{scenario.name}_{burn.name}"

    def on(stack: Stack) -> Incident:
        incident = scenario.on(stack)
        return _hidden_from_the_steady_rate(incident) if burn is FAST else incident

    return replace(scenario, alert=burn.alert, name=name, on=on)


# Scenarios over hours come last: a mutation test runs one scenario after the other, until one fails.
SCENARIOS: tuple[Scenario, ...] = tuple(
    sorted(
        (_of_its_alert(scenario) for scenario in (*EVERY_BURN.scenarios, *NOT_STEADY.scenarios)),
        key=lambda scenario: scenario.long,
    )
)
