"""FailedHealthChecks and HealthChecksSilent: probes of several regions that get no healthy answer, or are missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from readiness.alerts.scenarios.cloud_run import requests
from readiness.alerts.scenarios.incident import Collection, Fires, Incident, Scenario, quiet
from readiness.alerts.scenarios.series import Series, minutes
from readiness.alerts.scenarios.stack import Stack

ALERT = "FailedHealthChecks"
METRIC = "monitoring_googleapis_com:uptime_check_check_passed"
SILENT = "HealthChecksSilent"
# One letter for each probe: G is healthy, F failed, - is missing.
HEALTHY = "GGGGG"
DOWN = "F" * 12
REGIONS = ("usa", "eur", "apac")
REPORTED_SECONDS = 7200
# Half an hour or ten probes, over which a check counts as flapping.
FLAPPING_SECONDS = 1800


def _period(stack: Stack) -> int:
    """Minutes from one probe to the next."""
    return stack.settings.uptime_checks.period_seconds // 60


def probes(
    stack: Stack, region: str, probes: Iterable[str], *, host: str = "", check: str = "ours", resource: str = ""
) -> Series:
    """The probes of one host from one region."""
    values = [{"G": 1.0, "F": 0.0, "-": None}[probe] for probe in probes]
    gap = (None,) * (_period(stack) - 1)
    return Series(
        metric=METRIC,
        labels={
            "monitored_resource": resource or "uptime_url",
            "host": host or stack.host,
            "check_id": check,
            "checker_location": region,
        },
        minutes=tuple(sample for value in values for sample in (value, *gap)),
        gauge=True,
    )


def _window_seconds(stack: Stack) -> int:
    """Two probes, and a delay of three minutes: five minutes with one probe a minute."""
    return 180 + 120 * _period(stack)


def _silent_seconds(stack: Stack) -> int:
    """Half an hour or three probes. A check without a report for this long is silent."""
    return max(1800, 180 * _period(stack))


def _long_probes(stack: Stack) -> int:
    """Number of probes in the window for flapping: 30 with one probe a minute, else 10."""
    return max(FLAPPING_SECONDS, 600 * _period(stack)) // (60 * _period(stack))


def _pages(
    stack: Stack,
    *series: Series,
    host: str = "",
    first: int = len(HEALTHY),
    not_before_seconds: int | None = None,
    within_seconds: int | None = None,
    until_seconds: int | None = None,
    lasts: bool = True,
) -> Incident:
    """Pages when the last good probe has left the window; `first` is the number of the first probe that fails."""
    clear = _window_seconds(stack) - 60 * _period(stack)
    expect = Fires(
        labels=({"host": host or stack.host, "check_id": "ours"},),
        first_bad_minute=first * _period(stack),
        not_before_seconds=clear if not_before_seconds is None else not_before_seconds,
        within_seconds=clear + 60 if within_seconds is None else within_seconds,
        until_seconds=until_seconds,
        lasts=lasts,
    )
    return Incident(series=series, expect=expect)


def _everywhere(stack: Stack, probed: str, *, host: str = "", check: str = "ours") -> list[Series]:
    return [probes(stack, region, probed, host=host, check=check) for region in REGIONS]


FAILED = Collection({ALERT: ()})


@FAILED.add(phases=True)
def two_of_three_regions_get_no_healthy_answer(stack: Stack) -> Incident:
    """Pages after the stated minutes, at every arrival time of the samples."""
    return _pages(
        stack,
        probes(stack, "usa", HEALTHY + DOWN),
        probes(stack, "eur", HEALTHY + DOWN),
        probes(stack, "apac", "G" * len(HEALTHY + DOWN)),
    )


@FAILED.add(losses=True)
def two_of_three_regions_get_no_healthy_answer_and_samples_are_lost(stack: Stack) -> Incident:
    """If an earlier healthy sample is lost, it may page up to two probes earlier, but never later."""
    early = max(0, _window_seconds(stack) - 180 * _period(stack))
    return _pages(stack, *two_of_three_regions_get_no_healthy_answer(stack).series, not_before_seconds=early)


@FAILED.add()
def the_frontend_fails_from_every_region(stack: Stack) -> Incident:
    """Every service of the stack is probed."""
    host = stack.second_host
    return _pages(stack, *_everywhere(stack, HEALTHY + DOWN, host=host), host=host)


@FAILED.add()
def a_new_service_never_gave_a_healthy_answer(stack: Stack) -> Incident:
    """The first deployment failed: pages at the second probe, because no earlier good probe is in the window."""
    down = ["-" * len(HEALTHY) + DOWN for _ in REGIONS]
    series = [probes(stack, region, probed) for region, probed in zip(REGIONS, down, strict=True)]
    period_seconds = 60 * _period(stack)
    return _pages(stack, *series, not_before_seconds=period_seconds, within_seconds=period_seconds + 60)


@FAILED.add()
def the_first_probe_of_a_new_check_fails(stack: Stack) -> Incident:
    """It was created before the service was ready, as in every first deployment."""
    return quiet(_everywhere(stack, "F" + HEALTHY))


@FAILED.add()
def it_closes_with_the_first_good_probe(stack: Stack) -> Incident:
    """The outage was too short to count as flapping over half an hour."""
    down = "F" * (3 * _long_probes(stack) // 10)
    series = _everywhere(stack, "G" * _long_probes(stack) + down + HEALTHY)
    until = 60 * _period(stack) * len(down) - 1
    return _pages(stack, *series, first=_long_probes(stack), until_seconds=until)


@FAILED.add()
def it_closes_ten_minutes_after_a_long_outage(stack: Stack) -> Incident:
    """Two thirds of half an hour were bad, which counts as flapping. It must still close after ten minutes."""
    long = _long_probes(stack)
    down = "F" * (2 * long // 3)
    series = _everywhere(stack, "G" * long + down + "G" * long)
    last = 60 * _period(stack) * (len(down) - 1)
    return _pages(stack, *series, first=long, until_seconds=last + 2 * _window_seconds(stack) - 1)


@FAILED.add(phases=True)
def every_region_fails_for_a_probe_less_than_stated(stack: Stack) -> Incident:
    """Four probes a minute apart fail and the fifth is good, so no window contains only failures."""
    return quiet(_everywhere(stack, HEALTHY + "F" * _too_few(stack) + HEALTHY))


def _too_few(stack: Stack) -> int:
    """The most failing probes that are followed by a good one before the last good one leaves the window."""
    return (_window_seconds(stack) - 60 * _period(stack)) // (60 * _period(stack))


@FAILED.add(losses=True)
def every_region_fails_for_two_probes_less_than_stated(stack: Stack) -> Incident:
    """A cut-over to a new revision, with samples lost before and after it."""
    return quiet(_everywhere(stack, HEALTHY + "F" * max(1, _too_few(stack) - 1) + HEALTHY))


@FAILED.add(losses=True)
def one_probe_fails_in_every_region(stack: Stack) -> Incident:
    """A cut-over, or a short network problem."""
    return quiet(_everywhere(stack, HEALTHY + "F" + HEALTHY))


@FAILED.add()
def three_deployments_in_half_an_hour(stack: Stack) -> Incident:
    """One failing probe in five is not flapping."""
    return quiet(_everywhere(stack, HEALTHY + "GGGGF" * 12))


@FAILED.add(losses=True)
def every_second_probe_fails_for_45_minutes(stack: Stack) -> Incident:
    """It recovers in between, so no five minutes are bad. The share over half an hour shows it."""
    long = _long_probes(stack)
    probed = "G" * long + "FG" * (3 * long // 4)
    seconds = 60 * _period(stack) * long
    return _pages(
        stack,
        *(probes(stack, region, probed) for region in ("usa", "eur")),
        probes(stack, "apac", "G" * len(probed)),
        first=long,
        not_before_seconds=seconds // 2,
        within_seconds=seconds + 60 * _period(stack),
    )


@FAILED.add()
def three_of_seven_probes_fail(stack: Stack) -> Incident:
    """43 % of half an hour, a little more than the share that counts as flapping."""
    long = _long_probes(stack)
    seconds = 60 * _period(stack) * long
    return _pages(
        stack,
        *_everywhere(stack, "G" * long + "FGFGFGG" * (long // 4)),
        first=long,
        not_before_seconds=seconds // 2,
        within_seconds=seconds + 60 * _period(stack),
        lasts=False,
    )


@FAILED.add()
def one_of_four_probes_fails(stack: Stack) -> Incident:
    """For an hour, an answer is sometimes late, which is not flapping."""
    return quiet(_everywhere(stack, "G" * _long_probes(stack) + "FGGG" * (_long_probes(stack) // 2)))


@FAILED.add(losses=True)
def every_second_probe_fails_for_ten_minutes(stack: Stack) -> Incident:
    """It recovers by itself."""
    long = _long_probes(stack)
    return quiet(_everywhere(stack, "G" * long + "FG" * (long // 6) + "G" * (long // 2)))


@FAILED.add()
def a_new_check_flaps_for_ten_minutes(stack: Stack) -> Incident:
    """It has reported for less than half an hour, so its probes are too few for flapping."""
    return quiet(_everywhere(stack, "FG" * (_long_probes(stack) // 6)))


@FAILED.add()
def a_new_check_flaps_from_its_first_probe_on(stack: Stack) -> Incident:
    """Half of the probes of half an hour are enough: fifteen with one probe a minute."""
    probed = "FG" * _long_probes(stack)
    seconds = 60 * _period(stack) * (_long_probes(stack) // 2 - 1)
    series = [probes(stack, region, probed) for region in REGIONS]
    return _pages(stack, *series, first=0, not_before_seconds=seconds, within_seconds=seconds + 60)


@FAILED.add()
def a_check_flaps_for_ten_minutes_after_a_pause(stack: Stack) -> Incident:
    """The probes before the pause do not count, so these are too few for flapping."""
    long = _long_probes(stack)
    return quiet(_everywhere(stack, "G" * long + "-" * (long - 2) + "FG" * (long // 6) + "G" * 3))


@FAILED.add()
def the_first_probe_after_a_pause_fails(stack: Stack) -> Incident:
    """It is the only probe in the window, and the next one is good."""
    return quiet(_everywhere(stack, HEALTHY + "-" * 6 + "F" + HEALTHY))


@FAILED.add()
def every_second_probe_of_one_region_fails(stack: Stack) -> Incident:
    """The network of that region is unstable, not the service."""
    probed = HEALTHY + "FG" * _long_probes(stack)
    return quiet(
        [probes(stack, "usa", probed), *(probes(stack, region, "G" * len(probed)) for region in ("eur", "apac"))]
    )


@FAILED.add()
def two_checks_of_one_host_flap_in_one_region_each(stack: Stack) -> Incident:
    """The regions of another check of the host must not be added to ours, for flapping too."""
    probed = HEALTHY + "FG" * _long_probes(stack)
    return quiet([probes(stack, "usa", probed), probes(stack, "eur", probed, check="made-by-hand")])


@FAILED.add()
def the_hosts_of_the_other_environment_flap(stack: Stack) -> Incident:
    """Only the first operand of the query names the hosts."""
    host = stack.other_host
    return quiet(_everywhere(stack, HEALTHY + "FG" * _long_probes(stack), host=host))


@FAILED.add()
def flapping_has_ended_half_an_hour_ago(stack: Stack) -> Incident:
    """It closes at most ten minutes after the last failure, although failures are still in the half hour."""
    long = _long_probes(stack)
    flapping = "FG" * (3 * long // 4)
    probed = HEALTHY + flapping + "G" * long
    # The last failing probe is the one before the last of the flapping; it stays in the window of ten minutes.
    last = 60 * _period(stack) * (len(flapping) - 2)
    return _pages(
        stack,
        *(probes(stack, region, probed) for region in REGIONS),
        not_before_seconds=0,
        within_seconds=60 * _period(stack) * (long + 1),
        until_seconds=last + 2 * _window_seconds(stack) - 1,
        lasts=False,
    )


@FAILED.add()
def one_region_gets_no_healthy_answer(stack: Stack) -> Incident:
    """That region may have a network problem. The others get a healthy answer."""
    return quiet(
        [
            probes(stack, "usa", HEALTHY + DOWN),
            probes(stack, "eur", "G" * len(HEALTHY + DOWN)),
            probes(stack, "apac", "G" * len(HEALTHY + DOWN)),
        ]
    )


def _rotating(stack: Stack, times: int) -> list[Series]:
    """Two of three regions fail at any time, and never the same two for long."""
    rotated = zip(REGIONS, ("FFG", "FGF", "GFF"), strict=True)
    return [probes(stack, region, HEALTHY + pattern * times) for region, pattern in rotated]


@FAILED.add()
def two_of_three_regions_fail_at_any_time_but_never_the_same_two(stack: Stack) -> Incident:
    """Two of three requests fail everywhere: pages when that lasts long enough."""
    seconds = 60 * _period(stack) * _long_probes(stack)
    series = _rotating(stack, _long_probes(stack) // 2 + 2)
    return _pages(stack, *series, not_before_seconds=seconds // 4, within_seconds=seconds + 60 * _period(stack))


@FAILED.add()
def two_of_three_regions_fail_at_any_time_for_some_minutes(stack: Stack) -> Incident:
    """A few probes of each region fail, and then the service is healthy again."""
    long = _long_probes(stack)
    healthy = [probes(stack, region, "G" * long) for region in REGIONS]
    rotating = _rotating(stack, max(1, long // 9))
    return quiet(
        replace(before, minutes=before.minutes + after.minutes + before.minutes)
        for before, after in zip(healthy, rotating, strict=True)
    )


@FAILED.add()
def two_checks_of_one_host_fail_from_one_region_each(stack: Stack) -> Incident:
    """The regions of another check of the host must not be added to ours."""
    return quiet([probes(stack, "usa", HEALTHY + DOWN), probes(stack, "eur", HEALTHY + DOWN, check="made-by-hand")])


@FAILED.add()
def the_other_environment_is_down(stack: Stack) -> Incident:
    """The other environment has other hosts."""
    host = stack.other_host
    return quiet([probes(stack, region, HEALTHY + DOWN, host=host) for region in ("usa", "eur")])


@FAILED.add()
def hosts_whose_names_contain_ours_are_down(stack: Stack) -> Incident:
    """The query matches whole names, and a dot matches only a dot."""
    return quiet(
        [
            probes(stack, region, HEALTHY + DOWN, host=host)
            for host in stack.neighbour_hosts
            for region in ("usa", "eur")
        ]
    )


@FAILED.add()
def another_kind_of_resource_is_down(stack: Stack) -> Incident:
    """Uptime checks write for several resource types."""
    return quiet([probes(stack, region, HEALTHY + DOWN, resource="gce_instance") for region in ("usa", "eur")])


# --- silence -------------------------------------------------------------------------------------------------------


def _silent_pages(
    stack: Stack,
    *series: Series,
    first_missing: int,
    host: str = "",
    until_seconds: int | None = None,
    early_seconds: int = 0,
) -> Incident:
    """Fires when the last probe has left the half hour. `first_missing` is the number of the first missing probe.

    An unrelated series with a sample in every minute sets the length of the scenario in promtool.
    """
    period_seconds = 60 * _period(stack)
    minutes_ = first_missing * _period(stack) + _silent_seconds(stack) // 60 + 10
    if until_seconds is not None:
        minutes_ = first_missing * _period(stack) + REPORTED_SECONDS // 60 + 10
    expect = Fires(
        labels=({"host": host or stack.host},),
        first_bad_minute=first_missing * _period(stack),
        not_before_seconds=_silent_seconds(stack) - period_seconds - early_seconds,
        within_seconds=_silent_seconds(stack) - period_seconds + 60,
        until_seconds=until_seconds,
    )
    return Incident(series=(*series, _clock(minutes_)), expect=expect)


def _clock(length: int) -> Series:
    """An unrelated series with a sample in every minute."""
    return Series(metric="clock", labels={}, minutes=(1.0,) * length, gauge=True)


def _probes_in(stack: Stack, seconds: int) -> int:
    return seconds // (60 * _period(stack))


SILENCE = Collection({SILENT: ()})


@SILENCE.add(phases=True)
def the_check_stops_reporting(stack: Stack) -> Incident:
    """Somebody deleted it: fires half an hour after its last probe, and stays open."""
    count = 2 * len(HEALTHY)
    return _silent_pages(stack, *_everywhere(stack, "G" * count), first_missing=count)


@SILENCE.add(losses=True)
def the_check_stops_reporting_and_samples_are_lost(stack: Stack) -> Incident:
    """If the last probe is lost, it fires half an hour after the previous one."""
    count = 2 * len(HEALTHY)
    series = _everywhere(stack, "G" * count)
    # The clock of the scenario counts from the first missing minute, which may be "lost" too: a minute more.
    return _silent_pages(stack, *series, first_missing=count, early_seconds=60 * _period(stack) + 60)


@SILENCE.add()
def a_failing_check_stops_reporting(stack: Stack) -> Incident:
    """The service was deleted with its check, or the probes are refused: silence is not a recovery."""
    count = 2 * len(HEALTHY)
    return _silent_pages(stack, *_everywhere(stack, "F" * count), first_missing=count)


@SILENCE.add()
def silence_keeps_its_alert_open_for_the_rest_of_two_hours(stack: Stack) -> Incident:
    """Then no earlier probe is left to compare with, and it closes."""
    count = 2 * len(HEALTHY)
    until = REPORTED_SECONDS - 60 * _period(stack) - 1
    return _silent_pages(stack, *_everywhere(stack, "G" * count), first_missing=count, until_seconds=until)


@SILENCE.add()
def the_check_of_the_frontend_stops_while_the_one_of_the_backend_continues(stack: Stack) -> Incident:
    """Each host is compared separately."""
    count = 2 * len(HEALTHY)
    goes_on = "G" * (count + _probes_in(stack, _silent_seconds(stack)) + 3)
    return _silent_pages(
        stack,
        *_everywhere(stack, goes_on),
        *_everywhere(stack, "G" * count, host=stack.second_host),
        first_missing=count,
        host=stack.second_host,
    )


@SILENCE.add()
def a_check_that_reported_only_twice_stops(stack: Stack) -> Incident:
    """Somebody created it, and deleted it a minute later."""
    return _silent_pages(stack, probes(stack, "usa", "GG"), first_missing=2)


@SILENCE.add()
def the_regions_stop_one_after_another(stack: Stack) -> Incident:
    """The region that reports last counts."""
    count = 2 * len(HEALTHY)
    series = [probes(stack, region, "G" * (count - 2 * number)) for number, region in enumerate(REGIONS)]
    return _silent_pages(stack, *series, first_missing=count)


@SILENCE.add(losses=True)
def a_new_service_has_not_been_probed_yet(stack: Stack) -> Incident:
    """Nothing for an hour, then the first probes: missing probes of a new service are no incident."""
    return quiet(_everywhere(stack, "-" * _probes_in(stack, 3600) + HEALTHY), [_clock(75)])


@SILENCE.add(phases=True)
def the_probes_pause_for_less_than_half_an_hour(stack: Stack) -> Incident:
    """Twenty-five minutes of maintenance: quiet even if the next probe becomes visible late."""
    pause = "-" * (_probes_in(stack, 1500) - 1)
    return quiet(_everywhere(stack, HEALTHY + pause + HEALTHY))


@SILENCE.add()
def one_probe_in_half_an_hour_is_a_report(stack: Stack) -> Incident:
    """One region reports rarely, and all others are silent."""
    pause = "-" * (_probes_in(stack, 1500) - 1)
    others = [probes(stack, region, HEALTHY) for region in ("eur", "apac")]
    return quiet([probes(stack, "usa", HEALTHY + (pause + "G") * 4), *others])


@SILENCE.add()
def one_region_stops_reporting(stack: Stack) -> Incident:
    """Somebody removed it from the settings."""
    goes_on = "G" * (len(HEALTHY) + _probes_in(stack, _silent_seconds(stack)) + 10)
    return quiet([probes(stack, "usa", HEALTHY), *(probes(stack, region, goes_on) for region in ("eur", "apac"))])


@SILENCE.add()
def the_check_is_created_again_with_another_id(stack: Stack) -> Incident:
    """A change that replaces it: the host is still probed."""
    after = "-" * len(HEALTHY) + "G" * (_probes_in(stack, _silent_seconds(stack)) + 10)
    return quiet(_everywhere(stack, HEALTHY), _everywhere(stack, after, check="new"))


@SILENCE.add()
def a_service_was_removed_together_with_its_check(stack: Stack) -> Incident:
    """Its host no longer belongs to the stack. Hosts whose names contain one of the stack do not either."""
    goes_on = "G" * (len(HEALTHY) + _probes_in(stack, _silent_seconds(stack)) + 10)
    return quiet(
        *(_everywhere(stack, HEALTHY, host=host) for host in stack.neighbour_hosts), _everywhere(stack, goes_on)
    )


@SILENCE.add()
def the_check_of_the_other_environment_stops(stack: Stack) -> Incident:
    """The other environment has other hosts."""
    host = stack.other_host
    return quiet(_everywhere(stack, HEALTHY, host=host), [_clock(90)])


@SILENCE.add()
def a_check_of_another_kind_of_resource_stops(stack: Stack) -> Incident:
    """Uptime checks of machines have hosts, too."""
    ended = [probes(stack, region, HEALTHY, resource="gce_instance") for region in REGIONS]
    return quiet(ended, [_clock(90)])


@SILENCE.add(losses=True)
def a_service_is_scaled_to_zero_while_it_is_probed(stack: Stack) -> Incident:
    """Without users and instances, metrics end although nothing is wrong, and the probes continue."""
    goes_on = _probes_in(stack, _silent_seconds(stack)) + 10
    answered = requests(stack.backend, minutes((10, (60, 0)), (goes_on * _period(stack), None)))
    return quiet(answered, _everywhere(stack, "G" * goes_on))


@SILENCE.add()
def probes_fail_for_an_hour_and_continue(stack: Stack) -> Incident:
    """A service that is down is not silent: FailedHealthChecks pages for it."""
    return quiet(_everywhere(stack, HEALTHY + "F" * _probes_in(stack, 3600)))


SCENARIOS: tuple[Scenario, ...] = tuple(FAILED.scenarios + SILENCE.scenarios)
