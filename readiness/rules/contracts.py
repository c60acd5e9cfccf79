"""Plans and bodies against the contracts of the APIs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from readiness.resource_types import STACK_TYPE
from readiness.rules.body_view import BodyView
from readiness.rules.contract_table import CONTRACTS, Contract
from readiness.rules.placeholders import is_placeholder
from readiness.rules.prose_rules.across_resources import violations_across
from readiness.rules.schema_check import schema_findings
from readiness.rules.violation import FieldMessage, Violation

# Components and the stack are Pulumi's own bookkeeping; a provider's inputs are its configuration.
_WITHOUT_REQUEST = ("readiness:", STACK_TYPE, "pulumi:providers:")


def check_plan(resources: Iterable[dict[str, Any]]) -> list[Violation]:
    """Everything that the APIs would refuse of a plan's resources (`Plan.resources`), sorted by resource and path.

    A type without a contract is a violation too: nothing is declared that nobody has checked.
    """
    declared = [resource for resource in resources if not resource["type"].startswith(_WITHOUT_REQUEST)]
    found = [
        Violation(resource=resource["name"], path=path, message=message)
        for resource in declared
        for path, message in _resource_findings(resource)
    ]
    return sorted({*found, *violations_across(declared)})


def check_body(type_: str, body: Any) -> list[Violation]:
    """Everything that the API would refuse of one body, as the provider of the resource type sends it.

    `resource` of a violation is the type. A type without a contract is a violation.
    """
    contract = CONTRACTS.get(type_)
    findings = [_no_contract(type_)] if contract is None else _body_findings(contract, body)
    return sorted({Violation(resource=type_, path=path, message=message) for path, message in findings})


def _resource_findings(resource: dict[str, Any]) -> Iterator[FieldMessage]:
    contract = CONTRACTS.get(resource["type"])
    if contract is None:
        yield _no_contract(resource["type"])
        return
    inputs = resource["inputs"]
    for rule in contract.input_rules:
        yield from rule(BodyView(inputs))
    try:
        body = contract.body(inputs)
    except (AttributeError, TypeError, ValueError) as error:
        yield ("", f"has inputs of which no body can be made: {error}")
        return
    yield from _body_findings(contract, body)


def _body_findings(contract: Contract, body: Any) -> Iterator[FieldMessage]:
    if contract.schema is None or is_placeholder(body):
        return
    described = body
    if isinstance(body, dict):
        described = {name: value for name, value in body.items() if name not in contract.not_in_schema}
    yield from schema_findings(*contract.schema, described)
    for rule in contract.rules:
        yield from rule(BodyView(body))


def _no_contract(type_: str) -> FieldMessage:
    return ("", f"is of the type {type_}, which has no contract; add one to readiness/rules/contract_table.py")
