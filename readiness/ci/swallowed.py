"""Whether the steps of a job can make it fail."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from readiness.ci.conditions import is_after_a_failure, may_skip_step
from readiness.ci.contexts import Job
from readiness.ci.expressions import expression_swallows
from readiness.ci.lenient_options import lenient_option
from readiness.ci.shell_script import looks_at_something, read_ahead, swallows
from readiness.ci.skips import looks_at_results
from readiness.ci.step_environment import environment_findings, shell_variable_set_in
from readiness.ci.step_shell import other_swallows, shell_of
from readiness.ci.workflow_files import WorkflowFile
from readiness.finding import Finding, Severity
from readiness.settings.strict_yaml import KeyPath

# They prepare; what they fail of is no finding of a check.
_SET_UP = re.compile(r"(?:actions/(?:checkout|cache|upload-artifact|download-artifact)|[\w-]+/setup-[\w-]+)@")

Step = Mapping[str, Any]


def read_scripts(workflow: WorkflowFile) -> None:
    """Reads all scripts of a workflow at once: one run of the parser for each dialect.

    Raises RefusedError where there is no parser.
    """
    scripts: dict[str, list[str]] = {}
    for job in (Job(workflow=workflow, id=job_id) for job_id in workflow.body["jobs"]):
        steps = job.body.get("steps")
        for step in filter(_is_step, steps if isinstance(steps, list) else ()):
            shell, script = shell_of(job, step), step.get("run")
            if isinstance(script, str) and shell.is_posix and shell.is_known:
                scripts.setdefault(shell.dialect, []).append(script)
    for dialect, found in scripts.items():
        read_ahead(found, dialect)


def swallow_findings(job: Job) -> Iterator[Finding]:
    """Everything in the job that swallows a failure, and whether anything is left that could fail."""
    if _is_on(job.body.get("continue-on-error")):
        path = (*job.path, "continue-on-error")
        yield job.workflow.finding(
            rule_id="required-check-continue-on-error",
            path=path,
            message="passes whatever its steps do",
            hint="Remove the line",
        )
    if "uses" in job.body:
        return
    container = job.body.get("container")
    if isinstance(container, Mapping):
        where = (*job.path, "container", "env")
        yield from environment_findings(job, where, container.get("env"), "the job's container")
    yield from environment_findings(job, (*job.path, "env"), job.body.get("env"), "the job")
    yield from environment_findings(job, ("env",), job.workflow.body.get("env"), "the workflow")
    written = job.body.get("steps")
    steps = {index: each for index, each in enumerate(written if isinstance(written, list) else ()) if _is_step(each)}
    for index, step in steps.items():
        if not is_after_a_failure(step.get("if")):
            yield from _step_findings(job, (*job.path, "steps", index), step)
    # A gate may fail in a step with a condition on what it needs. Where it looks at none of that, this was said.
    is_gate = looks_at_results(job)
    can_say_no = any(_can_fail(job, each) and (is_gate or not may_skip_step(each.get("if"))) for each in steps.values())
    if not can_say_no and (is_gate or not job.needs):
        message = "has no step that looks at something on every pull request, and can fail"
        hint = "Let a step run the tests without a condition, or with `if: ${{ !cancelled() }}`"
        yield job.workflow.finding(rule_id="required-check-looks-at-nothing", path=job.path, message=message, hint=hint)


def _step_findings(job: Job, path: KeyPath, step: Step) -> Iterator[Finding]:
    name = str(step.get("name") or step.get("id") or step.get("uses") or "a step without a name")
    if _is_on(step.get("continue-on-error")) and not _is_looked_at(job, step):
        message = f"step {name!r}: continue-on-error makes the job pass when it fails"
        yield job.workflow.finding(
            rule_id="required-check-continue-on-error",
            path=(*path, "continue-on-error"),
            message=message,
            hint="Remove the line",
        )
    yield from environment_findings(job, (*path, "env"), step.get("env"), f"step {name!r}")
    values = step.get("with")
    for key, value in values.items() if isinstance(values, Mapping) else ():
        if option := lenient_option(str(value).split()):
            message = f"step {name!r}: `{option}` passes where nothing was looked at, or whatever was found"
            where = (*path, "with", key)
            yield job.workflow.finding(
                rule_id="required-check-lenient-option",
                path=where,
                message=message,
                hint="Remove the option",
            )
    uses = step.get("uses")
    if isinstance(uses, str) and uses.startswith("./"):
        message = f"step {name!r}: what the repository's own action {uses} makes of failures is not looked at"
        hint, where = "Make sure by hand that it can fail", (*path, "uses")
        yield job.workflow.finding(
            rule_id="required-check-own-action",
            path=where,
            message=message,
            hint=hint,
            severity=Severity.WARNING,
        )
    script = step.get("run")
    if not isinstance(script, str):
        return
    shell, where = shell_of(job, step), (*path, "run")
    if not shell.is_known:
        message = f"step {name!r}: it is not known what `shell: {shell.template}` makes of failures"
        hint = "Write `shell: bash`, or a shell with its options and then {0}, such as `bash -el {0}`"
        yield job.workflow.finding(rule_id="required-check-shell", path=where, message=message, hint=hint)
        return
    if shell.goes_on:
        message = f"step {name!r}: its shell runs without -e, so that only the last command counts"
        yield job.workflow.finding(
            rule_id="required-check-shell",
            path=where,
            message=message,
            hint="Write `shell: bash`",
        )
    if shell.is_posix:
        found = swallows(script, pipefail=shell.pipefail, dialect=shell.dialect)
    else:
        found = other_swallows(script, shell)
    for swallow in (*found, *expression_swallows(script, job, step)):
        message = f"step {name!r}: {swallow.message}"
        yield job.workflow.finding(
            rule_id="required-check-failure-lost",
            path=where,
            offset=swallow.line,
            message=message,
            hint=swallow.hint,
            severity=swallow.severity,
        )
    if variable := shell_variable_set_in(script):
        line, changed = variable
        message = f"step {name!r}: {changed} changes what a shell does before its script, so it is not known"
        message += " whether that can fail"
        yield job.workflow.finding(
            rule_id="required-check-environment",
            path=where,
            offset=line,
            message=message,
            hint="Remove the variable",
        )


def _is_step(step: Any) -> bool:
    return isinstance(step, Mapping)


def _can_fail(job: Job, step: Step) -> bool:
    script = step.get("run")
    if isinstance(script, str):
        shell = shell_of(job, step)
        return looks_at_something(script, shell.dialect) if shell.is_posix else bool(script.strip())
    uses = step.get("uses")
    return isinstance(uses, str) and _SET_UP.match(uses) is None


def _is_looked_at(job: Job, step: Step) -> bool:
    """Whether another step that can fail asks for the outcome, which continue-on-error leaves as it was."""
    identity = step.get("id")
    others = [each for each in job.body["steps"] if each is not step and _is_step(each)]
    return isinstance(identity, str) and any(
        f"steps.{identity}.outcome" in json.dumps(each)
        and _can_fail(job, each)
        and not _is_on(each.get("continue-on-error"))
        for each in others
    )


def _is_on(value: Any) -> bool:
    """`true`, and what is computed, which may be."""
    return isinstance(value, str) and value.strip().lower() not in ("", "false", "${{ false }}")
