"""The pull request whose run has ended, for the workflow that judges it without running any of its code.

The output of that run is not trusted: the pull request's number comes from GitHub and never from an artifact, and the
judged head is the one that the event names. `fetch` writes the folder that `readiness diff --pull-request` reads.

Two workflows of a pull request make the files to judge: one the plans, the other the previews of the engine if there
are credentials. The end of either one starts the judge, which also takes what the other one made for the same commit.
Without plans there is no verdict. Without previews, the changes of the engine are not known.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
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
# A commit has one more run for each time that its pull request was reopened.
_MAX_RUNS = 5
# The conclusions of a run that explain a missing preview. https://docs.github.com/en/rest/actions/workflow-runs
_BAD_ENDS = {
    "failure": "failed",
    "cancelled": "was cancelled",
    "timed_out": "timed out",
    "startup_failure": "could not start",
    "action_required": "waits for an approval",
}
# The name of the status check that a branch's rules can require; one name for all stacks.
STATUS = "readiness diff"
_MAX_EVENT_BYTES = 5 * 1024 * 1024
_SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_DESCRIPTIONS = {
    "success": "No change weakens protection, or every one that does is acknowledged",
    "failure": "Protection is reduced without an acknowledgement, or there is no plan",
    "error": "The judge failed, so there is no verdict on this commit",
}


class NotJudgedError(Exception):
    """The run has no pull request to judge; the message says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EndedRun:
    """The fields of the event `workflow_run`: workflow, id, its head, and the repository of the head's branch."""

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

        Raises NotJudgedError for a run of another workflow or event, ValueError if the file contains no such event.
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
        except OSError as error:
            raise ValueError(f"cannot be read ({error.strerror or type(error).__name__})") from None
        except (ValueError, RecursionError, TypeError, KeyError):
            raise ValueError("is not the event of an ended run") from None
        if kind != "pull_request" or workflow not in (PLANS_WORKFLOW, PREVIEWS_WORKFLOW):
            known = f"{PLANS_WORKFLOW} or {PREVIEWS_WORKFLOW}"
            raise NotJudgedError(f"the run is of {workflow[:200]} on {str(kind)[:50]}, not of {known}")
        if not is_commit(ended.head_sha):
            raise ValueError("names no commit as the run's head")
        return ended


def pull_request_of(github: GitHub, run: EndedRun) -> dict[str, Any]:
    """The open pull request of the run into the default branch, from GitHub.

    Raises NotJudgedError if there is none any more or if its head has changed, and GitHubError.
    """
    head, base = quote(f"{run.head_owner}:{run.head_branch}", safe=":"), quote(run.default_branch, safe="")
    found = [
        pull
        for pull in github.items(f"pulls?state=open&head={head}&base={base}")
        # Another repository can later have the same owner and branch name, but not the same id.
        if _at(pull, "head", "repo", "id") == run.head_repository_id
        and _at(pull, "base", "ref") == run.default_branch
        and _at(pull, "base", "repo", "full_name") == github.name
    ]
    if not found:
        # A status belongs to a commit, so a pull request into another branch must not set it.
        message = f"no pull request from {run.head_owner}:{run.head_branch} into {run.default_branch} is open"
        raise NotJudgedError(message)
    pull: dict[str, Any] = found[0]
    if _at(pull, "head", "sha") != run.head_sha:
        raise NotJudgedError(
            f"#{pull['number']} has newer commits than {run.head_sha[:12]}; the run of the newest is judged"
        )
    return pull


def fetch(github: GitHub, run: EndedRun, folder: Path) -> int:
    """Writes what `readiness diff --pull-request` reads into the folder, and returns the pull request's number.

    Raises NotJudgedError, GitHubError, and RefusedError if the folder cannot be written.
    """
    number = int(pull_request_of(github, run)["number"])
    listed = list(github.items(f"pulls/{number}/files"))
    acknowledged = _file_at(github, ACKNOWLEDGED_FILE, run.head_sha)
    plans, problem = _plans(github, _run_of_plans(github, run))
    # Read after the list, to notice a head that has changed meanwhile.
    pull = github.get(f"pulls/{number}")
    if _at(pull, "head", "sha") != run.head_sha:
        raise NotJudgedError(f"#{number} has newer commits than {run.head_sha[:12]}; the run of the newest is judged")
    paths = {str(file[name]) for file in listed for name in ("filename", "previous_filename") if file.get(name)}
    # Previews come last: if GitHub is slow, the rest is already there.
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
    # The report shows which setting caused a change. Without one of these files, only these lines are missing.
    for name in sorted(filter(is_settings_file, paths))[:MAX_PLANS]:
        with suppress(GitHubError):
            files[name] = _file_at(github, name, run.head_sha)
    write_all(texts | {folder / name: data for name, data in files.items() if data is not None})
    return number


def is_commit(text: str) -> bool:
    """Whether the text is the full id of a commit."""
    return _SHA.fullmatch(text) is not None


def set_status(github: GitHub, head_sha: str, state: str, *, run_url: str) -> None:
    """Sets the status of the head's commit, which a branch's rules may require. Raises GitHubError."""
    body = {"state": state, "context": STATUS, "description": _DESCRIPTIONS[state], "target_url": run_url or None}
    github.send("POST", f"statuses/{head_sha}", body)


def _runs(github: GitHub, run: EndedRun, workflow: str) -> list[dict[str, Any]]:
    """The runs of a workflow for the same head as `run`, newest first. Raises GitHubError."""
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
    """The id of the run that made the plans. Raises NotJudgedError if it has not ended, and GitHubError."""
    if run.workflow == PLANS_WORKFLOW:
        return run.run_id
    for other in _runs(github, run, PLANS_WORKFLOW):
        if other.get("status") != "completed":
            break
        if other.get("conclusion") != "cancelled":
            return int(other["id"])
    raise NotJudgedError(
        f"the plans of {run.head_sha[:12]} do not exist yet; the end of the run that makes them starts the judge"
    )


def _previews(github: GitHub, run: EndedRun) -> tuple[dict[str, bytes], str]:
    """The archives of the newest run that has previews, by their names in the folder, and why a stack has none.

    A problem here does not stop the verdict, which depends on the plans.
    """
    archives: dict[str, bytes] = {}
    reasons: list[str] = []
    try:
        for other in _runs(github, run, PREVIEWS_WORKFLOW):
            reasons.append(_why_no_preview(other))
            archives, problem = _archives(github, int(other["id"]))
            if problem:
                return archives, problem
            if archives:
                break
    except GitHubError as error:
        return {}, f"GitHub did not return the previews ({error})"
    return archives, next(filter(None, reasons), "no run has made a preview")


def _why_no_preview(run: Mapping[str, Any]) -> str:
    """Why a run of the workflow that makes previews may lack one; empty if its end does not explain it."""
    if run.get("status") != "completed":
        return "the workflow that makes previews has not ended yet"
    end = _BAD_ENDS.get(str(run.get("conclusion")))
    return f"the workflow that makes previews {end} (run {int(run['id'])})" if end else ""


def _archives(github: GitHub, run_id: int) -> tuple[dict[str, bytes], str]:
    """The archives of a run's previews, and the problem if one is too large. Raises GitHubError."""
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
    """The archive of an artifact, None if it is larger than `max_bytes`. Raises GitHubError."""
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
    """The bytes of a file at a commit, None if there is none. Raises GitHubError if it is not a regular file."""
    answer = github.get(f"contents/{path}?ref={commit}")
    if answer is None:
        return None
    if not isinstance(answer, dict) or answer.get("type") != "file" or answer.get("encoding") != "base64":
        raise GitHubError(0, f"{path}: is not a regular file of less than 1 MB at {commit[:12]}")
    try:
        return base64.b64decode("".join(str(answer.get("content")).split()), validate=True)
    except (binascii.Error, ValueError):
        raise GitHubError(0, f"{path}: GitHub's answer is not base64") from None


def _at(value: Any, *keys: str) -> Any:
    """The value at this path of keys, None if there is no such path."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
