"""A stack is its file: the workflows list it, or a check names the workflow that has no job for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from readiness.live.init.answers import answers_from
from readiness.live.init.questions import DEFAULT_STACKS
from readiness.live.init.write import write_project
from tests.projects import ROOT
from tools.list_stacks import main as list_stacks
from tools.stack_jobs import APPLY, main, problems

WORKFLOWS = ROOT / APPLY.parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project that `readiness init` writes, with this repository's apply.yml."""
    given = {
        "project": ("shop-cloud",),
        "region": ("europe-west1",),
        "github_owner": ("shop",),
        "repository": ("shop-app",),
        "visibility": ("public",),
        "services": ("shop-api-{env}",),
        "database": ("shop-db-{env}",),
        "emails": ("ops@shop.dev",),
    }
    write_project(tmp_path, answers_from(given, package="readiness==1"), force=False)
    (tmp_path / APPLY).write_bytes((ROOT / APPLY).read_bytes())
    return tmp_path


def add_stack(project: Path, environment: str = "demo") -> None:
    """A third stack, by its file alone."""
    text = (project / "Pulumi.staging.yaml").read_text(encoding="utf-8").replace("-staging", "-demo")
    (project / "Pulumi.demo.yaml").write_text(
        text.replace("name: staging", f"name: {environment}", 1), encoding="utf-8"
    )


def edit(project: Path, old: str, new: str) -> None:
    """Replaces a text of apply.yml that is there."""
    text = (project / APPLY).read_text(encoding="utf-8")
    assert old in text
    (project / APPLY).write_text(text.replace(old, new), encoding="utf-8")


def test_the_stacks_that_init_writes_have_their_jobs(project: Path) -> None:
    """In the environments that their settings name."""
    assert list(problems(project)) == []
    assert len(DEFAULT_STACKS) > 1


def test_a_stack_without_a_job_is_named_with_the_workflow(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the command and the environment of the job that is missing."""
    add_stack(project)
    monkeypatch.chdir(project)
    assert main() == 1
    assert capsys.readouterr().err == (
        "error: .github/workflows/apply.yml: no job applies the stack demo; add one that runs `readiness up demo "
        "--yes` in the environment demo, after the stack that it must wait for\n"
    )


def test_a_job_in_another_environment_than_the_settings_is_named(project: Path) -> None:
    """It would wait for the wrong approval, and its identity would not be trusted."""
    edit(project, "environment: production", "environment: live")
    [problem] = problems(project)
    assert "the job of the stack prod is in the environment live, and its settings name production" in problem


def test_an_environment_with_an_address_is_read_too(project: Path) -> None:
    """GitHub takes a name alone, or a name and a URL."""
    edit(project, "environment: production", "environment: {name: production, url: https://shop.dev}")
    assert list(problems(project)) == []


def test_a_job_of_a_stack_without_a_file_is_named(project: Path) -> None:
    """It would fail on every merge."""
    edit(project, "readiness up staging", "readiness up test")
    assert sorted(problem.partition(";")[0] for problem in problems(project)) == [
        ".github/workflows/apply.yml: a job applies the stack test, which has no file Pulumi.test.yaml",
        ".github/workflows/apply.yml: no job applies the stack staging",
    ]


def test_refused_settings_are_said_instead(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The environment of such a stack is not known."""
    (project / "Pulumi.demo.yaml").write_text("config: {}\n", encoding="utf-8")
    monkeypatch.chdir(project)
    assert main() == 1
    assert "error: Pulumi.demo.yaml" in capsys.readouterr().err


def matrix_jobs(workflow: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The job that lists the stacks, and the one whose matrix they are."""
    jobs = yaml.safe_load((WORKFLOWS / workflow).read_text(encoding="utf-8"))["jobs"]
    [of_stacks] = [job for job in jobs.values() if "stack" in job.get("strategy", {}).get("matrix", {})]
    return jobs["stacks"], of_stacks


@pytest.mark.parametrize("workflow", ["drift.yml", "pull-request.yml"])
def test_a_workflow_has_the_stacks_from_their_files(workflow: str, project: Path) -> None:
    """Its own script is run, on a project with a stack more."""
    listing, of_stacks = matrix_jobs(workflow)
    assert of_stacks["needs"] == "stacks"
    assert of_stacks["strategy"]["matrix"] == {"stack": "${{ fromJSON(needs.stacks.outputs.stacks) }}"}
    assert listing["outputs"] == {"stacks": "${{ steps.list.outputs.stacks }}"}
    [step] = [step for step in listing["steps"] if step.get("id") == "list"]
    add_stack(project)
    for name in ("tools", "readiness", ".venv"):
        (project / name).symlink_to(ROOT / name)
    # Where packages are not installed yet, none may be needed.
    script = step["run"].replace("python3", f"'{sys.executable}' -S")
    environment = {"GITHUB_OUTPUT": str(project / "output"), "PATH": "/usr/bin:/bin"}
    subprocess.run(["bash", "-e", "-c", script], cwd=project, env=environment, check=True)
    name, _, value = (project / "output").read_text(encoding="utf-8").partition("=")
    assert (name, json.loads(value)) == ("stacks", ["demo", "prod", "staging"])


def test_no_stack_at_all_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A matrix of none would skip its job."""
    monkeypatch.chdir(tmp_path)
    assert list_stacks() == 1
    assert "no Pulumi.<stack>.yaml" in capsys.readouterr().err


@pytest.mark.parametrize("path", sorted(WORKFLOWS.glob("*.yml")), ids=lambda path: path.name)
def test_only_apply_names_stacks(path: Path) -> None:
    """Its jobs are checked above; a list of names in another workflow would miss the next stack."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    named = [
        line
        for line in lines
        for word in line.replace(",", " ").replace("[", " ").replace("]", " ").split()
        if word in DEFAULT_STACKS
    ]
    assert bool(named) == (path.name == APPLY.name), named
