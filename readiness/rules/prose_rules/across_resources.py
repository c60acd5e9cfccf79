"""Rules on two resources of a plan: what has to be there before, or beside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from readiness.resource_types import BRANCH_POLICY, ENVIRONMENT, SECURITY_UPDATES, VULNERABILITY_ALERTS
from readiness.rules.violation import Violation

Resource = dict[str, Any]


def violations_across(resources: Sequence[Resource]) -> Iterator[Violation]:
    """Every violation between two resources of the plan."""
    yield from _alerts_before_security_updates(resources)
    yield from _policies_and_their_environments(resources)


def _alerts_before_security_updates(resources: Sequence[Resource]) -> Iterator[Violation]:
    """GitHub refuses the updates while alerts are off (docs/facts/github.md#security-updates-need-alerts)."""
    alerts = {resource["urn"] for resource in _of(resources, VULNERABILITY_ALERTS)}
    for updates in _of(resources, SECURITY_UPDATES):
        if not alerts & set(updates["options"].get("dependencies", ())):
            message = "does not depend on the RepositoryVulnerabilityAlerts that it needs switched on first"
            yield Violation(resource=updates["name"], path="", message=message)


def _policies_and_their_environments(resources: Sequence[Resource]) -> Iterator[Violation]:
    """GitHub takes a pattern only where the environment asks for custom ones, and without a pattern nobody deploys."""
    custom = {
        _key(environment): environment
        for environment in _of(resources, ENVIRONMENT)
        if environment["inputs"].get("deploymentBranchPolicy", {}).get("customBranchPolicies")
    }
    policies = _of(resources, BRANCH_POLICY)
    for policy in policies:
        environment = custom.get(_key(policy))
        if environment is None:
            message = "names no environment of the plan with customBranchPolicies"
            yield Violation(resource=policy["name"], path="environment", message=message)
        elif environment["urn"] not in policy["options"].get("dependencies", ()):
            message = "is given as text; take it from the environment, which has to be there first"
            yield Violation(resource=policy["name"], path="environment", message=message)
    for key in custom.keys() - {_key(policy) for policy in policies}:
        message = "asks for custom branch policies and has none, so that no branch can deploy"
        yield Violation(resource=custom[key]["name"], path="deployment_branch_policy", message=message)


def _key(resource: Resource) -> tuple[Any, Any]:
    return resource["inputs"].get("repository"), resource["inputs"].get("environment")


def _of(resources: Sequence[Resource], type_: str) -> list[Resource]:
    return [resource for resource in resources if resource["type"] == type_]
