"""Faults 1 to 11: what Google's and GitHub's APIs do in the middle of an apply. Nothing is lost and nothing doubled."""

from __future__ import annotations

import pytest

from tests.engine.kinds import CHANNEL, ENVIRONMENT, METRIC, POLICY
from tests.engine.world import CPU_POLICY, PROJECT, World

pytestmark = pytest.mark.engine

CHANNEL_NAME = "channels-email-dev-alerts@harbor.dev"
SERVER_METRIC = "log-metrics-connection-errors-server"
GUARD = "production-environment-guard"


def test_fault_01_a_403_in_mid_apply_leaves_the_rest_made_and_the_next_up_makes_what_is_missing(fresh: World) -> None:
    """What was made is not made again."""
    fresh.cloud.fail("POST", CPU_POLICY, 403)
    assert fresh.up("staging").status == 1
    assert len(fresh.cloud.of_type(CHANNEL)) == 1, "what the policies need was made before them"
    _converges(fresh)


def test_fault_02_a_400_on_a_channel_holds_back_its_policies_and_the_next_up_makes_them(fresh: World) -> None:
    """Policies need the channel's id."""
    fresh.cloud.fail("POST", CHANNEL_NAME, 400)
    assert fresh.up("staging").status == 1
    assert fresh.cloud.of_type(POLICY) == {}
    _converges(fresh)


def test_fault_03_a_409_on_a_name_that_is_taken_stops_what_needs_it_until_the_name_is_free(fresh: World) -> None:
    """Somebody made a metric of that name by hand: it is not overwritten. Fault 11 adopts one instead."""
    name = next(resource["inputs"]["name"] for resource in fresh.plan("staging").of_type(METRIC))
    taken = f"{PROJECT}/metrics/{name}"
    fresh.cloud.things[METRIC, taken] = {"name": name, "filter": "made by hand"}
    done = fresh.up("staging")
    assert done.status == 1
    assert "409" in done.text
    assert fresh.cloud.things[METRIC, taken]["filter"] == "made by hand"
    assert fresh.cloud.sent("POST", "alerts-database-connection-errors") == [], "what reads the metric is not tried"
    del fresh.cloud.things[METRIC, taken]
    _converges(fresh)


def test_fault_04_a_429_answered_twice_is_tried_again_within_the_same_up(fresh: World) -> None:
    """The provider does that."""
    fresh.cloud.fail("POST", CPU_POLICY, 429, times=2)
    assert fresh.up("staging").status == 0
    assert [request.status for request in fresh.cloud.sent("POST", CPU_POLICY)] == [429, 429, 200]
    assert fresh.is_whole("staging")


def test_fault_05_a_500_that_passes_is_tried_again_within_the_same_up(fresh: World) -> None:
    """A create and a read alike."""
    fresh.cloud.fail("POST", CHANNEL_NAME, 500)
    fresh.cloud.fail("POST", SERVER_METRIC, 503)
    assert fresh.up("staging").status == 0
    fresh.cloud.fail("GET", CHANNEL_NAME, 500)
    assert fresh.is_settled("staging")
    assert fresh.is_whole("staging")


def test_fault_06_a_500_that_lasts_fails_the_up_and_the_next_one_converges(fresh: World) -> None:
    """The provider gives up after its tries."""
    fresh.cloud.fail("POST", CHANNEL_NAME, 500, times=3)
    assert fresh.up("staging").status == 1
    assert len(fresh.cloud.sent("POST", CHANNEL_NAME)) == 3
    _converges(fresh)


def test_fault_07_a_failed_put_of_github_is_sent_again_by_the_next_up(applied: World) -> None:
    """The state stays as it was."""
    applied.edit("Pulumi.prod.yaml", "id: 102", "id: 103")
    applied.cloud.fail("PATCH", GUARD, 500)
    assert applied.up("prod").status == 1
    assert applied.up("prod").status == 0
    assert [request.status for request in applied.cloud.sent("PATCH", GUARD)] == [500, 200]
    reviewers = [resource["reviewers"][0]["users"] for resource in applied.cloud.of_type(ENVIRONMENT).values()]
    assert [101, 103] in reviewers
    assert applied.is_settled("prod")


def test_fault_08_a_channel_that_another_policy_uses_stays_and_a_second_destroy_takes_it(applied: World) -> None:
    """Somebody routed a policy of their own to it; the rest goes, and the state keeps what is left."""
    channel = next(resource["id"] for resource in applied.engine.resources("staging") if resource["type"] == CHANNEL)
    applied.cloud.things[POLICY, "theirs"] = {"notificationChannels": [channel]}
    applied.delete_the_job("staging")
    assert applied.engine.run("destroy", "--stack", "staging", "--yes", "--skip-preview").status == 1
    assert channel in applied.cloud.of_type(CHANNEL)
    left = [resource["type"] for resource in applied.engine.resources("staging")]
    assert CHANNEL in left
    assert POLICY not in left
    del applied.cloud.things[POLICY, "theirs"]
    applied.done("destroy", "--stack", "staging", "--yes", "--skip-preview")
    assert channel not in applied.cloud.of_type(CHANNEL)


def test_fault_09_an_edit_by_hand_is_not_seen_by_a_preview_and_is_found_by_a_refresh(applied: World) -> None:
    """The false green of `--expect-no-changes` without a refresh, and what finds it."""
    channel = next(resource["id"] for resource in applied.engine.resources("staging") if resource["type"] == CHANNEL)
    applied.cloud.things[CHANNEL, channel]["enabled"] = False
    applied.cloud.things[CHANNEL, channel]["displayName"] = "edited by hand"
    assert applied.preview("staging", "--expect-no-changes").status == 0, "a preview without refresh sees no drift"
    assert not applied.is_settled("staging")
    assert applied.up("staging", "--refresh").status == 0
    assert applied.cloud.things[CHANNEL, channel]["displayName"] != "edited by hand"
    assert applied.is_settled("staging")


def test_fault_10_what_was_deleted_by_hand_is_made_again_and_once(applied: World) -> None:
    """A policy that somebody deleted in the console."""
    policy = next(
        resource["id"]
        for resource in applied.engine.resources("staging")
        if resource["urn"].endswith(f"::{CPU_POLICY}")
    )
    del applied.cloud.things[POLICY, policy]
    assert not applied.is_settled("staging")
    assert applied.up("staging", "--refresh").status == 0
    assert len(applied.cloud.sent("POST")) == 1
    assert applied.is_settled("staging")


def test_fault_11_a_lost_answer_to_a_named_things_creation_is_mended_by_importing_it(fresh: World) -> None:
    """The server made it, and the answer was lost: the next up gets 409, and the import adopts the resource."""
    fresh.cloud.fail("POST", SERVER_METRIC, 400, done_nevertheless=True)
    assert fresh.up("staging").status == 1
    again = fresh.up("staging")
    assert again.status == 1
    assert "exists already" in again.text
    metric = next(resource for resource in fresh.plan("staging").of_type(METRIC) if resource["name"] == SERVER_METRIC)
    wanted = ("--parent", f"metrics={metric['parent']}", METRIC, SERVER_METRIC, metric["inputs"]["name"])
    fresh.done("import", "--stack", "staging", "--yes", "--protect=false", "--generate-code=false", *wanted)
    _converges(fresh)


def _converges(world: World) -> None:
    """The next up ends well, with everything there once, and nothing to do after it."""
    done = world.up("staging")
    assert done.status == 0, done.text
    assert world.is_whole("staging")
