"""What is wrong with a plan itself: by the policy pack's rules, the contracts of the APIs, the meaning of queries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from readiness.alerting.rule_lint import lint_policies, unwritten_metrics
from readiness.alerting.runbook import RUNBOOK_PATH, anchors
from readiness.contracts import check_plan
from readiness.files import text_of
from readiness.problems import Problem, RefusedError
from readiness.review.offline_plan import Plan
from readiness.review.plan_rules import Surroundings, of_plan, violations
from readiness.settings.delivery_rules import told_environments
from readiness.settings.stack_files import StackConfig, read_stack
from readiness.settings.stack_names import stack_names


def plan_problems(root: Path, plan: Plan) -> list[Problem]:
    """Every broken rule and contract and every senseless query, each at the line that declares the resource."""
    surroundings = Surroundings(runbook_anchors=frozenset(anchors(text_of(root / RUNBOOK_PATH))))
    found = [
        (each.resource, each.resource, each.message, f"Rule {each.rule} of the policy pack")
        for each in violations(of_plan(plan.resources), surroundings)
    ]
    found += [
        (each.resource, f"{each.resource}: {each.path}" if each.path else each.resource, each.message, "API contract")
        for each in check_plan(plan.resources)
    ]
    found += [
        (resource, resource, f"the query {complaint}", "Fix the query in readiness/alerting/")
        for resource, complaint in lint_policies(plan.resources)
    ]
    found += [
        (resource, resource, f"the query {complaint}", "Remove the alert, or add readiness:deployment_telemetry")
        for resource, complaint in unwritten_metrics(plan.resources, told_environments(_readable_stacks(root)))
    ]
    return [_problem(plan, resource, key, message, mend) for resource, key, message, mend in found]


def _readable_stacks(root: Path) -> Iterator[StackConfig]:
    for stack in stack_names(root):
        with suppress(RefusedError):
            yield read_stack(root, stack)


def _problem(plan: Plan, resource: str, key: str, message: str, mend: str) -> Problem:
    source = next((each["source"] for each in plan.resources if each["name"] == resource and each["source"]), None)
    file, line = (source["file"], source["line"]) if source else ("__main__.py", None)
    return Problem(file=file, line=line, key=f"stack {plan.stack}: {key}", message=message.rstrip("."), mend=mend)
