"""Which branches may deploy to production: the policies that GitHub refuses, and those that guard nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.finding import Severity
from tests.edits import PLACEHOLDERS, TWO_PEOPLE, add, edit, found


def with_policy(project: Path, flags: str) -> None:
    """Two known reviewers, and the branch policy of the guarded environment."""
    edit(project, PLACEHOLDERS, f"{TWO_PEOPLE}    deployment_branch_policy:\n      {flags}\n")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("protected_branches: true", "sets both branch flags, and GitHub takes exactly one (custom_branch_policies is"),
        ("custom_branch_policies: false", "sets neither branch flag, so that every branch could deploy"),
    ],
)
def test_both_branch_flags_and_neither_are_refused(project: Path, flags: str, words: str) -> None:
    """GitHub answers 422 to equal flags, and the provider sends them."""
    with_policy(project, flags)
    (problem,) = found(project).values()
    assert problem.message.startswith(words)
    assert "custom_branch_policies: true and protected_branches: false" in problem.hint


def test_a_pattern_that_no_branch_or_every_branch_has_is_told(project: Path) -> None:
    """A ref lets nobody deploy and is refused; an asterisk alone lets everybody, and `check` warns."""
    flags = 'branches: [refs/heads/main, "*", "**/*", release/*, main]'
    with_policy(project, flags)
    problems = found(project)
    path = "production_environment.deployment_branch_policy.branches"
    assert list(problems) == [f"{path}[{index}]" for index in range(3)]
    assert [problem.severity for problem in problems.values()] == [Severity.ERROR, Severity.WARNING, Severity.WARNING]
    assert problems[f"{path}[0]"].hint == "Write main"
    assert problems[f"{path}[1]"].message.startswith("allows every branch with a name of that form")


def test_a_list_of_branches_that_nothing_reads_is_refused(project: Path) -> None:
    """The list would silently restrict nothing."""
    flags = "protected_branches: true\n      custom_branch_policies: false\n      branches: [main]"
    with_policy(project, flags)
    policy, branches = found(project).values()
    assert (branches.message, branches.severity) == ("is read only with custom_branch_policies: true", Severity.ERROR)
    assert policy.severity is Severity.WARNING
    assert "while no branch is protected, every branch can deploy" in policy.message


@pytest.mark.parametrize("name", ["main~1", "main branch", "$(id)", "${HEAD}", "a..b", "-x", "a//b", "a;b"])
def test_a_branch_that_git_cannot_have_is_refused(project: Path, name: str) -> None:
    """Or that a shell, YAML or Markdown would read as its own."""
    with_policy(project, f'branches: ["{name}"]')
    add(project, f'  readiness:managed_files: {{default_branch: "{name}"}}\n')
    problems = found(project)
    assert problems.keys() >= {
        "managed_files.default_branch",
        "production_environment.deployment_branch_policy.branches[0]",
    }
    assert {problem.message for problem in problems.values()} == {"is not the name of a branch"}
