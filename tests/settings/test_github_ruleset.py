"""What a ruleset or auto-merge could not do, or should not, refused with its hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.finding import Severity
from tests.edits import edit, line_of
from tests.edits import found as all_found

CHECK = "      - context: Run Tests and Linting\n"


def found(project: Path) -> dict[str, str]:
    """Message by key."""
    return {key: each.message for key, each in all_found(project).items()}


def enforce(project: Path, enforcement: str = "active", more: str = "") -> None:
    """Writes the enforcement, and further keys of the section."""
    edit(project, "    enforcement: disabled\n", f"    enforcement: {enforcement}\n{more}")


def of_plan(project: Path, visibility: str, plan: str) -> None:
    """A repository of this visibility, on this billing plan."""
    name = "      name: ai-resume-review-v2\n"
    edit(project, name, f"{name}      visibility: {visibility}\n      plan: {plan}\n", "Pulumi.yaml")


@pytest.mark.parametrize("plan", ["free", "pro", "team"])
def test_evaluate_needs_enterprise(prod: Path, plan: str) -> None:
    """Elsewhere GitHub refuses it: from disabled to active without a step between."""
    of_plan(prod, "public", plan)
    enforce(prod, "evaluate")
    assert found(prod) == {
        "branch_ruleset.enforcement": "is evaluate, which only organisations with GitHub Enterprise have;"
        f" the plan is {plan}"
    }
    assert all_found(prod)["branch_ruleset.enforcement"].line == line_of(prod, "enforcement:")


def test_with_enterprise_evaluate_is_let_pass(prod: Path) -> None:
    """Reports, and holds nobody up."""
    of_plan(prod, "public", "enterprise")
    enforce(prod, "evaluate")
    assert found(prod) == {}


def test_a_private_repository_of_the_free_plan_has_no_rulesets(prod: Path) -> None:
    """`disabled` may stand there."""
    of_plan(prod, "private", "free")
    enforce(prod)
    assert "free plan has no rulesets" in found(prod)["branch_ruleset.enforcement"]


def test_a_check_that_is_listed_twice_is_refused(prod: Path) -> None:
    """Whatever app it names."""
    edit(prod, CHECK, f"{CHECK}{CHECK}        integration_id: 7\n")
    assert found(prod) == {"branch_ruleset.required_checks[1].context": "repeats item [0]"}


@pytest.mark.parametrize("checks", ["[]", "[{context: ''}]", "[{context: 'x '}]", "[{context: x, integration_id: 0}]"])
def test_a_ruleset_without_a_real_check_is_refused(prod: Path, checks: str) -> None:
    """It would look as if something was required."""
    edit(prod, f"    required_checks:\n{CHECK}", f"    required_checks: {checks}\n")
    assert [key.split("[")[0] for key in found(prod)] == ["branch_ruleset.required_checks"]


def test_whoever_may_push_past_everything_is_warned_of(prod: Path) -> None:
    """And listed once."""
    actor = "      - {kind: Team, id: 7, mode: always}\n"
    enforce(prod, "disabled", f"    bypass_actors:\n{actor}{actor}      - {{kind: User, id: 7}}\n")
    problems = all_found(prod)
    assert found(prod) == {
        "branch_ruleset.bypass_actors[0]": "may push past pull request and checks",
        "branch_ruleset.bypass_actors[1]": "repeats item [0]",
    }
    assert problems["branch_ruleset.bypass_actors[0]"].severity is Severity.WARNING
    assert problems["branch_ruleset.bypass_actors[1]"].severity is Severity.ERROR


def merge(project: Path, more: str = "") -> None:
    """Switches auto-merge on."""
    edit(project, "      enabled: false\n", f"      enabled: true\n{more}")


APP = "      app_client_id: Iv23liExample\n"


def test_auto_merge_without_an_active_ruleset_or_an_app_is_refused_both_at_once(prod: Path) -> None:
    """It would merge at once, and deploy nothing."""
    merge(prod)
    assert found(prod) == {
        "dependabot.auto_merge.enabled": "would merge at once, whatever the checks say, while no active branch_ruleset"
        " requires one",
        "dependabot.auto_merge.app_client_id": "needs an App: what the workflow's own token merges starts no"
        " deployment",
    }


def test_auto_merge_behind_an_active_ruleset_is_let_pass(prod: Path) -> None:
    """Where the ruleset asks for approvals too, a warning says who is waited for."""
    enforce(prod, more="    required_approvals: 0\n")
    merge(prod, APP)
    assert found(prod) == {}
    edit(prod, "    required_approvals: 0\n", "    required_approvals: 1\n")
    assert found(prod) == {"dependabot.auto_merge.enabled": "waits for a person: the ruleset asks for approvals"}


def test_auto_merges_own_label_is_nobody_elses(prod: Path) -> None:
    """Dependabot would put it on every pull request."""
    merging = "    auto_merge:\n      enabled: false\n"
    labels = "    labels:\n      - {name: Minor-Or-Patch, color: ededed}\n"
    edit(prod, merging, merging + labels)
    assert list(found(prod)) == ["dependabot.labels[0].name"]
    edit(prod, merging, "")
    assert found(prod) == {}
