"""Delivers the managed files as one commit on their own branch, and a pull request from it.

The delivery reads and decides everything before it writes. The result is complete or absent: the tree and the commit
are not visible until the branch points at them, and the branch is never force-pushed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from readiness.alerts.runbook_address import RUNBOOK_FOLDER, RUNBOOK_PATH
from readiness.delivered.header import file_digest, is_managed_path
from readiness.finding import Finding, RefusedError
from readiness.live.github_api import GitHub, GitHubError
from readiness.live.repository_files import (
    FileDifference,
    FileState,
    Tree,
    file_differences,
    left_over_files,
    live_tree,
)

BRANCH = "readiness/managed-files"
TITLE = "Update the files that readiness manages"
RIGHTS = "Contents, Pull requests and, for workflows, Workflows: read and write"
_HEAD = f"heads/{quote(BRANCH)}"
# This trailer marks a commit as made by Readiness.
_TRAILER = "Readiness-Delivery: "


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """The user's options. `overwrite`: paths whose edits may be lost; `again`: also after a closed pull request."""

    overwrite: frozenset[str] = frozenset()
    again: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """The branch of the deliveries. `ahead` and `behind` count commits compared with the default branch."""

    commit: str
    ahead: int
    behind: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """What a delivery has to do. `paths`: every file of the default branch; None if GitHub does not list them all."""

    base_branch: str
    base_commit: str
    differences: tuple[FileDifference, ...]
    branch: Branch | None
    open_pull_request: int | None
    problems: tuple[Finding, ...]
    paths: frozenset[str] | None
    allows_auto_merge: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered:
    """The pull request, and whether anything was committed for it."""

    url: str
    number: int
    is_new: bool
    committed: bool


def plan_delivery(github: GitHub, files: Mapping[str, str], *, default_branch: str, choices: Choices) -> Delivery:
    """What the delivery has to do, and every problem that prevents it.

    Raises RefusedError if the repository is not as declared, GitHubError if GitHub does not answer.
    """
    with _answers_as_documented(github):
        repository = _repository(github, default_branch)
        base = github.get(f"git/ref/heads/{quote(default_branch)}")
        if base is None:
            raise RefusedError([_problem(github, "has no commit yet", "Push one first")])
        commit = base["object"]["sha"]
        tree = live_tree(github, commit)
        differences = file_differences(github, files, ref=commit, tree=tree)
        if RUNBOOK_PATH in files:
            differences += left_over_files(github, files, folder=RUNBOOK_FOLDER, ref=commit, tree=tree)
        problems = list(_file_problems(github, files, differences, choices.overwrite, tree))
        branch, pull_request = None, None
        if differences:
            branch, of_branch = _branch(github, commit)
            pull_request, of_pull_request = _pull_request(github, default_branch, choices)
            problems += [*of_branch, *of_pull_request]
        return Delivery(
            base_branch=default_branch,
            base_commit=commit,
            differences=tuple(differences),
            branch=branch,
            open_pull_request=pull_request,
            problems=tuple(problems),
            paths=frozenset(tree.blobs) if tree.whole else None,
            allows_auto_merge=repository.get("allow_auto_merge") is True,
        )


def deliver(github: GitHub, delivery: Delivery, files: Mapping[str, str], *, stack: str) -> Delivered:
    """Makes commit, branch and pull request. Raises GitHubError; then the branch is complete, or as it was."""
    texts = {difference.path: files.get(difference.path) for difference in delivery.differences}
    with _answers_as_documented(github):
        base = github.get(f"git/commits/{delivery.base_commit}") or {}
        entries = [_entry(path, text) for path, text in texts.items()]
        tree = github.send("POST", "git/trees", {"base_tree": base["tree"]["sha"], "tree": entries})["sha"]
        committed = _point_branch_at(github, delivery, tree, _commit_message(sorted(texts), stack))
        body = {"title": TITLE, "body": _pull_request_body(texts, stack)}
        number = delivery.open_pull_request
        try:
            if number is None:
                answer = github.send("POST", "pulls", {**body, "head": BRANCH, "base": delivery.base_branch})
            else:
                answer = github.send("PATCH", f"pulls/{number}", body)
        except GitHubError as error:
            left = f"The branch {BRANCH} has all files in one commit. Run the command again to open the pull request"
            raise GitHubError(error.status, f"{error}. {left}") from None
        return Delivered(url=answer["html_url"], number=answer["number"], is_new=number is None, committed=committed)


@contextmanager
def _answers_as_documented(github: GitHub) -> Iterator[None]:
    """Raises GitHubError if an answer is not as GitHub documents it, for example because a proxy sent it."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise GitHubError(0, f"{github.api_url} does not answer as GitHub's API is documented ({what})") from None


def _repository(github: GitHub, default_branch: str) -> dict[str, Any]:
    found = github.get("")
    if found is None:
        message = "does not exist, or the token has no access to it"
        raise RefusedError([_problem(github, message, f"Correct the name, or use a token with {RIGHTS}")])
    live = found["default_branch"]
    if live != default_branch:
        message = f"has the default branch {live}, and managed_files.default_branch is {default_branch}"
        raise RefusedError([_problem(github, message, f"Write readiness:managed_files default_branch: {live}")])
    if found.get("archived"):
        raise RefusedError([_problem(github, "is archived and therefore read-only", "Unarchive it first")])
    return found


def _file_problems(
    github: GitHub,
    files: Mapping[str, str],
    differences: Sequence[FileDifference],
    overwrite: frozenset[str],
    tree: Tree,
) -> Iterator[Finding]:
    for path in sorted(overwrite - files.keys()):
        yield _problem(github, "is not a file that the stack declares", f"Name one of {', '.join(sorted(files))}", path)
    for difference in differences:
        path = difference.path
        in_the_way = next((blob for blob in tree.blobs if path.startswith(f"{blob}/")), None)
        if difference.state is FileState.NO_FILE or in_the_way:
            message = f"cannot be written: {in_the_way or path} is not a {'folder' if in_the_way else 'regular file'}"
            yield _problem(github, message, "Move or delete it first", path)
        elif difference.state is FileState.EDITED and path not in overwrite:
            message = "was not written by readiness, or was edited since, and a delivery would overwrite it"
            hint = f"Move the edits that you want to keep into the settings, then pass `--overwrite {path}`"
            yield _problem(github, message, hint, path)


def _branch(github: GitHub, base: str) -> tuple[Branch | None, list[Finding]]:
    ref = github.get(f"git/ref/{_HEAD}")
    if ref is None:
        return None, []
    tip = ref["object"]["sha"]
    compared = github.get(f"compare/{base}...{tip}") or {}
    ours = [_is_ours(commit["commit"]["message"]) for commit in compared.get("commits", [])]
    if compared and all(ours) and len(ours) == compared["ahead_by"]:
        return Branch(commit=tip, ahead=compared["ahead_by"], behind=compared["behind_by"]), []
    message = f"has a branch {BRANCH} with commits that readiness did not make; the delivery does not change them"
    return None, [_problem(github, message, "Merge or rename that branch, then run the command again")]


def _pull_request(github: GitHub, base: str, choices: Choices) -> tuple[int | None, list[Finding]]:
    head = quote(f"{github.owner}:{BRANCH}", safe="")
    found = list(github.items(f"pulls?state=all&head={head}&base={quote(base, safe='')}"))
    newest = max(found, key=lambda request: request["number"], default=None)
    if newest is None or newest.get("merged_at"):
        return None, []
    if newest["state"] == "open":
        return newest["number"], []
    if choices.again:
        return None, []
    message = f"has pull request #{newest['number']}, which somebody closed without merging it"
    return None, [_problem(github, message, "Find out why; `--again` opens a new one")]


def _point_branch_at(github: GitHub, delivery: Delivery, tree: str, message: str) -> bool:
    """Adds one commit to the branch, without force: GitHub refuses if somebody pushed in between.

    Returns False if the branch has the files already.
    """
    branch, parents = delivery.branch, [delivery.base_commit]
    if branch is not None and branch.ahead:
        tip = github.get(f"git/commits/{branch.commit}") or {}
        if tip["tree"]["sha"] == tree and not branch.behind:
            return False
        parents = [branch.commit, *([delivery.base_commit] if branch.behind else [])]
    commit = github.send("POST", "git/commits", {"message": message, "tree": tree, "parents": parents})["sha"]
    if branch is None:
        github.send("POST", "git/refs", {"ref": f"refs/heads/{BRANCH}", "sha": commit})
    else:
        github.send("PATCH", f"git/refs/{_HEAD}", {"sha": commit, "force": False})
    return True


def _entry(path: str, text: str | None) -> dict[str, Any]:
    """A file of a new tree; None removes it (https://docs.github.com/en/rest/git/trees#create-a-tree, `sha`)."""
    what: dict[str, Any] = {"sha": None} if text is None else {"content": text}
    return {"path": path, "mode": "100644", "type": "blob", **what}


def _commit_message(paths: Sequence[str], stack: str) -> str:
    """One line for each file except the documents, and the trailer that marks the commit as made by Readiness."""
    lines = [f"- {path}" for path in paths if is_managed_path(path)]
    documents = len(paths) - len(lines)
    lines += [f"- {documents} document{'s' * (documents != 1)}"] if documents else []
    return "\n".join([TITLE, "", *lines, "", f"{_TRAILER}{stack}"])


def _is_ours(message: str) -> bool:
    return any(line.startswith(_TRAILER) for line in message.splitlines())


def _pull_request_body(texts: Mapping[str, str | None], stack: str) -> str:
    """The files with the digests that `readiness plan` shows, the documents collapsed, and what merging does."""
    rows = {
        path: f"| `{path}` | `{'removed' if text is None else file_digest(text)}` |"
        for path, text in sorted(texts.items())
    }
    managed = [row for path, row in rows.items() if is_managed_path(path)]
    documents = [row for path, row in rows.items() if not is_managed_path(path)]
    head = ["| document | digest |", "|---|---|"]
    folded = [f"<details><summary>Documents: {len(documents)}</summary>", "", *head, *documents, "", "</details>", ""]
    return "\n".join(
        [
            f"The stack `{stack}` of the readiness project declares these files. Edit them there: if you change",
            "a file here, the next delivery fails until somebody decides whether to overwrite the change.",
            "",
            *(("| file | digest in `readiness plan` |", "|---|---|", *managed, "") if managed else ()),
            *(folded if documents else ()),
            "Merging pushes to the default branch and starts every workflow that deploys on a push.",
            "If you close this pull request without merging it, only `readiness deliver --again` opens a new one.",
            "",
        ]
    )


def _problem(github: GitHub, message: str, hint: str, path: str = "") -> Finding:
    return Finding(rule_id="delivery-repository", file=github.name, key=path, message=message, hint=hint)
