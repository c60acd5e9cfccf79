"""Faults 12 to 15: what a plain `up` loses, and `readiness up` does not."""

from __future__ import annotations

import shlex

import pytest

from tests.engine.kinds import CHANNEL
from tests.engine.world import CPU_POLICY, World
from tests.projects import EVERY_OPTION

pytestmark = pytest.mark.engine

SLACK = "channels-slack"


def test_the_trap_a_plain_up_after_a_failed_update_reports_success_and_sends_nothing(applied: World) -> None:
    """Imitated as it was seen with the real provider: new outputs, old inputs, one GET, exit 0, the old value live."""
    old = applied.cpu_query("staging")
    _fail_an_update(applied)
    failed = next(
        resource for resource in applied.engine.resources("staging") if resource["urn"].endswith(f"::{CPU_POLICY}")
    )
    assert "> 0.5" in _query(failed["outputs"])
    assert _query(failed["inputs"]) == old
    assert failed["initErrors"]
    assert applied.preview("staging", "--expect-no-changes").status != 0, "at this moment a preview still shows it"
    again = applied.up("staging")
    assert again.status == 0
    assert "1 updated" in again.text
    assert [request.status for request in applied.cloud.sent("PATCH")] == [403], "the second up sent none"
    assert applied.cpu_query("staging") == old
    assert applied.preview("staging", "--expect-no-changes").status != 0, "and the next preview shows it again"


def test_fault_12_a_refused_update_is_sent_again_by_readiness_up(applied: World) -> None:
    """The refresh before it puts the server's value back into the state."""
    _fail_an_update(applied)
    done = applied.readiness("up", "staging")
    assert done.status == 0, done.text
    assert "staging is applied" in done.out
    assert [request.status for request in applied.cloud.sent("PATCH")] == [403, 200]
    assert "> 0.5" in applied.cpu_query("staging")


def test_fault_13_a_refusal_during_readiness_up_ends_it_with_one_message_and_it_converges_when_run_again(
    applied: World,
) -> None:
    """The message says that running it again sends what failed."""
    applied.change_a_threshold()
    applied.cloud.fail("PATCH", CPU_POLICY, 403)
    first = applied.safe_up("staging")
    assert first.status == 1
    assert first.err.count("error: `pulumi up` did not apply everything") == 1
    assert applied.safe_up("staging").status == 0
    assert "> 0.5" in applied.cpu_query("staging")


def test_fault_14_an_update_that_the_server_does_not_keep_is_told_by_the_check_afterwards(applied: World) -> None:
    """It answered with success; only a refreshed preview sees that nothing has changed."""
    applied.change_a_threshold()
    applied.cloud.ignores.add(CPU_POLICY)
    done = applied.safe_up("staging")
    assert done.status == 1
    assert "a refreshed preview still shows changes" in done.err
    applied.cloud.ignores.clear()
    assert applied.safe_up("staging").status == 0


def test_fault_15_a_secret_whose_update_was_refused_is_not_taken_for_sent(applied: World) -> None:
    """A refresh cannot see it, so that `readiness up` refuses until it is sent again, and says how."""
    new_token = "xoxb-2222-rotated"  # noqa: S105 - planted
    applied.done("config", "set", "--stack", EVERY_OPTION, "--secret", "readiness:slack_auth_token", new_token)
    applied.cloud.fail("PATCH", SLACK, 403)
    assert applied.safe_up(EVERY_OPTION).status == 1
    refused = applied.safe_up(EVERY_OPTION)
    assert refused.status == 1
    assert new_token not in _slack_tokens(applied)
    (command,) = [line for line in refused.err.splitlines() if line.strip().startswith("readiness up")]
    done = applied.safe_up(*shlex.split(command)[2:])
    assert done.status == 0, done.text
    assert _slack_tokens(applied) == [new_token]
    assert applied.is_settled(EVERY_OPTION)


def test_readiness_up_of_a_new_stack_and_of_an_unchanged_one_ends_well(fresh: World) -> None:
    """Options after the stack's name go to `pulumi up`."""
    for message in ("first", "second"):
        done = fresh.readiness("up", "staging", "--message", message)
        assert done.status == 0, done.text
    assert fresh.is_whole("staging")
    assert fresh.cloud.sent("PATCH") == []
    history = fresh.done("stack", "history", "--stack", "staging").out
    assert "first" in history
    assert "second" in history


def _fail_an_update(world: World) -> None:
    world.change_a_threshold()
    world.cloud.fail("PATCH", CPU_POLICY, 403)
    assert world.up("staging").status == 1


def _slack_tokens(world: World) -> list[str]:
    labels = [values.get("sensitiveLabels", {}) for values in world.cloud.of_type(CHANNEL).values()]
    return [label["authToken"] for label in labels if "authToken" in label]


def _query(values: dict[str, list[dict[str, dict[str, str]]]]) -> str:
    return values["conditions"][0]["conditionPrometheusQueryLanguage"]["query"]
