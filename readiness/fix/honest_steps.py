"""Edits steps that hide failures: `|| true`, `|| echo …`, `set +e`, lenient options, `continue-on-error`.

It edits only steps of jobs that a required check waits for, and only findings of `readiness checks-honest`. It edits a
step completely or not at all: if a failure would still be hidden after the edit, it refuses the step.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Sequence

from readiness.ci.pull_request_runs import gated_jobs
from readiness.ci.reported_checks import Check, Job, checks_of
from readiness.ci.shell.commands import lenient_option
from readiness.ci.shell.places import PlacedCommand, swallowed_failures
from readiness.ci.shell.reader import ShellReader
from readiness.ci.shell.tree import ShellSyntaxError
from readiness.ci.steps import step_findings
from readiness.finding import Finding, errors_only
from readiness.fix.scripts import Step, steps_of
from readiness.fix.workflow_source import Edit, NotRecognisedError, Source
from readiness.settings.github import RequiredCheck

PREFIX = "honest-step"
_RUNS_ANYWAY = "${{ !cancelled() }}"
# The order in which to apply the fixes: first those that one commit fixes, then those that take days. docs/fix.md.
_ORDER = (
    r"\b(black|isort|prettier|gofmt|(ruff|cargo|terraform) f(or)?ma?t)\b",
    r"\b(flake8|ruff|pylint|mypy|pyright|bandit)\b",
    r"\b(eslint|tsc|stylelint|(npm|yarn|pnpm)( run)? (lint|typecheck))\b",
    r"\b(jest|vitest|mocha|(npm|yarn|pnpm)( run)? test)\b",
    r"\b(pytest|unittest|tox|nox)\b",
)


def dishonest_steps(sources: Sequence[Source], required: Sequence[RequiredCheck], reader: ShellReader) -> list[Step]:
    """The steps with errors of `checks-honest`, in the order in which to fix them."""
    contexts = {check.context for check in required}
    jobs = {
        (judged.workflow.name, judged.id): judged
        for check in checks_of([source.workflow for source in sources])
        if check.name in contexts
        for judged in _jobs_behind(check)
    }
    by_name = {source.workflow.name: source for source in sources}
    found: list[Step] = []
    for (name, job_id), job in jobs.items():
        findings = errors_only(step_findings(job, reader))
        found += (step for step in steps_of(by_name[name], job_id, reader) if _about(step, findings))
    return sorted(found, key=_rank)


def _jobs_behind(check: Check) -> Iterator[Job]:
    for job in check.jobs:
        yield from (job, *gated_jobs(job))


def _about(step: Step, findings: Iterable[Finding]) -> list[Finding]:
    """The job's findings about the step."""
    first = step.source.line_of(step.path) + 1
    last = step.source.last_line_of(step.path) + 1
    return [
        finding
        for finding in findings
        if first <= (finding.line or 0) <= last and finding.rule_id != "required-check-looks-at-nothing"
    ]


def _rank(step: Step) -> int:
    script = step.script.lower()
    return next((rank for rank, form in enumerate(_ORDER) if re.search(form, script)), len(_ORDER))


def with_honest_step(step: Step) -> Source:
    """The workflow in which the step can fail. Raises NotRecognisedError if the known edits are not enough."""
    source = step.source
    source.refuse_shared_nodes()
    source.refuse_flow(step.path)
    expected = copy.deepcopy(source.workflow.body)
    body = expected["jobs"][step.job_id]["steps"][step.index]
    edits: list[Edit] = []
    if str(body.get("continue-on-error", "")).lower() == "true":
        edits.append(source.remove_line((*step.path, "continue-on-error")))
        del body["continue-on-error"]
    if step.script:
        places = _lost_in(step)
        edits += [source.in_script((*step.path, "run"), begin, end) for begin, end in places]
        body["run"] = _without(step.script, places)
        if "if" not in body and (inserted := _condition(step)):
            edits.append(inserted)
            body["if"] = _RUNS_ANYWAY
    after = source.edited(edits, expected)
    judged = Step(source=after, job_id=step.job_id, index=step.index, reader=step.reader)
    left = _about(judged, errors_only(step_findings(judged.job, step.reader)))
    if left:
        message = left[0].message.partition(": ")[2] or left[0].message
        raise NotRecognisedError(step.path, f"hides its failure in a form that no edit fixes: {message}", left[0].hint)
    return after


def _lost_in(step: Step) -> list[tuple[int, int]]:
    """The ranges to remove from the script, in order, without overlaps."""
    if step.dialect is None:
        return []
    try:
        places = [(place.begin, place.end) for place in swallowed_failures(step.script, step.reader, step.dialect)]
    except ShellSyntaxError as error:
        raise NotRecognisedError((*step.path, "run"), str(error), "Correct the script") from None
    for command in step.commands:
        if not any(begin <= command.words[0].begin < end for begin, end in places):
            places += _lenient_words(command, step.script)
    return sorted(places)


def _lenient_words(command: PlacedCommand, script: str) -> Iterator[tuple[int, int]]:
    """The ranges of options that let the command pass, with the blanks before them; and of a `--` left at the end."""
    words = [word for word in command.words if not lenient_option([word.value])]
    removed = [word for word in command.words if word not in words]
    if removed and words[-1].value == "--":
        removed.append(words[-1])
    for word in sorted(removed, key=lambda word: word.begin):
        before = script[: word.begin]
        yield len(before.rstrip(" \t")), word.end


def _without(script: str, places: Sequence[tuple[int, int]]) -> str:
    for begin, end in reversed(places):
        script = script[:begin] + script[end:]
    return script


def _condition(step: Step) -> Edit | None:
    """An `if` that runs the step after a failed step, as before: one run still shows every failure."""
    source, run = step.source, (*step.path, "run")
    line, column = source.line_of(run), source.key_node(run).start_mark.column
    written = f"{' ' * column}if: {_RUNS_ANYWAY}"
    if line != source.line_of(step.path):
        return source.insert_lines(line, [written])
    is_one_line = source.last_line_of(run) == line
    return source.insert_lines(line + 1, [written]) if is_one_line else None
