"""The live ruleset against the planned one, field by field."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from readiness.live.github_api import GitHub
from readiness.live.rows import Outcome, Row
from readiness.live.verify.github import ruleset_rows
from readiness.plan.offline_plan import Plan
from readiness.resource_types import RULESET
from tests.live.loopback import Reply, Request, serving
from tests.live.verify.deployment import live_ruleset, ruleset_inputs
from tests.projects import EVERY_OPTION

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def declared(plans: dict[str, Plan]) -> dict[str, Any]:
    """The ruleset of the stack with every option: active, with two checks and somebody who may bypass it."""
    return copy.deepcopy(ruleset_inputs(plans[EVERY_OPTION]))


def rows_of(declared: dict[str, Any], live: list[dict[str, Any]]) -> list[Row]:
    """The rows where GitHub has these rulesets."""

    def answer(request: Request) -> Reply:
        return Reply(200, live if "?" in request.path else live[0])

    with serving(answer) as server:
        return ruleset_rows(GitHub(owner="o", repository="r", token="t", api_url=server.url), declared)  # noqa: S106


def rule(live: dict[str, Any], kind: str) -> dict[str, Any]:
    """A rule of the live ruleset."""
    return next(item for item in live["rules"] if item["type"] == kind)


def without(kind: str) -> Change:
    """A change: the rule is gone."""
    return lambda live: live["rules"].remove(rule(live, kind))


def test_every_declared_ruleset_is_compared(plans: dict[str, Plan]) -> None:
    """Of each stack that has one."""
    found = [resource for plan in plans.values() for resource in plan.of_type(RULESET)]
    assert len(found) == 2
    for ruleset in found:
        (row,) = rows_of(ruleset["inputs"], [live_ruleset(ruleset["inputs"])])
        assert (row.outcome, row.detail) == (Outcome.PASS, "as declared")


CHECKS = "required_status_checks"
CHANGES: dict[str, tuple[Change, str]] = {
    "evaluate": (lambda live: live.update(enforcement="evaluate"), "enforcement: declared active, live evaluate"),
    "another branch": (lambda live: live["conditions"]["ref_name"].update(include=["refs/heads/x"]), "branches: "),
    "an exception": (lambda live: live["conditions"]["ref_name"].update(exclude=["~ALL"]), "excepted branches: "),
    "deletion": (without("deletion"), "deletion refused: declared yes, live no"),
    "force push": (without("non_fast_forward"), "force push refused: declared yes, live no"),
    "direct push": (without("pull_request"), "pull request required: declared yes, live no"),
    "stale": (
        lambda live: rule(live, "pull_request")["parameters"].update(dismiss_stale_reviews_on_push=False),
        "stale approvals dismissed: declared yes, live no",
    ),
    "approvals": (
        lambda live: rule(live, "pull_request")["parameters"].update(required_approving_review_count=2),
        "approvals: declared 0, live 2",
    ),
    "no checks": (without(CHECKS), "quality / scan (app 424242), live none"),
    "any app": (lambda live: rule(live, CHECKS)["parameters"][CHECKS][0].pop("integration_id"), "(app None)"),
    "one more may bypass": (
        lambda live: live["bypass_actors"].append({"actor_type": "Team", "actor_id": 3}),
        "bypass actors: declared Integration 990, live Integration 990, Team 3",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "says"), CHANGES.values(), ids=CHANGES)
def test_each_difference_is_a_row_of_its_own(declared: dict[str, Any], change: Change, says: str) -> None:
    """With both sides of it."""
    live = live_ruleset(declared)
    change(live)
    (row,) = rows_of(declared, [live])
    assert row.outcome is Outcome.FAIL
    assert says in row.detail


def test_a_missing_and_a_doubled_ruleset_fail(declared: dict[str, Any]) -> None:
    """Found by its name."""
    assert rows_of(declared, [])[0].detail == "is missing"
    live = live_ruleset(declared)
    assert rows_of(declared, [live, live])[0].detail == "2 live rulesets have this name"


def test_a_token_that_may_not_write_cannot_see_who_may_bypass(declared: dict[str, Any]) -> None:
    """GitHub leaves the list out: the rest passes, and this is said."""
    live = live_ruleset(declared)
    del live["bypass_actors"]
    rows = rows_of(declared, [live])
    assert [row.outcome for row in rows] == [Outcome.PASS, Outcome.NOT_CHECKED]
    assert "who may bypass it" in rows[1].detail
