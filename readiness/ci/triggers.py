"""Whether a workflow runs on every pull request into the guarded branch (GHD events-that-trigger-workflows.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from readiness.ci.workflow_files import WorkflowFile
from readiness.finding import Finding

_EVENT = "pull_request"
# Without these a pull request, or what is pushed to it later, is never checked.
_NEEDED_TYPES = ("opened", "synchronize")
_WAITS = "and the check stays at Expected, so that nothing can be merged"


def trigger_findings(workflow: WorkflowFile, branch: str) -> Iterator[Finding]:
    """What keeps the workflow from running on a pull request into `branch`."""
    on = workflow.body.get("on")
    events = [on] if isinstance(on, str) else list(on or ())
    if _EVENT not in events:
        path = ("on",)
        message = "does not run on pull requests, so that the check never comes and nothing can be merged"
        if "pull_request_target" in events:
            message = "runs on pull_request_target, which checks the base and not what is proposed"
        yield workflow.finding(
            rule_id="required-check-trigger",
            path=path,
            message=message,
            hint="Add the trigger pull_request",
        )
        return
    settings = on.get(_EVENT) if isinstance(on, dict) else None
    if isinstance(settings, dict):
        yield from _filter_findings(workflow, settings, branch)


def _filter_findings(workflow: WorkflowFile, settings: dict[str, Any], branch: str) -> Iterator[Finding]:
    path = ("on", _EVENT)
    for name in ("branches", "branches-ignore"):
        if name in settings and _matches(_texts(settings[name]), branch) != (name == "branches"):
            message = f"leaves out pull requests into {branch}, {_WAITS}"
            yield workflow.finding(
                rule_id="required-check-trigger",
                path=(*path, name),
                message=message,
                hint=f"Let it name {branch}",
            )
    for name in ("paths", "paths-ignore"):
        if name in settings and not (name == "paths" and _texts(settings[name]) == ["**"]):
            message = f"runs for some files only: without them it does not start, {_WAITS}"
            hint = "Remove it; skip the slow steps inside the job instead"
            yield workflow.finding(rule_id="required-check-trigger", path=(*path, name), message=message, hint=hint)
    if "types" in settings:
        missing = [each for each in _NEEDED_TYPES if each not in _texts(settings["types"])]
        if missing:
            message = f"does not run when a pull request is {' or '.join(missing)}"
            hint = "Remove `types`, or add what is missing"
            yield workflow.finding(rule_id="required-check-trigger", path=(*path, "types"), message=message, hint=hint)


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value or ()]


def _matches(patterns: Sequence[str], branch: str) -> bool:
    """The last pattern that fits decides; `!` before it turns it round."""
    matched = False
    for pattern in patterns:
        negative = pattern.startswith("!")
        if _fits(pattern.removeprefix("!"), branch):
            matched = not negative
    return matched


def _fits(pattern: str, branch: str) -> bool:
    try:
        return re.fullmatch(_regex(pattern), branch) is not None
    except re.error:
        # `+main` or `[z-a]`: GitHub refuses it.
        return False


def _regex(pattern: str) -> str:
    """GitHub's filter pattern: `*` stops at `/`, `**` does not, `?` and `+` are of the character before."""
    parts = re.findall(r"\*\*|\*|[?+]|\[[^\]]*\]|\\.|.", pattern, flags=re.DOTALL)
    known = {"**": ".*", "*": "[^/]*", "?": "?", "+": "+"}
    return "".join(
        known.get(part) or (part if part.startswith("[") and len(part) > 1 else re.escape(part.removeprefix("\\")))
        for part in parts
    )
