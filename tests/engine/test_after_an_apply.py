"""Faults 29 to 31: a creation whose answer is lost, and a log bucket that is deleted for seven days."""

from __future__ import annotations

import pytest

from tests.engine.cloud import DELETE_REQUESTED
from tests.engine.kinds import BUCKET, CHANNEL, POLICY, SINK
from tests.engine.world import CPU_POLICY, World

pytestmark = pytest.mark.engine

CHANNEL_NAME = "channels-email-dev-alerts@harbor.dev"
BUCKET_NAME = "projects/ytgrs-464303/locations/global/buckets/readiness-deployments"


@pytest.mark.parametrize(("type_", "name"), [(POLICY, CPU_POLICY), (CHANNEL, CHANNEL_NAME)])
def test_fault_29_a_lost_answer_leaves_a_double_which_readiness_up_names_with_the_command_that_deletes_it(
    fresh: World, type_: str, name: str
) -> None:
    """The connection dropped after the server made it. The provider tries again, and the update reports success."""
    fresh.cloud.fail("POST", name, 500, done_nevertheless=True)
    done = fresh.safe_up("staging")
    assert len(fresh.cloud.sent("POST", name)) == 2
    assert fresh.is_settled("staging"), "no preview sees it"
    assert done.status == 1
    assert "error: staging is applied, but these resources exist twice:" in done.err
    assert "agree" not in done.out
    (command,) = commands(done.err)
    kept = next(entry["id"] for entry in fresh.engine.resources("staging") if entry["urn"].endswith(f"::{name}"))
    assert kept not in command, "the one that the state holds stays"
    assert fresh.shell(command).status == 0
    assert fresh.safe_up("staging").status == 0
    assert fresh.is_whole("staging")
    assert (type_, kept) in fresh.cloud.things


def test_a_lost_answer_that_fails_the_update_is_found_by_the_next_one(fresh: World) -> None:
    """The first ends with 1, the second would end with 0."""
    fresh.cloud.fail("POST", CPU_POLICY, 400, done_nevertheless=True)
    assert "did not apply everything" in fresh.safe_up("staging").err
    done = fresh.safe_up("staging")
    assert done.status == 1
    (command,) = commands(done.err)
    assert fresh.shell(command).status == 0
    assert fresh.safe_up("staging").out.endswith("staging is applied: program, state and live resources agree.\n")


def test_doubles_that_may_not_be_looked_for_are_not_known(applied: World) -> None:
    """The apply is done, and the last line does not say more than was checked."""
    applied.cloud.refused_paths.add("alertPolicies")
    done = applied.safe_up("staging")
    assert done.status == 0
    assert "warning: it is not known whether there are alertPolicies that are not declared" in done.err
    assert done.out.endswith("staging is applied: program and state agree.\n")


def test_fault_30_a_deleted_log_bucket_is_restored_before_the_apply(applied: World) -> None:
    """After a destroy it is kept for seven days, and a plain update of it is refused."""
    destroy_the_bucket(applied)
    assert applied.cloud.things[BUCKET, BUCKET_NAME]["lifecycleState"] == DELETE_REQUESTED
    plain = applied.up("prod")
    assert plain.status == 1
    assert f"{BUCKET_NAME} is deleted" in plain.text
    done = applied.safe_up("prod")
    assert done.status == 0, done.text
    assert "The log bucket readiness-deployments is restored, with its entries." in done.out
    assert "lifecycleState" not in applied.cloud.things[BUCKET, BUCKET_NAME]
    assert applied.is_settled("prod")


def test_fault_31_a_deleted_log_bucket_that_may_not_be_restored_stops_the_apply_with_the_command(
    applied: World,
) -> None:
    """Nothing is sent. Somebody with the right runs the command, and the next apply passes."""
    destroy_the_bucket(applied)
    applied.cloud.requests.clear()
    applied.cloud.refused_paths.add(":undelete")
    refused = applied.safe_up("prod")
    assert refused.status == 1
    assert "nothing is applied" in refused.err
    assert applied.cloud.requests == []
    (command,) = commands(refused.err)
    assert applied.shell(command).status == 0
    assert applied.safe_up("prod").status == 0


def destroy_the_bucket(world: World) -> None:
    """And the sink that writes into it."""
    (urn,) = [entry["urn"] for entry in world.engine.resources("prod") if entry.get("id") == BUCKET_NAME]
    world.done("destroy", "--stack", "prod", "--yes", "--skip-preview", "--target", urn, "--target-dependents")
    assert not world.cloud.of_type(SINK).keys() & {"projects/ytgrs-464303/sinks/readiness-deployments"}


def commands(text: str) -> list[str]:
    """The commands of gcloud in a message, each at the end of its line."""
    return [f"gcloud {line.partition('gcloud ')[2]}" for line in text.splitlines() if "gcloud " in line]
