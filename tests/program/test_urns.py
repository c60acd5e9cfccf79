"""No resource changes its URN unnoticed: the engine would delete the live resource and create another one.

`urns/<stack>.txt` lists every URN that this program or an earlier release may have written to a state. People maintain
these files; `make golden` does not write them. If the program no longer declares a URN, the resource that replaces it
needs an alias, or `urns/removed.yaml` needs an entry with a reason.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from readiness.plan.engine_rules import former_urns
from readiness.plan.offline_plan import Plan
from readiness.plan.plan_file import SecretMask, plan_from
from tests.projects import STACKS

FOLDER = Path(__file__).parent / "urns"
REMOVED: dict[str, str] = yaml.safe_load((FOLDER / "removed.yaml").read_text(encoding="utf-8"))


def listed(stack: str) -> list[str]:
    """The lines of the stack's file."""
    return (FOLDER / f"{stack}.txt").read_text(encoding="utf-8").splitlines()


def declared(plan: Plan) -> dict[str, set[str]]:
    """The former URNs of each URN in the plan, from its own aliases and those of its parents."""
    resources = plan_from(plan.as_dict(), file="plan", secrets=SecretMask()).resources
    return {urn: set(former_urns(resource, resources)) for urn, resource in resources.items()}


@pytest.mark.parametrize("stack", STACKS)
def test_every_listed_urn_is_declared_or_has_an_alias_or_was_removed_on_purpose(
    plans: dict[str, Plan], stack: str
) -> None:
    """Otherwise `pulumi up` would delete the live resource."""
    now = declared(plans[stack])
    known = now.keys() | set().union(*now.values()) | {urn for urn in listed(stack) if without_stack(urn) in REMOVED}
    lost = [urn for urn in listed(stack) if urn not in known]
    assert not lost, "give what took its place an alias, or say in removed.yaml why it goes"


@pytest.mark.parametrize("stack", STACKS)
def test_every_declared_urn_is_listed(plans: dict[str, Plan], stack: str) -> None:
    """New URNs are added by hand, in order, so that a reviewer sees each name."""
    assert sorted(set(listed(stack))) == listed(stack)
    missing = sorted(declared(plans[stack]).keys() - set(listed(stack)))
    assert not missing, f"add these lines to tests/program/urns/{stack}.txt"


def test_what_was_removed_has_a_reason_and_is_not_declared(plans: dict[str, Plan]) -> None:
    """An entry for a URN that is declared again would hide a later loss of it."""
    now = {without_stack(urn) for plan in plans.values() for urn in declared(plan)}
    assert all(isinstance(reason, str) and len(reason) > 20 for reason in REMOVED.values())
    assert not now & REMOVED.keys()
    known = {without_stack(urn) for stack in STACKS for urn in listed(stack)}
    assert REMOVED.keys() <= known, "an entry that no file lists excuses nothing"


def without_stack(urn: str) -> str:
    """The end of a URN, its types and its name: `a:b:C$d:e:F::name`."""
    return urn.split("::", 2)[2]
