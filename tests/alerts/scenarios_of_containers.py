"""ContainerCrashLoop and SlowStartUp: what Cloud Run tells of containers outside its request metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from readiness.alerts.container_exits import container_exit_metric
from tests.alerts.cloud_run import FINE_LATENCY_BOUNDS
from tests.alerts.incident import Fires, Incident, Scenario, quiet, scenario
from tests.alerts.series import Series, distribution, minutes
from tests.alerts.stack import Place, Stack

Tell = Callable[[Stack], Incident]

STARTS = "run_googleapis_com:container_startup_latencies"

# --- dead containers ------------------------------------------------------------------------------------------------


def _limit(stack: Stack) -> int:
    return stack.settings.alerts.container_crash_loop.line_count


def _window(stack: Stack) -> int:
    return stack.settings.alerts.container_crash_loop.window_seconds // 60


def _lines(stack: Stack, place: Place, counts: tuple[float | None, ...]) -> list[Series]:
    return [Series(metric=container_exit_metric(stack.settings).promql_name, labels=place.labels, minutes=counts)]


def _burst(stack: Stack, lines: float) -> tuple[float, ...]:
    return minutes((_window(stack) + 3, 0), (1, lines), (_window(stack) + 3, 0))


def _drip(stack: Stack, every: int, count: int) -> tuple[float, ...]:
    drops = tuple(float(minute % every == 0) for minute in range(every * count))
    return (*minutes((_window(stack) + 3, 0.0)), *drops, *minutes((5, 0.0)))


def _crash_pages(stack: Stack, *series: list[Series], of: Place, at: int = 0) -> Incident:
    expect = Fires(
        labels=(of.alert_labels,),
        first_bad_minute=_window(stack) + 3 + at,
        not_before_seconds=0,
        within_seconds=29,
        lasts=False,
    )
    return Incident(series=tuple(series_ for group in series for series_ in group), expect=expect)


def one_line_more_than_allowed_in_one_minute(stack: Stack) -> Incident:
    """Pages at the next evaluation."""
    return _crash_pages(stack, _lines(stack, stack.backend, _burst(stack, _limit(stack) + 1)), of=stack.backend)


def as_many_lines_as_allowed_in_one_minute(stack: Stack) -> Incident:
    """Quiet at every phase: one instance killed for memory writes one or two lines."""
    return quiet(_lines(stack, stack.backend, _burst(stack, _limit(stack))))


def as_many_lines_as_allowed_after_older_ones(stack: Stack) -> Incident:
    """promtool extrapolates a counter that does not begin at zero over the whole window; no more must come of it."""
    older = minutes((1, 0.0), (1, 1.0))
    return quiet(_lines(stack, stack.backend, (*older, *_burst(stack, _limit(stack)))))


def one_line_more_than_allowed_spread_over_the_window(stack: Stack) -> Incident:
    """Cloud Run backs off between starts; the whole window counts."""
    every = (_window(stack) - 1) // _limit(stack)
    return _crash_pages(
        stack,
        _lines(stack, stack.backend, _drip(stack, every, _limit(stack) + 1)),
        of=stack.backend,
        at=every * _limit(stack),
    )


def a_container_that_dies_now_and_then(stack: Stack) -> Incident:
    """As many as allowed in any window, for two windows and more."""
    every = _window(stack) // _limit(stack) + 1
    return quiet(_lines(stack, stack.backend, _drip(stack, every, 3 * _limit(stack))))


def the_frontend_dies_again_and_again(stack: Stack) -> Incident:
    """Every service of the stack counts, each for itself."""
    return _crash_pages(
        stack,
        _lines(stack, stack.frontend, _burst(stack, _limit(stack) + 1)),
        _lines(stack, stack.backend, _burst(stack, 1)),
        of=stack.frontend,
    )


def two_revisions_die_in_turns(stack: Stack) -> Incident:
    """Revisions are added up."""
    half = (_limit(stack) + 2) // 2
    return _crash_pages(
        stack,
        _lines(stack, stack.backend, _burst(stack, half)),
        _lines(stack, stack.backend.of_revision("00042-new"), _burst(stack, half)),
        of=stack.backend,
    )


def two_services_and_two_regions_die_half_as_often(stack: Stack) -> Incident:
    """None of them is in a loop."""
    half = _burst(stack, _limit(stack) // 2 + 1)
    places = (stack.backend, stack.frontend, stack.backend.in_location("europe-west1"))
    return quiet(*(_lines(stack, place, half) for place in places))


def containers_of_others_die(stack: Stack) -> Incident:
    """The other environment's, neighbours', and jobs of the same name."""
    others = (stack.other_backend, *stack.neighbours, stack.backend.of_resource("cloud_run_job"))
    foreign = Series(
        metric=container_exit_metric(stack.other).promql_name,
        labels=stack.other_backend.labels,
        minutes=_burst(stack, 50),
    )
    return quiet([foreign], *(_lines(stack, place, _burst(stack, 50)) for place in others))


# --- slow starts ----------------------------------------------------------------------------------------------------


def _start_window(stack: Stack) -> int:
    return stack.settings.alerts.slow_start_up.window_seconds // 60


def _threshold(stack: Stack) -> float:
    return float(stack.settings.alerts.slow_start_up.latency_ms)


def starts(
    stack: Stack, place: Place, at: Mapping[int, Mapping[float, float]], *, bounds: tuple[float, ...] = ()
) -> tuple[Series, ...]:
    """Starts in some minutes: how many of which latency, in shares of the threshold."""
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


def three_slow_starts_within_the_window(stack: Stack) -> Incident:
    """The third one tells, although dozens of fast ones lie before the window."""
    step = _start_window(stack) // 2 - 1
    third = _before(stack) + 2 * step
    at = {
        third - int(1.5 * _start_window(stack)): {0.2: 200.0},
        **{_before(stack) + number * step: {1.8: 1.0} for number in range(3)},
    }
    return _slow_pages(starts(stack, stack.backend, at), of=stack.backend, at=third)


def three_slow_starts_within_twice_the_window(stack: Stack) -> Incident:
    """One or two slow starts are no pattern."""
    step = int(0.8 * _start_window(stack))
    at = {_before(stack) + number * step: {1.8: 1.0} for number in range(3)}
    return quiet(starts(stack, stack.backend, at))


def three_slow_starts_among_a_hundred_fast_ones(stack: Stack) -> Incident:
    """The 95th percentile is meant, over the whole window."""
    first = _before(stack)
    at = {first: {0.2: 97.0}, **{first + int(0.6 * _start_window(stack)) + number: {1.8: 1.0} for number in range(3)}}
    return quiet(starts(stack, stack.backend, at))


def one_start_in_ten_is_slow(stack: Stack) -> Incident:
    """The 95th percentile sees what the median does not."""
    return _slow_pages(
        starts(stack, stack.backend, {_before(stack): {0.2: 18.0, 1.8: 2.0}}), of=stack.backend, at=_before(stack)
    )


def the_95th_start_exactly_at_the_threshold(stack: Stack) -> Incident:
    """19 of 20 starts take as long as the threshold: the figure is not above it."""
    at = _threshold(stack)
    bounds = (at / 4, at / 2, at, at * 2, at * 4)
    timeline = {_before(stack): {1.0: 19.0, 1.8: 1.0}, _before(stack) + 5: {1.0: 19.0, 1.8: 1.0}}
    return quiet(starts(stack, stack.backend, timeline, bounds=bounds))


def starts_at_two_fifths_of_the_threshold(stack: Stack) -> Incident:
    """Quiet, however many."""
    return quiet(starts(stack, stack.backend, {_before(stack): {0.4: 20.0}}))


def the_frontend_starts_slowly_while_the_backend_starts_often(stack: Stack) -> Incident:
    """Services and regions are kept apart, and revisions added up."""
    at = _before(stack)
    return _slow_pages(
        starts(stack, stack.frontend, {at: {1.8: 1.0}}),
        starts(stack, stack.frontend.of_revision("00042-new"), {at: {1.8: 2.0}}),
        starts(stack, stack.frontend.in_location("europe-west1"), {at: {0.2: 500.0}}),
        starts(stack, stack.backend, {at: {0.2: 500.0}}),
        of=stack.frontend,
        at=at,
    )


def two_slow_starts_here_and_two_there(stack: Stack) -> Incident:
    """Together they are enough, and each for itself is not."""
    at = {_before(stack): {1.8: 2.0}}
    places = (stack.backend, stack.frontend, stack.backend.in_location("europe-west1"))
    return quiet(*(starts(stack, place, at) for place in places))


def others_start_slowly(stack: Stack) -> Incident:
    """The other environment, neighbours, and jobs of the same name."""
    others = (stack.other_backend, *stack.neighbours, stack.backend.of_resource("cloud_run_job"))
    return quiet(*(starts(stack, place, {_before(stack): {1.8: 20.0}}) for place in others))


CRASH_SCENARIOS: tuple[Tell, ...] = (
    as_many_lines_as_allowed_after_older_ones,
    one_line_more_than_allowed_spread_over_the_window,
    a_container_that_dies_now_and_then,
    the_frontend_dies_again_and_again,
    two_revisions_die_in_turns,
    two_services_and_two_regions_die_half_as_often,
    containers_of_others_die,
)
START_SCENARIOS: tuple[Tell, ...] = (
    three_slow_starts_within_the_window,
    three_slow_starts_within_twice_the_window,
    three_slow_starts_among_a_hundred_fast_ones,
    one_start_in_ten_is_slow,
    the_95th_start_exactly_at_the_threshold,
    starts_at_two_fifths_of_the_threshold,
    the_frontend_starts_slowly_while_the_backend_starts_often,
    two_slow_starts_here_and_two_there,
    others_start_slowly,
)

SCENARIOS: tuple[Scenario, ...] = (
    *(
        scenario("ContainerCrashLoop", tell, tell=tell, phases=True)
        for tell in (one_line_more_than_allowed_in_one_minute, as_many_lines_as_allowed_in_one_minute)
    ),
    *(scenario("ContainerCrashLoop", tell, tell=tell) for tell in CRASH_SCENARIOS),
    *(scenario("SlowStartUp", tell, tell=tell) for tell in START_SCENARIOS),
)
