"""The table of rules about a plan. The tests, `readiness check --plan` and the diff of two plans use it the same way.

The policy pack runs those of `policy_rules.py`, because its environment has the standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from readiness.alerts.metric_catalogue import known_metrics
from readiness.finding import Finding
from readiness.resource_types import STACK_TYPE
from readiness.rules import (
    alert_policies,
    artifact_registry,
    cloud_logging,
    cloud_run,
    github,
    monitoring,
    project_access,
)
from readiness.rules.alert_lint import ALERT_RULES
from readiness.rules.contract import Contract, Field, is_placeholder
from readiness.rules.policy_rules import POLICY_RULES
from readiness.rules.rule import Remark, Resource, Rule, Surroundings, findings_by, of_plan
from readiness.rules.schema_check import schema_remarks

CONTRACTS: Mapping[str, Contract] = {
    **alert_policies.CONTRACTS,
    **artifact_registry.CONTRACTS,
    **cloud_logging.CONTRACTS,
    **cloud_run.CONTRACTS,
    **github.CONTRACTS,
    **monitoring.CONTRACTS,
    **project_access.CONTRACTS,
}
# Components and the stack are Pulumi's own bookkeeping; a provider's inputs are its configuration.
_WITHOUT_REQUEST = ("readiness:", STACK_TYPE, "pulumi:providers:")


def body_remarks(type_: str, body: Any) -> list[Remark]:
    """What the API would refuse of one body, as the provider of the resource type sends it, sorted by path.

    A type without a contract is a remark too, so that every declared type is checked.
    """
    contract = CONTRACTS.get(type_)
    if contract is None:
        return [("", f"is of the type {type_}, which has no contract; add one to readiness/rules/")]
    if contract.schema is None or is_placeholder(body):
        return []
    described = body
    if isinstance(body, dict):
        described = {name: value for name, value in body.items() if name not in contract.not_in_schema}
    remarks = {remark for check in contract.checks for remark in check(Field(body))}
    return sorted({*schema_remarks(*contract.schema, described), *remarks})


def _contract_remarks(resource: Resource, surroundings: Surroundings) -> Iterator[Remark]:
    if resource.type.startswith(_WITHOUT_REQUEST):
        return
    inputs, body = dict(resource.inputs), None
    if contract := CONTRACTS.get(resource.type):
        for check in contract.input_checks:
            yield from check(Field(inputs))
        for plan_check in contract.plan_checks:
            yield from plan_check(resource, surroundings)
        try:
            body = contract.body(inputs)
        except (AttributeError, TypeError, ValueError) as error:
            yield ("", f"has inputs of which no body can be made: {error}")
            return
    yield from body_remarks(resource.type, body)


RULES: tuple[Rule, ...] = (
    *POLICY_RULES,
    Rule(
        id="api-contract",
        description="The API takes what is declared: its schema, its limits, and what has to be there before.",
        hint="API contract",
        check=lambda resource, surroundings: sorted(set(_contract_remarks(resource, surroundings))),
    ),
    *ALERT_RULES,
)


def plan_findings(
    resources: Sequence[dict[str, Any]],
    *,
    runbook_targets: Iterable[str] = (),
    counted_environments: Iterable[tuple[str, str]] | None = None,
    rules: Iterable[Rule] = RULES,
) -> list[Finding]:
    """What the rules find in a plan (`Plan.resources`), each at the line that declares the resource.

    `counted_environments` are project and name of each environment whose deployments some stack counts.
    """
    declared = of_plan(resources)
    surroundings = Surroundings(
        runbook_targets=frozenset(runbook_targets),
        resources=declared,
        metrics=known_metrics(resources),
        counted_environments=None if counted_environments is None else frozenset(counted_environments),
    )
    return findings_by(rules, declared, surroundings)
