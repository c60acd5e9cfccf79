"""Checks that each stack has its own job in apply.yml, in the environment that its settings name.

Usage: python -m tools.stack_jobs, in the folder of Pulumi.yaml. Such a job is written by hand, because its place in the
order and the environment that it waits for decide who approves an apply. The other workflows list the stacks.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from readiness.cli.common import settings_of_every_stack
from readiness.finding import RefusedError, text_line

APPLY = Path(".github") / "workflows" / "apply.yml"
_UP = re.compile(r"readiness up (\S+)")


def problems(root: Path) -> Iterator[str]:
    """What apply.yml lacks for a stack, and which of its jobs is of no stack, each as a sentence with a hint.

    Raises RefusedError where the settings of a stack are refused.
    """
    environments = {stack: settings.environment.name for stack, settings in settings_of_every_stack(root)}
    applied = dict(_applied(yaml.safe_load((root / APPLY).read_text(encoding="utf-8"))["jobs"]))
    for stack, environment in environments.items():
        if stack not in applied:
            yield (
                f"{APPLY}: no job applies the stack {stack}; add one that runs `readiness up {stack} --yes` in the "
                f"environment {environment}, after the stack that it must wait for"
            )
        elif applied[stack] != environment:
            yield (
                f"{APPLY}: the job of the stack {stack} is in the environment {applied[stack]}, and its settings name "
                f"{environment}; write the same name in both"
            )
    for stack in applied.keys() - environments.keys():
        yield f"{APPLY}: a job applies the stack {stack}, which has no file Pulumi.{stack}.yaml; remove the job"


def _applied(jobs: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """The stacks that the jobs apply, each with the name of its job's environment."""
    for job in jobs.values():
        environment = job.get("environment")
        name = environment.get("name") if isinstance(environment, dict) else environment
        for step in job.get("steps", ()):
            yield from ((stack, name) for stack in _UP.findall(step.get("run", "")))


def main() -> int:
    """Returns 1 if a stack has no job, or a job has no stack."""
    try:
        found = list(problems(Path()))
    except RefusedError as refusal:
        found = [text_line(problem) for problem in refusal.problems]
    for line in found:
        print(f"error: {line}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
