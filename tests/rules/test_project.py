"""What is checked between the stacks of a project: one owner of what exists once, and nothing paged for twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from readiness import clock
from readiness.finding import Finding, Severity, errors_only
from readiness.rules.project import check_in_project, check_project
from readiness.settings.rules import SHARED_SECTIONS
from tests.edits import add, edit, line_of

OWNS = "  readiness:owns_shared_resources: "
STACKS = ["prod", "staging"]
STAGING = "Pulumi.staging.yaml"


def errors(project: Path, stacks: list[str] = STACKS) -> list[Finding]:
    """The errors of every stack."""
    return [
        item
        for checked in check_project(project, stacks, now=clock.now()).values()
        for item in errors_only(checked.problems)
    ]


def remove_delivery_alerts(project: Path) -> None:
    """Those on deployments, whose metrics the owner's telemetry writes."""
    limits = "      delivery:\n        min_success_ratio: 0.95\n        max_days_without_success: 14\n"
    edit(project, limits, "", "Pulumi.yaml")


def test_the_projects_own_stacks_go_together(project: Path) -> None:
    """The state that every other test breaks: prod alone owns."""
    checked = check_project(project, STACKS, now=clock.now())
    assert {stack: each.settings is not None for stack, each in checked.items()} == {"prod": True, "staging": True}
    assert errors(project) == []


def test_two_owners_are_one_error_where_the_shared_settings_are_not(project: Path) -> None:
    """They would take the registry from each other at every update. An apply of either stack is refused for it."""
    edit(project, OWNS + "false", OWNS + "true", "Pulumi.staging.yaml")
    add(project, "  readiness:image_registry:\n    repository_id: x\n    adopt: true\n    packages: [a]\n", STAGING)
    (problem,) = set(errors(project))
    assert (problem.file, problem.line) == (STAGING, line_of(project, OWNS, STAGING))
    same = "is true in Pulumi.prod.yaml and Pulumi.staging.yaml, so that both would manage the same resources"
    assert problem.message == same
    assert problem.hint == "Keep true in one of them, and the shared settings with it"
    assert in_project(project, "prod") == in_project(project, "staging") == [same]


def test_a_second_owner_is_not_warned_of_what_it_does_not_share(project: Path) -> None:
    """One cause, one finding: three warnings of missing sections would only follow from it."""
    edit(project, OWNS + "false", OWNS + "true", STAGING)
    found = check_project(project, STACKS, now=clock.now())["staging"].problems
    assert not [finding for finding in found if finding.rule_id == "settings-shared-section-missing"]
    assert [finding.rule_id for finding in found if finding.severity is Severity.ERROR] == ["settings-shared-owner"]


def test_no_owner_is_one_error_where_the_shared_settings_are(project: Path) -> None:
    """Nobody would declare the registry and the environment. No error says that each section is misplaced."""
    edit(project, OWNS + "true", OWNS + "false", "Pulumi.prod.yaml")
    (problem,) = set(errors(project))
    assert (problem.file, problem.line) == ("Pulumi.prod.yaml", line_of(project, OWNS))
    assert problem.message.startswith("is false in every stack, so that nobody declares registry")
    assert problem.hint == "Write true in exactly one stack's file"


def test_owners_are_counted_although_a_file_holds_another_mistake(project: Path) -> None:
    """All problems at once: a misspelt key does not hide the second owner."""
    edit(project, OWNS + "false", OWNS + "true", STAGING)
    edit(project, "    instance: ", "    instnce: ", "Pulumi.prod.yaml")
    problems = errors(project)
    assert len({problem for problem in problems if "both would manage" in problem.message}) == 1
    assert any(problem.key == "readiness:database.instnce" for problem in problems)


def test_a_file_that_cannot_be_read_may_be_the_owners(project: Path) -> None:
    """Then it is not known whether there is one."""
    (project / "Pulumi.prod.yaml").write_text("config: [\n", encoding="utf-8")
    (problem,) = errors(project)
    assert problem.file == "Pulumi.prod.yaml"


def test_an_answer_that_is_missing_is_told_once(project: Path) -> None:
    """Without it there may be an owner: only the missing setting is reported."""
    edit(project, OWNS + "false\n", "", STAGING)
    (problem,) = errors(project)
    assert (problem.file, problem.key, problem.message) == (STAGING, OWNS.strip(" :"), "is missing")


@pytest.mark.parametrize("section", sorted(SHARED_SECTIONS))
def test_a_stack_that_does_not_own_declares_nothing_shared(project: Path, section: str) -> None:
    """The section belongs into the owner's file, whatever else is wrong with it: two stacks would fight over it."""
    add(project, f"  readiness:{section}: {{}}\n", STAGING)
    (problem,) = [problem for problem in errors(project) if problem.key == f"readiness:{section}"]
    assert (problem.file, problem.line) == (STAGING, line_of(project, f"readiness:{section}:", STAGING))
    assert problem.message == "belongs to the stack that owns it, and readiness:owns_shared_resources is false here"
    assert problem.hint == "Move it to the file of the stack with readiness:owns_shared_resources: true"


def test_a_webhook_that_nothing_would_use_is_refused(project: Path) -> None:
    """Stored in the stack that does not own, it would never become a secret of the repository."""
    add(project, "  readiness:slack_webhook_url:\n    secure: v1:eA==:eA==\n", STAGING)
    (problem,) = errors(project)
    assert problem.key == "readiness:slack_webhook_url"
    assert problem.hint.startswith("Remove it with `pulumi config rm readiness:slack_webhook_url`")


def test_the_owner_is_warned_of_missing_protection(project: Path) -> None:
    """Not of a missing registry: a team may keep its images elsewhere."""
    text = (project / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    (project / "Pulumi.prod.yaml").write_text(text[: text.index("  readiness:image_registry:")], encoding="utf-8")
    told = {
        problem.key: problem.severity
        for problem in check_project(project, STACKS, now=clock.now())["prod"].problems
        if "missing" in problem.message and problem.key != "readiness:database.storage"
    }
    assert told == {
        "readiness:production_environment": "warning",
        "readiness:dependabot": "warning",
    }


def test_a_copied_stack_file_is_refused_for_all_that_it_repeats(project: Path) -> None:
    """Environment, services and instance: both stacks would page for them."""
    shutil.copy(project / STAGING, project / "Pulumi.copy.yaml")
    problems = errors(project, ["copy", "staging"])
    assert {
        problem.key.removeprefix("readiness:") for problem in problems if "both stacks would page" in problem.message
    } == {
        "environment.name",
        "database.instance",
        "services[0].name",
        "services[1].name",
    }
    assert all(problem.line for problem in problems if "both stacks would page" in problem.message)


def test_a_service_of_both_stacks_is_refused_wherever_each_lists_it(project: Path) -> None:
    """Production's first service as staging's second: both stacks would page for it."""
    edit(project, "- name: ai-resume-review-v2-frontend-staging", "- name: ai-resume-review-v2-backend-prod", STAGING)
    (problem,) = [error for error in errors(project) if error.key == "readiness:services[1].name"]
    assert problem.message.startswith("`ai-resume-review-v2-backend-prod` is in Pulumi.prod.yaml too")


def test_services_of_two_google_projects_may_have_the_same_name(project: Path) -> None:
    """One project an environment is a common layout: it then distinguishes the names."""
    remove_delivery_alerts(project)
    names = [
        (f"ai-resume-review-v2-{item}-staging", f"ai-resume-review-v2-{item}-prod") for item in ("backend", "frontend")
    ]
    for staging, prod in names:
        edit(project, f"- name: {staging}", f"- name: {prod}", STAGING)
    edit(project, "instance: ai-resume-review-v2-db-staging", "instance: ai-resume-review-v2-db-prod", STAGING)
    assert len(errors(project)) == 3
    add(project, "  gcp:project: another-project\n", STAGING)
    assert errors(project) == []


def test_a_missing_answer_may_be_the_owners(project: Path) -> None:
    """The other stack's `false` is not yet "nobody"."""
    edit(project, OWNS + "true\n", "")
    assert not [error.message for error in errors(project) if error.message.startswith("is false in every stack")]


@pytest.mark.parametrize(
    "junk",
    [
        "  readiness:services: 7\n",
        "  readiness:services: [7]\n",
        "  readiness:services:\n",
        "  readiness:services: [{name: [], role: web, url: 'https://x.example'}]\n",
    ],
)
def test_settings_of_the_wrong_kind_break_no_rule_between_stacks(project: Path, junk: str) -> None:
    """They are reported separately."""
    text = (project / STAGING).read_text(encoding="utf-8")
    start, end = text.index("  readiness:services:"), text.index("  readiness:database:")
    (project / STAGING).write_text(text[:start] + junk + text[end:], encoding="utf-8")
    assert {error.key.partition("[")[0] for error in errors(project)} == {"readiness:services"}


def in_project(project: Path, stack: str) -> list[str]:
    """The errors that stop an apply of one stack."""
    return [item.message for item in errors_only(check_in_project(project, stack).problems)]


def test_an_apply_of_one_stack_is_refused_for_what_is_wrong_between_it_and_another(project: Path) -> None:
    """Whichever of the two it is, although `check` reports a repeated name once only."""
    assert in_project(project, "prod") == in_project(project, "staging") == []
    edit(project, "- name: ai-resume-review-v2-frontend-staging", "- name: ai-resume-review-v2-backend-prod", STAGING)
    for stack, other in (("prod", "staging"), ("staging", "prod")):
        (message,) = in_project(project, stack)
        assert message.startswith(f"`ai-resume-review-v2-backend-prod` is in Pulumi.{other}.yaml too")


def test_an_apply_of_one_stack_is_not_refused_for_what_is_wrong_inside_another(project: Path) -> None:
    """Nor for a file that cannot be read: only the other stack is refused for it."""
    edit(project, "    instance: ", "    instnce: ", STAGING)
    assert in_project(project, "prod") == []
    (project / STAGING).write_text("config: [\n", encoding="utf-8")
    assert in_project(project, "prod") == []
    assert len(in_project(project, "staging")) == 1


def test_an_apply_needs_the_records_that_check_asks_for(project: Path) -> None:
    """And no record while cleanup only pretends."""
    edit(project, "cleanup_dry_run: true", "cleanup_dry_run: false")
    (message,) = in_project(project, "prod")
    assert message == "allows cleanup to delete, and the gate's record records/cleanup-gate.prod.json does not exist"
    assert in_project(project, "staging") == []


def test_two_stacks_may_both_own_where_they_share_neither_project_nor_repository(project: Path) -> None:
    """What exists once has one owner in each Google project and in each GitHub repository."""
    remove_delivery_alerts(project)
    edit(project, OWNS + "false", OWNS + "true", STAGING)
    add(project, "  readiness:image_registry:\n    repository_id: x\n    adopt: true\n    packages: [a]\n", STAGING)
    add(project, "  gcp:project: another-project\n", STAGING)
    assert len(set(errors(project))) == 1, "the repository is still the same"
    add(project, "  readiness:repository: {name: another}\n", STAGING)
    assert errors(project) == []
    add(project, "  github:owner: Stellar-AIZ\n", STAGING)
    edit(project, "{name: another}", "{name: AI-Resume-Review-v2}", STAGING)
    assert len(set(errors(project))) == 1, "GitHub ignores the case of names"


UNTOLD = "declares alerts that can never fire: no stack's deployment_telemetry names the environment "


def never_firing(project: Path) -> list[str]:
    """The environments whose alerts on deployments are refused."""
    messages = [error.message for error in errors(project)]
    return [message.removeprefix(UNTOLD) for message in messages if message.startswith(UNTOLD)]


def test_alerts_on_deployments_that_no_stack_tells_of_are_refused(project: Path) -> None:
    """In the owner and in the other stack; without the limits there are no alerts, and nothing to refuse."""
    assert never_firing(project) == []
    text = (project / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    (project / "Pulumi.prod.yaml").write_text(text[: text.index("  readiness:deployment_telemetry:")], encoding="utf-8")
    assert never_firing(project) == ["production", "staging"]
    assert in_project(project, "staging") == [f"{UNTOLD}staging"]
    remove_delivery_alerts(project)
    assert errors(project) == []


def test_alerts_on_deployments_are_told_of_in_their_own_environment_and_google_project(project: Path) -> None:
    """The figures are written to the owner's project; a file that cannot be read may contain any environment."""
    edit(project, "      - name: staging\n", "      - name: try-out\n")
    assert never_firing(project) == ["staging"]
    edit(project, "      - name: try-out\n", "      - name: staging\n")
    add(project, "  gcp:project: another-project\n", STAGING)
    assert never_firing(project) == ["staging"]
    (project / "Pulumi.prod.yaml").write_text("config: [\n", encoding="utf-8")
    assert never_firing(project) == []
