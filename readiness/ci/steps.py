"""Whether the steps of a job can make it fail: their options, their variables, their shell and their scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readiness.ci.expressions import expression_findings
from readiness.ci.pull_request_runs import is_after_a_failure, looks_at_results, may_skip_step
from readiness.ci.reported_checks import Job
from readiness.ci.shell.commands import lenient_option
from readiness.ci.shell.judge import lost_failures, runs_a_check
from readiness.ci.shell.reader import ShellReader
from readiness.ci.step_shells import lost_in_windows_shell, shell_of
from readiness.finding import Finding, Severity
from readiness.settings.strict_yaml import KeyPath

# They prepare; what they fail of is no finding of a check.
_SET_UP = re.compile(r"(?:actions/(?:checkout|cache|upload-artifact|download-artifact)|[\w-]+/setup-[\w-]+)@")
# Before the script bash reads a file (BASH_ENV), options (SHELLOPTS, BASHOPTS) and functions, zsh ZDOTDIR/.zshenv.
_SHELL_VARIABLE = re.compile(r"BASH_ENV|SHELLOPTS|BASHOPTS|BASH_FUNC_.*|ZDOTDIR")
_SETS_SHELL_VARIABLE = re.compile(r"\b(BASH_ENV|SHELLOPTS|BASHOPTS|ZDOTDIR)=")
# The options with which the program that reads the variable runs no test, or passes whatever happens.
_PYTEST = re.compile(
    r"(?<!\S)(?:--(?:collect-only|co|setup-plan|fixtures|fixtures-per-test|funcargs|markers|cache-show|version|help)"
    r"|-[Vh])(?!\S)"
)
# Letters may be joined, and the first ones may have no hyphen.
_MAKE = re.compile(
    r"(?<!\S)--(?:just-print|dry-run|recon|question|touch|ignore-errors)(?!\S)"
    r"|(?:^\s*-?|(?<!\S)-)[a-zA-Z]*[inqt][a-zA-Z]*(?!\S)"
)
_OPTIONS_OF = {"PYTEST_ADDOPTS": _PYTEST, "MAKEFLAGS": _MAKE, "GNUMAKEFLAGS": _MAKE}
_LENIENT = "`{}` passes where nothing was looked at, or whatever was found"
_SHELL_VARIABLE_CHANGES = "{} changes what a shell does before its script, so it is not known whether that can fail"


def step_findings(job: Job, reader: ShellReader) -> Iterator[Finding]:
    """Everything in the job that loses a failure, and whether anything is left that could fail."""
    if _is_on(job.body.get("continue-on-error")):
        message = "passes whatever its steps do"
        path = (*job.path, "continue-on-error")
        yield job.workflow.finding("required-check-continue-on-error", path, message, "Remove the line")
    if "uses" in job.body:
        return
    container = job.body.get("container")
    of_container = container.get("env") if isinstance(container, Mapping) else None
    yield from _environment_findings(job, (*job.path, "container", "env"), of_container, "the job's container")
    yield from _environment_findings(job, (*job.path, "env"), job.body.get("env"), "the job")
    yield from _environment_findings(job, ("env",), job.workflow.body.get("env"), "the workflow")
    written = job.body.get("steps")
    steps = [
        _Step(job=job, index=index, body=body, reader=reader)
        for index, body in enumerate(written if isinstance(written, list) else ())
        if isinstance(body, Mapping)
    ]
    for step in steps:
        if not is_after_a_failure(step.body.get("if")):
            yield from step.findings([other for other in steps if other is not step])
    # A gate may fail in a step with a condition on what it needs. Where it looks at none of that, this was said.
    is_gate = looks_at_results(job)
    can_fail = any(step.can_fail() and (is_gate or not may_skip_step(step.body.get("if"))) for step in steps)
    if not can_fail and (is_gate or not job.needs):
        message = "has no step that checks something on every pull request and can fail"
        hint = "Let a step run the tests without a condition, or with `if: ${{ !cancelled() }}`"
        yield job.workflow.finding("required-check-looks-at-nothing", job.path, message, hint)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Step:
    job: Job
    index: int
    body: Mapping[str, Any]
    reader: ShellReader

    def findings(self, others: list[_Step]) -> Iterator[Finding]:
        if _is_on(self.body.get("continue-on-error")) and not self._is_looked_at(others):
            message = "continue-on-error makes the job pass when it fails"
            yield self._finding("continue-on-error", ("continue-on-error",), message, "Remove the line")
        path = (*self.job.path, "steps", self.index, "env")
        yield from _environment_findings(self.job, path, self.body.get("env"), f"step {self._name()!r}")
        values = self.body.get("with")
        for key, value in values.items() if isinstance(values, Mapping) else ():
            if option := lenient_option(str(value).split()):
                yield self._finding("lenient-option", ("with", key), _LENIENT.format(option), "Remove the option")
        uses, script = self.body.get("uses"), self.body.get("run")
        if isinstance(uses, str) and uses.startswith("./"):
            message = f"the repository's own action {uses} is not checked, and it may ignore failures"
            hint = "Make sure by hand that it can fail"
            yield self._finding("own-action", ("uses",), message, hint, severity=Severity.WARNING)
        if isinstance(script, str):
            yield from self._script_findings(script)

    def _script_findings(self, script: str) -> Iterator[Finding]:
        shell, path = shell_of(self.job, self.body), ("run",)
        if not shell.is_known:
            message = f"it is not known how `shell: {shell.template}` handles failures"
            hint = "Write `shell: bash`, or a shell with its options and then {0}, such as `bash -el {0}`"
            yield self._finding("shell", path, message, hint)
            return
        if shell.goes_on:
            message = "its shell runs without -e, so that only the last command counts"
            yield self._finding("shell", path, message, "Write `shell: bash`")
        found: Iterable[Finding] = ()
        if shell.dialect is not None:
            found = lost_failures(script, self.reader, dialect=shell.dialect, pipefail=shell.pipefail)
        elif shell.is_of_windows:
            found = lost_in_windows_shell(script)
        for finding in (*found, *expression_findings(script, self.job, self.body)):
            offset = (finding.line or 1) - 1
            yield self._finding(
                "failure-lost", path, finding.message, finding.hint, offset=offset, severity=finding.severity
            )
        if variable := _SETS_SHELL_VARIABLE.search(script):
            message, offset = _SHELL_VARIABLE_CHANGES.format(variable[1]), script.count("\n", 0, variable.start())
            yield self._finding("environment", path, message, "Remove the variable", offset=offset)

    def can_fail(self) -> bool:
        """Whether it runs a command or an action that shows whether the application works."""
        script, uses = self.body.get("run"), self.body.get("uses")
        if isinstance(script, str):
            dialect = shell_of(self.job, self.body).dialect
            return bool(script.strip()) if dialect is None else runs_a_check(script, self.reader, dialect)
        return isinstance(uses, str) and _SET_UP.match(uses) is None

    def _is_looked_at(self, others: list[_Step]) -> bool:
        """Whether another step that can fail asks for the outcome, which continue-on-error leaves as it was."""
        identity = self.body.get("id")
        return isinstance(identity, str) and any(
            f"steps.{identity}.outcome" in json.dumps(other.body)
            and other.can_fail()
            and not _is_on(other.body.get("continue-on-error"))
            for other in others
        )

    def _name(self) -> str:
        return str(self.body.get("name") or self.body.get("id") or self.body.get("uses") or "a step without a name")

    def _finding(
        self, rule: str, path: KeyPath, message: str, hint: str, *, offset: int = 0, severity: Severity = Severity.ERROR
    ) -> Finding:
        """A finding at `path` below the step."""
        place, said = (*self.job.path, "steps", self.index, *path), f"step {self._name()!r}: {message}"
        workflow = self.job.workflow
        return workflow.finding(f"required-check-{rule}", place, said, hint, offset=offset, severity=severity)


def _environment_findings(job: Job, path: KeyPath, values: Any, holder: str) -> Iterator[Finding]:
    """Variables at `path` that change what a shell or a test runner does. `holder` is what sets them."""
    for name, value in values.items() if isinstance(values, Mapping) else ():
        refused = _OPTIONS_OF[name].search(str(value)) if name in _OPTIONS_OF else None
        option = lenient_option(str(value).split()) or (refused and refused.group().strip())
        message, hint = f"{holder}: {_LENIENT.format(option)}" if option else "", "Remove the option"
        if _SHELL_VARIABLE.fullmatch(name):
            message, hint = f"{holder}: {_SHELL_VARIABLE_CHANGES.format(name)}", "Remove the variable"
        if message:
            yield job.workflow.finding("required-check-environment", (*path, name), message, hint)


def _is_on(value: Any) -> bool:
    """`true`, and what is computed, which may be."""
    return isinstance(value, str) and value.strip().lower() not in ("", "false", "${{ false }}")
