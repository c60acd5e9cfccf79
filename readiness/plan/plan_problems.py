"""What is wrong with a plan itself: by the policy pack's rules, the contracts of the APIs, the meaning of queries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from readiness.alerts.runbook import RUNBOOK_PATH, anchors
from readiness.files import text_of
from readiness.finding import Finding
from readiness.plan.offline_plan import Plan
from readiness.refusal import RefusedError
from readiness.rules.alert_lint import lint_policies, unwritten_metrics
from readiness.rules.contracts import check_plan
from readiness.rules.policy_rules import PROGRAM, Surroundings, of_plan, places_of, plan_findings
from readiness.rules.project import counted_environments
from readiness.settings.model import Settings
from readiness.settings.stack_files import read_stack
from readiness.settings.stack_names import stack_names
from readiness.settings.validation import view_of


def plan_problems(root: Path, plan: Plan) -> list[Finding]:
    """Every broken rule and contract and every senseless query, each at the line that declares the resource."""
    surroundings = Surroundings(runbook_anchors=frozenset(anchors(text_of(root / RUNBOOK_PATH))))
    places = places_of(plan.resources)

    def at(resource: str, rule_id: str, message: str, hint: str, path: str = "") -> Finding:
        file, line = places.get(resource, (PROGRAM, None))
        key = f"{resource}: {path}" if path else resource
        return Finding(rule_id=rule_id, file=file, line=line, key=key, message=message, hint=hint)

    found = plan_findings(of_plan(plan.resources), surroundings)
    found += [
        at(each.resource, "api-contract", each.message, "API contract", each.path)
        for each in check_plan(plan.resources)
    ]
    found += [
        at(resource, "alert-query", f"the query {complaint}", "Fix the query in readiness/alerts/")
        for resource, complaint in lint_policies(plan.resources)
    ]
    hint = "Remove the alert, or add readiness:deployment_telemetry"
    found += [
        at(resource, "alert-metric-unwritten", f"the query {complaint}", hint)
        for resource, complaint in unwritten_metrics(plan.resources, counted_environments(_readable_stacks(root)))
    ]
    return [
        replace(finding, key=f"stack {plan.stack}: {finding.key}", message=finding.message.rstrip("."))
        for finding in found
    ]


def _readable_stacks(root: Path) -> Iterator[Settings]:
    for stack in stack_names(root):
        with suppress(RefusedError):
            yield view_of(read_stack(root, stack))
