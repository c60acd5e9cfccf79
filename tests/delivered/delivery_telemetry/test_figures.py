"""The two figures that alerts read, by hand-counted histories."""

from __future__ import annotations

from datetime import timedelta

import pytest

from readiness.alerts import deployment_figures as in_promql
from readiness.delivered.delivery_telemetry import figures
from readiness.delivered.delivery_telemetry.deployments import Deployment
from readiness.delivered.delivery_telemetry.figures import (
    DAYS_SINCE_SUCCESS,
    SUCCESS_RATIO_20,
    days_since_success,
    success_ratio,
    write_figures,
)
from tests.delivered.delivery_telemetry.world import NOW, World, a_deployment, environment, job, settings


def newest_first(outcomes: str) -> list[Deployment]:
    """`sfc`: a success, before it a failure, before that a cancelled one; an hour between them."""
    names = {"s": "success", "f": "failure", "c": "cancelled", "n": "not_started"}
    return [a_deployment(names[letter], minutes=-60 * (number + 1)) for number, letter in enumerate(outcomes)]


@pytest.mark.parametrize(
    ("outcomes", "ratio"),
    [
        ("s" * 20, 1.0),
        ("f" + "s" * 19, 0.95),
        ("ff" + "s" * 18, 0.9),
        ("s" * 20 + "f" * 10, 1.0),
        ("f" * 20, 0.0),
        ("c" * 5 + "s" * 10 + "n" + "f" + "s" * 9, 0.95),
        ("s" * 19, None),
        ("c" + "s" * 19, None),
        ("", None),
    ],
)
def test_the_ratio_is_of_the_last_20_that_succeeded_or_failed(outcomes: str, ratio: float | None) -> None:
    """With fewer it has no value: one failure of three is not a ratio under 95 %."""
    assert success_ratio(newest_first(outcomes)) == ratio


def test_the_days_since_a_success_have_fractions() -> None:
    """The newest success counts, wherever it is in the list."""
    assert days_since_success(newest_first("ffss"), NOW) == 3 / 24
    assert days_since_success(reversed(newest_first("ffss")), NOW) == 3 / 24
    assert days_since_success(newest_first("ff"), NOW) is None
    assert days_since_success([a_deployment(minutes=5)], NOW) == 0, "clocks differ"


def test_both_figures_are_written_for_every_environment() -> None:
    """One point each, with the environment as its label."""
    world = World()
    for number in range(20):
        world.add_deployment(number + 1, f"2026-11-09T{number:02}:00:00Z", "failure" if number == 3 else "success")
    started = job(world)
    both = settings(environment(), environment("staging"))
    written = write_figures(started.apis, both, NOW)
    assert written["production"] == {SUCCESS_RATIO_20: 0.95, DAYS_SINCE_SUCCESS: 17 / 24}
    assert [point["metric"]["labels"]["environment"] for point in world.points] == ["production"] * 2, (
        "the runs here are of production's job alone, so that staging has no value and nothing is written for it"
    )
    point = world.points[0]
    assert (point["metricKind"], point["valueType"]) == ("GAUGE", "DOUBLE")
    assert point["resource"] == {"type": "global", "labels": {"project_id": "ytgrs-464303"}}
    assert point["points"] == [{"interval": {"endTime": "2026-11-10T12:00:00+00:00"}, "value": {"doubleValue": 0.95}}]


def test_no_more_is_read_than_needed() -> None:
    """20 deployments with a success among them: 20 calls for their jobs and one for the list."""
    world = World()
    for number in range(60):
        world.add_deployment(number + 1, "2026-11-09T10:00:00Z")
    write_figures(job(world).apis, settings(), NOW)
    assert sum("github" in call for call in world.calls) == 21


def test_nothing_is_sent_where_there_is_nothing_to_write() -> None:
    """Monitoring refuses an empty request."""
    world = World()
    assert write_figures(job(world).apis, settings(), NOW) == {"production": {}}
    assert not [call for call in world.calls if "monitoring" in call]


@pytest.mark.parametrize("name", ["SUCCESS_RATIO_20", "DAYS_SINCE_SUCCESS"])
def test_the_alerts_read_the_metrics_that_are_written(name: str) -> None:
    """The first slash becomes a colon in PromQL, every other sign an underscore."""
    domain, _, rest = getattr(figures, name).partition("/")
    assert getattr(in_promql, name) == f"{domain.replace('.', '_')}:{rest.replace('/', '_')}"


def test_a_figure_lives_longer_than_the_time_between_two_writings() -> None:
    """Written twice a day; an alert looks 25 hours back, so that one missed run closes nothing."""
    assert timedelta(seconds=in_promql.WINDOW_SECONDS) > 2 * timedelta(hours=12)
