"""One issue for the drift of a stack: opened when it shows, updated while it lasts, closed when it is mended."""

from __future__ import annotations

from typing import Any

from readiness.live.github_api import GitHub
from readiness.live.pull_request_comment import ACTIONS_BOT, is_by


def drift_marker(stack: str) -> str:
    """The first line of the issue's text, by which it is found again."""
    return f"<!-- readiness drift {stack} -->"


def report_drift(github: GitHub, stack: str, report: str, *, author: str = ACTIONS_BOT) -> str:
    """Opens the stack's issue, or brings the open one up to date. Returns what it did and the issue's number."""
    text = f"{drift_marker(stack)}\n{report}"
    issue = _open_issue(github, stack, author)
    if issue is None:
        made = github.send("POST", "issues", {"title": f"Stack {stack} has drifted", "body": text})
        return f"opened #{made['number']}"
    if (issue["body"] or "").replace("\r\n", "\n").rstrip() == text.rstrip():
        return f"unchanged #{issue['number']}"
    github.send("PATCH", f"issues/{issue['number']}", {"body": text})
    return f"updated #{issue['number']}"


def close_drift(github: GitHub, stack: str, *, author: str = ACTIONS_BOT) -> str:
    """Closes the stack's issue where one is open, saying why. Returns what it did."""
    issue = _open_issue(github, stack, author)
    if issue is None:
        return "no issue is open"
    github.send("POST", f"issues/{issue['number']}/comments", {"body": "The stack is as it is declared again."})
    github.send("PATCH", f"issues/{issue['number']}", {"state": "closed", "state_reason": "completed"})
    return f"closed #{issue['number']}"


def _open_issue(github: GitHub, stack: str, author: str) -> dict[str, Any] | None:
    marker = drift_marker(stack)
    for issue in github.items("issues?state=open"):
        ours = is_by(issue, author) and (issue.get("body") or "").startswith(marker)
        if ours and "pull_request" not in issue:
            return issue
    return None
