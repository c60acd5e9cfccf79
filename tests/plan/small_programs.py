"""Programs of a few lines, planned as a project's own `__main__.py` is."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from readiness.finding import Finding, RefusedError
from readiness.plan.offline_plan import Plan, plan_stack
from readiness.settings.stack_files import StackConfig


def plan_program(
    folder: Path,
    text: str,
    *,
    project: str = "demo",
    stack: str = "dev",
    values: dict[str, Any] | None = None,
    secret_keys: set[str] | None = None,
) -> Plan:
    """The offline plan of the program `text`, written into `folder`."""
    (folder / "__main__.py").write_text(textwrap.dedent(text), encoding="utf-8")
    config = StackConfig(
        stack=stack, file=f"Pulumi.{stack}.yaml", project=project, values=values or {}, secret_keys=secret_keys or set()
    )
    return plan_stack(folder, config)


def refusal_of(folder: Path, text: str) -> Finding:
    """The one problem for which the program is refused."""
    with pytest.raises(RefusedError) as refused:
        plan_program(folder, text)
    (problem,) = refused.value.problems
    return problem


def named(plan: Plan, name: str) -> dict[str, Any]:
    """The one resource of that name."""
    (resource,) = (declared for declared in plan.resources if declared["name"] == name)
    return resource
