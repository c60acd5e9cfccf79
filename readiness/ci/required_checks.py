"""Compares required checks with the workflow files: does each exist, run on every pull request, and can it fail?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from readiness.ci.pull_request_runs import gated_jobs, skip_findings, trigger_findings
from readiness.ci.reported_checks import Check, Job, checks_of, legs_of
from readiness.ci.shell.reader import ShellReader
from readiness.ci.steps import step_findings
from readiness.ci.workflow_files import WorkflowFile
from readiness.finding import Finding, Severity
from readiness.settings.github import ACTIONS_INTEGRATION_ID, RequiredCheck
from readiness.settings.nearest import nearest


def required_check_findings(
    folder: str, workflows: Sequence[WorkflowFile], required: Sequence[RequiredCheck], branch: str
) -> list[Finding]:
    """All findings, each once, in the order of the required checks, then of files and lines.

    Raises RefusedError where the scripts of steps cannot be parsed because `shfmt` is missing.
    """
    judge = _Judge(folder=folder, workflows=workflows, checks=checks_of(workflows), branch=branch, reader=ShellReader())
    found: dict[Finding, None] = {}
    for check in required:
        of_check = sorted(judge.of(check), key=lambda finding: (finding.file, finding.line or 0))
        found |= dict.fromkeys(replace(finding, key=check.context) for finding in of_check)
    return list(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Judge:
    folder: str
    workflows: Sequence[WorkflowFile]
    checks: Sequence[Check]
    branch: str
    reader: ShellReader

    def of(self, required: RequiredCheck) -> Iterator[Finding]:
        if required.integration_id != ACTIONS_INTEGRATION_ID:
            message = f"is reported by app {required.integration_id}, which no workflow file contains"
            hint = "Make sure by hand that it runs for every pull request, and can fail"
            yield self._finding("required-check-other-app", message, hint, Severity.WARNING)
            return
        named = [check for check in self.checks if check.name == required.context]
        if not named:
            yield self._missing(required.context)
        running = [check for check in named if not any(trigger_findings(check.started_by, self.branch))]
        if len(running) > 1:
            message = f"is reported by {len(running)} jobs, and any of them satisfies it: "
            message += ", ".join(_place(check.job) for check in running)
            yield self._finding("required-check-ambiguous", message, "Give each job another name")
        for check in running or named:
            yield from trigger_findings(check.started_by, self.branch)
            for job in check.jobs:
                yield from skip_findings(job)
                for judged in (job, *gated_jobs(job)):
                    yield from step_findings(judged, self.reader)

    def _missing(self, context: str) -> Finding:
        names = sorted({check.name for check in self.checks if check.name is not None})
        near = nearest(context, names) or next((name for name in names if name.startswith(f"{context} (")), None)
        if (computed := [_place(check.job) for check in self.checks if check.name is None]) and not near:
            message = f"is reported by no job with a fixed name, and the name of {'; '.join(dict.fromkeys(computed))}"
            message += " is known only when it runs or in another repository"
            hint = "Require a job with a fixed name that needs it and runs `if: always()`"
            return self._finding("required-check-name-computed", message, hint)
        jobs = [Job(workflow=workflow, id=job_id) for workflow in self.workflows for job_id in workflow.body["jobs"]]
        empty = [_place(job) for job in jobs if legs_of(job.body.get("strategy")) == []]
        if near or names:
            hint = f"Write {near}" if near else f"Write one of: {'; '.join(names)}"
        elif empty:
            hint = f"Give the matrix of this job at least one value, or remove it: {'; '.join(empty)}"
        else:
            hint = "Add a job with a fixed name that runs the tests, and require it"
        message = "is reported by no job, so that every pull request would wait for it forever"
        return self._finding("required-check-missing", message, hint)

    def _finding(self, rule_id: str, message: str, hint: str, severity: Severity = Severity.ERROR) -> Finding:
        """About the folder as a whole."""
        return Finding(rule_id=rule_id, file=self.folder, message=message, hint=hint, severity=severity)


def _place(job: Job) -> str:
    return f"{job.workflow.name} ({job.id})"
