"""The changes of an apply as Markdown, and the one issue that reports when an apply on merge fails.

The changes are the difference of the state before and after, so an apply that failed halfway shows what it changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from readiness.live.github_api import GitHub
from readiness.live.pull_request_comment import ACTIONS_BOT, find_ours
from readiness.markdown_text import table_cell

ISSUE_MARKER = "<!-- readiness apply -->"
# GitHub accepts 1 MiB for the summary of a step.
MAX_ROWS = 500
_ENGINE_TYPES = ("pulumi:pulumi:", "pulumi:providers:")
_NOT_APPLIED = ("failure", "cancelled")


def applied_markdown(
    stack: str, commit: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, *, succeeded: bool
) -> str:
    """What an apply changed, from the states (`deployment` of an export) before and after; None: not readable."""
    how = "is applied" if succeeded else "was NOT applied in full"
    lines = [f"### Stack `{stack}` {how}", "", f"Commit `{commit}`." if commit else "The commit is not known.", ""]
    if before is None or after is None:
        lines.append("What changed is not known: the state could not be read.")
        return "\n".join([*lines, ""])
    rows = list(_rows(_resources(before), _resources(after)))
    if not rows:
        lines.append("No resource changed.")
        return "\n".join([*lines, ""])
    lines += ["| change | resource |", "|---|---|", *rows[:MAX_ROWS]]
    if len(rows) > MAX_ROWS:
        lines += ["", f"… and {len(rows) - MAX_ROWS} more."]
    return "\n".join([*lines, ""])


def _resources(state: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The resources of a cloud, by their URN: without components and providers."""
    return {
        str(resource["urn"]): resource
        for resource in state.get("resources") or ()
        if resource.get("custom") and not str(resource.get("type")).startswith(_ENGINE_TYPES)
    }


def _rows(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for urn in sorted(before.keys() | after.keys()):
        if (change := _change(before.get(urn), after.get(urn))) is not None:
            kind, name = (after.get(urn) or before[urn])["type"], urn.rpartition("::")[2]
            yield f"| {table_cell(change)} | {table_cell(f'{kind} {name}')} |"


def _change(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> str | None:
    """Names of properties, never their values: some are secrets."""
    if old is None:
        return "created"
    if new is None:
        return "deleted, or no longer managed"
    if old.get("id") != new.get("id"):
        return "replaced"
    was, now = old.get("inputs") or {}, new.get("inputs") or {}
    changed = sorted(
        key for key in was.keys() | now.keys() if not key.startswith("__") and was.get(key) != now.get(key)
    )
    failed = ", and its last update FAILED" if new.get("initErrors") else ""
    return f"changed: {', '.join(changed)}{failed}" if changed else (f"nothing{failed}" if failed else None)


def failed_jobs(needs: str) -> list[str]:
    """The jobs of GitHub's `toJSON(needs)` that failed or were cancelled. Raises ValueError for another text."""
    return [name for name, result in _results(needs).items() if result in _NOT_APPLIED]


def applied_jobs(needs: str) -> list[str]:
    """Those that succeeded. Raises ValueError for another text."""
    return [name for name, result in _results(needs).items() if result == "success"]


def _results(needs: str) -> dict[str, str]:
    value = json.loads(needs)
    if not isinstance(value, dict) or not all(isinstance(job, dict) for job in value.values()):
        raise ValueError("not an object of jobs")
    return {str(name): str(job.get("result")) for name, job in value.items()}


def failure_text(jobs: list[str], *, commit: str, run_url: str) -> str:
    """The issue's text, and that of a comment for each later failure."""
    names = ", ".join(f"`{name}`" for name in jobs)
    return "\n".join(
        [
            f"The workflow Apply failed at commit {commit}: {names}. [The run]({run_url}) shows why.",
            "",
            "- A job that was rejected counts as failed: the next merge applies its commit too.",
            "- If the run says that the stack is locked, check whether another run still applies it.",
            "- After a fix, run the failed jobs again, or merge the fix. No merged change is lost: each merge applies "
            "a stack again until a run of its newest commit succeeds.",
            "",
        ]
    )


def report_failure(github: GitHub, text: str, *, author: str = ACTIONS_BOT) -> str:
    """Opens the issue, or adds a comment to the open one, which notifies again. Returns what it did."""
    issue = _open_issue(github, author)
    if issue is None:
        made = github.send("POST", "issues", {"title": "Apply on merge fails", "body": f"{ISSUE_MARKER}\n{text}"})
        return f"opened #{made['number']}"
    github.send("POST", f"issues/{issue['number']}/comments", {"body": text})
    return f"commented on #{issue['number']}"


def close_failure(github: GitHub, text: str, *, author: str = ACTIONS_BOT) -> str:
    """Closes the issue if it is open. Returns what it did."""
    issue = _open_issue(github, author)
    if issue is None:
        return "no issue is open"
    github.send("POST", f"issues/{issue['number']}/comments", {"body": text})
    github.send("PATCH", f"issues/{issue['number']}", {"state": "closed", "state_reason": "completed"})
    return f"closed #{issue['number']}"


def _open_issue(github: GitHub, author: str) -> dict[str, Any] | None:
    issues = (issue for issue in github.items("issues?state=open") if "pull_request" not in issue)
    return find_ours(issues, marker=ISSUE_MARKER, author=author)
