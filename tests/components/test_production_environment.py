"""The component `ProductionEnvironment`."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

from components.production_environment import (
    EnvironmentArgs,
    ProductionEnvironment,
    ProductionEnvironmentArgs,
    ReviewerArgs,
    SecondApprovalArgs,
)
from readiness.settings.github import ProductionEnvironment as EnvironmentSettings
from tests.components.conftest import Declare

ADA = ReviewerArgs(kind="user", name="ada-example", id=1001)
OPERATORS = ReviewerArgs(kind="team", name="shop-operators", id=2001)
GRACE = ReviewerArgs(kind="user", name="grace-example", id=1002)
NOBODY = ReviewerArgs(kind="user", name="to-be-filled-in-first", id=0, is_placeholder=True)
ENVIRONMENT = EnvironmentArgs(name="production", reviewers=[ADA, OPERATORS], branch_patterns=["main", "release/*"])
ONE = ProductionEnvironmentArgs(repository="shop", environment=ENVIRONMENT)
TWO = dataclasses.replace(ONE, second_approval=SecondApprovalArgs(name="second", reviewers=[GRACE, NOBODY]))


def with_environment(**changes: Any) -> ProductionEnvironmentArgs:
    """Args with some arguments of the environment changed."""
    return dataclasses.replace(ONE, environment=dataclasses.replace(ENVIRONMENT, **changes))


def test_one_of_the_reviewers_approves_and_nobody_passes_by(declare: Declare) -> None:
    """With the defaults: no self-review, no wait, no bypass for administrators."""
    assert declare(lambda: ProductionEnvironment("gate", ONE)).inputs("gate-guard") == {
        "repository": "shop",
        "environment": "production",
        "reviewers": [{"users": [1001], "teams": [2001]}],
        "preventSelfReview": True,
        "waitTimer": 0,
        "canAdminsBypass": False,
        "deploymentBranchPolicy": {"protectedBranches": False, "customBranchPolicies": True},
    }


def test_every_rule_can_be_changed(declare: Declare) -> None:
    """Each argument reaches the provider's input of that meaning."""
    args = with_environment(prevent_self_review=False, wait_timer_minutes=10, can_admins_bypass=True)
    inputs = declare(lambda: ProductionEnvironment("gate", args)).inputs("gate-guard")
    assert (inputs["preventSelfReview"], inputs["waitTimer"], inputs["canAdminsBypass"]) == (False, 10, True)


def test_each_branch_pattern_waits_for_its_environment(declare: Declare) -> None:
    """GitHub refuses a pattern until the environment asks for custom ones."""
    declared = declare(lambda: ProductionEnvironment("gate", ONE))
    assert declared.names == ["gate", "gate-guard", "gate-guard-branch-main", "gate-guard-branch-release/*"]
    assert declared.inputs("gate-guard-branch-release/*") == {
        "repository": "shop",
        "environment": "production",
        "branchPattern": "release/*",
    }
    assert declared.dependencies_of("gate-guard-branch-main") == {"gate-guard"}


def test_patterns_that_differ_by_a_slash_are_two_resources(declare: Declare) -> None:
    """The settings accept both, so the names of their resources must differ."""
    policy = {"branches": ["release/x", "release-x"]}
    reviewers = {"users": [{"login": "ada", "id": 1001}]}
    settings = EnvironmentSettings.model_validate({"reviewers": reviewers, "deployment_branch_policy": policy})
    args = ProductionEnvironmentArgs.of(settings, repository="shop")
    declared = declare(lambda: ProductionEnvironment("gate", args))
    patterns = [declared.inputs(f"gate-guard-branch-{name}")["branchPattern"] for name in policy["branches"]]
    assert patterns == ["release/x", "release-x"]


def test_without_a_pattern_only_protected_branches_deploy(declare: Declare) -> None:
    """GitHub accepts exactly one of the two flags, and then no pattern."""
    declared = declare(lambda: ProductionEnvironment("gate", with_environment(branch_patterns=())))
    policy = declared.inputs("gate-guard")["deploymentBranchPolicy"]
    assert policy == {"protectedBranches": True, "customBranchPolicies": False}
    assert declared.names == ["gate", "gate-guard"]


def test_a_second_approval_is_a_second_environment_with_the_same_rules(declare: Declare) -> None:
    """Only its name and its reviewers differ."""
    declared = declare(lambda: ProductionEnvironment("gate", TWO))
    first, second = declared.inputs("gate-guard"), declared.inputs("gate-second-approval")
    assert second == first | {"environment": "second", "reviewers": [{"users": [1002, 0], "teams": []}]}
    assert declared.inputs("gate-second-approval-branch-main")["environment"] == "second"
    assert declared.dependencies_of("gate-second-approval-branch-main") == {"gate-second-approval"}


def test_an_environment_is_protected_and_outlives_the_stack(declare: Declare) -> None:
    """The next workflow run would create a destroyed environment without rules. Patterns are not protected."""
    declared = declare(lambda: ProductionEnvironment("gate", TWO))
    for name in ("gate-guard", "gate-second-approval"):
        options = declared.named(name)["options"]
        assert (options["protect"], options["retainOnDelete"]) == (True, True)
    assert not {"protect", "retainOnDelete"} & declared.named("gate-guard-branch-main")["options"].keys()


def test_the_plan_says_in_words_who_approves(declare: Declare) -> None:
    """Two reviewers are not two approvals."""
    assert declare(lambda: ProductionEnvironment("gate", ONE)).inputs("gate") == {
        "approval": "one of these 2 reviewers approves a deployment to production; GitHub does not ask for a second",
        "reviewers": ["user ada-example (id 1001)", "team shop-operators (id 2001)"],
    }


def test_the_plan_says_in_words_who_gives_the_second_approval(declare: Declare) -> None:
    """It also says which reviewer is still to be filled in."""
    words = declare(lambda: ProductionEnvironment("gate", TWO)).inputs("gate")
    assert words["secondApproval"] == (
        "one of these 2 reviewers approves a deployment to second; GitHub does not ask for a second"
    )
    assert words["secondApprovalReviewers"] == [
        "user grace-example (id 1002)",
        "user to-be-filled-in-first: to be filled in",
    ]


def test_an_id_of_another_stack_is_shown_as_a_whole_number(declare: Declare) -> None:
    """The engine passes every number as a float."""
    reviewer = ReviewerArgs(kind="user", name="ada", id=cast("int", 1001.0))
    declared = declare(lambda: ProductionEnvironment("gate", with_environment(reviewers=[reviewer])))
    assert declared.inputs("gate")["reviewers"] == ["user ada (id 1001)"]


def test_the_section_of_the_settings_becomes_the_arguments() -> None:
    """Users first, then teams; a login to be filled in is a placeholder."""
    settings = EnvironmentSettings.model_validate(
        {
            "name": "live",
            "reviewers": {
                "users": [{"login": "ada-example", "id": 1001}, {"login": "To-be-filled-in-first", "id": 0}],
                "teams": [{"slug": "shop-operators", "id": 2001}, {"slug": "to-be-filled-in", "id": 0}],
            },
            "prevent_self_review": False,
            "wait_timer_minutes": 10,
            "can_admins_bypass": True,
            "deployment_branch_policy": {"branches": ["trunk"]},
            "second_approval": {"name": "second", "reviewers": {"users": [{"login": "grace-example", "id": 1002}]}},
        }
    )
    assert ProductionEnvironmentArgs.of(settings, repository="shop") == ProductionEnvironmentArgs(
        repository="shop",
        environment=EnvironmentArgs(
            name="live",
            reviewers=[
                ADA,
                ReviewerArgs(kind="user", name="To-be-filled-in-first", id=0, is_placeholder=True),
                OPERATORS,
                ReviewerArgs(kind="team", name="to-be-filled-in", id=0, is_placeholder=True),
            ],
            branch_patterns=("trunk",),
            prevent_self_review=False,
            wait_timer_minutes=10,
            can_admins_bypass=True,
        ),
        second_approval=SecondApprovalArgs(name="second", reviewers=[GRACE]),
    )


def test_settings_without_a_branch_policy_let_main_alone_deploy() -> None:
    """The name of the environment is `production` then."""
    args = ProductionEnvironmentArgs.of(EnvironmentSettings.model_validate({"reviewers": {}}), repository="shop")
    assert (args.environment.name, args.environment.branch_patterns) == ("production", ("main",))


def test_settings_of_protected_branches_name_no_pattern() -> None:
    """`branches` has a default, which counts only where the settings ask for custom policies."""
    policy = {"protected_branches": True, "custom_branch_policies": False}
    settings = EnvironmentSettings.model_validate({"reviewers": {}, "deployment_branch_policy": policy})
    args = ProductionEnvironmentArgs.of(settings, repository="shop")
    assert (args.environment.branch_patterns, args.second_approval) == ((), None)
