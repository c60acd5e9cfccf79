"""Plans for the tests of the diff: the real ones with planted changes, and small ones of a resource or two."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from readiness.plan.offline_plan import Plan
from readiness.plan.plan_diff import StackDiff, diff_plans
from readiness.plan.plan_file import ReadPlan, SecretMask, plan_from
from readiness.plan.weakening import Weakening, weakenings

PlanValue = dict[str, Any]
NO_RESOURCES: list[PlanValue] = []


def value_of(plan: Plan) -> PlanValue:
    """A copy of the plan's JSON form, to be changed."""
    return copy.deepcopy(plan.as_dict())


def read(value: PlanValue, secrets: SecretMask | None = None) -> ReadPlan:
    """The plan as the diff takes it."""
    return plan_from(copy.deepcopy(value), file="plan", secrets=secrets or SecretMask())


def resource(type_: str, inputs: PlanValue, *, name: str = "it", options: PlanValue | None = None) -> PlanValue:
    """A resource of the stack `prod`, without a parent."""
    return {
        "urn": f"urn:pulumi:prod::readiness::{type_}::{name}",
        "type": type_,
        "name": name,
        "parent": "",
        "inputs": inputs,
        "options": options or {},
        "source": {"file": "components/it.py", "line": 7},
    }


def plan_value(*resources: PlanValue, outputs: PlanValue | None = None, stack: str = "prod") -> PlanValue:
    """A plan of these resources."""
    plan = {"stack": stack, "project": "readiness", "resources": list(resources), "outputs": outputs or {}}
    return {**plan, "setup": {}}


def diff_of(old: PlanValue, new: PlanValue) -> StackDiff:
    """The difference of two plans."""
    secrets = SecretMask()
    return diff_plans(read(old, secrets), read(new, secrets))


def planted(plan: Plan, plant: Callable[[dict[str, PlanValue], PlanValue], None]) -> StackDiff:
    """The difference that a change of a real plan makes. `plant` gets the resources by name, and the plan."""
    new = value_of(plan)
    plant({declared["name"]: declared for declared in new["resources"]}, new)
    return diff_of(value_of(plan), new)


def weakened(old: list[PlanValue], new: list[PlanValue]) -> tuple[Weakening, ...]:
    """What weakens from the one list of resources to the other."""
    return weakenings(diff_of(plan_value(*old), plan_value(*new)))


def query_of(policy: PlanValue) -> PlanValue:
    """The PromQL condition of an alert policy."""
    condition: PlanValue = policy["inputs"]["conditions"][0]["conditionPrometheusQueryLanguage"]
    return condition
