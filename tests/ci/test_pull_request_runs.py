"""A required check runs on every pull request: its workflow is triggered, and its job cannot be skipped.

Without a run nothing can ever be merged, and a job that is skipped counts as passed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.ci.pull_request_runs import trigger_findings
from tests.ci.workflows import TEST_JOB, TRIGGER, messages, written

STEP = "    steps: [{run: make test}]\n"
OTHER = f"  other:\n{STEP}"
GATE = "    needs: [other]\n    if: always()\n"


def jobs(*texts: str) -> str:
    """A workflow of these jobs."""
    return f"{TRIGGER}jobs:\n{''.join(texts)}"


def gate(script: str, *others: str) -> str:
    """A workflow whose required job looks at the others."""
    return jobs(f"  test:\n{GATE}    steps:\n      - run: {script}\n", *(others or (OTHER,)))


@pytest.mark.parametrize(
    "condition",
    [
        "always()",
        "${{ always() }}",
        "success()",
        "true",
        "github.event_name == 'pull_request'",
        "github.event_name != 'push'",
        "${{ github.event_name == 'push' || github.event_name == 'pull_request' }}",
    ],
)
def test_a_condition_that_holds_on_every_pull_request_is_let_pass(tmp_path: Path, condition: str) -> None:
    """It is there for the other events."""
    assert messages(tmp_path, jobs(f"  test:\n    if: {condition}\n{STEP}")) == []


@pytest.mark.parametrize(
    "condition",
    [
        "github.event_name == 'push' || vars.ON",
        "vars.OFF && (vars.ON || true || vars.X)",
        "github.event_name == 'push'",
        "${{ always() && github.actor != 'x' }}",
        "vars.ON",
        "'!cancelled()'",
        "failure()",
    ],
)
def test_any_other_condition_is_refused_at_its_line(tmp_path: Path, condition: str) -> None:
    """Where it does not hold, the check is green without having looked."""
    (message,) = messages(tmp_path, jobs(f"  test:\n    if: {condition}\n{STEP}"))
    assert message.startswith("5: is skipped if its condition is false")


def test_a_job_that_needs_another_is_refused(tmp_path: Path) -> None:
    """Where the other fails it is skipped, and the merge is free."""
    (message,) = messages(tmp_path, jobs(f"  test:\n    needs: other\n{STEP}", OTHER))
    assert message == "5: is skipped, which counts as passed, where other fails or is skipped"


@pytest.mark.parametrize(
    "script",
    [
        "test '${{ needs.other.result }}' = success",
        "'${{ !contains(needs.*.result, ''failure'') && !contains(needs.*.result, ''skipped'') }}'",
        "check '${{ toJSON(needs) }}'",
    ],
)
def test_a_gate_that_looks_at_the_results_is_let_pass(tmp_path: Path, script: str) -> None:
    """`if: always()` with a step that fails: the form that GitHub's page recommends."""
    assert messages(tmp_path, gate(script)) == []


def test_a_gate_that_looks_at_nothing_is_refused(tmp_path: Path) -> None:
    """It is green whatever happened."""
    (message,) = messages(tmp_path, gate("echo done"))
    assert message == "5: runs whatever the result of other is, and no step reads their results"


def test_a_gate_may_read_the_results_from_its_environment(tmp_path: Path) -> None:
    """The form that keeps expressions out of scripts; and its failing step may have a condition."""
    of_env = (
        f"  test:\n{GATE}    env: {{R: '${{{{ needs.other.result }}}}'}}\n    steps: [{{run: test $R = success}}]\n"
    )
    assert messages(tmp_path, jobs(of_env, OTHER)) == []
    of_step = f"  test:\n{GATE}    steps:\n      - if: needs['other'].result != 'success'\n        run: exit 1\n"
    assert messages(tmp_path, jobs(of_step, OTHER)) == []


def test_a_gate_that_only_tells_the_results_is_refused(tmp_path: Path) -> None:
    """It looks at them, and is green."""
    (message,) = messages(tmp_path, gate("echo '${{ needs.other.result }}'"))
    assert message.startswith("4: has no step that checks something on every pull request and can fail")


def test_behind_a_gate_every_job_must_be_able_to_fail(tmp_path: Path) -> None:
    """The result that it looks at is success for a job that swallows, however far away."""
    swallowing = "  other:\n    needs: third\n    steps: [{run: make}]\n  third:\n    steps: [{run: make || true}]\n"
    (message,) = messages(tmp_path, gate("test '${{ needs.other.result }}' = success", swallowing))
    assert message.startswith("13: step 'a step without a name': `|| true`")


def test_a_gate_that_only_looks_for_failures_must_not_need_what_can_be_skipped(tmp_path: Path) -> None:
    """Skipped is no failure."""
    lenient = "'${{ !contains(needs.*.result, ''failure'') }}'"
    skippable = f"  other:\n    if: vars.ON\n{STEP}"
    chained = f"  other:\n    needs: third\n{STEP}  third:\n{STEP}"
    assert messages(tmp_path, gate(lenient)) == []
    assert messages(tmp_path, gate(lenient, skippable)) == ["10: can be skipped, and test counts that as passed"]
    assert messages(tmp_path, gate(lenient, chained)) == ["10: can be skipped, and test counts that as passed"]


def test_a_caller_that_can_be_skipped_makes_the_called_job_skippable(tmp_path: Path) -> None:
    """The condition stands in the other file."""
    (tmp_path / "called.yml").write_text(f"on: workflow_call\njobs:\n  scan:\n{STEP}", encoding="utf-8")
    caller = jobs("  quality:\n    if: vars.ON\n    uses: ./.github/workflows/called.yml\n")
    (message,) = messages(tmp_path, caller, "quality / scan")
    assert message.startswith("5: is skipped")


def test_needs_of_a_job_that_is_not_there_are_passed_over(tmp_path: Path) -> None:
    """GitHub itself refuses such a file."""
    assert messages(tmp_path, gate("test '${{ needs.other.result }}' = success", "")) == []


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
    ("on:\n  pull_request:\n    branches: [develop]\n", "3: excludes pull requests into main"),
    ("on:\n  pull_request:\n    branches: ['*', '!main']\n", "3: excludes pull requests into main"),
    ("on:\n  pull_request:\n    branches: ['main/*', 'mai', 'main+x']\n", "3: excludes"),
    ("on:\n  pull_request:\n    branches: ['+', '[z-a]', '[', '(']\n", "3: excludes"),
    ("on:\n  pull_request:\n    branches-ignore: main\n", "3: excludes"),
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
