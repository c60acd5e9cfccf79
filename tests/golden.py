"""The golden plans: what each stack declares, committed, so that a change to the program shows as a diff of them.

The source lines are left out: they move with every edit above them and declare nothing.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from readiness.review.offline_plan import Plan, plan_json
from tests.projects import STACKS, plan_of_stack

GOLDEN = Path(__file__).parent / "golden"


def golden_text(plan: Plan) -> str:
    """The plan as committed."""
    resources = tuple({name: value for name, value in each.items() if name != "source"} for each in plan.resources)
    return plan_json(dataclasses.replace(plan, resources=resources))


if __name__ == "__main__":
    for stack in STACKS:
        (GOLDEN / f"{stack}.json").write_text(golden_text(plan_of_stack(stack)), encoding="utf-8")
