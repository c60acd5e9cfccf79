"""The ruleset of the default branch as declared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from readiness.review.offline_plan import Plan
from readiness.settings.github import ACTIONS_INTEGRATION_ID
from tests.edits import edit
from tests.program.declared import one, planned

RULESET = "github:index/repositoryRuleset:RepositoryRuleset"


def inputs(plan: Plan) -> dict[str, Any]:
    """What the one ruleset of a plan says."""
    return one(plan, RULESET)["inputs"]


@pytest.mark.parametrize("stack", ["prod", "every-option"])
def test_deletion_force_pushes_and_direct_pushes_are_closed(plans: dict[str, Plan], stack: str) -> None:
    """Of the default branch by GitHub's own name: a bare one would match nothing, a renamed one would be open."""
    declared = inputs(plans[stack])
    assert declared["target"] == "branch"
    assert declared["conditions"] == {"refName": {"includes": ["~DEFAULT_BRANCH"], "excludes": []}}
    rules = declared["rules"]
    assert (rules["deletion"], rules["nonFastForward"]) == (True, True)
    assert rules["pullRequest"]["dismissStaleReviewsOnPush"] is True


def test_the_first_customers_ruleset_holds_nobody_up_yet(plans: dict[str, Plan]) -> None:
    """Its one check cannot fail today; nobody passes by, and one person has to approve."""
    declared = inputs(plans["prod"])
    assert declared["enforcement"] == "disabled"
    assert declared["bypassActors"] == []
    assert declared["rules"]["pullRequest"]["requiredApprovingReviewCount"] == 1
    assert declared["rules"]["requiredStatusChecks"] == {
        "requiredChecks": [{"context": "Run Tests and Linting", "integrationId": ACTIONS_INTEGRATION_ID}]
    }


def test_every_setting_arrives(plans: dict[str, Plan]) -> None:
    """Set apart from their defaults in the fixture stack."""
    declared = inputs(plans["every-option"])
    assert declared["repository"] == "shop.app"
    assert declared["enforcement"] == "active"
    assert declared["bypassActors"] == [{"actorType": "Integration", "actorId": 990, "bypassMode": "always"}]
    assert declared["rules"]["pullRequest"]["requiredApprovingReviewCount"] == 0
    assert declared["rules"]["requiredStatusChecks"]["requiredChecks"] == [
        {"context": "Tests (3.12)", "integrationId": 15368},
        {"context": "quality / scan", "integrationId": 424242},
    ]


def test_it_can_be_left_out(project: Path) -> None:
    """It is optional."""
    text = (project / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    section = text[text.index("  readiness:branch_ruleset:") : text.index("  readiness:dependabot:")]
    edit(project, section, "")
    assert list(planned(project).of_type(RULESET)) == []
