"""Whether the steps of a job can make it fail."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from readiness.required_checks.conditions import is_after_a_failure, may_skip_step
from readiness.required_checks.contexts import Job
from readiness.required_checks.finding import Finding
from readiness.required_checks.shell_script import swallows
from readiness.settings.strict_yaml import KeyPath

# They prepare; what they fail of is no finding of a check.
_SET_UP = re.compile(r"(?:actions/(?:checkout|cache|upload-artifact|download-artifact)|[\w-]+/setup-[\w-]+)@")
# GHD workflow-syntax.md: what `shell:` stands for. Without it bash runs with -e alone.
_SHELLS = {"": "bash -e {0}", "bash": "bash --noprofile --norc -eo pipefail {0}", "sh": "sh -e {0}"}


def swallow_findings(job: Job) -> Iterator[Finding]:
    """Everything in the job that swallows a failure, and whether anything is left that could fail."""
    if _is_on(job.body.get("continue-on-error")):
        path = (*job.path, "continue-on-error")
        yield Finding(workflow=job.workflow, path=path, message="passes whatever its steps do", mend="Remove the line")
    steps = job.body.get("steps")
    if not isinstance(steps, list):
        return
    for index, step in enumerate(steps):
        if isinstance(step, dict) and not is_after_a_failure(step.get("if")):
            yield from _step_findings(job, (*job.path, "steps", index), step)
    if not job.needs and not any(_always_looks(step) for step in steps if isinstance(step, dict)):
        message = "has no step that looks at something on every pull request"
        mend = "Let a step run the tests without a condition, or with `if: ${{ !cancelled() }}`"
        yield Finding(workflow=job.workflow, path=job.path, message=message, mend=mend)


def _step_findings(job: Job, path: KeyPath, step: Mapping[str, Any]) -> Iterator[Finding]:
    name = str(step.get("name") or step.get("id") or step.get("uses") or "a step without a name")
    if _is_on(step.get("continue-on-error")) and not _is_looked_at(job, step):
        message = f"step {name!r}: continue-on-error makes the job pass when it fails"
        yield Finding(workflow=job.workflow, path=(*path, "continue-on-error"), message=message, mend="Remove the line")
    script = step.get("run")
    if not isinstance(script, str):
        return
    shell = _shell(job, step)
    if "{0}" in shell and not re.search(r"\s-\w*e", shell):
        message = f"step {name!r}: its shell runs without -e, so that only the last command counts"
        yield Finding(workflow=job.workflow, path=(*path, "run"), message=message, mend="Write `shell: bash`")
    if not shell.startswith(("bash", "sh")):
        return
    for found in swallows(script, pipefail="pipefail" in shell):
        message, where = f"step {name!r}: {found.message}", (*path, "run")
        yield Finding(workflow=job.workflow, path=where, offset=found.line, message=message, mend=found.mend)


def _always_looks(step: Mapping[str, Any]) -> bool:
    if may_skip_step(step.get("if")):
        return False
    return "run" in step or not _SET_UP.match(str(step.get("uses", "")))


def _is_looked_at(job: Job, step: Mapping[str, Any]) -> bool:
    """Whether a later step asks for the outcome, which continue-on-error leaves as it was."""
    identity = step.get("id")
    return isinstance(identity, str) and f"steps.{identity}.outcome" in json.dumps(job.body.get("steps"))


def _shell(job: Job, step: Mapping[str, Any]) -> str:
    """How the script is run: as the step says, else the job's default, else the workflow's."""
    asked = step.get("shell")
    for holder in (job.body, job.workflow.body):
        asked = asked or _at(holder, "defaults", "run", "shell")
    return _SHELLS.get(str(asked or ""), str(asked))


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _is_on(value: Any) -> bool:
    """`true`, and what is computed, which may be."""
    return isinstance(value, str) and value.strip().lower() not in ("", "false", "${{ false }}")
