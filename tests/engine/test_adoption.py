"""The first customer's project is adopted as it is: nothing is made twice, replaced or deleted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from readiness.live.adopt import adoption, import_file
from tests.engine.kinds import CHANNEL, ENVIRONMENT, LABEL, POLICY
from tests.engine.listings import live_things
from tests.engine.world import World, name_the_reviewers

pytestmark = pytest.mark.engine

PROJECT = "projects/ytgrs-464303"
MAIL, WEBHOOK = f"{PROJECT}/notificationChannels/2", f"{PROJECT}/notificationChannels/1"
OLD_POLICIES = {
    f"{PROJECT}/alertPolicies/11": "[Critical] Service Downtime Alert",
    f"{PROJECT}/alertPolicies/12": "[Critical] High Error Rate Alert",
    f"{PROJECT}/alertPolicies/13": "[Critical] Database Connection Issues",
}
TAKEN = [f"{PROJECT}/alertPolicies/12", f"{PROJECT}/alertPolicies/13"]


@pytest.fixture
def customer(fresh: World) -> World:
    """Before anything of ours: what the old script and the workflows left (docs/adopt.md)."""
    name_the_reviewers(fresh)
    things = fresh.cloud.things
    shared = {"project": "ytgrs-464303", "enabled": True}
    things[CHANNEL, MAIL] = {
        **shared,
        "type": "email",
        "displayName": "AI Resume Review - Email Alerts",
        "labels": {"email_address": "ops@harbor.dev"},
    }
    things[CHANNEL, WEBHOOK] = {**shared, "type": "webhook_tokenauth", "displayName": "AI Resume Review - Slack Alerts"}
    for identity, name in OLD_POLICIES.items():
        things[POLICY, identity] = {**shared, "displayName": name, "combiner": "OR", "conditions": [_old_condition()]}
    repository = {"repository": "ai-resume-review-v2"}
    things[ENVIRONMENT, "ai-resume-review-v2:production"] = {**repository, "environment": "production"}
    things[LABEL, "ai-resume-review-v2:dependencies"] = {**repository, "name": "dependencies", "color": "ededed"}
    return fresh


def test_what_the_customer_has_is_taken_over_and_the_plan_after_it_replaces_and_deletes_nothing(
    customer: World,
) -> None:
    """Import, read the preview, apply: the old policies keep their ids and get our conditions."""
    before = set(customer.cloud.things)
    taken = _adopt(customer, "prod")
    assert {MAIL, *TAKEN, "ai-resume-review-v2:production", "ai-resume-review-v2:dependencies"} <= taken
    steps = json.loads(customer.preview("prod", "--json").out)["steps"]
    assert {step["op"] for step in steps} <= {"same", "create", "update", "import", "refresh"}
    done = customer.safe_up("prod")
    assert done.status == 0, done.text
    assert before <= set(customer.cloud.things), "nothing that existed is gone"
    for identity in TAKEN:
        (condition,) = customer.cloud.things[POLICY, identity]["conditions"]
        assert "conditionPrometheusQueryLanguage" in condition
    assert sum(key[0] == CHANNEL for key in customer.cloud.things) == 2, "no second e-mail channel"
    assert customer.is_settled("prod")


def test_where_nothing_exists_the_import_file_is_empty_and_everything_is_made(fresh: World) -> None:
    """A new project takes the same commands."""
    assert _adopt(fresh, "staging") == set()
    assert fresh.safe_up("staging").status == 0
    assert fresh.is_whole("staging")


def _adopt(world: World, stack: str) -> set[str]:
    """What docs/adopt.md says, with the store in place of the APIs. Returns the adopted ids."""
    resources = world.plan(stack).resources
    found = adoption(resources, live_things(world.cloud), adopts_old_policies=stack == "prod")
    assert found.ambiguous == ()
    if found.imports:
        wanted = world.engine.project / "import.json"
        wanted.write_text(json.dumps(import_file(resources, found.imports)), encoding="utf-8")
        arguments = ("--file", str(wanted), "--yes", "--protect=false", "--generate-code=false")
        world.done("import", "--stack", stack, *arguments)
    return {identity for _, identity in found.imports}


def _old_condition() -> dict[str, Any]:
    aggregation = {"alignmentPeriod": "300s", "perSeriesAligner": "ALIGN_RATE"}
    threshold = {
        "filter": 'resource.type="cloud_run_revision"',
        "comparison": "COMPARISON_GT",
        "duration": "300s",
        "thresholdValue": 0.1,
        "aggregations": [aggregation],
    }
    return {"displayName": "old", "conditionThreshold": threshold}
