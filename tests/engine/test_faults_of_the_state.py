"""Faults 16 to 21: locks, killed updates, a lost state, a wrong passphrase."""

from __future__ import annotations

import json
import shlex

import pytest

from readiness.live.adopt import adoption, import_file
from tests.engine.kinds import CHANNEL, ENVIRONMENT, JOB, OBJECTIVE, REPOSITORY
from tests.engine.listings import live_things
from tests.engine.world import World

pytestmark = pytest.mark.engine

CHANNEL_NAME = "channels-email-dev-alerts@harbor.dev"


def test_fault_16_a_lock_that_another_holds_refuses_the_second_up_which_sends_nothing(fresh: World) -> None:
    """Neither update is harmed: the first goes on, the second passes when the first has ended."""
    first = fresh.held_up("staging", CHANNEL_NAME)
    state = fresh.engine.state("staging")
    second = fresh.engine.start("up", "--stack", "staging", "--yes", "--skip-preview")
    assert "the stack is currently locked by 1 lock(s)" in second.communicate()[1]
    assert second.returncode != 0
    ours = fresh.start_readiness("up", "staging")
    assert "it runs or was killed" in ours.communicate()[1]
    assert ours.returncode == 1
    assert fresh.engine.state("staging") == state
    fresh.let_go()
    first.communicate()
    assert first.returncode == 0
    fresh.engine.wait_for_programs()
    assert fresh.safe_up("staging").status == 0
    assert fresh.is_whole("staging")


def test_fault_17_the_lock_of_a_killed_update_is_taken_away_by_pulumi_cancel(applied: World) -> None:
    """It was killed while it changed nothing: what it left is a lock alone."""
    lock = applied.engine.backend / ".pulumi" / "locks" / "organization" / "readiness" / "staging" / "of-the-dead.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text('{"pid": 1, "username": "ci", "hostname": "gone", "timestamp": "2026-01-01T00:00:00Z"}')
    refused = applied.safe_up("staging")
    assert refused.status == 1
    assert "error: Stack staging is locked:" in refused.err
    assert "  - ci@gone (process 1), since 2026-01-01T00:00:00Z" in refused.err
    assert refused.err.rstrip().endswith("pulumi cancel --stack staging")
    applied.done("cancel", "--stack", "staging", "--yes")
    assert applied.safe_up("staging").status == 0


def test_the_trap_a_plain_up_after_a_killed_one_makes_the_same_thing_twice(fresh: World) -> None:
    """And no preview sees the first of the two."""
    fresh.interrupted_up("staging", CHANNEL_NAME)
    fresh.done("cancel", "--stack", "staging", "--yes")
    assert fresh.up("staging").status == 0
    assert len(fresh.cloud.of_type(CHANNEL)) == 2
    assert fresh.is_settled("staging")


def test_fault_18_a_creation_that_was_killed_is_refused_by_readiness_up_until_it_is_taken_in(fresh: World) -> None:
    """The message's own commands mend it, and nothing is doubled."""
    fresh.interrupted_up("staging", CHANNEL_NAME)
    fresh.done("cancel", "--stack", "staging", "--yes")
    refused = fresh.safe_up("staging")
    assert refused.status == 1
    assert f"  - {CHANNEL} {CHANNEL_NAME}" in refused.err
    assert len(fresh.cloud.of_type(CHANNEL)) == 1
    (made,) = fresh.cloud.of_type(CHANNEL)
    for line in refused.err.splitlines():
        if line.strip().startswith("pulumi import") and CHANNEL in line:
            fresh.done(*shlex.split(line)[1:-1], made, "--yes")
    fresh.done("refresh", "--stack", "staging", "--clear-pending-creates", "--yes", "--skip-preview")
    assert fresh.safe_up("staging").status == 0
    assert fresh.is_whole("staging")


def test_fault_19_a_killed_creation_that_never_happened_is_forgotten_and_made(fresh: World) -> None:
    """Nothing is found in the console: clearing the unfinished creation is enough."""
    fresh.interrupted_up("staging", CHANNEL_NAME)
    fresh.cloud.things = {key: value for key, value in fresh.cloud.things.items() if key[0] != CHANNEL}
    fresh.done("cancel", "--stack", "staging", "--yes")
    fresh.done("refresh", "--stack", "staging", "--clear-pending-creates", "--yes", "--skip-preview")
    assert fresh.safe_up("staging").status == 0
    assert fresh.is_whole("staging")


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_fault_20_a_lost_state_is_made_anew_by_the_import_file_of_readiness_adopt(applied: World, stack: str) -> None:
    """Nothing is made twice or changed, what is protected is so again; objectives are deleted, as it says, and made."""
    before = set(applied.cloud.things)
    for file in (applied.engine.backend / ".pulumi" / "stacks" / "readiness").glob(f"{stack}.json*"):
        file.unlink()
    applied.done("stack", "init", stack)
    resources = applied.plan(stack).resources
    found = adoption(resources, live_things(applied.cloud), adopts_old_policies=False)
    for identity in applied.cloud.of_type(OBJECTIVE):
        if any(note.startswith(f"{identity}: ") for note in found.notes):
            del applied.cloud.things[OBJECTIVE, identity]
    wanted = applied.engine.project / "import.json"
    wanted.write_text(json.dumps(import_file(resources, found.imports)), encoding="utf-8")
    arguments = ("--file", str(wanted), "--yes", "--protect=false", "--generate-code=false")
    applied.done("import", "--stack", stack, *arguments)
    done = applied.safe_up(stack)
    assert done.status == 0, done.text
    assert set(applied.cloud.things) == before
    assert applied.cloud.sent("PATCH") == []
    protected = {resource["type"] for resource in applied.engine.resources(stack) if resource.get("protect")}
    assert protected == ({JOB, REPOSITORY, ENVIRONMENT} if stack == "prod" else {JOB})


def test_fault_21_a_wrong_passphrase_is_refused_and_the_state_is_as_it_was(applied: World) -> None:
    """Nothing is sent."""
    before = applied.engine.state("staging")
    wrong = {"PULUMI_CONFIG_PASSPHRASE": "wrong"}
    done = applied.engine.run("up", "--stack", "staging", "--yes", **wrong)
    assert done.status != 0
    assert "incorrect passphrase" in done.text
    assert applied.cloud.requests == []
    assert applied.engine.state("staging") == before
