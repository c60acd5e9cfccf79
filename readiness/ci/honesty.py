"""Compares required checks with the workflow files: does each exist, run on every pull request, and can it fail?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from readiness.ci.contexts import Check, Job, checks_of
from readiness.ci.matrix import legs_of
from readiness.ci.skips import gated_jobs, skip_findings
from readiness.ci.swallowed import read_scripts, swallow_findings
from readiness.ci.triggers import trigger_findings
from readiness.ci.workflow_files import WorkflowFile
from readiness.finding import Finding, Severity
from readiness.settings.github import ACTIONS_INTEGRATION_ID, RequiredCheck
from readiness.settings.nearest import nearest


def honesty_problems(
    folder: str, workflows: Sequence[WorkflowFile], required: Sequence[RequiredCheck], branch: str
) -> list[Finding]:
    """All findings, each once, in the order of the required checks, then of files and lines.

    Raises RefusedError where the scripts of steps cannot be parsed because `shfmt` is missing.
    """
    checks = checks_of(workflows)
    contexts = {each.context for each in required if each.integration_id == ACTIONS_INTEGRATION_ID}
    judged = {job.workflow.name for check in checks if check.name in contexts for job in check.jobs}
    for workflow in workflows:
        if workflow.name in judged:
            read_scripts(workflow)
    found: dict[Finding, None] = {}
    for each in required:
        if each.integration_id != ACTIONS_INTEGRATION_ID:
            message = f"is reported by app {each.integration_id}, which no workflow file shows"
            hint = "Make sure by hand that it comes for every pull request, and can fail"
            found[
                _problem(folder, each.context, message, hint, Severity.WARNING, rule_id="required-check-other-app")
            ] = None
            continue
        of_context = list(_problems_of(folder, each.context, checks, workflows, branch))
        of_context.sort(key=lambda problem: (problem.file, problem.line or 0))
        found |= dict.fromkeys(of_context)
    return list(found)


def _problems_of(
    folder: str, context: str, checks: Sequence[Check], workflows: Sequence[WorkflowFile], branch: str
) -> Iterator[Finding]:
    named = [each for each in checks if each.name == context]
    on_pull_requests = [each for each in named if not any(trigger_findings(each.started_by, branch))]
    if not named:
        yield _missing(folder, context, checks, workflows)
        return
    if len(on_pull_requests) > 1:
        places = ", ".join(f"{each.job.workflow.name} ({each.job.id})" for each in on_pull_requests)
        message = f"is reported by {len(on_pull_requests)} jobs, and any of them satisfies it: {places}"
        yield _problem(folder, context, message, "Give each job a name of its own", rule_id="required-check-ambiguous")
    for check in on_pull_requests or named:
        for finding in _findings(check, branch):
            yield replace(finding, key=context)


def _findings(check: Check, branch: str) -> Iterator[Finding]:
    yield from trigger_findings(check.started_by, branch)
    for job in check.jobs:
        yield from skip_findings(job)
        for each in (job, *gated_jobs(job)):
            yield from swallow_findings(each)


def _missing(folder: str, context: str, checks: Sequence[Check], workflows: Sequence[WorkflowFile]) -> Finding:
    computed = [each for each in checks if each.name is None and re.fullmatch(each.pattern, context, re.DOTALL)]
    if computed:
        place = f"{computed[0].job.workflow.name} ({computed[0].job.id})"
        message = f"may be reported by {place}, whose name is known only when it runs or in another repository"
        hint = "Require a job with a fixed name that needs it and runs `if: always()`"
        return _problem(folder, context, message, hint, rule_id="required-check-name-computed")
    names = sorted({each.name for each in checks if each.name is not None})
    near = nearest(context, names) or next((each for each in names if each.startswith(f"{context} (")), None)
    message = "is reported by no job, so that every pull request would wait for it for ever"
    if near or names:
        return _problem(
            folder,
            context,
            message,
            f"Write {near}" if near else f"Write one of: {'; '.join(names)}",
            rule_id="required-check-missing",
        )
    return _problem(folder, context, message, _no_names_hint(workflows), rule_id="required-check-missing")


def _no_names_hint(workflows: Sequence[WorkflowFile]) -> str:
    """What to do where no job has a name that is known before it runs, for example because its matrix is empty."""
    jobs = [Job(workflow=workflow, id=job_id) for workflow in workflows for job_id in workflow.body["jobs"]]
    empty = [job for job in jobs if legs_of(job.body.get("strategy")) == []]
    if empty:
        places = "; ".join(f"{job.workflow.name} ({job.id})" for job in empty)
        return f"Give the matrix of this job at least one value, or remove it: {places}"
    return "Add a job with a fixed name that runs the tests, and require it"


def _problem(
    folder: str, context: str, message: str, hint: str, severity: Severity = Severity.ERROR, *, rule_id: str
) -> Finding:
    return Finding(rule_id=rule_id, file=folder, key=context, message=message, hint=hint, severity=severity)
