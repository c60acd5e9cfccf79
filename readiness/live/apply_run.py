"""What a run of the workflow Apply decides: which stacks it applies, and whether its commit may be applied now.

GitHub records a deployment for every job that names an environment, with the commit and the result of the job
(https://docs.github.com/en/rest/deployments/deployments). These records show from which commit a stack was last
applied, and Readiness keeps no record that could be lost. The comparison is with that commit, not with the one before
the merge. So after an apply that failed or was rejected, the next merge applies its changes too, whatever it changes
itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from readiness.finding import Finding, RefusedError
from readiness.live.github_api import GitHub
from readiness.live.pull_request_comment import ACTIONS_BOT
from readiness.plan.git import files_between, folder_in, leads_to

# Files that only people read, at the top of the repository or in the project's folder. No resource depends on them.
_DOCUMENT = re.compile(r"docs/.+|[^/]+\.md|LICENSE")
# The variables of the repository that every apply needs. A job without an environment sees no other variables.
NEEDED_VARIABLES = ("APPLY_IDENTITY", "WORKLOAD_IDENTITY_PROVIDER", "PULUMI_BACKEND_URL")
# The states of a deployment whose job has not begun.
_NOT_BEGUN = {"waiting", "queued", "pending"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """`stacks` are to be applied; `notices` say why others are not, one sentence each."""

    stacks: tuple[str, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """The commit that was last applied in full; `attempted`: a later apply began and did not succeed."""

    commit: str
    attempted: bool


def missing_variables(environment: Mapping[str, str]) -> list[str]:
    """The variables that are not set up yet, by name."""
    return [name for name in NEEDED_VARIABLES if not environment.get(name)]


def last_applied(github: GitHub, environment: str) -> Applied | None:
    """The environment's newest deployment that succeeded; None if there is none. Raises GitHubError.

    A deployment becomes `inactive` when a later one succeeds, so this reads every status that it ever had. Only
    deployments that a workflow recorded count.
    """
    attempted = False
    for deployment in github.items(f"deployments?environment={quote(environment, safe='')}"):
        if (deployment.get("creator") or {}).get("login") != ACTIONS_BOT:
            continue
        states = {status.get("state") for status in github.items(f"deployments/{deployment['id']}/statuses")}
        if "success" in states:
            return Applied(commit=str(deployment["sha"]), attempted=attempted)
        attempted = attempted or bool(states - _NOT_BEGUN)
    return None


def scope_of(github: GitHub, root: Path, environments: Mapping[str, str], commit: str, *, everything: bool) -> Scope:
    """Which stacks (`environments` has the environment of each) a merge applies at `commit`. Raises GitHubError.

    `everything`: a person started the run, so stacks are applied even if only documents have changed.
    """
    stacks: list[str] = []
    notices: list[str] = []
    for stack, environment in environments.items():
        reason = None if everything else _nothing_to_apply(root, last_applied(github, environment), commit)
        if reason is None:
            stacks.append(stack)
        else:
            notices.append(f"Stack {stack} is not applied and needs no approval: {reason}.")
    return Scope(stacks=tuple(stacks), notices=tuple(notices))


def _nothing_to_apply(root: Path, applied: Applied | None, commit: str) -> str | None:
    """Why a stack needs no apply, as the end of a sentence; None if it needs one, or if that is not known."""
    if applied is None:
        return None
    if applied.commit != commit and leads_to(root, commit, applied.commit):
        return f"the later commit {applied.commit} was applied already"
    changed = files_between(root, applied.commit, commit)
    # After an apply that failed, the resources can differ from those of the last successful apply.
    if applied.attempted or changed is None or not all(is_document(root, path) for path in changed):
        return None
    if not changed:
        return f"its files are the same as at {applied.commit}, which was applied"
    return f"since {applied.commit}, which was applied, only documents have changed"


def is_document(root: Path, path: str) -> bool:
    """Whether a path of the repository is a document, which no apply reads."""
    prefix = folder_in(root, "HEAD").removeprefix("HEAD:")
    return any(_DOCUMENT.fullmatch(name) for name in (path, path.removeprefix(prefix)))


def refuse_another_commit(root: Path, applied: Applied | None, *, head: str, approved: str) -> None:
    """Raises RefusedError if the checkout is not the approved commit, or is older than the applied commit."""
    problems = list(_commit_problems(root, applied, head, approved))
    if problems:
        raise RefusedError(problems)


def _commit_problems(root: Path, applied: Applied | None, head: str, approved: str) -> Iterator[Finding]:
    if head != approved:
        yield _finding(
            f"is at {head or 'no commit'}, but the approved commit is {approved}",
            "Check out the commit of the run (`ref: ${{ github.sha }}`)",
        )
    elif applied is not None and applied.commit != head and leads_to(root, head, applied.commit):
        yield _finding(
            f"is at {head}, but the later commit {applied.commit} was applied already: this run would revert it",
            "Approve the newest run instead; to go back, merge a commit that reverts the change",
        )


def _finding(message: str, hint: str) -> Finding:
    return Finding(rule_id="apply-commit", file="the checkout", message=message, hint=hint)


def approvals(github: GitHub, run: str, environment: str) -> list[str]:
    """Who approved the environment's job of a workflow run. Raises GitHubError.

    https://docs.github.com/en/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run
    """
    return [
        str((review.get("user") or {}).get("login") or "a deleted account")
        for review in github.items(f"actions/runs/{quote(run, safe='')}/approvals")
        if review.get("state") == "approved"
        and environment in {entry.get("name") for entry in review.get("environments") or ()}
    ]


def commit_line(stack: str, commit: str, approved_by: list[str]) -> str:
    """`Applies commit … to stack prod; approved by ada.`"""
    by = f"approved by {', '.join(approved_by)}" if approved_by else "the environment required no approval"
    return f"Applies commit {commit} to stack {stack}; {by}."
