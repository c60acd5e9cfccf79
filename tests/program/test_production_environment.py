"""The guarded environment as declared: who approves, from which branch, and that it is never destroyed."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pytest

from readiness.checks import check_stack
from readiness.problems import errors_only
from readiness.review.offline_plan import Plan
from readiness.review.render_plan import plan_text
from tests.edits import PLACEHOLDERS, TWO_PEOPLE, edit, line_of
from tests.program.declared import BRANCH, ENVIRONMENT, by_name, depends_on, one, planned, run_as_engine

GUARD = "production-environment-guard"


def test_the_guard_is_declared_as_the_first_customer_needs_it(plans: dict[str, Plan]) -> None:
    """Self-review prevented, no bypass for administrators, no wait, custom branches: all of them written out."""
    assert one(plans["prod"], ENVIRONMENT)["inputs"] == {
        "environment": "production",
        "repository": "ai-resume-review-v2",
        "reviewers": [{"teams": [], "users": [0, 0]}],
        "preventSelfReview": True,
        "canAdminsBypass": False,
        "waitTimer": 0,
        "deploymentBranchPolicy": {"customBranchPolicies": True, "protectedBranches": False},
    }


def test_every_environment_is_protected_and_outlives_the_stack(plans: dict[str, Plan]) -> None:
    """A destroyed one comes back open with the next run that names it."""
    declared = [each for plan in plans.values() for each in plan.of_type(ENVIRONMENT)]
    assert len(declared) == 3
    assert all(each["options"]["protect"] and each["options"]["retainOnDelete"] for each in declared)


def test_deployments_come_from_main_alone(plans: dict[str, Plan]) -> None:
    """One custom policy."""
    branch = one(plans["prod"], BRANCH)
    expected = {"branchPattern": "main", "environment": "production", "repository": "ai-resume-review-v2"}
    assert branch["inputs"] == expected


def test_branch_policies_wait_for_their_environment(plans: dict[str, Plan]) -> None:
    """GitHub answers 404 to a pattern as long as the environment does not ask for custom ones."""
    plan = plans["every-option"]
    waits = {each["name"]: depends_on(plan, each) for each in plan.of_type(BRANCH)}
    second = "production-environment-second-approval"
    assert waits == {
        f"{GUARD}-branch-trunk": {GUARD},
        f"{GUARD}-branch-release/*": {GUARD},
        f"{second}-branch-trunk": {second},
        f"{second}-branch-release/*": {second},
    }


def test_branches_that_differ_by_a_slash_are_two_resources(project: Path) -> None:
    """`release/x` and `release-x` pass the check: they must pass the plan too."""
    policy = "    deployment_branch_policy:\n      branches: [release/x, release-x]\n"
    edit(project, PLACEHOLDERS, TWO_PEOPLE + policy)
    assert not errors_only(check_stack(project, "prod").problems)
    assert {each["inputs"]["branchPattern"] for each in planned(project).of_type(BRANCH)} == {"release/x", "release-x"}


def test_protected_branches_alone_declare_no_pattern(project: Path) -> None:
    """GitHub refuses a pattern there."""
    flags = "protected_branches: true\n      custom_branch_policies: false\n"
    edit(project, PLACEHOLDERS, f"{TWO_PEOPLE}    deployment_branch_policy:\n      {flags}")
    plan = planned(project)
    policy = one(plan, ENVIRONMENT)["inputs"]["deploymentBranchPolicy"]
    assert policy == {"customBranchPolicies": False, "protectedBranches": True}
    assert not list(plan.of_type(BRANCH))


def test_the_plan_says_that_one_of_the_reviewers_approves(plans: dict[str, Plan]) -> None:
    """Two reviewers are not two approvals."""
    words = by_name(plans["every-option"], "production-environment")["inputs"]
    assert words["approval"] == (
        "one of these 2 reviewers approves a deployment to live; GitHub does not ask for a second"
    )
    assert words["reviewers"] == ["user ada-example (id 1001)", "team shop-operators (id 2001)"]


def test_the_plan_says_who_is_to_be_filled_in(plans: dict[str, Plan]) -> None:
    """In the words that the settings file uses."""
    assert by_name(plans["prod"], "production-environment")["inputs"]["reviewers"] == [
        "user to-be-filled-in-first: to be filled in",
        "user to-be-filled-in-second: to be filled in",
    ]
    assert plan_text(plans["prod"]).count(": to be filled in") == 2


def test_two_approvals_are_two_environments_of_different_people(plans: dict[str, Plan]) -> None:
    """Both guarded alike; the plan says in words who gives which."""
    plan = plans["every-option"]
    reviewers = {each["inputs"]["environment"]: each["inputs"]["reviewers"] for each in plan.of_type(ENVIRONMENT)}
    assert reviewers == {
        "live": [{"teams": [2001], "users": [1001]}],
        "live-second-approval": [{"teams": [], "users": [1002, 1003]}],
    }
    first, second = (
        {key: value for key, value in each["inputs"].items() if key not in ("environment", "reviewers")}
        for each in plan.of_type(ENVIRONMENT)
    )
    assert first == second
    words = by_name(plan, "production-environment")["inputs"]
    assert words["secondApproval"].startswith("one of these 2 reviewers approves a deployment to live-second-approval")
    assert words["secondApprovalReviewers"] == ["user grace-example (id 1002)", "user alan-example (id 1003)"]


def test_every_setting_of_the_guard_arrives(plans: dict[str, Plan]) -> None:
    """Set apart from their defaults in the fixture stack."""
    live = next(each["inputs"] for each in plans["every-option"].of_type(ENVIRONMENT))
    assert (live["preventSelfReview"], live["canAdminsBypass"], live["waitTimer"]) == (False, True, 10)


def test_a_preview_goes_on_with_placeholders(project: Path) -> None:
    """The engine's preview shows the plan, missing reviewers included."""
    assert one(run_as_engine(project, dry_run=True), ENVIRONMENT)


def test_an_update_refuses_placeholders_with_file_line_and_mend(project: Path) -> None:
    """Both in one run, before anything is declared."""
    with pytest.raises(pulumi.RunError) as refused:
        run_as_engine(project, dry_run=False)
    text = str(refused.value)
    for name in ("to-be-filled-in-first", "to-be-filled-in-second"):
        assert f"Pulumi.prod.yaml:{line_of(project, name)}: readiness:production_environment.reviewers.users[" in text
    assert text.count("`pulumi up` refuses until then. Write the real login and id.") == 2
    assert "channels.emails" not in text, "a warning that is no placeholder does not stop an update"


def test_an_update_refuses_one_placeholder_beside_a_real_reviewer(project: Path) -> None:
    """Id 0 would be sent to GitHub."""
    edit(project, "to-be-filled-in-first\n          id: 0", "ada\n          id: 1001")
    with pytest.raises(pulumi.RunError, match=r"users\[1\]: stands for a reviewer to be filled in"):
        run_as_engine(project, dry_run=False)


def test_an_update_with_known_reviewers_goes_on(project: Path) -> None:
    """What the refusals are compared with."""
    edit(project, PLACEHOLDERS, TWO_PEOPLE)
    declared = one(run_as_engine(project, dry_run=False), ENVIRONMENT)
    assert declared["inputs"]["reviewers"] == [{"teams": [], "users": [1001, 1002]}]
