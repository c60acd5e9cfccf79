"""Mistakes in the settings of deployment telemetry, each refused at its line, with its hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.finding import Severity, errors_only
from tests.edits import edit, found, line_of

TELEMETRY = "deployment_telemetry"
ENVIRONMENTS = f"{TELEMETRY}.environments"
SERVICE = "          - ai-resume-review-v2-frontend-staging"
LISTED = "        services:\n          - ai-resume-review-v2-backend-staging\n"
JOB = "        job: Deploy to Production\n"
FIRST = "    environments:\n"


def test_the_customers_own_settings_are_in_order(prod: Path) -> None:
    """And nothing is warned of."""
    assert found(prod) == {}


# What the file has, what is written instead, the key of the finding, and what it says.
MISTAKES = [
    # Two stacks would write the same files into one repository.
    ("readiness:owns_shared_resources: true", "readiness:owns_shared_resources: false", TELEMETRY,
     "belongs to the stack that owns it, and readiness:owns_shared_resources is false here"),
    # It would not be known which of the two environments a run belongs to.
    ("      - name: staging\n        workflow: CI", "      - name: production\n        workflow: CI",
     f"{ENVIRONMENTS}[1].name", "repeats item [0]"),
    ("workflow: CI and Deploy to Staging", "workflow: Deploy to Production",
     f"{ENVIRONMENTS}[1].workflow", "repeats item [0]"),
    ("workflow_file: staging.yml", "workflow_file: production.yml",
     f"{ENVIRONMENTS}[1].workflow_file", "repeats item [0]"),
    # Two lists of services would come to differ.
    (JOB, f"{JOB}        services: [a]\n",
     f"{ENVIRONMENTS}[1].services", "are this stack's own, which readiness:services holds"),
    # The file of another environment's stack is not read here.
    (f"{LISTED}{SERVICE}\n", "", f"{ENVIRONMENTS}[0].services", "is missing, so no rollback of them is notified"),
    # A rollback would be reported for the wrong environment.
    (SERVICE, "          - ai-resume-review-v2-backend-staging",
     f"{ENVIRONMENTS}[0].services[1]", "repeats item [0]"),
    (SERVICE, "          - ai-resume-review-v2-backend-prod",
     f"{ENVIRONMENTS}[0].services[1]", "is in readiness:services too"),
    # Eight seconds for eight minutes, an event that does not exist, a path where a name is meant, 95 for 95 %.
    ("target_duration_seconds: 480", "target_duration_seconds: 8",
     f"{ENVIRONMENTS}[1].target_duration_seconds", "is 8, but must be at least 60 and at most 86400"),
    ("slack_events: []", "slack_events: [deployed]",
     f"{ENVIRONMENTS}[0].slack_events[0]", "is not one of the allowed values"),
    ("workflow_file: staging.yml", "workflow_file: .github/workflows/staging.yml",
     f"{ENVIRONMENTS}[0].workflow_file", "is not the name of a workflow file"),
    (FIRST, f"    target_success_ratio: 95\n{FIRST}",
     f"{TELEMETRY}.target_success_ratio", "is 95, but must be more than 0 and less than 1"),
    *(
        (FIRST, f"    dashboard_viewers:\n      - {viewer}\n{FIRST}",
         f"{TELEMETRY}.dashboard_viewers[0]", "is not a member of an IAM policy")
        for viewer in ("team@example.com", "serviceAccount:x@p.iam.gserviceaccount.com", "allUsers")
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "message"), MISTAKES)
def test_a_mistake_is_refused_where_it_stands(prod: Path, old: str, new: str, key: str, message: str) -> None:
    """Each would show much later: as a report of the wrong environment, or as an alert without data."""
    edit(prod, old, new)
    problem = found(prod)[key]
    assert problem.message.startswith(message)
    assert problem.hint


def test_a_viewer_of_a_reserved_domain_is_a_placeholder_that_an_update_refuses(prod: Path) -> None:
    """Google refuses such a member when half of the update is applied. A preview goes on."""
    viewers = "    dashboard_viewers:\n      - group:ops@harbor.dev\n      - domain:shop.example\n"
    edit(prod, FIRST, f"{viewers}{FIRST}")
    problems = found(prod)
    problem = problems.pop(f"{TELEMETRY}.dashboard_viewers[1]")
    assert problems == {}
    assert (problem.rule_id, problem.severity, problem.placeholder) == ("settings-placeholder", Severity.WARNING, True)
    assert problem.line == line_of(prod, "- domain:shop.example")


def test_an_own_environment_that_is_left_out_is_refused(prod: Path) -> None:
    """A typing mistake in a name would leave production's alerts without data forever."""
    name = "      - name: production\n        workflow: Deploy to Production\n"
    edit(prod, name, name.replace("name: production", "name: produktion"))
    problem = found(prod)[ENVIRONMENTS]
    assert problem.message == "does not hold `production`, this stack's own environment"
    assert problem.hint == "Add an entry with name: production"
    assert problem.line == line_of(prod, "    environments:")


@pytest.mark.parametrize(
    "value", ["x", "[x]", "{environments: x}", "{environments: [x]}", "{environments: [{name: []}]}"]
)
def test_nonsense_is_refused_and_breaks_nothing(prod: Path, value: str) -> None:
    """One clear error for each, whatever stands there."""
    text = (prod / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    head = text[: text.index("  readiness:deployment_telemetry:")]
    (prod / "Pulumi.prod.yaml").write_text(f"{head}  readiness:deployment_telemetry: {value}\n", encoding="utf-8")
    assert errors_only(found(prod).values())


def test_a_viewer_of_a_reserved_domain_is_a_placeholder(prod: Path) -> None:
    """Also in capitals, and of a person. `pulumi up` refuses it: Google takes no member that does not exist."""
    edit(prod, FIRST, f"    dashboard_viewers: [group:real@shop.com, 'domain:Example.com', user:a@b.test]\n{FIRST}")
    problems = found(prod)
    assert set(problems) == {f"{TELEMETRY}.dashboard_viewers[{index}]" for index in (1, 2)}
    assert {problem.rule_id for problem in problems.values()} == {"settings-placeholder"}
    assert [problem.placeholder for _, problem in sorted(problems.items())] == [True, True]
    assert errors_only(problems.values()) == ()


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("at_least: true", "must be a number, not true"),
        ("at_most: -1", "is -1, but must be at least 0 and at most 1000000000000"),
        ("at_least: 1.0e+20", "is 100000000000000000000, but must be at least 0"),
        ("at_least: .inf", ""),
    ],
)
def test_a_target_that_is_no_such_number_is_one_error(prod: Path, target: str, said: str) -> None:
    """Not also that there is no target."""
    figure = f"name: n, workflow_file: ci.yml, job: j, annotation: a, {target}"
    edit(prod, FIRST, f"    quality: [{{{figure}}}]\n{FIRST}")
    ((key, problem),) = found(prod).items()
    assert key == f"{TELEMETRY}.quality[0].{target.partition(':')[0]}"
    assert said in problem.message


def test_a_figure_of_quality_has_one_target(prod: Path) -> None:
    """With none it would always be met, and with two it is not known which one counts."""
    figure = "name: n, workflow_file: ci.yml, job: j, annotation: a"
    figures = f"[{{{figure}}}, {{{figure}, at_least: 1, at_most: 2}}, {{{figure}, at_most: 0}}]"
    edit(prod, FIRST, f"    quality: {figures}\n{FIRST}")
    problems = found(prod)
    assert {key: problem.rule_id for key, problem in problems.items()} == {
        f"{TELEMETRY}.quality[{index}]": "settings-delivery-quality" for index in (0, 1)
    }
