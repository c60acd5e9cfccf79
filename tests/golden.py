"""The golden plans: what each stack declares, committed, so that a change to the program shows as a diff of them.

The source lines are left out: they move with every edit above them and declare nothing. The files that a plan holds are
written out as well, where linters and people read them as files, but for scripts: these are read where they stand.
"""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

from readiness.plan.offline_plan import Plan, plan_json
from tests.projects import STACKS, plan_of_stack

GOLDEN = Path(__file__).parent / "golden"


def golden_text(plan: Plan) -> str:
    """The plan as committed: what it declares, not what it is run with."""
    resources = tuple(
        {name: value for name, value in resource.items() if name != "source"} for resource in plan.resources
    )
    return plan_json(dataclasses.replace(plan, resources=resources, setup=None))


def managed_files(plan: Plan) -> dict[str, str]:
    """Text of every file that the plan holds, scripts left out, by its path below the golden folder."""
    components = (resource for resource in plan.resources if resource["type"].startswith("readiness:"))
    return {
        f"managed_files/{plan.stack}/{path}": text
        for component in components
        for path, text in component.get("files", {}).items()
        if not path.endswith(".py")
    }


def golden_files(plan: Plan) -> dict[str, str]:
    """Everything that is committed for a plan, by its path below the golden folder."""
    return {f"{plan.stack}.json": golden_text(plan), **managed_files(plan)}


if __name__ == "__main__":
    # All are made before one is removed: a stack that is refused leaves the committed ones as they are.
    texts = {name: text for stack in STACKS for name, text in golden_files(plan_of_stack(stack)).items()}
    shutil.rmtree(GOLDEN / "managed_files", ignore_errors=True)
    for name, text in texts.items():
        (GOLDEN / name).parent.mkdir(parents=True, exist_ok=True)
        (GOLDEN / name).write_text(text, encoding="utf-8")
