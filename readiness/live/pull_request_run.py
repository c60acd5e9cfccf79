"""The pull request whose run has ended, for the workflow that judges it and runs nothing of it.

What the run wrote is hostile: the pull request's number is asked of GitHub and never read from an artifact, and the
head that is judged is the one that the event names. `fetch` writes the folder that `readiness diff --pull-request`
reads.

Two workflows of a pull request make what is judged: one its plans, the other the previews of the engine where there are
credentials for them. The end of either one starts the judge, which takes what the other one has made for the same
commit. Without plans there is no verdict; without previews, what the engine would do is not known.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from readiness.files import read_regular_bytes, write_all
from readiness.live.github_api import GitHub, GitHubError
from readiness.plan.acknowledgements import ACKNOWLEDGED_FILE
from readiness.plan.detection_change import PAGE
from readiness.plan.pull_request_folder import (
    MAX_ARCHIVE_BYTES,
    MAX_PLANS,
    MAX_PREVIEW_ARCHIVE_BYTES,
    PLANS,
    PULL_REQUEST,
    is_settings_file,
    preview_archive,
    stack_of_artifact,
)

# The workflow that makes the plans, and its artifact.
PLANS_WORKFLOW = ".github/workflows/plans.yml"
ARTIFACT = "plans"
# The workflow that makes previews, whose artifacts are `preview-STACK`.
PREVIEWS_WORKFLOW = ".github/workflows/pull-request.yml"
# A commit has a further run for each time that its pull request was opened again.
_MAX_RUNS = 5
# What a branch's rules require; one name for all stacks.
STATUS = "readiness diff"
_MAX_EVENT_BYTES = 5 * 1024 * 1024
_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_DESCRIPTIONS = {
    "success": "No change weakens protection, or every one that does is acknowledged",
    "failure": "Protection is reduced without an acknowledgement, or there is no plan",
    "error": "The judge failed; nothing is known of this commit",
}


class NotJudgedError(Exception):
    """The run is of no pull request that is to be judged; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EndedRun:
    """What the event `workflow_run` says of the run: workflow, id, its head, and where the head's branch is."""

    run_id: int
    workflow: str
    head_sha: str
    head_branch: str
    head_owner: str
    head_repository_id: int
    default_branch: str

    @classmethod
    def of_event(cls, path: Path) -> EndedRun:
        """The run of the event's file.

        Raises NotJudgedError for a run of another workflow or event, ValueError where the file holds no such event.
        """
        try:
            event = json.loads(read_regular_bytes(path, _MAX_EVENT_BYTES))
            run, repository = event["workflow_run"], event["repository"]
            workflow, kind = str(run["path"]).partition("@")[0], run["event"]
            head = run["head_repository"]
            ended = cls(
                run_id=int(run["id"]),
                workflow=workflow,
                head_sha=str(run["head_sha"]),
                head_branch=str(run["head_branch"]),
                head_owner=str(head["owner"]["login"]),
                head_repository_id=int(head["id"]),
                default_branch=str(repository["default_branch"]),
            )
        except (OSError, ValueError, RecursionError, TypeError, KeyError) as error:
            raise ValueError(f"holds no event of an ended run ({type(error).__name__})") from None
        if kind != "pull_request" or workflow not in (PLANS_WORKFLOW, PREVIEWS_WORKFLOW):
            known = f"{PLANS_WORKFLOW} or {PREVIEWS_WORKFLOW}"
            raise NotJudgedError(f"the run is of {workflow[:200]} on {str(kind)[:50]}, not of {known}")
        if not is_commit(ended.head_sha):
            raise ValueError("names no commit as the run's head")
        return ended


def pull_request_of(github: GitHub, run: EndedRun) -> dict[str, Any]:
    """The open pull request of the run into the default branch, from GitHub.

    Raises NotJudgedError where there is none any more, or its head has moved on; GitHubError.
    """
    head, base = quote(f"{run.head_owner}:{run.head_branch}", safe=":"), quote(run.default_branch, safe="")
    found = [
        pull
        for pull in github.items(f"pulls?state=open&head={head}&base={base}")
        # The name of a fork's owner and branch may be taken by another repository; its id may not.
        if _at(pull, "head", "repo", "id") == run.head_repository_id
        and _at(pull, "base", "ref") == run.default_branch
        and _at(pull, "base", "repo", "full_name") == github.name
    ]
    if not found:
        # A status is of a commit, not of a pull request: one into another branch must not decide for this one.
        message = f"no pull request from {run.head_owner}:{run.head_branch} into {run.default_branch} is open"
        raise NotJudgedError(message)
    pull: dict[str, Any] = found[0]
    if _at(pull, "head", "sha") != run.head_sha:
        raise NotJudgedError(f"#{pull['number']} has moved on from {run.head_sha[:12]}; its newer run is judged")
    return pull


def fetch(github: GitHub, run: EndedRun, folder: Path) -> int:
    """Writes what `readiness diff --pull-request` reads into the folder, and returns the pull request's number.

    Raises NotJudgedError, GitHubError, RefusedError where the folder cannot be written.
    """
    number = int(pull_request_of(github, run)["number"])
    listed = list(github.items(f"pulls/{number}/files"))
    acknowledged = _file_at(github, ACKNOWLEDGED_FILE, run.head_sha)
    plans, problem = _plans(github, _run_of_plans(github, run))
    # Asked after the list, so that a head that has moved on meanwhile is seen.
    pull = github.get(f"pulls/{number}")
    if _at(pull, "head", "sha") != run.head_sha:
        raise NotJudgedError(f"#{number} has moved on from {run.head_sha[:12]}; its newer run is judged")
    paths = {str(file[name]) for file in listed for name in ("filename", "previous_filename") if file.get(name)}
    # Last, so that however long GitHub takes for them, the rest is there.
    previews, no_previews = _previews(github, run)
    known = {
        "paths": sorted(paths),
        "is_complete": len(listed) == _at(pull, "changed_files"),
        "plans_problem": problem,
        "previews_problem": no_previews,
    }
    texts: dict[Path, str | bytes] = {folder / PULL_REQUEST: json.dumps(known)}
    files = {ACKNOWLEDGED_FILE: acknowledged, PLANS: plans, **previews}
    if PAGE in paths:
        files[PAGE] = _file_at(github, PAGE, run.head_sha)
    # The report says which setting a change comes from. A file that GitHub does not give costs these lines alone.
    for name in sorted(filter(is_settings_file, paths))[:MAX_PLANS]:
        with suppress(GitHubError):
            files[name] = _file_at(github, name, run.head_sha)
    write_all(texts | {folder / name: data for name, data in files.items() if data is not None})
    return number


def is_commit(text: str) -> bool:
    """Whether the text is the whole id of a commit."""
    return _SHA.fullmatch(text) is not None


def set_status(github: GitHub, head_sha: str, state: str, *, run_url: str) -> None:
    """Sets the status of the head's commit, which a branch's rules may require. Raises GitHubError."""
    body = {"state": state, "context": STATUS, "description": _DESCRIPTIONS[state], "target_url": run_url or None}
    github.send("POST", f"statuses/{head_sha}", body)


def _runs(github: GitHub, run: EndedRun, workflow: str) -> list[dict[str, Any]]:
    """The runs of a workflow for the head of a run, the newest first. Raises GitHubError."""
    name = workflow.rpartition("/")[2]
    listed = github.items(
        f"actions/workflows/{name}/runs?event=pull_request&head_sha={run.head_sha}", key="workflow_runs"
    )
    found = [
        other
        for other in listed
        # Another repository's branch may have the same commit.
        if _at(other, "head_repository", "id") == run.head_repository_id
        and other.get("head_branch") == run.head_branch
        and other.get("head_sha") == run.head_sha
        and other.get("event") == "pull_request"
        and str(other.get("path")).partition("@")[0] == workflow
    ]
    return sorted(found, key=lambda other: int(other["id"]), reverse=True)[:_MAX_RUNS]


def _run_of_plans(github: GitHub, run: EndedRun) -> int:
    """The id of the run that has made the plans. Raises NotJudgedError where it has not ended, GitHubError."""
    if run.workflow == PLANS_WORKFLOW:
        return run.run_id
    for other in _runs(github, run, PLANS_WORKFLOW):
        if other.get("status") != "completed":
            break
        if other.get("conclusion") != "cancelled":
            return int(other["id"])
    raise NotJudgedError(f"the plans of {run.head_sha[:12]} are not made yet; the end of their run starts the judge")


def _previews(github: GitHub, run: EndedRun) -> tuple[dict[str, bytes], str]:
    """The archives of the newest run that has previews, by their names in the folder, and why a stack has none.

    Nothing here stops the verdict, which is that on the plans.
    """
    archives: dict[str, bytes] = {}
    is_running = False
    try:
        for other in _runs(github, run, PREVIEWS_WORKFLOW):
            is_running = is_running or other.get("status") != "completed"
            archives, problem = _archives(github, int(other["id"]))
            if problem:
                return archives, problem
            if archives:
                break
    except GitHubError as error:
        return {}, f"GitHub did not give the previews ({error})"
    return archives, "the workflow that makes previews has not ended yet" if is_running else "no run has made a preview"


def _archives(github: GitHub, run_id: int) -> tuple[dict[str, bytes], str]:
    """The archives of a run's previews, and what is wrong where one is too large. Raises GitHubError."""
    newest: dict[str, dict[str, Any]] = {}
    for artifact in _artifacts(github, run_id):
        stack = stack_of_artifact(str(artifact.get("name")))
        # Each attempt of a run writes one.
        if stack is not None and int(artifact["id"]) > int(newest.get(stack, {}).get("id", 0)):
            newest[stack] = artifact
    if len(newest) > MAX_PLANS:
        return {}, f"a run has {len(newest)} previews, and at most {MAX_PLANS} are read"
    archives: dict[str, bytes] = {}
    problem = ""
    for stack, artifact in newest.items():
        data = _download(github, artifact, MAX_PREVIEW_ARCHIVE_BYTES)
        if data is None:
            problem = f"the archive of a preview is larger than {MAX_PREVIEW_ARCHIVE_BYTES // 1024**2} MiB"
        else:
            archives[preview_archive(stack)] = data
    return archives, problem


def _artifacts(github: GitHub, run_id: int, name: str = "") -> Iterator[dict[str, Any]]:
    listed = github.items(f"actions/runs/{run_id}/artifacts{f'?name={name}' if name else ''}", key="artifacts")
    return (artifact for artifact in listed if not artifact.get("expired"))


def _download(github: GitHub, artifact: dict[str, Any], max_bytes: int) -> bytes | None:
    """The archive of an artifact, None where it is larger. Raises GitHubError."""
    if int(artifact.get("size_in_bytes") or 0) > max_bytes:
        return None
    return github.download(f"actions/artifacts/{int(artifact['id'])}/zip", max_bytes=max_bytes)


def _plans(github: GitHub, run_id: int) -> tuple[bytes | None, str]:
    """The archive of the run's newest artifact of plans, or why there is none."""
    found = [artifact for artifact in _artifacts(github, run_id, ARTIFACT) if artifact.get("name") == ARTIFACT]
    if not found:
        return None, "the pull request's run has made no plans"
    # Each attempt of a run writes one.
    newest = max(found, key=lambda artifact: int(artifact["id"]))
    data = _download(github, newest, MAX_ARCHIVE_BYTES)
    if data is None:
        return None, f"the archive is larger than {MAX_ARCHIVE_BYTES // 1024**2} MiB, the limit for plans"
    return data, ""


def _file_at(github: GitHub, path: str, commit: str) -> bytes | None:
    """The bytes of a file as of a commit, None where it has none. Raises GitHubError where it is no regular file."""
    answer = github.get(f"contents/{path}?ref={commit}")
    if answer is None:
        return None
    if not isinstance(answer, dict) or answer.get("type") != "file" or answer.get("encoding") != "base64":
        raise GitHubError(0, f"{path}: is no regular file of less than 1 MB at {commit[:12]}")
    try:
        return base64.b64decode("".join(str(answer.get("content")).split()), validate=True)
    except (binascii.Error, ValueError):
        raise GitHubError(0, f"{path}: GitHub's answer holds no base64") from None


def _at(value: Any, *keys: str) -> Any:
    """The value at this path of keys, None where there is no such path."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
