"""Plans that a test run has made before: the same program and the same files give the same plan.

Only for commands whose own work is tested; what tests the plan itself makes it anew.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable
from pathlib import Path

from readiness.plan.offline_plan import Plan
from readiness.settings.stack_files import StackConfig
from tests.projects import ROOT

PlanStack = Callable[[Path, StackConfig], Plan]


def remembering(plan_stack: PlanStack, memory: dict[str, Plan]) -> PlanStack:
    """`plan_stack` for projects that run this repository's own program, or its very text; others are planned anew."""

    def plan(root: Path, config: StackConfig) -> Plan:
        if not _runs_our_program(root):
            return plan_stack(root, config)
        key = _digest(root, config)
        if key not in memory:
            memory[key] = plan_stack(root, config)
        return copy.deepcopy(memory[key])

    return plan


def _runs_our_program(root: Path) -> bool:
    """By links to it, as the small projects of tests do, or by a copy."""
    if all((root / name).resolve() == ROOT / name for name in ("__main__.py", "components")):
        return True
    return (root / "readiness").is_dir() and _program(root) == _program(ROOT)


def _program(root: Path) -> dict[str, bytes]:
    """Text of every file that a plan is made by."""
    files = [root / "__main__.py", *(root / "components").rglob("*.py"), *(root / "readiness").rglob("*.*")]
    texts = (file for file in files if file.suffix != ".pyc" and file.is_file())
    return {str(file.relative_to(root)): file.read_bytes() for file in texts}


def _digest(root: Path, config: StackConfig) -> str:
    """Of all that the program reads, and whether it is linked or copied: the source lines of the plan differ."""
    linked = (root / "components").is_symlink()
    read = hashlib.sha256(repr((linked, config.stack, config.file)).encode())
    for file in sorted([*root.glob("Pulumi*.yaml"), root / config.file]):
        read.update(file.name.encode() + b"\0" + file.read_bytes())
    return read.hexdigest()
