"""Dependabot as declared: alerts first, then security updates, the labels, and the file by either way of delivery."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.checks import check_stack
from readiness.managed_files.dependabot import DEPENDABOT_PATH, dependabot_text
from readiness.managed_files.dependabot_auto_merge import AUTO_MERGE_PATH
from readiness.problems import errors_only
from readiness.review.offline_plan import Plan
from readiness.settings.github import MINOR_OR_PATCH_LABEL
from tests.edits import add_to_dependabot, edit
from tests.program.declared import ALERTS, FILE, LABEL, SECURITY_UPDATES, by_name, depends_on, one, planned
from tests.projects import settings_of


@pytest.mark.parametrize("stack", ["prod", "every-option"])
def test_alerts_are_on_before_security_updates(plans: dict[str, Plan], stack: str) -> None:
    """GitHub refuses the second without the first, and every refresh fails from then on."""
    plan = plans[stack]
    assert one(plan, ALERTS)["inputs"]["enabled"] is True
    assert one(plan, SECURITY_UPDATES)["inputs"]["enabled"] is True
    assert depends_on(plan, one(plan, SECURITY_UPDATES)) == {"dependabot-alerts"}


def test_every_label_that_the_file_names_is_declared(plans: dict[str, Plan]) -> None:
    """GitHub ignores one that the repository does not have."""
    for stack, names in (("prod", {"dependencies"}), ("every-option", {"dependencies", "automated"})):
        # The label of auto-merge stands in no file: the workflow sets it.
        names = names | {MINOR_OR_PATCH_LABEL}
        assert {each["inputs"]["name"] for each in plans[stack].of_type(LABEL)} == names
    colours = {each["inputs"]["name"]: each["inputs"]["color"] for each in plans["every-option"].of_type(LABEL)}
    assert colours == {"dependencies": "0e8a16", "automated": "ededed", MINOR_OR_PATCH_LABEL: "c2e0c6"}


def test_labels_that_differ_by_a_space_are_two_resources(project: Path) -> None:
    """They pass the check: they must pass the plan too."""
    label = "      - name: {0}\n        color: ededed\n"
    add_to_dependabot(project, "    labels:\n" + label.format("two words") + label.format("two-words"))
    assert not errors_only(check_stack(project, "prod").problems)
    assert {each["inputs"]["name"] for each in planned(project).of_type(LABEL)} == {
        "two words",
        "two-words",
        MINOR_OR_PATCH_LABEL,
    }


@pytest.mark.parametrize(("stack", "delivery"), [("prod", "pull_request"), ("every-option", "commit")])
def test_the_file_is_whole_in_the_plan_by_either_delivery(plans: dict[str, Plan], stack: str, delivery: str) -> None:
    """What a pull request will hold is reviewed before it is opened."""
    settings = settings_of(stack).dependabot
    assert settings is not None
    component = by_name(plans[stack], "dependabot-files")
    files = component["files"]
    assert component["inputs"]["delivery"] == delivery
    assert files.keys() == {DEPENDABOT_PATH, AUTO_MERGE_PATH}
    assert files[DEPENDABOT_PATH] == dependabot_text(settings)
    assert ("gh pr merge" in files[AUTO_MERGE_PATH]) == (stack == "every-option")


def test_without_auto_merge_no_workflow_is_delivered(project: Path) -> None:
    """Nor its label declared."""
    edit(project, "    auto_merge:\n      enabled: false\n", "")
    plan = planned(project)
    assert by_name(plan, "dependabot-files")["files"].keys() == {DEPENDABOT_PATH}
    assert {each["inputs"]["name"] for each in plan.of_type(LABEL)} == {"dependencies"}


def test_a_pull_request_leaves_the_default_branch_alone(plans: dict[str, Plan]) -> None:
    """Every push to the customer's main deploys."""
    assert not list(plans["prod"].of_type(FILE))


def test_a_commit_declares_the_file_on_the_default_branch(plans: dict[str, Plan]) -> None:
    """Only below .github/, and left in place when the delivery changes."""
    plan = plans["every-option"]
    declared = by_name(plan, "dependabot-files-dependabot-yml")
    assert {each["name"] for each in plan.of_type(FILE) if each["name"].startswith("dependabot-")} == {
        "dependabot-files-dependabot-yml",
        "dependabot-files-workflows-dependabot-auto-merge-yml",
    }
    assert declared["inputs"] == {
        "repository": "shop.app",
        "branch": "trunk",
        "file": ".github/dependabot.yml",
        "content": by_name(plan, "dependabot-files")["files"][DEPENDABOT_PATH],
        "commitMessage": "Update dependabot.yml, which the readiness program declares",
        "overwriteOnCreate": True,
    }
    assert declared["options"]["retainOnDelete"] is True
