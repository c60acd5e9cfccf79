"""The ordinary life of a stack: made, unchanged, changed, drifted, destroyed."""

from __future__ import annotations

import pytest

from tests.engine.engine import WRITTEN_AFTER_EVERY_STEP
from tests.engine.kinds import API, CHANNEL, METRIC, POLICY
from tests.engine.world import CPU_POLICY, World, is_custom
from tests.projects import readiness

pytestmark = pytest.mark.engine


def test_a_first_up_makes_everything_and_a_second_preview_has_nothing_to_do(fresh: World) -> None:
    """With and without a refresh; nothing is sent twice. The state is written after every step, as in life."""
    first = ("up", "--stack", "staging", "--yes", "--skip-preview")
    assert fresh.engine.run(*first, **WRITTEN_AFTER_EVERY_STEP).status == 0
    made = len(fresh.cloud.sent("POST"))
    assert made == sum(is_custom(each["type"]) for each in fresh.plan("staging").resources)
    assert fresh.preview("staging", "--expect-no-changes").status == 0
    assert fresh.is_settled("staging")
    assert len(fresh.cloud.sent("POST")) == made
    assert fresh.cloud.sent("PATCH") == []


def test_a_changed_threshold_is_one_update_of_one_policy(applied: World) -> None:
    """One PATCH, and the query on the server is the new one."""
    applied.change_a_threshold()
    assert applied.up("staging").status == 0
    assert [each.resource for each in applied.cloud.sent("PATCH")] == [CPU_POLICY]
    assert "> 0.5" in applied.cpu_query("staging")
    assert applied.is_settled("staging")


def test_the_engine_rewrites_a_stack_file_into_one_that_is_still_accepted(fresh: World) -> None:
    """`stack init` writes a lone boolean as text and adds the salt."""
    text = (fresh.engine.project / "Pulumi.staging.yaml").read_text(encoding="utf-8")
    assert 'owns_shared_resources: "false"' in text, "the engine has rewritten it"
    assert "encryptionsalt:" in text
    checked = readiness("check", "staging", cwd=fresh.engine.project)
    assert checked.status == 0, checked.text


def test_both_stacks_share_a_project_and_destroying_one_leaves_the_others_things(applied: World) -> None:
    """Enabled APIs stay enabled: prod needs them."""
    before = {key for key in applied.cloud.things if "staging" not in str(applied.cloud.things[key])}
    applied.delete_the_job("staging")
    assert applied.engine.run("destroy", "--stack", "staging", "--yes", "--skip-preview").status == 0
    assert before <= applied.cloud.things.keys()
    assert applied.is_settled("prod")
    assert len(applied.cloud.of_type(API)) > 0


def test_a_destroy_takes_the_policies_before_their_channels_and_metrics(applied: World) -> None:
    """A channel in use cannot go, a policy without its metric would be refused."""
    applied.delete_the_job("staging")
    assert applied.engine.run("destroy", "--stack", "staging", "--yes", "--skip-preview").status == 0
    order = [each.type for each in applied.cloud.sent("DELETE")]
    assert order.count(POLICY) == len(applied.names("staging", POLICY))
    last_policy = max(place for place, type_ in enumerate(order) if type_ == POLICY)
    assert {CHANNEL, METRIC} <= set(order[last_policy:])
    assert {CHANNEL, METRIC}.isdisjoint(order[:last_policy])
