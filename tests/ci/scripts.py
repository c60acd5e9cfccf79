"""Single shell scripts to judge."""

from __future__ import annotations

from readiness.ci.shell.judge import lost_failures, runs_a_check
from readiness.ci.shell.reader import ShellReader
from readiness.finding import Finding

# Reads each script of the tests once. They are many, and no single one may use up the time of the others.
READER = ShellReader(limit_seconds=3600)


def found(script: str, *, pipefail: bool = False) -> list[Finding]:
    """Every failure that the script loses in `bash -e`. Lines count from 1."""
    return lost_failures(script, READER, dialect="bash", pipefail=pipefail)


def can_fail(script: str) -> bool:
    """Whether a command of the script can fail."""
    return runs_a_check(script, READER, "bash")
