"""Whether a job can be skipped, which GitHub counts as passed (GHD troubleshooting-required-status-checks.md).

A job that is skipped because one that it needs failed does not hold a merge up either. So only a job that needs
nothing, or one that runs `if: always()` and looks at the results of what it needs, can be required.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from readiness.ci.conditions import ALWAYS, clauses, may_skip_job
from readiness.ci.contexts import Job
from readiness.finding import Finding

_RESULTS = re.compile(r"\bneeds\s*[.\[]|toJSON\(\s*needs\s*\)", re.IGNORECASE)
# A gate that names one of these does not take a job that was skipped for one that passed.
_STRICT = re.compile(r"success|skipped|toJSON\(\s*needs\s*\)", re.IGNORECASE)


def skip_findings(job: Job) -> Iterator[Finding]:
    """What could make the job itself be skipped, and where it runs always, what it would not notice."""
    condition = job.body.get("if")
    if may_skip_job(condition):
        message = "is skipped where its condition does not hold, and GitHub counts that as passed"
        hint = "Remove the `if:`; put the condition on steps, or on a job that is not required"
        yield job.workflow.finding(rule_id="required-check-skipped", path=(*job.path, "if"), message=message, hint=hint)
    if not job.needs:
        return
    if ALWAYS not in clauses(condition):
        message = f"is skipped, which counts as passed, where {_names(job.needs)} fails or is skipped"
        hint = "Require a job that runs `if: always()` and fails unless each of `needs` has the result success"
        yield job.workflow.finding(
            rule_id="required-check-skipped",
            path=(*job.path, "needs"),
            message=message,
            hint=hint,
        )
    elif not looks_at_results(job):
        message = f"runs whatever happened to {_names(job.needs)}, and no step looks at their results"
        hint = "Fail unless each of `needs` has the result success"
        yield job.workflow.finding(rule_id="required-check-gate", path=(*job.path, "needs"), message=message, hint=hint)
    elif not _STRICT.search(_steps_text(job)):
        yield from _lenient_gate(job)


def looks_at_results(job: Job) -> bool:
    """Whether a step, or the job's own `env:`, names the results of what it needs."""
    return _RESULTS.search(_steps_text(job)) is not None


def gated_jobs(job: Job) -> Iterator[Job]:
    """The jobs whose results the job stands for, however far away: each must be able to fail too."""
    seen: set[str] = set()
    waiting = list(job.needs)
    while waiting:
        needed = job.sibling(waiting.pop(0))
        if needed is not None and needed.id not in seen:
            seen.add(needed.id)
            waiting += needed.needs
            yield needed


def _lenient_gate(job: Job) -> Iterator[Finding]:
    """The gate only looks for failures, so that what is skipped passes it."""
    for needed in gated_jobs(job):
        skips = may_skip_job(needed.body.get("if"))
        if skips or needed.needs:
            message = f"can be skipped, and {job.id} takes that for passed"
            hint = f"Let {job.id} fail unless the result of each of `needs` is success"
            path = (*needed.path, "if" if skips else "needs")
            yield needed.workflow.finding(rule_id="required-check-gate", path=path, message=message, hint=hint)


def _steps_text(job: Job) -> str:
    return json.dumps([job.body.get("steps"), job.body.get("env")])


def _names(ids: tuple[str, ...]) -> str:
    return " or ".join(ids)
