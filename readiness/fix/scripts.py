"""The steps of workflows that run commands, with the place of each command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from readiness.ci.reported_checks import Job
from readiness.ci.shell.places import PlacedCommand, placed_commands
from readiness.ci.shell.reader import ShellReader
from readiness.ci.shell.tree import ShellSyntaxError
from readiness.ci.step_shells import shell_of
from readiness.fix.workflow_source import NotRecognisedError, Source
from readiness.settings.strict_yaml import KeyPath


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of a job. `path` is its place in the file."""

    source: Source
    job_id: str
    index: int
    reader: ShellReader

    @property
    def path(self) -> KeyPath:
        """The key path of the step in its file."""
        return ("jobs", self.job_id, "steps", self.index)

    @property
    def job(self) -> Job:
        """Its job."""
        return Job(workflow=self.source.workflow, id=self.job_id)

    @property
    def body(self) -> Mapping[str, Any]:
        """The mapping of the step in the file; empty if it is not a mapping."""
        found = self.job.body["steps"][self.index]
        return found if isinstance(found, dict) else {}

    @property
    def name(self) -> str:
        """Its `name:`, or else its id, its action, or its number in the job."""
        named = self.body.get("name") or self.body.get("id") or self.body.get("uses")
        return str(named or f"{self.job_id} {self.index + 1}")

    @property
    def script(self) -> str:
        """Its `run:`; empty if it has none, or if it is not text."""
        found = self.body.get("run")
        return found if isinstance(found, str) else ""

    @property
    def dialect(self) -> str | None:
        """The shell dialect of its script; None for a shell that does not resemble `sh`."""
        return shell_of(self.job, self.body).dialect

    @cached_property
    def commands(self) -> list[PlacedCommand]:
        """The commands of its script. Raises NotRecognisedError if the script cannot be read."""
        if not self.script or self.dialect is None:
            return []
        try:
            return placed_commands(self.script, self.reader, self.dialect)
        except ShellSyntaxError as error:
            raise NotRecognisedError((*self.path, "run"), str(error), "Correct the script") from None


def steps_of(source: Source, job_id: str, reader: ShellReader) -> list[Step]:
    """The steps of a job in order; none of a job that calls another workflow."""
    steps = Job(workflow=source.workflow, id=job_id).body.get("steps")
    count = len(steps) if isinstance(steps, list) else 0
    return [Step(source=source, job_id=job_id, index=index, reader=reader) for index in range(count)]


def all_steps(source: Source, reader: ShellReader) -> Iterator[Step]:
    """The steps of every job."""
    for job_id in source.workflow.body["jobs"]:
        yield from steps_of(source, job_id, reader)
