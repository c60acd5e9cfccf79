"""The component `BranchRuleset`."""

from __future__ import annotations

import dataclasses
from typing import Literal

import pytest

from components.branch_ruleset import BranchRuleset, BranchRulesetArgs, BypassActorArgs, RequiredCheckArgs
from readiness.settings.github import ACTIONS_INTEGRATION_ID
from readiness.settings.github import BranchRuleset as RulesetSettings
from tests.components.conftest import Declare

PLAIN = BranchRulesetArgs(
    repository="shop",
    enforcement="active",
    required_approvals=1,
    required_checks=[RequiredCheckArgs(context="Tests (3.12)", integration_id=15368)],
)
WITH_BYPASS = dataclasses.replace(
    PLAIN, bypass_actors=[BypassActorArgs(kind="Integration", id=990, mode="pull_request")]
)


def test_deletion_force_pushes_and_direct_pushes_are_closed(declare: Declare) -> None:
    """For everyone, on the default branch, by GitHub's name for it."""
    assert declare(lambda: BranchRuleset("ruleset", PLAIN)).inputs("ruleset-default-branch") == {
        "repository": "shop",
        "name": "Default branch",
        "target": "branch",
        "enforcement": "active",
        "conditions": {"refName": {"includes": ["~DEFAULT_BRANCH"], "excludes": []}},
        "bypassActors": [],
        "rules": {
            "deletion": True,
            "nonFastForward": True,
            "pullRequest": {"requiredApprovingReviewCount": 1, "dismissStaleReviewsOnPush": True},
            "requiredStatusChecks": {"requiredChecks": [{"context": "Tests (3.12)", "integrationId": 15368}]},
        },
    }


def test_an_actor_may_bypass_it(declare: Declare) -> None:
    """Only an actor that the arguments name."""
    inputs = declare(lambda: BranchRuleset("ruleset", WITH_BYPASS)).inputs("ruleset-default-branch")
    assert inputs["bypassActors"] == [{"actorType": "Integration", "actorId": 990, "bypassMode": "pull_request"}]


@pytest.mark.parametrize("enforcement", ["disabled", "evaluate", "active"])
def test_its_output_says_how_it_is_enforced(
    declare: Declare, enforcement: Literal["disabled", "evaluate", "active"]
) -> None:
    """It is the enforcement of the resource."""
    args = dataclasses.replace(PLAIN, enforcement=enforcement)
    declared = declare(lambda: BranchRuleset("ruleset", args))
    assert declared.inputs("ruleset-default-branch")["enforcement"] == enforcement
    assert declared.outputs_of("ruleset") == {"enforcement": enforcement}


def test_the_section_of_the_settings_becomes_the_arguments() -> None:
    """With values that differ from the defaults."""
    settings = RulesetSettings.model_validate(
        {
            "enforcement": "evaluate",
            "required_approvals": 0,
            "required_checks": [{"context": "Tests"}, {"context": "quality / scan", "integration_id": 424242}],
            "bypass_actors": [{"kind": "Team", "id": 77, "mode": "always"}],
        }
    )
    assert BranchRulesetArgs.of(settings, repository="shop") == BranchRulesetArgs(
        repository="shop",
        enforcement="evaluate",
        required_approvals=0,
        required_checks=[
            RequiredCheckArgs(context="Tests", integration_id=ACTIONS_INTEGRATION_ID),
            RequiredCheckArgs(context="quality / scan", integration_id=424242),
        ],
        bypass_actors=[BypassActorArgs(kind="Team", id=77, mode="always")],
    )
