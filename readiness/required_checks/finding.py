"""Something that keeps a required check from saying no."""

from __future__ import annotations

from dataclasses import dataclass

from readiness.problems import Problem, Severity
from readiness.required_checks.workflow_files import WorkflowFile
from readiness.settings.strict_yaml import KeyPath


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """At `path` of a workflow; `offset` counts lines inside the text that stands there."""

    workflow: WorkflowFile
    path: KeyPath
    message: str
    mend: str
    offset: int = 0
    severity: Severity = Severity.ERROR

    def problem(self, context: str) -> Problem:
        """As it is printed, for the required check that it concerns."""
        line = self.workflow.line_of(self.path, self.offset)
        return Problem(
            file=self.workflow.file,
            line=line,
            key=context,
            message=self.message,
            mend=self.mend,
            severity=self.severity,
        )
