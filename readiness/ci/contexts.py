"""The checks that the jobs of workflow files report, by the names that a pull request shows and a ruleset requires.

A job reports its `name:`, else its id; every leg of a matrix by itself; a job of a reusable workflow as
`caller / called` (GHD troubleshooting-required-status-checks.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readiness.ci.matrix import Leg, leg_suffix, legs_of
from readiness.ci.workflow_files import WorkflowFile
from readiness.settings.strict_yaml import KeyPath

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_MATRIX_VALUE = re.compile(r"\s*matrix\.([\w-]+(?:\.[\w-]+)*)\s*")
_LOCAL = "./.github/workflows/"
# GitHub allows ten levels; a workflow that calls itself has no end.
_MAX_CALLS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A job of a workflow file."""

    workflow: WorkflowFile
    id: str

    @property
    def path(self) -> KeyPath:
        """Where the job stands in its file."""
        return ("jobs", self.id)

    @property
    def body(self) -> Mapping[str, Any]:
        """What the job says."""
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

    `pattern` matches its name; `name` is None where a part of that is known only while the workflow runs.
    """

    name: str | None
    pattern: str
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
    by_name = {each.name: each for each in workflows}
    return [
        check
        for workflow in workflows
        for job_id in workflow.body["jobs"]
        for check in _checks(Job(workflow=workflow, id=job_id), by_name, (), "", True)
    ]


def _checks(
    job: Job, workflows: Mapping[str, WorkflowFile], above: tuple[Job, ...], prefix: str, known: bool
) -> Iterator[Check]:
    jobs = (*above, job)
    for pattern, is_known in _patterns(job):
        whole, all_known = prefix + pattern, known and is_known
        uses = job.body.get("uses")
        if not isinstance(uses, str):
            yield Check(name=_unescaped(whole) if all_known else None, pattern=whole, jobs=jobs)
            continue
        called = workflows.get(uses.removeprefix(_LOCAL)) if uses.startswith(_LOCAL) else None
        if called is None or len(jobs) > _MAX_CALLS:
            yield Check(name=None, pattern=f"{whole} / .+", jobs=jobs)
            continue
        for job_id in called.body["jobs"]:
            yield from _checks(Job(workflow=called, id=job_id), workflows, jobs, f"{whole} / ", all_known)


def _patterns(job: Job) -> Iterator[tuple[str, bool]]:
    """The name of each leg as a pattern, and whether all of it is known."""
    written = job.body.get("name")
    name = written if isinstance(written, str) and written else job.id
    legs = legs_of(job.body.get("strategy"))
    computed = legs is None
    no_value: Leg = {}
    for leg in [no_value] if legs is None else legs:
        pattern, known = _filled_in(name, leg)
        if not _EXPRESSION.search(name):
            pattern += r" \(.+\)" if computed else re.escape(leg_suffix(leg))
        yield pattern, known and not computed


def _filled_in(name: str, leg: Leg) -> tuple[str, bool]:
    pattern, known, end = "", True, 0
    for found in _EXPRESSION.finditer(name):
        pattern += re.escape(name[end : found.start()])
        end = found.end()
        asked = _MATRIX_VALUE.fullmatch(found.group(1))
        value: Any = leg if asked else None
        for part in asked.group(1).split(".") if asked else ():
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, str):
            pattern += re.escape(value)
        else:
            pattern, known = f"{pattern}.+", False
    return pattern + re.escape(name[end:]), known


def _unescaped(pattern: str) -> str:
    return re.sub(r"\\(.)", r"\1", pattern)
