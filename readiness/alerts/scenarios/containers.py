"""ContainerCrashLoop and SlowStartUp: dead containers and slow starts, which are not in Cloud Run's request metrics."""

from __future__ import annotations

from collections.abc import Mapping

from readiness.alerts.container_exits import EVIDENCE, container_exit_metric
from readiness.alerts.scenarios.cloud_run import FINE_LATENCY_BOUNDS
from readiness.alerts.scenarios.incident import Collection, Fires, Incident, Scenario, quiet
from readiness.alerts.scenarios.series import Series, distribution, minutes
from readiness.alerts.scenarios.stack import NotBuildableError, Place, Stack

STARTS = "run_googleapis_com:container_startup_latencies"

# The alert closes this long after the last line.
CLOSES_SECONDS = 600

# --- dead containers ------------------------------------------------------------------------------------------------


def _limit(stack: Stack) -> int:
    return stack.settings.alerts.container_crash_loop.line_count


def _window(stack: Stack) -> int:
    return stack.settings.alerts.container_crash_loop.window_seconds // 60


def _lines(
    stack: Stack, place: Place, counts: tuple[float | None, ...], *, evidence: str = "Container"
) -> list[Series]:
    """Lines of one kind: one for each death, unless another kind is named."""
    name = container_exit_metric(stack.settings).promql_name
    before = 0.0 if counts[0] is None else _counted_before(stack)
    return [Series(metric=name, labels={**place.labels, EVIDENCE: evidence}, minutes=counts, before=before)]


def _counted_before(stack: Stack) -> float:
    """0, or a whole limit of lines if promtool would count a line too few of a counter that begins at zero."""
    limit, seconds = _limit(stack), 60 * _window(stack)
    return float(limit) if round((limit + 1) * seconds / (seconds + 60)) <= limit else 0.0


def _burst(stack: Stack, lines: float) -> tuple[float, ...]:
    return minutes((_window(stack) + 3, 0), (1, lines), (_window(stack) + 3, 0))


def _drip(stack: Stack, every: int, count: int) -> tuple[float, ...]:
    """`count` lines, one every `every` minutes. Raises NotBuildableError for less than a minute."""
    _require_a_minute(stack, every)
    drops = tuple(float(minute % every == 0) for minute in range(every * count))
    return (*minutes((_window(stack) + 3, 0.0)), *drops, *minutes((5, 0.0)))


def _require_a_minute(stack: Stack, every: int) -> None:
    if every == 0:
        limit, window = _limit(stack), _window(stack)
        raise NotBuildableError(f"{limit + 1} lines do not fit into {window} minutes at one a minute")


def _crash_pages(
    stack: Stack,
    *series: list[Series],
    of: Place,
    at: int = 0,
    within_seconds: int | None = None,
    until_seconds: int | None = None,
) -> Incident:
    # The next evaluation fires, or the one after it if rounding does not correct samples on the edges of a window.
    soon = 60 if _counted_before(stack) else 29
    expect = Fires(
        labels=(of.alert_labels,),
        first_bad_minute=_window(stack) + 3 + at,
        not_before_seconds=0,
        within_seconds=soon if within_seconds is None else within_seconds,
        lasts=until_seconds is not None,
        until_seconds=until_seconds,
    )
    return Incident(series=tuple(series_ for group in series for series_ in group), expect=expect)


CRASHES = Collection({"ContainerCrashLoop": ()})


@CRASHES.add(phases=True)
def one_line_more_than_allowed_in_one_minute(stack: Stack) -> Incident:
    """Notifies at the next evaluation."""
    return _crash_pages(stack, _lines(stack, stack.backend, _burst(stack, _limit(stack) + 1)), of=stack.backend)


@CRASHES.add(phases=True)
def as_many_lines_as_allowed_in_one_minute(stack: Stack) -> Incident:
    """Quiet at every phase."""
    return quiet(_lines(stack, stack.backend, _burst(stack, _limit(stack))))


@CRASHES.add()
def as_many_lines_as_allowed_after_older_ones(stack: Stack) -> Incident:
    """promtool extrapolates a counter that does not begin at zero over the whole window. It must not count more."""
    older = minutes((1, 0.0), (1, 1.0))
    return quiet(_lines(stack, stack.backend, (*older, *_burst(stack, _limit(stack)))))


@CRASHES.add()
def one_line_more_than_allowed_spread_over_the_window(stack: Stack) -> Incident:
    """Cloud Run waits longer between starts, so the whole window counts."""
    every = (_window(stack) - 1) // _limit(stack)
    return _crash_pages(
        stack,
        _lines(stack, stack.backend, _drip(stack, every, _limit(stack) + 1)),
        of=stack.backend,
        at=every * _limit(stack),
    )


@CRASHES.add()
def a_container_dies_from_time_to_time(stack: Stack) -> Incident:
    """As often as allowed in any window, for more than two windows."""
    every = _window(stack) // _limit(stack) + 1
    return quiet(_lines(stack, stack.backend, _drip(stack, every, 3 * min(_limit(stack), _window(stack)))))


@CRASHES.add()
def containers_of_the_frontend_die_repeatedly(stack: Stack) -> Incident:
    """Every service of the stack is counted separately."""
    return _crash_pages(
        stack,
        _lines(stack, stack.frontend, _burst(stack, _limit(stack) + 1)),
        _lines(stack, stack.backend, _burst(stack, 1)),
        of=stack.frontend,
    )


@CRASHES.add()
def two_revisions_die_in_turns(stack: Stack) -> Incident:
    """Revisions are added up."""
    half = (_limit(stack) + 2) // 2
    return _crash_pages(
        stack,
        _lines(stack, stack.backend, _burst(stack, half)),
        _lines(stack, stack.backend.of_revision("00042-new"), _burst(stack, half)),
        of=stack.backend,
    )


@CRASHES.add()
def two_services_and_two_regions_die_half_as_often(stack: Stack) -> Incident:
    """Each of them stays below the limit."""
    half = _burst(stack, _limit(stack) // 2 + 1)
    places = stack.places_apart
    return quiet(*(_lines(stack, place, half) for place in places))


@CRASHES.add()
def containers_of_others_die(stack: Stack) -> Incident:
    """Of the other environment, of services with similar names, and of jobs of the same name."""
    others = (stack.other_backend, *stack.neighbours, stack.backend.of_resource("cloud_run_job"))
    many = _burst(stack, max(50, 2 * _limit(stack)))
    foreign = Series(
        metric=container_exit_metric(stack.other).promql_name,
        labels={**stack.other_backend.labels, EVIDENCE: "Container"},
        minutes=many,
    )
    return quiet([foreign], *(_lines(stack, place, many) for place in others))


def _every(stack: Stack) -> int:
    """Minutes between two deaths so that one more than allowed is in the window. Ten by default."""
    every = _window(stack) // (_limit(stack) + 1)
    _require_a_minute(stack, every)
    return every


@CRASHES.add(losses=True)
def an_instance_is_killed_for_its_memory_every_ten_minutes(stack: Stack) -> Incident:
    """Few deaths in ten minutes, but users lose their work each time. The sixth in an hour notifies."""
    deaths = _drip(stack, _every(stack), _limit(stack) + 1)
    return _crash_pages(
        stack,
        _lines(stack, stack.backend, deaths),
        of=stack.backend,
        at=_every(stack) * _limit(stack),
        within_seconds=60,
    )


@CRASHES.add(losses=True)
def an_instance_is_killed_for_its_memory_every_ten_minutes_for_forty_minutes(stack: Stack) -> Incident:
    """Four or five in total, such as a large upload that somebody repeats."""
    return quiet(_lines(stack, stack.backend, _drip(stack, _every(stack), _limit(stack))))


@CRASHES.add()
def the_kills_go_on_and_the_alert_stays_open(stack: Stack) -> Incident:
    """It must not close and notify again between two deaths."""
    every, count = _every(stack), 2 * _limit(stack)
    if every * 60 > CLOSES_SECONDS:
        raise NotBuildableError(f"with {every} minutes between two deaths, the alert closes ten minutes after each")
    # Ends before the next death is due.
    deaths = _drip(stack, every, count)[:-5]
    expect = Fires(
        labels=(stack.backend.alert_labels,),
        first_bad_minute=_window(stack) + 3 + every * _limit(stack),
        not_before_seconds=0,
        within_seconds=60,
    )
    return Incident(series=tuple(_lines(stack, stack.backend, deaths)), expect=expect)


@CRASHES.add()
def it_is_over_ten_minutes_after_the_last_death(stack: Stack) -> Incident:
    """The hour still contains more than allowed, but the alert must not stay open for an hour after the fix."""
    series = _lines(stack, stack.backend, _burst(stack, _limit(stack) + 1))
    return _crash_pages(stack, series, of=stack.backend, until_seconds=min(CLOSES_SECONDS, 60 * _window(stack)) - 1)


def _three_lines_each(stack: Stack, deaths: tuple[float, ...]) -> list[Series]:
    """The lines of containers that die of their memory at the start: the reason, the end, the probe."""
    kinds = ("Memory", "Container", "probe")
    return [series for kind in kinds for series in _lines(stack, stack.backend, deaths, evidence=kind)]


@CRASHES.add(phases=True)
def as_many_deaths_as_allowed_that_write_three_lines_each(stack: Stack) -> Incident:
    """The reason, the end and the probe are one death. The alert takes the largest count, never the sum."""
    return quiet(_three_lines_each(stack, _burst(stack, _limit(stack))))


@CRASHES.add()
def one_death_more_than_allowed_and_three_lines_each(stack: Stack) -> Incident:
    """Each death counts once, and they are more than allowed."""
    return _crash_pages(stack, _three_lines_each(stack, _burst(stack, _limit(stack) + 1)), of=stack.backend)


@CRASHES.add()
def containers_hang_at_their_start(stack: Stack) -> Incident:
    """They do not end, so only the probe writes a line."""
    return _crash_pages(
        stack, _lines(stack, stack.backend, _burst(stack, _limit(stack) + 1), evidence="probe"), of=stack.backend
    )


@CRASHES.add()
def no_container_can_be_started(stack: Stack) -> Incident:
    """The service may not read a secret: no container writes a line, and every request is refused."""
    refused = _burst(stack, _limit(stack) + 1)
    return _crash_pages(
        stack,
        _lines(stack, stack.backend, refused, evidence="instance"),
        _lines(stack, stack.backend, _burst(stack, 0)),
        of=stack.backend,
    )


@CRASHES.add(losses=True)
def one_death_that_writes_three_lines(stack: Stack) -> Incident:
    """A single death must not notify, because Cloud Run has already started another container."""
    return quiet(_three_lines_each(stack, _burst(stack, 1)))


@CRASHES.add()
def many_deaths_an_hour_ago_and_one_now(stack: Stack) -> Incident:
    """Deaths before the window no longer count."""
    counts = (*_burst(stack, _limit(stack)), 1.0, *minutes((5, 0.0)))
    return quiet(_lines(stack, stack.backend, counts))


@CRASHES.add(losses=True)
def the_first_deaths_that_the_counter_ever_saw(stack: Stack) -> Incident:
    """The series begins with them. Monitoring knows when its first sample began, and so counts them."""
    counts = minutes((_window(stack) + 3, None), (1, 3.0 * _limit(stack)), (5, 0.0))
    return _crash_pages(stack, _lines(stack, stack.backend, counts), of=stack.backend, within_seconds=60)


@CRASHES.add(losses=True)
def the_first_death_that_the_counter_ever_saw(stack: Stack) -> Incident:
    """promtool extrapolates a new counter more than an old one. One death must still be quiet."""
    return quiet(_lines(stack, stack.backend, minutes((_window(stack) + 3, None), (1, 1.0), (12, None))))


@CRASHES.add()
def containers_die_between_times_of_no_traffic(stack: Stack) -> Incident:
    """The service scales to zero in between, so the counter has no samples there. The deaths still add up."""
    every = _every(stack)
    deaths = tuple(
        {0: 1.0, 1: 0.0}.get(minute % every) if every > 2 else float(minute % every == 0)
        for minute in range(every * (_limit(stack) + 2))
    )
    counts = (*minutes((_window(stack) + 3, 0.0)), *deaths, *minutes((3, 0.0)))
    return _crash_pages(
        stack,
        _lines(stack, stack.backend, counts),
        of=stack.backend,
        at=every * _limit(stack),
        within_seconds=60 * every + 60,
    )


@CRASHES.add()
def every_instance_of_the_old_revision_is_killed_at_a_cut_over(stack: Stack) -> Incident:
    """Each instance writes one line, as many as allowed, and the new revision runs."""
    return quiet(
        _lines(stack, stack.backend, _burst(stack, _limit(stack))),
        _lines(stack, stack.backend.of_revision("00042-new"), _burst(stack, 0)),
    )


# --- slow starts ----------------------------------------------------------------------------------------------------


def _start_window(stack: Stack) -> int:
    return stack.settings.alerts.slow_start_up.window_seconds // 60


def _threshold(stack: Stack) -> float:
    return float(stack.settings.alerts.slow_start_up.latency_ms)


def starts(
    stack: Stack, place: Place, at: Mapping[int, Mapping[float, float]], *, bounds: tuple[float, ...] = ()
) -> tuple[Series, ...]:
    """Starts by minute: `{latency as a share of the threshold: count}`."""
    threshold = _threshold(stack)
    samples = [
        {share * threshold: count for share, count in at.get(minute, {}).items()} for minute in range(max(at) + 4)
    ]
    series = distribution(STARTS, place.labels, bounds or FINE_LATENCY_BOUNDS, samples)
    return (*series, Series(metric=f"{STARTS}_count", labels=place.labels, minutes=series[-1].minutes))


def _before(stack: Stack) -> int:
    return 2 * _start_window(stack) + 3


def _slow_pages(*series: tuple[Series, ...], of: Place, at: int) -> Incident:
    expect = Fires(labels=(of.alert_labels,), first_bad_minute=at, not_before_seconds=0, within_seconds=60, lasts=False)
    return Incident(series=tuple(series_ for group in series for series_ in group), expect=expect)


SLOW_STARTS = Collection({"SlowStartUp": ()})


@SLOW_STARTS.add()
def three_slow_starts_within_the_window(stack: Stack) -> Incident:
    """The third one notifies, although many fast ones are before the window."""
    step = _start_window(stack) // 2 - 1
    third = _before(stack) + 2 * step
    at = {
        third - int(1.5 * _start_window(stack)): {0.2: 200.0},
        **{_before(stack) + number * step: {1.8: 1.0} for number in range(3)},
    }
    return _slow_pages(starts(stack, stack.backend, at), of=stack.backend, at=third)


@SLOW_STARTS.add()
def three_slow_starts_within_twice_the_window(stack: Stack) -> Incident:
    """One or two slow starts in a window must not notify."""
    step = int(0.8 * _start_window(stack))
    at = {_before(stack) + number * step: {1.8: 1.0} for number in range(3)}
    return quiet(starts(stack, stack.backend, at))


@SLOW_STARTS.add()
def three_slow_starts_among_a_hundred_fast_ones(stack: Stack) -> Incident:
    """All starts of the whole window count."""
    first = _before(stack)
    slow = first + min(int(0.6 * _start_window(stack)), _start_window(stack) - 8)
    at = {first: {0.2: 97.0}, **{slow + number: {1.8: 1.0} for number in range(3)}}
    return quiet(starts(stack, stack.backend, at))


@SLOW_STARTS.add()
def one_start_in_ten_is_slow(stack: Stack) -> Incident:
    """Nine users in ten do not notice, so nobody is notified."""
    return quiet(starts(stack, stack.backend, {_before(stack): {0.2: 18.0, 1.8: 2.0}}))


@SLOW_STARTS.add(losses=True)
def one_slow_start_of_three(stack: Stack) -> Incident:
    """Three starts are enough for a median, and only one of them is slow."""
    first = _before(stack)
    return quiet(starts(stack, stack.backend, {first: {0.2: 1.0}, first + 2: {1.8: 1.0}, first + 5: {0.2: 1.0}}))


@SLOW_STARTS.add(losses=True)
def two_slow_starts_of_three(stack: Stack) -> Incident:
    """Most are slow: notifies after the third start."""
    first = _before(stack)
    at = {first: {1.8: 1.0}, first + 2: {0.2: 1.0}, first + 5: {1.8: 1.0}}
    return _slow_pages(starts(stack, stack.backend, at), of=stack.backend, at=first + 5)


@SLOW_STARTS.add(losses=True)
def twenty_quick_starts_leave_the_window_of_a_slow_one(stack: Stack) -> Incident:
    """One slow start of three is left. It did not notify before, and must not notify now."""
    first, window = _before(stack), _start_window(stack)
    at = {
        first: {0.2: 20.0},
        first + int(0.4 * window): {1.8: 1.0},
        first + int(0.5 * window): {0.2: 2.0},
        first + 2 * window: {},
    }
    return quiet(starts(stack, stack.backend, at))


@SLOW_STARTS.add()
def twenty_quick_starts_leave_the_window_of_three_slow_ones(stack: Stack) -> Incident:
    """Three slow starts are left: notifies when the quick ones are no longer in the window."""
    first, window = _before(stack), _start_window(stack)
    slow = first + int(0.6 * window)
    at = {first: {0.2: 20.0}, **{slow + number: {1.8: 1.0} for number in range(3)}, first + window + 3: {}}
    expect = Fires(
        labels=(stack.backend.alert_labels,),
        first_bad_minute=slow + 2,
        not_before_seconds=60 * (window - int(0.6 * window) - 4),
        within_seconds=60 * (window - int(0.6 * window)),
        lasts=False,
    )
    return Incident(series=tuple(starts(stack, stack.backend, at)), expect=expect)


@SLOW_STARTS.add(losses=True)
def more_than_half_of_twenty_starts_are_slow(stack: Stack) -> Incident:
    """Eleven of twenty: the next user will probably wait."""
    at = _before(stack)
    return _slow_pages(starts(stack, stack.backend, {at: {0.2: 9.0, 1.8: 11.0}}), of=stack.backend, at=at)


@SLOW_STARTS.add(losses=True)
def exactly_half_of_twenty_starts_are_slow(stack: Stack) -> Incident:
    """The median of a distribution is then the slowest of the quick half."""
    return quiet(starts(stack, stack.backend, {_before(stack): {0.2: 10.0, 1.8: 10.0}}))


@SLOW_STARTS.add()
def every_wake_up_from_zero_is_slow(stack: Stack) -> Incident:
    """One instance at a time, without a sample in between: the third start within the window notifies."""
    step = _start_window(stack) // 3
    first = _before(stack)
    at = {first + number * step: {1.8: 1.0} for number in range(3)}
    series = starts(stack, stack.backend, at)
    awake = {minute + after for minute in at for after in range(2)}
    gaps = tuple(
        Series(
            metric=bucket.metric,
            labels=bucket.labels,
            minutes=tuple(value if minute in awake else None for minute, value in enumerate(bucket.minutes)),
        )
        for bucket in series
    )
    return _slow_pages(gaps, of=stack.backend, at=first + 2 * step)


@SLOW_STARTS.add()
def the_first_starts_ever_are_slow(stack: Stack) -> Incident:
    """A new service: the series begins with its first three starts."""
    first = 3
    at = {first: {1.8: 3.0}}
    series = starts(stack, stack.backend, at)
    born = tuple(
        Series(metric=bucket.metric, labels=bucket.labels, minutes=(*minutes((first, None)), *bucket.minutes[first:]))
        for bucket in series
    )
    return _slow_pages(born, of=stack.backend, at=first)


@SLOW_STARTS.add()
def a_deployment_starts_five_instances_of_which_two_are_slow(stack: Stack) -> Incident:
    """The first ones download the image, and the others use it."""
    new = stack.backend.of_revision("00042-new")
    return quiet(
        starts(stack, stack.backend, {_before(stack) - 5: {0.2: 3.0}}),
        starts(stack, new, {_before(stack): {1.8: 2.0}, _before(stack) + 1: {0.2: 3.0}}),
    )


@SLOW_STARTS.add()
def the_median_start_exactly_at_the_threshold(stack: Stack) -> Incident:
    """Ten of twenty starts take exactly the threshold, ten take longer: the median is not above it."""
    at = _threshold(stack)
    bounds = (at / 4, at / 2, at, at * 2, at * 4)
    timeline = {_before(stack): {1.0: 10.0, 1.8: 10.0}, _before(stack) + 5: {1.0: 10.0, 1.8: 10.0}}
    return quiet(starts(stack, stack.backend, timeline, bounds=bounds))


@SLOW_STARTS.add()
def starts_at_two_fifths_of_the_threshold(stack: Stack) -> Incident:
    """Quiet for any number of starts."""
    return quiet(starts(stack, stack.backend, {_before(stack): {0.4: 20.0}}))


@SLOW_STARTS.add()
def the_frontend_starts_slowly_while_the_backend_starts_often(stack: Stack) -> Incident:
    """Services and regions are counted separately, and revisions are added up."""
    at = _before(stack)
    return _slow_pages(
        starts(stack, stack.frontend, {at: {1.8: 1.0}}),
        starts(stack, stack.frontend.of_revision("00042-new"), {at: {1.8: 2.0}}),
        starts(stack, stack.frontend.in_location(stack.other_location), {at: {0.2: 500.0}}),
        starts(stack, stack.backend, {at: {0.2: 500.0}}),
        of=stack.frontend,
        at=at,
    )


@SLOW_STARTS.add()
def two_slow_starts_here_and_two_there(stack: Stack) -> Incident:
    """Their sum is enough, and each alone is not."""
    at = {_before(stack): {1.8: 2.0}}
    places = stack.places_apart
    return quiet(*(starts(stack, place, at) for place in places))


@SLOW_STARTS.add()
def others_start_slowly(stack: Stack) -> Incident:
    """The other environment, services with similar names, and jobs of the same name."""
    others = (stack.other_backend, *stack.neighbours, stack.backend.of_resource("cloud_run_job"))
    return quiet(*(starts(stack, place, {_before(stack): {1.8: 20.0}}) for place in others))


SCENARIOS: tuple[Scenario, ...] = tuple(CRASHES.scenarios + SLOW_STARTS.scenarios)
