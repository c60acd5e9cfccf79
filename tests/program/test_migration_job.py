"""The migration job as the plans declare it: run once, as its own account, on its own database, by CI's image."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from readiness.managed_files.header import is_as_delivered
from readiness.review.offline_plan import Plan
from tests.program.variations import plan_with, plan_without
from tests.projects import STACKS, settings_of

JOB = "gcp:cloudrunv2/job:Job"
ACCOUNT = "gcp:serviceaccount/account:Account"
SECRET_GRANT = "gcp:secretmanager/secretIamMember:SecretIamMember"  # noqa: S105 - a type
PROJECT_GRANT = "gcp:projects/iAMMember:IAMMember"
WORKFLOW = ".github/workflows/migrate-database.yml"


def job_of(plan: Plan) -> dict[str, Any]:
    """The one job."""
    (job,) = plan.of_type(JOB)
    return job


def task_of(plan: Plan) -> dict[str, Any]:
    """What an execution runs."""
    return job_of(plan)["inputs"]["template"]["template"]


@pytest.mark.parametrize("stack", STACKS)
def test_a_failed_execution_is_never_tried_again(plans: dict[str, Plan], stack: str) -> None:
    """The default of 3 would run half of a migration again."""
    settings = settings_of(stack).migration_job
    assert settings is not None
    task = task_of(plans[stack])
    assert (task["maxRetries"], task["timeout"]) == (0, f"{settings.timeout_seconds}s")


@pytest.mark.parametrize("stack", STACKS)
def test_the_image_is_left_to_ci_and_the_job_cannot_be_deleted_by_a_slip(plans: dict[str, Plan], stack: str) -> None:
    """An apply would set back the image that the deployment has just put there."""
    job = job_of(plans[stack])
    ignored = ["template.template.containers[0].image", "client", "clientVersion"]
    assert job["options"]["ignoreChanges"] == ignored
    assert job["inputs"]["deletionProtection"] is True
    assert job["options"]["protect"] is True, "a preview would show the deletion that every apply then fails at"


@pytest.mark.parametrize("stack", STACKS)
def test_the_cloud_sql_volume_is_the_last_one_and_is_the_stacks_own_instance(
    plans: dict[str, Plan], stack: str
) -> None:
    """Anywhere else it shows as a change for ever."""
    settings = settings_of(stack)
    connection = f"{settings.project}:{settings.region}:{settings.database.instance}"
    task = task_of(plans[stack])
    assert task["volumes"][-1] == {"name": "cloudsql", "cloudSqlInstance": {"instances": [connection]}}
    (container,) = task["containers"]
    assert container["volumeMounts"][-1] == {"name": "cloudsql", "mountPath": "/cloudsql"}


@pytest.mark.parametrize("stack", STACKS)
def test_the_password_comes_from_secret_manager_and_the_rest_is_plain(plans: dict[str, Plan], stack: str) -> None:
    """Under the names that the application reads too."""
    settings = settings_of(stack)
    assert settings.migration_job is not None
    (container,) = task_of(plans[stack])["containers"]
    variables = {each["name"]: each for each in container["envs"]}
    reference = variables["DB_PASSWORD"]["valueSource"]["secretKeyRef"]
    assert reference == {"secret": settings.migration_job.password_secret, "version": "latest"}
    assert "value" not in variables["DB_PASSWORD"]
    plain = {name: each["value"] for name, each in variables.items() if name != "DB_PASSWORD"}
    assert plain == {
        "DB_HOST": f"/cloudsql/{settings.project}:{settings.region}:{settings.database.instance}",
        "DB_NAME": settings.migration_job.database,
        "DB_USER": settings.migration_job.user,
        "ENVIRONMENT": settings.environment.name,
    }


@pytest.mark.parametrize("stack", STACKS)
def test_it_runs_as_an_account_of_its_own_that_may_do_two_things(plans: dict[str, Plan], stack: str) -> None:
    """Open its one instance, by a condition, and read its one password."""
    settings = settings_of(stack)
    assert settings.migration_job is not None
    plan = plans[stack]
    (account,) = plan.of_type(ACCOUNT)
    assert account["inputs"]["accountId"] == settings.migration_job.account_id
    (secret,) = plan.of_type(SECRET_GRANT)
    assert secret["inputs"]["secretId"] == settings.migration_job.password_secret
    assert secret["inputs"]["role"] == "roles/secretmanager.secretAccessor"
    (sql,) = (each for each in plan.of_type(PROJECT_GRANT) if each["name"].startswith("migration-job"))
    assert sql["inputs"]["role"] == "roles/cloudsql.client"
    instance = f"projects/{settings.project}/instances/{settings.database.instance}"
    assert sql["inputs"]["condition"]["expression"] == (
        f'resource.name == "{instance}" && resource.type == "sqladmin.googleapis.com/Instance"'
    )
    names = {each["urn"]: each["name"] for each in plan.resources}
    waits_for = {names[urn] for urn in job_of(plan)["options"]["dependencies"]}
    assert {"migration-job-sql-client", "migration-job-password", "migration-job-apis-run"} <= waits_for


def test_a_stack_without_the_setting_declares_neither_job_nor_alert_nor_workflow() -> None:
    """It is an option."""
    plan = plan_without("prod", "migration_job")
    assert not [each for each in plan.resources if "migration" in each["name"]]
    assert not [path for each in plan.resources for path in each.get("files") or () if path == WORKFLOW]


def test_without_a_connector_there_is_no_way_through_a_network() -> None:
    """An instance with a public address needs none."""
    job = settings_of("prod").migration_job
    assert job is not None
    values = {key: value for key, value in job.model_dump().items() if key != "vpc_connector"}
    assert "vpcAccess" not in task_of(plan_with("prod", migration_job=values))
    access = task_of(plan_with("prod", migration_job={**values, "vpc_connector": "a-connector"}))["vpcAccess"]
    assert access["connector"] == "projects/ytgrs-464303/locations/us-central1/connectors/a-connector"
    assert access["egress"] == "PRIVATE_RANGES_ONLY"


@pytest.fixture(scope="module")
def workflow(plans: dict[str, Plan]) -> str:
    """The file that the owner's plan holds."""
    (text,) = (
        text for each in plans["prod"].resources for path, text in (each.get("files") or {}).items() if path == WORKFLOW
    )
    return text


def test_the_workflow_is_delivered_by_the_owner_alone(plans: dict[str, Plan], workflow: str) -> None:
    """It serves both environments: the caller names job and instance."""
    assert is_as_delivered(workflow)
    paths = [path for each in plans["staging"].resources for path in each.get("files") or ()]
    assert WORKFLOW not in paths


def test_the_workflow_backs_up_before_it_migrates_and_verifies_after(workflow: str) -> None:
    """In this order, each in a step that stops the job when it fails."""
    order = [
        "*@sha256:*",
        "gcloud sql backups create",
        'gcloud run jobs update "$JOB" --image="$IMAGE"',
        'gcloud run jobs execute "$JOB" --wait --args=upgrade',
        'gcloud run jobs execute "$JOB" --wait --args=verify',
    ]
    places = [workflow.index(command) for command in order]
    assert places == sorted(places)
    assert "continue-on-error" not in workflow
    assert all("--wait" in line for line in workflow.splitlines() if "jobs execute" in line)


def test_the_workflow_reads_its_inputs_from_the_environment_only(workflow: str) -> None:
    """An input that is put into a shell's text can be a command."""
    steps = yaml.safe_load(workflow)["jobs"]["migrate"]["steps"]
    scripts = [step["run"] for step in steps if "run" in step]
    assert len(scripts) == 6
    assert not [script for script in scripts if "${{" in script]
    assert "cancel-in-progress: false" in workflow
