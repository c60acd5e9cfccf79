"""Rules of deployment telemetry that speak of more than one value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from readiness.finding import Finding
from readiness.settings.located import duplicates, items_at, problem_at, value_at
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath

TELEMETRY: KeyPath = ("deployment_telemetry",)
_ENVIRONMENTS: KeyPath = (*TELEMETRY, "environments")
_OWNS = "readiness:owns_shared_resources"


def delivery_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    """Every rule, all broken ones at once."""
    if not isinstance(value_at(raw, TELEMETRY), dict):
        return
    if raw.get("owns_shared_resources") is False:
        hint = f"Move it to the file of the stack with {_OWNS}: true"
        yield problem_at(
            config,
            TELEMETRY,
            f"belongs to the stack that owns it, and {_OWNS} is false here",
            hint,
            rule_id="settings-shared-section-misplaced",
        )
        return
    for field in ("name", "workflow", "workflow_file"):
        yield from duplicates(config, raw, _ENVIRONMENTS, field)
    yield from duplicates(config, raw, (*TELEMETRY, "dashboard_viewers"), None)
    yield from _service_problems(config, raw)
    yield from _own_environment_problems(config, raw)


def told_environments(configs: Iterable[StackConfig]) -> frozenset[tuple[str, str]]:
    """The Google project and name of each environment whose deployments some stack's telemetry counts and writes."""
    found = set()
    for config in configs:
        telemetry = config.values.get(f"readiness:{TELEMETRY[0]}")
        for environment in items_at({"deployment_telemetry": telemetry}, _ENVIRONMENTS):
            found.add((str(config.values.get("gcp:project")), str(value_at(environment, ("name",)))))
    return frozenset(found)


def untold_problems(config: StackConfig, told: frozenset[tuple[str, str]]) -> Iterator[Finding]:
    """Alerts on deployments that nobody counts would be declared and never fire."""
    if value_at(config.values.get("readiness:alerts"), ("delivery",)) is None:
        return
    environment = value_at(config.values.get("readiness:environment"), ("name",))
    if isinstance(environment, str) and (str(config.values.get("gcp:project")), environment) not in told:
        message = f"declares alerts that can never fire: no stack's {TELEMETRY[0]} names the environment {environment}"
        hint = (
            f"Remove it, or add the environment to readiness:{TELEMETRY[0]} of the stack that owns the shared resources"
        )
        yield problem_at(config, ("alerts", "delivery"), message, hint, rule_id="settings-delivery-telemetry-missing")


def _service_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    """A service of two environments: its rollback would be told of the wrong one."""
    first_at: dict[str, int] = {}
    own = [value_at(each, ("name",)) for each in items_at(raw, ("services",))]
    for index, _ in enumerate(items_at(raw, _ENVIRONMENTS)):
        for number, service in enumerate(items_at(raw, (*_ENVIRONMENTS, index, "services"))):
            if not isinstance(service, str):
                continue
            if service in own and _name(raw, index) != value_at(raw, ("environment", "name")):
                message = "stands in readiness:services too"
                yield problem_at(
                    config,
                    (*_ENVIRONMENTS, index, "services", number),
                    message,
                    "Remove the line",
                    rule_id="settings-delivery-services",
                )
            if service in first_at:
                message = f"stands in environment [{first_at[service]}] too"
                hint = "List each service in one environment, once"
                yield problem_at(
                    config,
                    (*_ENVIRONMENTS, index, "services", number),
                    message,
                    hint,
                    rule_id="settings-delivery-services",
                )
            first_at.setdefault(service, index)


def _name(raw: Mapping[str, Any], index: int) -> Any:
    return value_at(raw, (*_ENVIRONMENTS, index, "name"))


def _own_environment_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    """This stack's environment is among them, without services of its own: two lists would come to differ."""
    own = value_at(raw, ("environment", "name"))
    environments = items_at(raw, _ENVIRONMENTS)
    names = [value_at(each, ("name",)) for each in environments]
    if not isinstance(own, str):
        return
    if own not in names and all(isinstance(name, str) for name in names):
        message = f"does not hold `{own}`, this stack's own environment"
        yield problem_at(
            config, _ENVIRONMENTS, message, f"Add an entry with name: {own}", rule_id="settings-delivery-environment"
        )
        return
    for index, name in enumerate(names):
        listed = items_at(raw, (*_ENVIRONMENTS, index, "services"))
        where = (*_ENVIRONMENTS, index, "services")
        if name == own and listed:
            yield problem_at(
                config,
                where,
                "are this stack's own, which readiness:services holds",
                "Remove the lines",
                rule_id="settings-delivery-environment",
            )
        if isinstance(name, str) and name != own and not listed:
            message = "is missing, so that no rollback of them is told"
            yield problem_at(
                config,
                where,
                message,
                "List the Cloud Run services of that environment",
                rule_id="settings-delivery-environment",
            )
