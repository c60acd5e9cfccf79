"""The workflow that migrates a database before a deployment."""

from __future__ import annotations

import pytest
import yaml

from readiness.delivered.application_files import MIGRATION_PATH, migration_files
from tests.projects import EVERY_OPTION, settings_of


@pytest.fixture(scope="module")
def workflow() -> str:
    """The file as it is delivered."""
    job = settings_of(EVERY_OPTION).migration_job
    assert job is not None
    return migration_files(job, project="shop-1234", region="europe-west1")[MIGRATION_PATH]


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
