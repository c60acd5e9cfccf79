"""The lines that put the gate into workflows of the customer's shape, where it stops what follows.

`readiness fix` adds them, and docs/scanning.md shows them. What people wrote around them stays as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

from readiness.ci.shell.reader import ShellReader
from readiness.delivered.image_files import ACTION_PATH
from readiness.fix.deploying_jobs import deploying_jobs
from readiness.fix.scan_gate import gate_step, with_gate
from readiness.fix.workflow_source import source_of
from tests.projects import ROOT

PERMISSION = "      security-events: write"


def step_text(part: str, image: str) -> str:
    """The step as docs/scanning.md shows it."""
    return "\n".join(f"      {line}" for line in gate_step(part, image))


def with_gate_of(workflow: str, job: str) -> str:
    """The workflow as `readiness fix` edits it. Raises NotRecognisedError where it is not written as expected."""
    source = source_of("ci.yml", workflow, "ci.yml")
    found = next(found for found in deploying_jobs(source, ShellReader()) if found.id == job)
    after = with_gate(found)
    assert after is not None
    return after.text


DEPLOYING = ROOT / "tests" / "fixtures" / "workflows" / "deploying"
REGISTRY = "${{ env.ARTIFACT_REGISTRY }}"
# File, job, the first step that deploys, and what it is going to deploy.
WORKFLOWS: dict[str, tuple[str, str, list[tuple[str, str]]]] = {
    "staging": (
        "build-and-deploy",
        "Deploy Backend to Staging",
        [
            ("backend", f"{REGISTRY}/backend:${{{{ github.sha }}}}"),
            ("frontend", f"{REGISTRY}/frontend:${{{{ github.sha }}}}-staging"),
        ],
    ),
    "production": (
        "deploy-production",
        "Deploy Backend to Production",
        [
            ("backend", f"{REGISTRY}/backend:${{{{ inputs.backend_image_tag }}}}"),
            ("frontend", f"{REGISTRY}/frontend:${{{{ github.sha }}}}-production"),
        ],
    ),
}


def text_of(name: str) -> str:
    """The workflow as people wrote it."""
    return (DEPLOYING / f"{name}.yml").read_text(encoding="utf-8")


def gated(name: str) -> str:
    """The same with the lines added."""
    return with_gate_of(text_of(name), WORKFLOWS[name][0])


def job_of(name: str) -> dict[str, Any]:
    """The deploying job with the lines added."""
    return yaml.safe_load(gated(name))["jobs"][WORKFLOWS[name][0]]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_both_images_are_scanned_before_anything_is_deployed(name: str) -> None:
    """And after they were pushed, so that there is something to scan."""
    steps = job_of(name)["steps"]
    deploys = [at for at, step in enumerate(steps) if "deploy" in step.get("run", "")]
    pushes = [at for at, step in enumerate(steps) if "docker push" in step.get("run", "")]
    gates = [at for at, step in enumerate(steps) if str(step.get("uses", "")).endswith("/scan-image")]
    assert len(gates) == 2
    assert max(pushes) < min(gates)
    assert max(gates) < min(deploys)
    scanned = {steps[at]["with"]["image"] for at in gates}
    assert scanned == {image for _, image in WORKFLOWS[name][2]}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_closed_gate_stops_every_deployment(name: str) -> None:
    """Nothing lets the job go on, and no step that deploys runs after a failure."""
    job = job_of(name)
    for step in job["steps"]:
        if str(step.get("uses", "")).endswith("/scan-image"):
            assert "continue-on-error" not in step
            assert "if" not in step
        if "deploy" in step.get("run", ""):
            assert "if" not in step
    assert job.get("continue-on-error") is None


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_action_that_is_named_is_the_one_that_is_delivered(name: str) -> None:
    """And each image has a name of its own in code scanning: the second would replace the first."""
    gates = [step for step in job_of(name)["steps"] if str(step.get("uses", "")).endswith("/scan-image")]
    assert {step["uses"] for step in gates} == {f"./{ACTION_PATH.rpartition('/')[0]}"}
    assert len({step["with"]["category"] for step in gates}) == len(gates)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_only_lines_are_added(name: str) -> None:
    """What people wrote stays as it is, comments included."""
    before, after = text_of(name).splitlines(), gated(name).splitlines()
    left = iter(after)
    assert all(line in left for line in before)
    _, step, images = WORKFLOWS[name]
    assert len(after) == len(before) + 1 + sum(len(gate_step(*image)) + 1 for image in images)
    comment = next(at for at, line in enumerate(after) if line.strip().startswith("# Deploy Backend"))
    assert after[comment + 1].strip() == f"- name: {step}", "the comment above a step stays above it"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_job_gets_the_one_right_that_code_scanning_needs(name: str) -> None:
    """And keeps those that it had; other jobs get none."""
    workflow = yaml.safe_load(gated(name))
    assert job_of(name)["permissions"] == {"contents": "read", "id-token": "write", "security-events": "write"}
    assert [job for job in workflow["jobs"].values() if "security-events" in job.get("permissions", {})] == [
        job_of(name)
    ]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_workflow_is_still_valid_by_githubs_schema(tmp_path: Path, name: str) -> None:
    """Lines in the wrong place are no workflow."""
    path = tmp_path / f"{name}.yml"
    path.write_text(gated(name), encoding="utf-8")
    result = CliRunner().invoke(check_jsonschema, ["--builtin-schema", "vendor.github-workflows", str(path)])
    assert result.exit_code == 0, result.output


def test_the_document_shows_these_lines() -> None:
    """What a person copies from docs/scanning.md is what is tested here."""
    page = (ROOT / "docs" / "scanning.md").read_text(encoding="utf-8")
    assert PERMISSION in page
    for _, _, images in WORKFLOWS.values():
        for part, image in images:
            assert step_text(part, image) in page
