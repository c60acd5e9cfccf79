"""From the inputs of a `gcp` resource to the request body that the provider sends.

As the real provider sends it under the real engine (docs/facts/providers.md#requests-to-google). What is not named here
goes through unchanged, misspellings included, so that the schema sees them.
"""

from __future__ import annotations

import json
from typing import Any

from readiness.rules.placeholders import is_placeholder

Body = dict[str, Any]
_SECONDS_PER_DAY = 86_400
# Part of the address, or of the provider's own behaviour, on every resource.
_NEVER_SENT = frozenset({"project", "deletionPolicy"})


def plain(inputs: Body, *never_sent: str) -> Body:
    """The inputs without those that are no part of the body."""
    return {key: value for key, value in inputs.items() if key not in _NEVER_SENT and key not in never_sent}


def alert_policy(inputs: Body) -> Body:
    """The SDK's plural for a list that the API names in the singular."""
    body = plain(inputs)
    if isinstance(body.get("alertStrategy"), dict):
        renamed = {"notificationChannelStrategies": "notificationChannelStrategy"}
        body["alertStrategy"] = _renamed(body["alertStrategy"], renamed)
    return body


def notification_channel(inputs: Body) -> Body:
    """Sensitive labels travel in clear among the labels."""
    body = plain(inputs, "forceDelete", "sensitiveLabels")
    sensitive = sensitive_labels(inputs)
    return {**body, "labels": {**body.get("labels", {}), **sensitive}} if sensitive else body


def sensitive_labels(inputs: Body) -> Body:
    """A channel's sensitive labels by the API's names, the write-only ones (`authTokenWo`) among them."""
    names = {"authToken": "auth_token", "serviceKey": "service_key"}
    given = inputs.get("sensitiveLabels") or {}
    written = {key.removesuffix("Wo"): value for key, value in given.items() if not key.endswith("WoVersion")}
    return _renamed(written, names)


def uptime_check(inputs: Body) -> Body:
    """The write-only password as the plain one."""
    body = plain(inputs)
    check = body.get("httpCheck")
    if isinstance(check, dict) and isinstance(check.get("authInfo"), dict):
        info = {key: value for key, value in check["authInfo"].items() if key != "passwordWoVersion"}
        body["httpCheck"] = {**check, "authInfo": _renamed(info, {"passwordWo": "password"})}
    return body


def dashboard(inputs: Body) -> Any:
    """The dashboard's JSON itself. Raises ValueError when it is none."""
    text = inputs.get("dashboardJson")
    return text if is_placeholder(text) or text is None else json.loads(text)


def custom_service(inputs: Body) -> Body:
    """A service of no particular kind."""
    return {"custom": {}, **plain(inputs, "serviceId")}


def service_level_objective(inputs: Body) -> Body:
    """The three kinds of indicator stand below one field, and the rolling days are a duration."""
    body = plain(inputs, "service", "sloId", "rollingPeriodDays", *_INDICATORS)
    if "sloId" in inputs:
        body["name"] = inputs["sloId"]
    days = inputs.get("rollingPeriodDays")
    if days is not None:
        body["rollingPeriod"] = f"{days * _SECONDS_PER_DAY}s" if isinstance(days, int) else days
    indicator = {_INDICATORS[name]: inputs[name] for name in _INDICATORS if name in inputs}
    body["serviceLevelIndicator"] = _with_basic_indicators(indicator)
    return body


_INDICATORS = {"basicSli": "basicSli", "requestBasedSli": "requestBased", "windowsBasedSli": "windowsBased"}
_BASIC_FIELDS = {"locations": "location", "methods": "method", "versions": "version"}


def _with_basic_indicators(value: Any) -> Any:
    """Basic indicators, at whatever depth, as the API has them: lists in the singular, availability an empty object."""
    if not isinstance(value, dict):
        return value
    converted = {key: _with_basic_indicators(item) for key, item in value.items()}
    for name in ("basicSli", "basicSliPerformance"):
        if isinstance(converted.get(name), dict):
            basic = _renamed(converted[name], _BASIC_FIELDS)
            converted[name] = {**basic, "availability": {}} if "availability" in basic else basic
    return converted


def log_bucket(inputs: Body) -> Body:
    """Bucket and location are part of the address."""
    return _renamed(plain(inputs, "bucketId", "location"), {"enableAnalytics": "analyticsEnabled"})


def log_sink(inputs: Body) -> Body:
    """The writer's identity is chosen by query parameters."""
    return plain(inputs, "customWriterIdentity", "uniqueWriterIdentity")


def registry(inputs: Body) -> Body:
    """The list of cleanup policies becomes a map by id."""
    body = plain(inputs, "repositoryId", "location")
    policies = body.get("cleanupPolicies")
    if isinstance(policies, list):
        body["cleanupPolicies"] = {str(policy.get("id")): policy for policy in policies}
    return body


def policy_binding(inputs: Body) -> Body:
    """The binding that the provider merges into the policy it has read."""
    return {**plain(inputs, "member"), "members": [inputs["member"]] if "member" in inputs else []}


def repository_binding(inputs: Body) -> Body:
    """The same of a repository, which is part of the address."""
    return policy_binding({key: value for key, value in inputs.items() if key not in ("location", "repository")})


def secret_binding(inputs: Body) -> Body:
    """The same of a secret, which is part of the address."""
    return policy_binding({key: value for key, value in inputs.items() if key != "secretId"})


def service_account(inputs: Body) -> Body:
    """The id beside the account; whether an existing one is taken over is the provider's own behaviour."""
    account = plain(inputs, "accountId", "createIgnoreAlreadyExists", "disabled")
    return {**{key: inputs[key] for key in ("accountId",) if key in inputs}, "serviceAccount": account}


def no_body(inputs: Body) -> None:
    """A request whose address says all."""
    del inputs


def job(inputs: Body) -> Body:
    """The SDK's plurals as the API names them; the guard against deletion is the provider's own."""
    body = plain(inputs, "name", "location", "deletionProtection", "tags")
    template = body.get("template")
    if not isinstance(template, dict) or not isinstance(template.get("template"), dict):
        return body
    task = template["template"]
    if isinstance(task.get("containers"), list):
        task = {**task, "containers": [_renamed(container, _CONTAINER_FIELDS) for container in task["containers"]]}
    return {**body, "template": {**template, "template": task}}


_CONTAINER_FIELDS = {"envs": "env", "commands": "command", "dependsOns": "dependsOn"}


def _renamed(value: Body, names: dict[str, str]) -> Body:
    return {names.get(key, key): item for key, item in value.items()}
