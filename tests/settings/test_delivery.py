"""Mistakes in the settings of deployment telemetry, each refused where it stands, with its hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.finding import errors_only
from tests.edits import PLACEHOLDERS, TWO_PEOPLE, edit, found, line_of

ENVIRONMENTS = "deployment_telemetry.environments"
PRODUCTION = "      - name: production\n        workflow: Deploy to Production\n"


@pytest.fixture
def telemetry(project: Path) -> Path:
    """The project with its reviewers filled in, so that only the telemetry can be at fault."""
    edit(project, PLACEHOLDERS, TWO_PEOPLE)
    return project


def test_the_customers_own_settings_are_in_order(telemetry: Path) -> None:
    """And nothing is warned of."""
    assert found(telemetry) == {}


def test_telemetry_in_a_stack_that_owns_nothing_is_refused(telemetry: Path) -> None:
    """Two stacks would write the same files into one repository."""
    edit(telemetry, "readiness:owns_shared_resources: true", "readiness:owns_shared_resources: false")
    problem = found(telemetry)["deployment_telemetry"]
    assert "belongs to the stack that owns it" in problem.message
    assert problem.hint == "Move it to the file of the stack with readiness:owns_shared_resources: true"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("      - name: staging\n        workflow: CI", "      - name: production\n        workflow: CI", "name"),
        ("workflow: CI and Deploy to Staging", "workflow: Deploy to Production", "workflow"),
        ("workflow_file: staging.yml", "workflow_file: production.yml", "workflow_file"),
    ],
)
def test_what_two_environments_share_is_refused(telemetry: Path, old: str, new: str, field: str) -> None:
    """A run could not be told to belong to one of them."""
    edit(telemetry, old, new)
    problem = found(telemetry)[f"{ENVIRONMENTS}[1].{field}"]
    assert problem.message == "repeats item [0]"


def test_an_own_environment_that_is_left_out_is_refused(telemetry: Path) -> None:
    """A typing mistake in a name would leave production's alerts without data for ever."""
    edit(telemetry, PRODUCTION, PRODUCTION.replace("name: production", "name: produktion"))
    problem = found(telemetry)[ENVIRONMENTS]
    assert problem.message == "does not hold `production`, this stack's own environment"
    assert problem.hint == "Add an entry with name: production"
    assert problem.line == line_of(telemetry, "    environments:")


def test_the_stacks_own_services_are_not_listed_again(telemetry: Path) -> None:
    """Two lists would come to differ, and a rollback of what is missing in one would be told to nobody."""
    edit(telemetry, "        job: Deploy to Production\n", "        job: Deploy to Production\n        services: [a]\n")
    problem = found(telemetry)[f"{ENVIRONMENTS}[1].services"]
    assert problem.message == "are this stack's own, which readiness:services holds"


def test_the_services_of_another_environment_are_needed(telemetry: Path) -> None:
    """Its stack's file is not read here."""
    listed = "        services:\n          - ai-resume-review-v2-backend-staging\n"
    edit(telemetry, f"{listed}          - ai-resume-review-v2-frontend-staging\n", "")
    assert "no rollback of them is told" in found(telemetry)[f"{ENVIRONMENTS}[0].services"].message


def test_a_service_of_two_environments_is_refused(telemetry: Path) -> None:
    """Its rollback would be told of the wrong one."""
    edit(
        telemetry, "          - ai-resume-review-v2-frontend-staging", "          - ai-resume-review-v2-backend-staging"
    )
    assert found(telemetry)[f"{ENVIRONMENTS}[0].services[1]"].message == "stands in environment [0] too"


def test_a_service_of_this_stack_in_another_environment_is_refused(telemetry: Path) -> None:
    """Production's rollback would be told as staging's."""
    edit(telemetry, "          - ai-resume-review-v2-frontend-staging", "          - ai-resume-review-v2-backend-prod")
    assert found(telemetry)[f"{ENVIRONMENTS}[0].services[1]"].message == "stands in readiness:services too"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("target_duration_seconds: 480", "target_duration_seconds: 8", "[1].target_duration_seconds"),
        ("slack_events: []", "slack_events: [deployed]", "[0].slack_events[0]"),
        ("workflow_file: staging.yml", "workflow_file: .github/workflows/staging.yml", "[0].workflow_file"),
    ],
)
def test_a_value_out_of_its_range_is_refused(telemetry: Path, old: str, new: str, key: str) -> None:
    """Eight seconds for eight minutes, an event that there is not, a path where a name is meant."""
    edit(telemetry, old, new)
    assert ENVIRONMENTS + key in found(telemetry)


@pytest.mark.parametrize("viewer", ["team@example.com", "serviceAccount:x@p.iam.gserviceaccount.com", "allUsers"])
def test_a_viewer_is_a_person_a_group_or_a_domain(telemetry: Path, viewer: str) -> None:
    """`allUsers` would show the dashboard to the world."""
    edit(telemetry, "    environments:\n", f"    dashboard_viewers:\n      - {viewer}\n    environments:\n")
    assert "deployment_telemetry.dashboard_viewers[0]" in found(telemetry)


def test_a_share_given_as_percent_is_refused(telemetry: Path) -> None:
    """95 would be a target that no week can meet."""
    edit(telemetry, "    environments:\n", "    target_success_ratio: 95\n    environments:\n")
    assert "deployment_telemetry.target_success_ratio" in found(telemetry)


@pytest.mark.parametrize(
    "value", ["x", "[x]", "{environments: x}", "{environments: [x]}", "{environments: [{name: []}]}"]
)
def test_nonsense_is_refused_and_breaks_nothing(telemetry: Path, value: str) -> None:
    """One clear error for each, whatever stands there."""
    text = (telemetry / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    head = text[: text.index("  readiness:deployment_telemetry:")]
    (telemetry / "Pulumi.prod.yaml").write_text(f"{head}  readiness:deployment_telemetry: {value}\n", encoding="utf-8")
    assert errors_only(found(telemetry).values())
