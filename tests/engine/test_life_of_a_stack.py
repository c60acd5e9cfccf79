"""The ordinary life of a stack: made, unchanged, changed, drifted, destroyed."""

from __future__ import annotations

import pytest

from components.outputs import VERSION_OUTPUT
from readiness import __version__
from tests.engine.engine import WRITTEN_AFTER_EVERY_STEP
from tests.engine.kinds import API, CHANNEL, JOB, METRIC, POLICY, SERVICE, UPTIME_CHECK
from tests.engine.world import CPU_POLICY, World, is_custom
from tests.projects import readiness

pytestmark = pytest.mark.engine

CONNECTION_ERRORS = "log-metrics-connection-errors-server"
AFTER_APIS = {CHANNEL, METRIC, POLICY, SERVICE, UPTIME_CHECK}


def test_a_first_up_makes_everything_and_a_second_preview_has_nothing_to_do(fresh: World) -> None:
    """With and without a refresh; nothing is sent twice. The state is written after every step, as in life."""
    first = ("up", "--stack", "staging", "--yes", "--skip-preview")
    assert fresh.engine.run(*first, **WRITTEN_AFTER_EVERY_STEP).status == 0
    made = len(fresh.cloud.sent("POST"))
    assert made == sum(is_custom(resource["type"]) for resource in fresh.plan("staging").resources)
    assert fresh.preview("staging", "--expect-no-changes").status == 0
    assert fresh.is_settled("staging")
    assert len(fresh.cloud.sent("POST")) == made
    assert fresh.cloud.sent("PATCH") == []


def test_a_changed_threshold_is_one_update_of_one_policy(applied: World) -> None:
    """One PATCH, and the query on the server is the new one."""
    applied.change_a_threshold()
    assert applied.up("staging").status == 0
    assert [request.resource for request in applied.cloud.sent("PATCH")] == [CPU_POLICY]
    assert "> 0.5" in applied.cpu_query("staging")
    assert applied.is_settled("staging")


def test_another_version_of_readiness_changes_its_label_in_the_state_and_no_resource(
    applied: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release that declares the same sends no change, and a preview that allows no change passes."""
    assert versions_in_the_state(applied) == {__version__}
    monkeypatch.setattr("components.outputs.__version__", "99.1.2")
    before = len(applied.cloud.sent("POST"))
    assert applied.preview("staging", "--expect-no-changes").status == 0
    assert applied.up("staging", "--expect-no-changes").status == 0
    assert versions_in_the_state(applied) == {"99.1.2"}
    assert (len(applied.cloud.sent("POST")), applied.cloud.sent("PATCH")) == (before, [])


def versions_in_the_state(world: World) -> set[str]:
    """What the components of a stack say declared them."""
    components = [
        resource for resource in world.engine.resources("staging") if resource["type"].startswith("readiness:")
    ]
    assert components
    return {component["outputs"][VERSION_OUTPUT] for component in components}


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


def test_what_needs_an_api_or_a_log_metric_is_created_after_it(fresh: World) -> None:
    """APIs, then log metrics, then policies: what waits for something that fails is not sent, and all else is."""
    fresh.cloud.fail("POST", "apis-monitoring", 403)
    assert fresh.up("staging", "--continue-on-error").status == 1
    assert types_sent(fresh, "POST").isdisjoint(AFTER_APIS)
    assert JOB in types_sent(fresh, "POST"), "the migration job has APIs of its own"
    fresh.cloud.fail("POST", CONNECTION_ERRORS, 403)
    assert fresh.up("staging", "--continue-on-error").status == 1
    made = {request.resource for request in fresh.cloud.sent("POST") if request.status == 200}
    assert set(fresh.names("staging", POLICY)) - made == policies_that_read(fresh, CONNECTION_ERRORS)
    assert fresh.up("staging").status == 0
    assert fresh.is_whole("staging")


def test_a_destroy_deletes_policies_then_metrics_and_channels_then_apis(applied: World) -> None:
    """The reverse of the creation: while a policy is left, so is what it needs."""
    applied.delete_the_job("staging")
    destroy = ("destroy", "--stack", "staging", "--yes", "--skip-preview", "--continue-on-error")
    (reader, *_) = sorted(policies_that_read(applied, CONNECTION_ERRORS))
    applied.cloud.fail("DELETE", reader, 403)
    assert applied.engine.run(*destroy).status == 1
    left = {resource["urn"].rpartition("::")[2] for resource in applied.engine.resources("staging")}
    assert {reader, *applied.names("staging", CHANNEL), CONNECTION_ERRORS, "apis-logging", "apis-monitoring"} <= left
    assert not left & (set(applied.names("staging", POLICY)) - {reader}), "the others wait for nobody"
    assert applied.engine.run(*destroy).status == 0
    assert applied.engine.resources("staging") == []


def types_sent(world: World, method: str) -> set[str]:
    """The types of the resources that requests with this method were about."""
    return {request.type for request in world.cloud.sent(method)}


def policies_that_read(world: World, metric: str) -> set[str]:
    """The names of the policies of staging whose query reads this log-based metric."""
    (name,) = (
        resource["inputs"]["name"] for resource in world.plan("staging").of_type(METRIC) if resource["name"] == metric
    )
    readers = {
        policy["name"]
        for policy in world.plan("staging").of_type(POLICY)
        if f"user_{name}" in policy["inputs"]["conditions"][0]["conditionPrometheusQueryLanguage"]["query"]
    }
    assert readers, f"no policy reads {metric}"
    return readers
