"""From a commit to its deployment, by GitHub's comparison with the success before."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.delivered.apis import ApiError
from readiness.delivered.delivery_telemetry.lead_time import LeadTime, lead_time
from tests.delivered.delivery_telemetry.world import World, a_deployment, at_minute, job

BASE, HEAD = "a" * 40, "b" * 40
SUCCESS_BEFORE = a_deployment(minutes=-600, commit=BASE)


def committed(minutes: float) -> dict[str, Any]:
    """A commit as GitHub lists it."""
    return {"sha": "c" * 40, "commit": {"committer": {"date": at_minute(minutes).isoformat()}}}


def test_the_median_of_the_new_commits_counts() -> None:
    """Three changes that waited 10, 60 and 300 minutes."""
    world = World(comparisons={f"{BASE}...{HEAD}": [committed(-300), committed(-60), committed(-10)]})
    earlier = [a_deployment("failure", minutes=-5, commit="d" * 40), SUCCESS_BEFORE]
    assert lead_time(job(world).apis, a_deployment(commit=HEAD), earlier) == LeadTime(seconds=3600, changes=3)


def test_the_same_commit_again_brings_no_change() -> None:
    """Nothing is asked."""
    world = World()
    assert lead_time(job(world).apis, a_deployment(commit=BASE), [SUCCESS_BEFORE]) is None
    assert world.calls == []


@pytest.mark.parametrize("earlier", [[], [SUCCESS_BEFORE]], ids=["no success before", "its commit is gone"])
def test_without_a_base_the_newest_commit_counts(earlier: list[Any]) -> None:
    """After a forced push GitHub no longer compares."""
    world = World(comparisons={}, commits={HEAD: committed(-30)})
    assert lead_time(job(world).apis, a_deployment(commit=HEAD), earlier) == LeadTime(seconds=1800, changes=1)


def test_a_failure_has_no_lead_time() -> None:
    """It brought nothing to the environment."""
    assert lead_time(job(World()).apis, a_deployment("failure", commit=HEAD), []) is None


def test_a_refusal_is_no_answer() -> None:
    """A token that may not read commits is a problem of the run, and not a lead time of 0."""
    with pytest.raises(ApiError, match="404"):
        lead_time(job(World(commits={})).apis, a_deployment(commit=HEAD), [])
