"""The import file for what exists already: reads the live resources and matches a plan with them.

Importing takes a resource exactly as it is; the next preview shows what changes. What cannot be imported is said
instead: a channel with a secret (Google hides Slack's token and PagerDuty's key), an objective, and whatever the old
monitoring script made that is not declared any more.

Deliberately not imported: enabled APIs, roles, audit logs, the log bucket, vulnerability alerts, security updates:
declaring them adopts what is so.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from readiness import resource_types as types
from readiness.live.github_api import GitHub, GitHubError
from readiness.live.google_api import Google, GoogleError
from readiness.settings.channels import CHANNEL_DEFINITIONS

# What `scripts/gcp/monitoring/setup.sh` of the first customer calls its policies, and which alert of ours adopts
# each. They watch production only, so that the owner's stack takes them (docs/adopt.md).
OLD_POLICIES = {
    "[Critical] High Error Rate Alert": "HighErrorRate",
    "[Critical] Database Connection Issues": "DatabaseConnectionErrors",
}
OLD_WITHOUT_SUCCESSOR = ("[Critical] Service Downtime Alert",)

_TYPES_WITH_SECRETS = {definition.kind for definition in CHANNEL_DEFINITIONS if definition.secrets}

Things = Sequence[dict[str, Any]]
Resource = Mapping[str, Any]
Inputs = Mapping[str, Any]


# Listings as the APIs give them, by the type of the resource that adopts one of their things.
LiveThings = Mapping[str, Things]

# What Google lists for a type: the API, the path below the project, and the key of the listing.
_OF_GOOGLE: Mapping[str, tuple[str, str, str]] = {
    types.CHANNEL: ("monitoring", "notificationChannels", "notificationChannels"),
    types.ALERT_POLICY: ("monitoring", "alertPolicies", "alertPolicies"),
    types.UPTIME_CHECK: ("monitoring", "uptimeCheckConfigs", "uptimeCheckConfigs"),
    types.MONITORED_SERVICE: ("monitoring", "services", "services"),
    types.DASHBOARD: ("dashboards", "dashboards", "dashboards"),
    types.LOG_METRIC: ("logging", "metrics", "metrics"),
    types.LOG_SINK: ("logging", "sinks", "sinks"),
    types.ACCOUNT: ("iam", "serviceAccounts", "accounts"),
    types.JOB: ("cloudRunV2", "locations/{region}/jobs", "jobs"),
    types.REGISTRY: ("artifactRegistry", "locations/{region}/repositories", "repositories"),
}
# The same of GitHub, below the repository.
_OF_GITHUB: Mapping[str, tuple[str, str]] = {
    types.RULESET: ("rulesets", ""),
    types.LABEL: ("labels", ""),
    types.REPOSITORY_SECRET: ("actions/secrets", "secrets"),
}
# Read whatever is declared: the notes name what a former script left of them.
_ALWAYS_READ = {types.CHANNEL, types.ALERT_POLICY, types.UPTIME_CHECK}


@dataclass(frozen=True, kw_only=True, slots=True)
class Adoption:
    """`imports` are resources of the plan with the id of the thing that they adopt; `notes` are for a person."""

    imports: tuple[tuple[Resource, str], ...]
    notes: tuple[str, ...]
    ambiguous: tuple[str, ...]


def read_live_things(google: Google, github: GitHub, *, region: str, resources: Things) -> LiveThings:
    """Reads what a plan's `resources` could be. Raises GoogleError and GitHubError, but not for an API that is off.

    Of most types it asks only for what the plan declares: no right is needed for what a plan does not use.
    """
    wanted = _ALWAYS_READ | {resource["type"] for resource in resources}
    live: dict[str, Things] = {
        type_: _listed(google, api, f"projects/{google.project}/{path.format(region=region)}", key)
        for type_, (api, path, key) in _OF_GOOGLE.items()
        if type_ in wanted
    }
    live |= {type_: list(github.items(path, key)) for type_, (path, key) in _OF_GITHUB.items() if type_ in wanted}
    live[types.OBJECTIVE] = _objectives(google, live.get(types.MONITORED_SERVICE, ()), resources)
    live[types.ENVIRONMENT], live[types.BRANCH_POLICY] = _environments(github, resources)
    return live


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
    by_urn = {resource["urn"]: resource for resource in resources}
    entries: dict[str, dict[str, Any]] = {}
    for resource, identity in imports:
        for component in _components_above(resource, by_urn):
            name = _key(component)
            entries.setdefault(name, {**_entry(component, by_urn), "component": True})
        entries[_key(resource)] = {
            **_entry(resource, by_urn),
            "id": identity,
            "version": str(resource["options"].get("version", "")),
        }
    return {"resources": list(entries.values())}


def _listed(google: Google, api: str, path: str, key: str) -> Things:
    try:
        return list(google.items(api, path, key))
    except GoogleError as error:
        # An API that was never enabled has nothing of ours: Google answers 403 with these words.
        if error.status == 403 and "has not been used in project" in str(error):
            return ()
        raise


def _objectives(google: Google, services: Things, resources: Things) -> Things:
    """Of the services that the plan declares objectives for."""
    wanted = {resource["inputs"]["service"] for resource in resources if resource["type"] == types.OBJECTIVE}
    names = [service["name"] for service in services if service["name"].rpartition("/")[2] in wanted]
    return [
        objective
        for name in names
        for objective in _listed(google, "monitoring", f"{name}/serviceLevelObjectives", "serviceLevelObjectives")
    ]


def _environments(github: GitHub, resources: Things) -> tuple[Things, Things]:
    """The declared environments that exist, and the branch policies of each."""
    environments: list[dict[str, Any]] = []
    policies: list[dict[str, Any]] = []
    for name in [resource["inputs"]["environment"] for resource in resources if resource["type"] == types.ENVIRONMENT]:
        path = f"environments/{quote(name, safe='')}"
        found = github.get(path)
        if found is None:
            continue
        environments.append(found)
        try:
            for policy in github.items(f"{path}/deployment-branch-policies", "branch_policies"):
                policies.append({**policy, "environment": name})
        except GitHubError as error:
            # An environment that names no branches has no such list.
            if error.status != 404:
                raise
    return environments, policies


def _entry(resource: Resource, by_urn: Mapping[str, Resource]) -> dict[str, Any]:
    entry = {"type": resource["type"], "name": _key(resource), "logicalName": resource["name"]}
    parent = by_urn.get(resource["parent"])
    if parent is not None and parent["type"].startswith("readiness:"):
        entry["parent"] = _key(parent)
    return entry


def _key(resource: Resource) -> str:
    """A name that is unique in the file: two types may share a resource's name."""
    return f"{resource['name']}-{resource['type'].rpartition(':')[2].lower()}"


def _components_above(resource: Resource, by_urn: Mapping[str, Resource]) -> list[Resource]:
    above: list[Resource] = []
    parent = by_urn.get(resource["parent"])
    while parent is not None and parent["type"].startswith("readiness:"):
        above.insert(0, parent)
        parent = by_urn.get(parent["parent"])
    return above


def _candidates(resource: Resource, live: LiveThings, *, takes_old_policies: bool) -> Iterable[str]:
    type_, inputs = resource["type"], resource["inputs"]
    things = live.get(type_, ())
    if type_ == types.ALERT_POLICY:
        return _policy_candidates(inputs, things, takes_old=takes_old_policies)
    match = _MATCHES.get(type_)
    return match(inputs, things) if match else ()


def _named(things: Things, key: str, value: object) -> list[str]:
    """The names of the things that have this value under the key."""
    return [thing["name"] for thing in things if thing.get(key) == value]


def _ending(things: Things, end: str) -> list[str]:
    """The names with this end: Google writes the project's number into some, where a plan has its id."""
    return [thing["name"] for thing in things if thing["name"].endswith(end)]


def _dashboard(inputs: Inputs, dashboards: Things) -> Iterator[str]:
    """Under the project's id: the provider takes the number in Google's name for another project, and replaces."""
    for name in _named(dashboards, "displayName", json.loads(inputs["dashboardJson"])["displayName"]):
        yield f"projects/{inputs['project']}/dashboards/{name.rpartition('/')[2]}"


def _ruleset(inputs: Inputs, rulesets: Things) -> Iterator[str]:
    """An organisation's rulesets are listed too, and are not the repository's to change."""
    for ruleset in rulesets:
        if ruleset["name"] == inputs["name"] and ruleset.get("source_type", "Repository") == "Repository":
            yield f"{inputs['repository']}:{ruleset['id']}"


def _branch_policy(inputs: Inputs, policies: Things) -> Iterator[str]:
    wanted = (inputs["environment"], inputs.get("branchPattern"), "branch")
    for policy in policies:
        if (policy["environment"], policy["name"], policy.get("type", "branch")) == wanted:
            yield f"{inputs['repository']}:{inputs['environment']}:{policy['id']}"


# By the type of a resource, the import ids of the things of its listing that it could be.
_MATCHES: Mapping[str, Callable[[Inputs, Things], Iterable[str]]] = {
    types.REGISTRY: lambda inputs, things: _named(
        things,
        "name",
        f"projects/{inputs['project']}/locations/{inputs['location']}/repositories/{inputs['repositoryId']}",
    ),
    types.CHANNEL: lambda inputs, things: [thing["name"] for thing in things if _same_channel(inputs, thing)],
    types.UPTIME_CHECK: lambda inputs, things: _named(things, "displayName", inputs["displayName"]),
    types.MONITORED_SERVICE: lambda inputs, things: _ending(things, f"/services/{inputs['serviceId']}"),
    types.DASHBOARD: _dashboard,
    types.LOG_METRIC: lambda inputs, things: _named(things, "name", inputs["name"]),
    types.LOG_SINK: lambda inputs, things: [
        f"projects/{inputs['project']}/sinks/{name}" for name in _named(things, "name", inputs["name"])
    ],
    types.ACCOUNT: lambda inputs, things: [
        thing["name"] for thing in things if thing["email"].partition("@")[0] == inputs["accountId"]
    ],
    types.JOB: lambda inputs, things: _ending(things, f"/jobs/{inputs['name']}"),
    types.RULESET: _ruleset,
    types.ENVIRONMENT: lambda inputs, things: [
        f"{inputs['repository']}:{inputs['environment']}"
        for thing in things
        if thing["name"].lower() == inputs["environment"]
    ],
    types.BRANCH_POLICY: _branch_policy,
    types.LABEL: lambda inputs, things: [
        f"{inputs['repository']}:{thing['name']}"
        for thing in things
        if str(thing["name"]).lower() == str(inputs["name"]).lower()
    ],
    types.REPOSITORY_SECRET: lambda inputs, things: [
        f"{inputs['repository']}:{name}" for name in _named(things, "name", inputs["secretName"])
    ],
}


def _same_channel(inputs: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Whether the type and every declared label are the same; never for a channel with a secret, which Google hides."""
    declared, found = inputs.get("labels") or {}, live.get("labels") or {}
    if inputs["type"] != live.get("type") or inputs.get("sensitiveLabels") or not declared:
        return False
    live_environment = (live.get("userLabels") or {}).get("environment", inputs["userLabels"]["environment"])
    same_labels = all(str(found.get(name, "")).lower() == str(value).lower() for name, value in declared.items())
    return same_labels and live_environment == inputs["userLabels"]["environment"]


def _policy_candidates(inputs: Inputs, policies: Things, *, takes_old: bool) -> list[str]:
    ours = _named(policies, "displayName", inputs["displayName"])
    if ours or not takes_old:
        return ours
    condition = inputs["conditions"][0].get("conditionPrometheusQueryLanguage") or {}
    alert = condition.get("alertRule", "")
    return [policy["name"] for policy in policies if OLD_POLICIES.get(str(policy.get("displayName"))) == alert]


def _objective_notes(resources: Sequence[Resource], live: LiveThings) -> Iterator[str]:
    """The provider does not read an objective's service back (hashicorp/terraform-provider-google#19994).

    An imported one would be replaced, and its successor refused, because the id is still taken.
    """
    declared = [resource["inputs"] for resource in resources if resource["type"] == types.OBJECTIVE]
    ends = tuple(f"/services/{inputs['service']}/serviceLevelObjectives/{inputs['sloId']}" for inputs in declared)
    for name in (objective["name"] for objective in live.get(types.OBJECTIVE, ()) if objective["name"].endswith(ends)):
        yield (
            f"{name}: the provider cannot import an objective. It holds no data of its own: delete it, and the next "
            "update makes it again: curl -X DELETE "
            '-H "Authorization: Bearer $(gcloud auth application-default print-access-token)" '
            f"{shlex.quote(f'https://monitoring.googleapis.com/v3/{name}')}"
        )


def _notes(live: LiveThings, taken: set[str]) -> Iterator[str]:
    old = (*OLD_POLICIES, *OLD_WITHOUT_SUCCESSOR)
    reasons: dict[str, str] = {
        **dict.fromkeys(_TYPES_WITH_SECRETS, "Google hides its token or key, so that it cannot be imported"),
        "webhook_tokenauth": "is of a type that Slack does not take; delete it afterwards",
    }
    noted = [
        (channel, reasons[channel["type"]]) for channel in live.get(types.CHANNEL, ()) if channel.get("type") in reasons
    ]
    noted += [
        (policy, "is of the old script and not declared; delete it afterwards")
        for policy in live.get(types.ALERT_POLICY, ())
        if policy.get("displayName") in old
    ]
    noted += [(check, "is an uptime check that is not declared") for check in live.get(types.UPTIME_CHECK, ())]
    for thing, reason in noted:
        if thing["name"] not in taken:
            yield f"{thing['name']} ({thing.get('displayName')}): {reason}"
