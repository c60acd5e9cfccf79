"""A required check comes for every pull request into the guarded branch, or nothing can ever be merged."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.ci.pull_request_runs import trigger_findings
from tests.ci.workflows import TEST_JOB, messages, written

COMES = [
    "on: pull_request\n",
    "on: [push, pull_request]\n",
    "'on':\n  pull_request:\n",
    "on:\n  pull_request:\n    branches: [main]\n",
    "on:\n  pull_request:\n    branches: ['m*', '!mini']\n",
    "on:\n  pull_request:\n    branches: ['**']\n    types: [opened, synchronize, labeled]\n",
    "on:\n  pull_request:\n    branches-ignore: ['release/**']\n",
    "on:\n  pull_request:\n    paths: ['**']\n",
    "on:\n  pull_request:\n    branches: ['mai?n', '[a-m]ain']\n",
]
LEAVES_OUT = [
    ("on: push\n", "1: does not run on pull requests"),
    ("on: pull_request_target\n", "1: runs on pull_request_target"),
    ("on:\n  pull_request:\n    branches: [develop]\n", "3: leaves out pull requests into main"),
    ("on:\n  pull_request:\n    branches: ['*', '!main']\n", "3: leaves out pull requests into main"),
    ("on:\n  pull_request:\n    branches: ['main/*', 'mai', 'main+x']\n", "3: leaves out"),
    ("on:\n  pull_request:\n    branches: ['+', '[z-a]', '[', '(']\n", "3: leaves out"),
    ("on:\n  pull_request:\n    branches-ignore: main\n", "3: leaves out"),
    ("on: true\n", "1: does not run on pull requests"),
    ("true: [pull_request]\n", "1: does not run on pull requests"),
    ("on:\n  pull_request:\n    paths: [src/**]\n", "3: runs for some files only"),
    ("on:\n  pull_request:\n    paths-ignore: ['**.md']\n", "3: runs for some files only"),
    ("on:\n  pull_request:\n    types: [opened]\n", "3: does not run when a pull request is synchronize"),
]


@pytest.mark.parametrize("on", COMES)
def test_a_workflow_that_runs_on_every_pull_request_is_let_pass(tmp_path: Path, on: str) -> None:
    """Whatever form the trigger has."""
    assert messages(tmp_path, on + TEST_JOB) == []


@pytest.mark.parametrize(("on", "said"), LEAVES_OUT)
def test_a_trigger_that_leaves_pull_requests_out_is_refused_at_its_line(tmp_path: Path, on: str, said: str) -> None:
    """The check would stay at Expected for ever."""
    (message,) = messages(tmp_path, on + TEST_JOB)
    assert message.startswith(said)


def test_of_two_jobs_of_one_name_the_one_on_pull_requests_counts(tmp_path: Path) -> None:
    """A workflow of pushes may use the name too."""
    (tmp_path / "push.yml").write_text(f"on: push\n{TEST_JOB}", encoding="utf-8")
    assert messages(tmp_path, f"on: pull_request\n{TEST_JOB}") == []


@pytest.mark.parametrize(("pattern", "comes"), [("*", False), ("**", True), ("release/*", True), ("release/?", False)])
def test_a_star_stops_at_a_slash(tmp_path: Path, pattern: str, comes: bool) -> None:
    """And two do not, as GitHub's filter patterns are."""
    (workflow,) = written(tmp_path, ci=f"on:\n  pull_request:\n    branches: ['{pattern}']\n{TEST_JOB}")
    assert (list(trigger_findings(workflow, "release/1.0")) == []) is comes
