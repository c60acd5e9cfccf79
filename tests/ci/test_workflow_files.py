"""Workflow files are read as GitHub reads them, and what cannot be read is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.ci.required_checks import required_check_findings
from readiness.ci.workflow_files import MAX_FILE_BYTES, read_workflows, workflows_digest
from readiness.finding import RefusedError
from readiness.settings.github import RequiredCheck
from tests.ci.workflows import TEST_JOB, TRIGGER, written
from tests.projects import ROOT


def test_this_projects_own_check_is_honest() -> None:
    """What is preached is done: the check `Tests` of the pull request workflow."""
    own = read_workflows(ROOT / ".github" / "workflows")
    assert required_check_findings("own", own, [RequiredCheck(context="Tests")], "main") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("on: [\n", "is not valid YAML"),
        ("a: \x01\n", "holds a character that YAML does not allow"),
        ("", "is empty"),
        ("- a\n", "has no `jobs`"),
        ("jobs: none\n", "has no `jobs`"),
        (
            f"{TRIGGER}jobs:\n  test:\n    steps: []\n  test:\n    steps: [{{run: make}}]\n",
            "6: jobs.test: is written twice, first in line 4",
        ),
        (
            "x: &x {continue-on-error: true}\njobs:\n  test:\n    <<: *x\n",
            "4: jobs.test: has a key that is not plain text",
        ),
        ("jobs: &a\n  x: *a\n", "endless or huge"),
        (f"jobs: {'[' * 60}{']' * 60}\n", "nested too deeply"),
        ('jobs: "\\U00110000"\n', "holds an escape that is no character"),
        ("x" * (MAX_FILE_BYTES + 1), "is larger than"),
    ],
)
def test_a_file_that_is_no_workflow_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """Else its checks would be called missing."""
    with pytest.raises(RefusedError, match=said):
        written(tmp_path, ci=text)


def test_all_files_that_cannot_be_read_are_named_at_once(tmp_path: Path) -> None:
    """Text that is no UTF-8 too."""
    (tmp_path / "latin.yaml").write_bytes(b"name: \xe9\n")
    with pytest.raises(RefusedError) as refused:
        written(tmp_path, a="on: [\n")
    assert [Path(problem.file).name for problem in refused.value.problems] == ["a.yml", "latin.yaml"]


@pytest.mark.parametrize("folder", ["missing", "empty"])
def test_a_folder_without_workflows_is_refused(tmp_path: Path, folder: str) -> None:
    """The path may be wrong by a letter."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(RefusedError, match=r"\.github/workflows"):
        read_workflows(tmp_path / folder)


def test_the_digest_changes_with_names_and_texts_and_with_nothing_else(tmp_path: Path) -> None:
    """Another file in the folder is none."""
    first = workflows_digest(written(tmp_path, ci=TRIGGER + TEST_JOB))
    (tmp_path / "README.md").write_text("x", encoding="utf-8")
    assert workflows_digest(read_workflows(tmp_path)) == first
    assert workflows_digest(written(tmp_path, ci=f"{TRIGGER}{TEST_JOB}# x\n")) != first
    (tmp_path / "ci.yml").write_text(TRIGGER + TEST_JOB, encoding="utf-8")
    (tmp_path / "ci.yml").rename(tmp_path / "other.yml")
    assert workflows_digest(read_workflows(tmp_path)) != first


def test_a_check_of_another_app_is_left_to_people(tmp_path: Path) -> None:
    """No workflow file shows it: a warning, and no refusal."""
    required = [RequiredCheck(context="scan", integration_id=7)]
    (problem,) = required_check_findings("x", written(tmp_path, ci=TRIGGER + TEST_JOB), required, "main")
    assert (problem.severity, problem.key) == ("warning", "scan")
    assert "by hand" in problem.hint
