"""The import file for what exists already: matches a plan with live things, pure.

Importing takes a thing exactly as it is; the next preview shows what changes. What cannot be imported is said instead:
a channel with a secret (Google hides Slack's token and PagerDuty's key), an objective, and whatever the old monitoring
script made that is not declared any more.

Deliberately not imported: enabled APIs, roles, audit logs, the log bucket, vulnerability alerts, security updates:
declaring them takes over what is so.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readiness.live.live_things import LiveThings, Things
from readiness.resource_types import (
    ACCOUNT,
    ALERT_POLICY,
    BRANCH_POLICY,
    CHANNEL,
    DASHBOARD,
    ENVIRONMENT,
    JOB,
    LABEL,
    LOG_METRIC,
    LOG_SINK,
    MONITORED_SERVICE,
    OBJECTIVE,
    REGISTRY,
    REPOSITORY_SECRET,
    RULESET,
    UPTIME_CHECK,
)
from readiness.settings.channels import CHANNEL_DEFINITIONS

# What `scripts/gcp/monitoring/setup.sh` of the first customer calls its policies, and which alert of ours takes each
# over. They watch production only, so that the owner's stack takes them (docs/adopt.md).
OLD_POLICIES = {
    "[Critical] High Error Rate Alert": "HighErrorRate",
    "[Critical] Database Connection Issues": "DatabaseConnectionErrors",
}
OLD_WITHOUT_SUCCESSOR = ("[Critical] Service Downtime Alert",)

_TYPES_WITH_SECRETS = {definition.kind for definition in CHANNEL_DEFINITIONS if definition.secrets}

Resource = Mapping[str, Any]
Inputs = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Adoption:
    """`imports` are resources of the plan with the id of the thing that they take over; `notes` are for a person."""

    imports: tuple[tuple[Resource, str], ...]
    notes: tuple[str, ...]
    ambiguous: tuple[str, ...]


def adoption(resources: Sequence[Resource], live: LiveThings, *, takes_old_policies: bool) -> Adoption:
    """Matches each resource of a plan with at most one live thing; two candidates are ambiguous and named."""
    imports: list[tuple[Resource, str]] = []
    ambiguous: list[str] = []
    for resource in resources:
        candidates = sorted(set(_candidates(resource, live, takes_old_policies=takes_old_policies)))
        if len(candidates) == 1:
            imports.append((resource, candidates[0]))
        elif candidates:
            ambiguous.append(f"{resource['name']}: {len(candidates)} things match: {', '.join(candidates)}")
    taken = {identity for _, identity in imports}
    notes = (*_notes(live, taken), *_objective_notes(resources, live))
    return Adoption(imports=tuple(imports), notes=notes, ambiguous=tuple(ambiguous))


def import_file(resources: Sequence[Resource], imports: Sequence[tuple[Resource, str]]) -> dict[str, Any]:
    """What `pulumi import --file` reads: the things, and the components above them, parents first."""
    by_urn = {each["urn"]: each for each in resources}
    entries: dict[str, dict[str, Any]] = {}
    for resource, identity in imports:
        for component in _components_above(resource, by_urn):
            name = _key(component)
            entries.setdefault(name, {**_entry(component, by_urn), "component": True})
        entries[_key(resource)] = {**_entry(resource, by_urn), "id": identity, "version": _version(resource)}
    return {"resources": list(entries.values())}


def _entry(resource: Resource, by_urn: Mapping[str, Resource]) -> dict[str, Any]:
    entry = {"type": resource["type"], "name": _key(resource), "logicalName": resource["name"]}
    parent = by_urn.get(resource["parent"])
    if parent is not None and parent["type"].startswith("readiness:"):
        entry["parent"] = _key(parent)
    return entry


def _key(resource: Resource) -> str:
    """A name that is unique in the file: two types may share a resource's name."""
    return f"{resource['name']}-{resource['type'].rpartition(':')[2].lower()}"


def _version(resource: Resource) -> str:
    return str(resource["options"].get("version", ""))


def _components_above(resource: Resource, by_urn: Mapping[str, Resource]) -> list[Resource]:
    above: list[Resource] = []
    parent = by_urn.get(resource["parent"])
    while parent is not None and parent["type"].startswith("readiness:"):
        above.insert(0, parent)
        parent = by_urn.get(parent["parent"])
    return above


def _candidates(resource: Resource, live: LiveThings, *, takes_old_policies: bool) -> Iterator[str]:
    inputs = resource["inputs"]
    if resource["type"] == ALERT_POLICY:
        yield from _policy_candidates(inputs, live.policies, takes_old=takes_old_policies)
    elif resource["type"] in _MATCHES:
        yield from _MATCHES[resource["type"]](inputs, live)


def _repository(inputs: Inputs, live: LiveThings) -> Iterator[str]:
    identity = f"projects/{inputs['project']}/locations/{inputs['location']}/repositories/{inputs['repositoryId']}"
    yield from (each["name"] for each in live.repositories if each["name"] == identity)


def _channel(inputs: Inputs, live: LiveThings) -> Iterator[str]:
    yield from (each["name"] for each in live.channels if _same_channel(inputs, each))


def _log_metric(inputs: Inputs, live: LiveThings) -> Iterator[str]:
    yield from (each["name"] for each in live.log_metrics if each["name"] == inputs["name"])


def _uptime_check(inputs: Inputs, live: LiveThings) -> Iterator[str]:
    yield from (each["name"] for each in live.uptime_checks if each.get("displayName") == inputs["displayName"])


def _service(inputs: Inputs, live: LiveThings) -> Iterator[str]:
    """Google writes the project's number into the name, so that only its end is compared."""
    yield from (each["name"] for each in live.services if each["name"].endswith(f"/services/{inputs['serviceId']}"))


def _dashboard(inputs: Inputs, live: LiveThings) -> Iterator[str]:
    """Under the project's id: the provider takes the number in Google's name for another project, and replaces."""
    title = json.loads(inputs["dashboardJson"])["displayName"]
    for each in live.dashboards:
        if each.get("displayName") == title:
            yield f"projects/{inputs['project']}/dashboards/{each['name'].rpartition('/')[2]}"


def _sink(inputs: Inputs, live: LiveThings) -> Iterator[str]:
    if any(each["name"] == inputs["name"] for each in live.sinks):
        yield f"projects/{inputs['project']}/sinks/{inputs['name']}"


def _account(inputs: Inputs, live: LiveThings) -> Iterator[str]:
    yield from (each["name"] for each in live.accounts if each["email"].partition("@")[0] == inputs["accountId"])


def _job(inputs: Inputs, live: LiveThings) -> Iterator[str]:
    yield from (each["name"] for each in live.jobs if each["name"].endswith(f"/jobs/{inputs['name']}"))


def _ruleset(inputs: Inputs, live: LiveThings) -> Iterator[str]:
    """An organisation's rulesets are listed too, and are not the repository's to change."""
    for each in live.rulesets:
        if each["name"] == inputs["name"] and each.get("source_type", "Repository") == "Repository":
            yield f"{inputs['repository']}:{each['id']}"


def _environment(inputs: Inputs, live: LiveThings) -> Iterator[str]:
    if any(each["name"].lower() == inputs["environment"] for each in live.environments):
        yield f"{inputs['repository']}:{inputs['environment']}"


def _branch_policy(inputs: Inputs, live: LiveThings) -> Iterator[str]:
    wanted = (inputs["environment"], inputs.get("branchPattern"))
    for each in live.branch_policies:
        if (each["environment"], each["name"]) == wanted and each.get("type", "branch") == "branch":
            yield f"{inputs['repository']}:{inputs['environment']}:{each['id']}"


def _label(inputs: Inputs, live: LiveThings) -> Iterator[str]:
    for each in live.labels:
        if str(each["name"]).lower() == str(inputs["name"]).lower():
            yield f"{inputs['repository']}:{each['name']}"


def _secret(inputs: Inputs, live: LiveThings) -> Iterator[str]:
    if any(each["name"] == inputs["secretName"] for each in live.secrets):
        yield f"{inputs['repository']}:{inputs['secretName']}"


_MATCHES: Mapping[str, Callable[[Inputs, LiveThings], Iterator[str]]] = {
    REGISTRY: _repository,
    CHANNEL: _channel,
    UPTIME_CHECK: _uptime_check,
    MONITORED_SERVICE: _service,
    DASHBOARD: _dashboard,
    LOG_METRIC: _log_metric,
    LOG_SINK: _sink,
    ACCOUNT: _account,
    JOB: _job,
    RULESET: _ruleset,
    ENVIRONMENT: _environment,
    BRANCH_POLICY: _branch_policy,
    LABEL: _label,
    REPOSITORY_SECRET: _secret,
}


def _same_channel(inputs: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Whether the type and every declared label are the same; never for a channel with a secret, which Google hides."""
    declared, found = inputs.get("labels") or {}, live.get("labels") or {}
    if inputs["type"] != live.get("type") or inputs.get("sensitiveLabels") or not declared:
        return False
    live_environment = (live.get("userLabels") or {}).get("environment", inputs["userLabels"]["environment"])
    same_labels = all(str(found.get(name, "")).lower() == str(value).lower() for name, value in declared.items())
    return same_labels and live_environment == inputs["userLabels"]["environment"]


def _policy_candidates(inputs: Mapping[str, Any], policies: Things, *, takes_old: bool) -> Iterator[str]:
    ours = [str(each["name"]) for each in policies if each.get("displayName") == inputs["displayName"]]
    if ours or not takes_old:
        yield from ours
        return
    condition = inputs["conditions"][0].get("conditionPrometheusQueryLanguage") or {}
    for each in policies:
        if OLD_POLICIES.get(str(each.get("displayName"))) == condition.get("alertRule", ""):
            yield str(each["name"])


def _objective_notes(resources: Sequence[Resource], live: LiveThings) -> Iterator[str]:
    """The provider does not read an objective's service back (hashicorp/terraform-provider-google#19994).

    An imported one would be replaced, and its successor refused, because the id is still taken.
    """
    declared = [each["inputs"] for each in resources if each["type"] == OBJECTIVE]
    ends = tuple(f"/services/{each['service']}/serviceLevelObjectives/{each['sloId']}" for each in declared)
    for name in (each["name"] for each in live.objectives if each["name"].endswith(ends)):
        yield (
            f"{name}: the provider cannot import an objective. It holds no data of its own: delete it, and the next "
            "update makes it again: curl -X DELETE "
            '-H "Authorization: Bearer $(gcloud auth application-default print-access-token)" '
            f"{shlex.quote(f'https://monitoring.googleapis.com/v3/{name}')}"
        )


def _notes(live: LiveThings, taken: set[str]) -> Iterator[str]:
    old = (*OLD_POLICIES, *OLD_WITHOUT_SUCCESSOR)
    reasons = [
        (channel, "Google hides its token or key, so that it cannot be imported")
        for channel in live.channels
        if channel.get("type") in _TYPES_WITH_SECRETS
    ]
    reasons += [
        (each, "is of a type that Slack does not take; delete it afterwards")
        for each in live.channels
        if each.get("type") == "webhook_tokenauth"
    ]
    reasons += [
        (each, "is of the old script and not declared; delete it afterwards")
        for each in live.policies
        if each.get("displayName") in old
    ]
    reasons += [(each, "is an uptime check that is not declared") for each in live.uptime_checks]
    for each, reason in reasons:
        if each["name"] not in taken:
            yield f"{each['name']} ({each.get('displayName')}): {reason}"
