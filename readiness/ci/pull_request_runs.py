"""Whether a check runs on every pull request: the triggers of its workflow, and conditions that can skip its job.

GitHub counts a skipped job as passed, also one that is skipped because a job in its `needs:` failed. So only a job that
needs nothing can be required, or one that runs `if: always()` and looks at the results of the jobs that it needs.
Sources: https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows and the page
on required checks that `reported_checks.py` names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from readiness.ci.reported_checks import Job
from readiness.ci.workflow_files import WorkflowFile
from readiness.finding import Finding

_EVENT = "pull_request"
# Without these a pull request, or what is pushed to it later, is never checked.
_NEEDED_TYPES = ("opened", "synchronize")
_WAITS = "and the check stays at Expected, so that nothing can be merged"

_ALWAYS = "always()"
# Conditions that hold on every pull request.
_HOLD = frozenset(
    {
        _ALWAYS,
        "success()",
        "true",
        "github.event_name == 'pull_request'",
        *(f"github.event_name != '{other}'" for other in ("push", "schedule", "workflow_dispatch", "merge_group")),
    }
)
# For steps alone: a job that is left out of a cancelled run would count as passed.
_HOLD_FOR_STEPS = _HOLD | {"!cancelled()", "success() || failure()"}
_AFTER_FAILURE = re.compile(r"(?<!!)\b(?:failure|cancelled)\(\)")
_WITHOUT_FAILURE = re.compile(r"\b(?:success|always)\(\)")
_RESULTS = re.compile(r"\bneeds\s*[.\[]|toJSON\(\s*needs\s*\)", re.IGNORECASE)
# A gate that names one of these does not take a job that was skipped for one that passed.
_STRICT = re.compile(r"success|skipped|toJSON\(\s*needs\s*\)", re.IGNORECASE)


def trigger_findings(workflow: WorkflowFile, branch: str) -> Iterator[Finding]:
    """What keeps the workflow from running on a pull request into `branch`."""
    rule = "required-check-trigger"
    on = workflow.body.get("on")
    events = [on] if isinstance(on, str) else list(on or ())
    if _EVENT not in events:
        message = "does not run on pull requests, so that the check never comes and nothing can be merged"
        if "pull_request_target" in events:
            message = "runs on pull_request_target, which checks the base and not what is proposed"
        yield workflow.finding(rule, ("on",), message, "Add the trigger pull_request")
    filters = on.get(_EVENT) if isinstance(on, dict) else None
    for name, value in filters.items() if isinstance(filters, dict) else ():
        path, texts = ("on", _EVENT, name), [value] if isinstance(value, str) else [str(item) for item in value or ()]
        if name in ("branches", "branches-ignore") and _matches(texts, branch) != (name == "branches"):
            message = f"excludes pull requests into {branch}, {_WAITS}"
            yield workflow.finding(rule, path, message, f"Add {branch} to it")
        elif name == "paths-ignore" or (name == "paths" and texts != ["**"]):
            message = f"runs for some files only: without them it does not start, {_WAITS}"
            yield workflow.finding(rule, path, message, "Remove it; skip the slow steps inside the job instead")
        elif name == "types" and (missing := [needed for needed in _NEEDED_TYPES if needed not in texts]):
            message = f"does not run when a pull request is {' or '.join(missing)}"
            yield workflow.finding(rule, path, message, "Remove `types`, or add what is missing")


def _matches(patterns: Sequence[str], branch: str) -> bool:
    """The last pattern that fits decides; `!` before it turns it round."""
    fitting = [pattern for pattern in patterns if _fits(pattern.removeprefix("!"), branch)]
    return bool(fitting) and not fitting[-1].startswith("!")


def _fits(pattern: str, branch: str) -> bool:
    """GitHub's filter pattern: `*` stops at `/`, `**` does not, `?` and `+` are of the character before."""
    parts = re.findall(r"\*\*|\*|[?+]|\[[^\]]*\]|\\.|.", pattern, flags=re.DOTALL)
    known = {"**": ".*", "*": "[^/]*", "?": "?", "+": "+"}
    regex = "".join(
        known.get(part) or (part if part.startswith("[") and len(part) > 1 else re.escape(part.removeprefix("\\")))
        for part in parts
    )
    try:
        return re.fullmatch(regex, branch) is not None
    except re.error:
        # `+main` or `[z-a]`: GitHub refuses it.
        return False


def skip_findings(job: Job) -> Iterator[Finding]:
    """What could make the job itself be skipped, and where it always runs, what it would not notice."""
    condition = job.body.get("if")
    if not _holds(condition, _HOLD):
        message = "is skipped if its condition is false, and GitHub counts that as passed"
        hint = "Remove the `if:`; put the condition on steps, or on a job that is not required"
        yield job.workflow.finding("required-check-skipped", (*job.path, "if"), message, hint)
    if not job.needs:
        return
    path, needed = (*job.path, "needs"), " or ".join(job.needs)
    if _ALWAYS not in _clauses(condition):
        message = f"is skipped, which counts as passed, where {needed} fails or is skipped"
        hint = "Require a job that runs `if: always()` and fails unless each of `needs` has the result success"
        yield job.workflow.finding("required-check-skipped", path, message, hint)
    elif not looks_at_results(job):
        message = f"runs whatever the result of {needed} is, and no step reads their results"
        hint = "Fail unless each of `needs` has the result success"
        yield job.workflow.finding("required-check-gate", path, message, hint)
    elif not _STRICT.search(_steps_text(job)):
        yield from _lenient_gate(job)


def _lenient_gate(job: Job) -> Iterator[Finding]:
    """The gate only looks for failures, so that what is skipped passes it."""
    for needed in gated_jobs(job):
        skips = not _holds(needed.body.get("if"), _HOLD)
        if skips or needed.needs:
            message = f"can be skipped, and {job.id} counts that as passed"
            hint = f"Let {job.id} fail unless the result of each of `needs` is success"
            path = (*needed.path, "if" if skips else "needs")
            yield needed.workflow.finding("required-check-gate", path, message, hint)


def looks_at_results(job: Job) -> bool:
    """Whether a step, or the job's own `env:`, names the results of the jobs that it needs."""
    return _RESULTS.search(_steps_text(job)) is not None


def gated_jobs(job: Job) -> Iterator[Job]:
    """All jobs that the job needs, directly or not, and whose results it represents: each must be able to fail too."""
    seen: set[str] = set()
    waiting = list(job.needs)
    while waiting:
        needed = job.sibling(waiting.pop(0))
        if needed is not None and needed.id not in seen:
            seen.add(needed.id)
            waiting += needed.needs
            yield needed


def may_skip_step(condition: Any) -> bool:
    """Whether a step with the condition is left out of some pull request's run though nothing failed."""
    return not _holds(condition, _HOLD_FOR_STEPS)


def is_after_a_failure(condition: Any) -> bool:
    """Whether a step runs only once the job has failed anyway."""
    text = str(condition or "")
    return _AFTER_FAILURE.search(text) is not None and _WITHOUT_FAILURE.search(text) is None


def _holds(condition: Any, known: frozenset[str]) -> bool:
    """Whether it always holds: all of its clauses do, or of one without brackets one of its alternatives."""
    if not _clauses(condition) - known:
        return True
    alternatives = str(condition).replace("${{", "").replace("}}", "").split("||")
    whole = str(condition).replace("()", "")
    return "(" not in whole and any(not _clauses(text) - known for text in alternatives if text.strip())


def _clauses(condition: Any) -> frozenset[str]:
    """What all has to hold; empty where there is no condition."""
    if not isinstance(condition, str) or not condition.strip():
        return frozenset()
    whole = re.sub(r"\A\s*\$\{\{(.*)\}\}\s*\Z", r"\1", condition, flags=re.DOTALL)
    return frozenset(" ".join(clause.split()) for clause in whole.split("&&"))


def _steps_text(job: Job) -> str:
    return json.dumps([job.body.get("steps"), job.body.get("env")])
