"""The lines that put the gate into workflows of the customer's shape, where it stops what follows.

Their workflows are never written over: a person adds these lines, and docs/scanning.md shows them. The text is changed
here, not its meaning, so that what people wrote around it stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

from readiness.delivered.image_files import ACTION_PATH, FOLDER
from tests.projects import ROOT

PERMISSION = "      security-events: write"
_STEP = """\
      - name: Stop on a critical vulnerability in the {part}
        uses: ./{folder}/scan-image
        with:
          image: {image}
          category: {part}

"""


def gate_step(part: str, image: str) -> str:
    """A step that scans `image`, as it stands in a job; `part` is what people call it: `backend`."""
    return _STEP.format(folder=FOLDER, part=part, image=image)


def with_gate(workflow: str, *, job: str, before: str, images: Sequence[tuple[str, str]]) -> str:
    """The workflow with a step for each `(part, image)` before the step named `before` of `job`, and the right to show.

    Raises ValueError where the job, its permissions or the step is not written as expected: nothing is guessed.
    """
    lines = workflow.splitlines(keepends=True)
    start = _index(lines, f"  {job}:", 0)
    end = next((at for at in range(start + 1, len(lines)) if _begins_a_job(lines[at])), len(lines))
    right = _index(lines[:end], "      id-token: write", start)
    step = _index(lines[:end], f"      - name: {before}", right)
    # A comment that stands above the step belongs to it.
    while lines[step - 1].lstrip().startswith("#"):
        step -= 1
    steps = "".join(gate_step(part, image) for part, image in images)
    return "".join([*lines[: right + 1], f"{PERMISSION}\n", *lines[right + 1 : step], steps, *lines[step:]])


def _begins_a_job(line: str) -> bool:
    return line.startswith("  ") and not line.startswith(("   ", "  #")) and line.rstrip().endswith(":")


def _index(lines: Sequence[str], wanted: str, start: int) -> int:
    found = next((at for at in range(start, len(lines)) if lines[at].rstrip() == wanted), None)
    if found is None:
        raise ValueError(f"there is no line {wanted.strip()!r} where it is expected")
    return found


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
    job, before, images = WORKFLOWS[name]
    return with_gate(text_of(name), job=job, before=before, images=images)


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
    assert len(after) == len(before) + 1 + sum(len(gate_step(*image).splitlines()) for image in images)
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


@pytest.mark.parametrize("change", [{"job": "deploy"}, {"before": "Deploy everything"}])
def test_a_workflow_of_another_shape_is_refused(change: dict[str, str]) -> None:
    """Nothing is guessed: a gate after the deployment would be none."""
    job, before, images = WORKFLOWS["production"]
    with pytest.raises(ValueError, match="there is no line"):
        with_gate(text_of("production"), **{"job": job, "before": before, "images": images} | change)  # type: ignore[arg-type]


def test_the_document_shows_these_lines() -> None:
    """What a person copies from docs/scanning.md is what is tested here."""
    page = (ROOT / "docs" / "scanning.md").read_text(encoding="utf-8")
    assert PERMISSION in page
    for _, _, images in WORKFLOWS.values():
        for part, image in images:
            assert gate_step(part, image).rstrip() in page
