"""The names of checks are what GitHub shows on a pull request."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ci.workflows import TRIGGER, judged, names

JOBS = "jobs:\n  test:\n    runs-on: x\n"


def test_a_job_reports_its_name_else_its_id(tmp_path: Path) -> None:
    """A name that is written wins."""
    assert names(tmp_path, a=f"{JOBS}  named:\n    name: Run Tests\n") == ["test", "Run Tests"]


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        ("strategy: {matrix: {v: [3.10, '3.12']}}", ["test (3.1)", "test (3.12)"]),
        (
            "strategy: {matrix: {os: [linux, mac], v: [1, 2]}}",
            ["test (linux, 1)", "test (linux, 2)", "test (mac, 1)", "test (mac, 2)"],
        ),
        ("name: Tests\n    strategy: {matrix: {v: [1]}}", ["Tests (1)"]),
        ("name: On ${{ matrix.v }}\n    strategy: {matrix: {v: [a, b]}}", ["On a", "On b"]),
        ("name: On ${{ matrix.v.w }}\n    strategy: {matrix: {v: [{w: a}, {w: b}]}}", ["On a", "On b"]),
        ("strategy: {matrix: {v: [a, b], exclude: [{v: a}]}}", ["test (b)"]),
        ("strategy: {matrix: {v: [a], include: [{v: b}]}}", ["test (a)", "test (b)"]),
        ("strategy: {matrix: {v: [a, b], include: [{v: a, fast: true}]}}", ["test (a, true)", "test (b)"]),
        ("strategy: {matrix: {include: [{v: a, w: [1, {x: 2}]}]}}", ["test (a, 1, 2)"]),
        ("strategy: {matrix: {v: [1.0, 07, .inf, yes]}}", ["test (1)", "test (7)", "test (.inf)", "test (yes)"]),
        ("strategy: {fail-fast: false}", ["test"]),
    ],
)
def test_every_leg_of_a_matrix_reports_a_check_of_its_own(tmp_path: Path, job: str, expected: list[str]) -> None:
    """With its values in brackets, unless the name mentions one."""
    assert names(tmp_path, a=f"{JOBS}    {job}\n") == expected


@pytest.mark.parametrize(
    "job",
    [
        "strategy: {matrix: '${{ fromJSON(needs.x.outputs.m) }}'}",
        "strategy: {matrix: {v: '${{ fromJSON(vars.M) }}'}}",
        f"strategy: {{matrix: {{v: [{', '.join(map(str, range(257)))}]}}}}",
        "name: For ${{ github.actor }}",
        "uses: owner/repository/.github/workflows/x.yml@v1",
    ],
)
def test_a_name_that_only_a_run_knows_is_not_guessed(tmp_path: Path, job: str) -> None:
    """A required check must not hang on it."""
    assert names(tmp_path, a=f"{JOBS}    {job}\n") == [None]


def test_a_check_that_such_a_job_may_report_is_refused_with_the_gate_that_mends_it(tmp_path: Path) -> None:
    """And not called missing."""
    job = f"{TRIGGER}{JOBS}    strategy: {{matrix: '${{{{ fromJSON(vars.M) }}}}'}}\n"
    (problem,) = judged(tmp_path, job, "test (3.12)")
    assert "known only when it runs" in problem.message
    assert "if: always()" in problem.hint


def test_a_called_workflow_reports_caller_and_called(tmp_path: Path) -> None:
    """Over several levels, and for every leg."""
    caller = "jobs:\n  quality:\n    name: Quality\n    uses: ./.github/workflows/b.yml\n"
    middle = "jobs:\n  inner:\n    strategy: {matrix: {v: [1, 2]}}\n    uses: ./.github/workflows/c.yml\n"
    found = names(tmp_path, a=caller, b=middle, c="jobs:\n  scan:\n    runs-on: x\n")
    assert found[:2] == ["Quality / inner (1) / scan", "Quality / inner (2) / scan"]


def test_a_workflow_that_calls_itself_ends(tmp_path: Path) -> None:
    """GitHub refuses it; the reader must not hang."""
    assert names(tmp_path, a="jobs:\n  x:\n    uses: ./.github/workflows/a.yml\n") == [None]


def test_a_check_that_no_job_reports_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    """Every pull request would wait for it for ever."""
    (problem,) = judged(tmp_path, f"{TRIGGER}{JOBS}    name: Run Tests\n", "Run Test")
    assert "reported by no job" in problem.message
    assert problem.hint == "Write Run Tests"


def test_a_matrix_is_required_by_its_legs(tmp_path: Path) -> None:
    """The job's own name is no check."""
    (problem,) = judged(tmp_path, f"{TRIGGER}{JOBS}    strategy: {{matrix: {{v: [1, 2]}}}}\n")
    assert problem.hint in ("Write test (1)", "Write test (2)")


@pytest.mark.parametrize(
    ("jobs", "hint"),
    [
        (
            f"{JOBS}    strategy: {{matrix: {{v: []}}}}\n",
            "Give the matrix of this job at least one value, or remove it: ci.yml",
        ),
        (f"{JOBS}    strategy: {{matrix: '${{{{ fromJSON(vars.X) }}}}'}}\n", "Require a job with a fixed name"),
        ("jobs: {}\n", "Add a job with a fixed name"),
    ],
)
def test_where_no_job_has_a_fixed_name_the_hint_says_what_to_do(tmp_path: Path, jobs: str, hint: str) -> None:
    """There is no name to choose from."""
    (problem,) = judged(tmp_path, TRIGGER + jobs)
    assert problem.hint.startswith(hint)


def test_two_jobs_of_one_name_are_refused(tmp_path: Path) -> None:
    """Whichever passes satisfies the ruleset."""
    jobs = f"{JOBS}    steps: [{{run: make}}]\n  other:\n    name: test\n    steps: [{{run: make}}]\n"
    (problem,) = judged(tmp_path, TRIGGER + jobs)
    assert problem.message.startswith("is reported by 2 jobs")
    assert "ci.yml (other)" in problem.message
