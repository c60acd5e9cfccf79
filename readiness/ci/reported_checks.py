"""The checks that the jobs of workflow files report, by the names that a pull request shows and a ruleset requires.

A job reports its `name:`, else its id; every leg of a matrix by itself; a job of a reusable workflow as
`caller / called`. Source:
https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/troubleshooting-required-status-checks
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readiness.ci.workflow_files import WorkflowFile
from readiness.settings.strict_yaml import KeyPath

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_MATRIX_VALUE = re.compile(r"\s*matrix\.([\w-]+(?:\.[\w-]+)*)\s*")
_LOCAL = "./.github/workflows/"
# GitHub allows ten levels; a workflow that calls itself has no end.
_MAX_CALLS = 10
# GitHub makes at most this many jobs of one matrix.
_MAX_LEGS = 256

Leg = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A job of a workflow file."""

    workflow: WorkflowFile
    id: str

    @property
    def path(self) -> KeyPath:
        """The key path of the job in its file."""
        return ("jobs", self.id)

    @property
    def body(self) -> Mapping[str, Any]:
        """What the file says about the job; empty where that is no mapping."""
        found = self.workflow.body["jobs"][self.id]
        return found if isinstance(found, dict) else {}

    @property
    def needs(self) -> tuple[str, ...]:
        """Ids of the jobs that it waits for."""
        needs = self.body.get("needs") or ()
        return (needs,) if isinstance(needs, str) else tuple(needs)

    def sibling(self, job_id: str) -> Job | None:
        """Another job of the same file."""
        return Job(workflow=self.workflow, id=job_id) if job_id in self.workflow.body["jobs"] else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A check that a job reports. `jobs` goes from the job of the workflow that GitHub starts to the one that runs.

    `name` is None where a part of it is known only while the workflow runs, or in another repository.
    """

    name: str | None
    jobs: tuple[Job, ...]

    @property
    def job(self) -> Job:
        """The job whose result it is."""
        return self.jobs[-1]

    @property
    def started_by(self) -> WorkflowFile:
        """The workflow whose triggers decide whether it runs."""
        return self.jobs[0].workflow


def checks_of(workflows: Sequence[WorkflowFile]) -> list[Check]:
    """Every check that the workflows can report."""
    by_name = {workflow.name: workflow for workflow in workflows}
    return [
        check
        for workflow in workflows
        for job_id in workflow.body["jobs"]
        for check in _checks(Job(workflow=workflow, id=job_id), by_name, (), "")
    ]


def _checks(
    job: Job, workflows: Mapping[str, WorkflowFile], above: tuple[Job, ...], prefix: str | None
) -> Iterator[Check]:
    jobs = (*above, job)
    for own_name in _names(job):
        name = None if prefix is None or own_name is None else prefix + own_name
        uses = job.body.get("uses")
        if not isinstance(uses, str):
            yield Check(name=name, jobs=jobs)
            continue
        called = workflows.get(uses.removeprefix(_LOCAL)) if uses.startswith(_LOCAL) else None
        if called is None or len(jobs) > _MAX_CALLS:
            yield Check(name=None, jobs=jobs)
            continue
        for job_id in called.body["jobs"]:
            inner = Job(workflow=called, id=job_id)
            yield from _checks(inner, workflows, jobs, None if name is None else f"{name} / ")


def _names(job: Job) -> Iterator[str | None]:
    """The name of every leg; None where a part of it is known only while the workflow runs."""
    written = job.body.get("name")
    name = written if isinstance(written, str) and written else job.id
    legs = legs_of(job.body.get("strategy"))
    if legs is None:
        yield None
        return
    for leg in legs:
        if not _EXPRESSION.search(name):
            # GitHub adds ` (ubuntu-24.04, 3.12)` to a name that mentions no value of the matrix itself.
            values = ", ".join(_leg_values(leg))
            yield f"{name} ({values})" if values else name
            continue
        texts = [_matrix_value(expression, leg) for expression in _EXPRESSION.findall(name)]
        known = iter([text for text in texts if text is not None])
        yield None if None in texts else _EXPRESSION.sub(lambda _, known=known: next(known), name)


def _matrix_value(expression: str, leg: Leg) -> str | None:
    """The value of `${{ matrix.os.name }}` in the leg; None for other expressions."""
    asked = _MATRIX_VALUE.fullmatch(expression)
    value: Any = leg if asked else None
    for part in asked.group(1).split(".") if asked else ():
        value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def legs_of(strategy: Any) -> list[Leg] | None:
    """The values of every leg of a job's matrix, as GitHub multiplies them.

    One empty leg without a matrix; None where the matrix is known only while the workflow runs. Source:
    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstrategymatrix
    """
    matrix = strategy.get("matrix") if isinstance(strategy, dict) else None
    if matrix is None:
        return [{}]
    if not isinstance(matrix, dict):
        return None
    axes = {name: values for name, values in matrix.items() if name not in ("include", "exclude")}
    include, exclude = matrix.get("include", []), matrix.get("exclude", [])
    if not all(isinstance(values, list) for values in (*axes.values(), include, exclude)):
        return None
    count = 1
    for values in axes.values():
        count *= len(values)
    if count > _MAX_LEGS or not all(isinstance(entry, dict) for entry in (*include, *exclude)):
        return None
    products = itertools.product(*axes.values()) if axes else ()
    legs = [dict(zip(axes, values, strict=True)) for values in products]
    legs = [leg for leg in legs if not any(_fits(entry, leg) for entry in exclude)]
    return _included(legs, include, frozenset(axes))


def _included(legs: list[Leg], include: list[Leg], axes: frozenset[str]) -> list[Leg]:
    """An entry adds to every leg of whose own values it overwrites none; where there is none, it is a new leg."""
    original = [dict(leg) for leg in legs]
    result = list(legs)
    for entry in include:
        fitting = [
            index
            for index, leg in enumerate(original)
            if all(entry[name] == leg[name] for name in entry if name in axes)
        ]
        for index in fitting:
            result[index] = {**result[index], **entry}
        if not fitting:
            result.append(dict(entry))
    return result


def _fits(entry: Leg, leg: Leg) -> bool:
    return all(leg.get(name) == value for name, value in entry.items())


def _leg_values(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _leg_values(item)]
    if isinstance(value, list):
        return [text for item in value for text in _leg_values(item)]
    return [str(value)]
