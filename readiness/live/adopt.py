"""The import file for existing resources: reads the live resources and matches the resources of a plan with them.

An import adopts a resource exactly as it is; the next preview shows what changes. Notes list what cannot be imported: a
channel with a secret (Google hides Slack's token and PagerDuty's key), an objective, and resources of the old
monitoring script that are no longer declared.

Enabled APIs, roles, audit logs, the log bucket, vulnerability alerts and security updates need no import: an update
that declares them accepts their present state.
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

# The policies' names in `scripts/gcp/monitoring/setup.sh` of the first customer, and the alert that adopts each of
# them. They watch production only, so the stack that owns the shared resources adopts them (docs/adopt.md).
OLD_POLICIES = {
    "[Critical] High Error Rate Alert": "HighErrorRate",
    "[Critical] Database Connection Issues": "DatabaseConnectionErrors",
}
OLD_WITHOUT_SUCCESSOR = ("[Critical] Service Downtime Alert",)

_TYPES_WITH_SECRETS = {definition.kind for definition in CHANNEL_DEFINITIONS if definition.secrets}

Listing = Sequence[dict[str, Any]]
Resource = Mapping[str, Any]
Inputs = Mapping[str, Any]


# Listings as the APIs return them, by the type of the resource that adopts one of their items.
LiveResources = Mapping[str, Listing]

# Where Google lists the resources of a type: the API, the path below the project, and the key of the listing.
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
# Where GitHub lists the resources of a type: the path below the repository, and the key of the listing.
_OF_GITHUB: Mapping[str, tuple[str, str]] = {
    types.RULESET: ("rulesets", ""),
    types.LABEL: ("labels", ""),
    types.REPOSITORY_SECRET: ("actions/secrets", "secrets"),
}
# These are always read, even if the plan declares none: the notes name what a former script left behind.
_ALWAYS_READ = {types.CHANNEL, types.ALERT_POLICY, types.UPTIME_CHECK}


@dataclass(frozen=True, kw_only=True, slots=True)
class Adoption:
    """`imports` are resources of the plan with the id of the live resource that they adopt; `notes` are for a person.

    `ambiguous` names the resources of the plan that several live resources match.
    """

    imports: tuple[tuple[Resource, str], ...]
    notes: tuple[str, ...]
    ambiguous: tuple[str, ...]


def read_live_resources(google: Google, github: GitHub, *, region: str, resources: Listing) -> LiveResources:
    """Lists the live resources that a plan's `resources` could adopt.

    It lists most types only if the plan declares them, so no permission is needed for a type that is not used.
    Raises GoogleError and GitHubError, but not for an API that is not enabled.
    """
    wanted = _ALWAYS_READ | {resource["type"] for resource in resources}
    live: dict[str, Listing] = {
        type_: _listed(google, api, f"projects/{google.project}/{path.format(region=region)}", key)
        for type_, (api, path, key) in _OF_GOOGLE.items()
        if type_ in wanted
    }
    live |= {type_: list(github.items(path, key)) for type_, (path, key) in _OF_GITHUB.items() if type_ in wanted}
    live[types.OBJECTIVE] = _objectives(google, live.get(types.MONITORED_SERVICE, ()), resources)
    live[types.ENVIRONMENT], live[types.BRANCH_POLICY] = _environments(github, resources)
    return live


def adoption(resources: Sequence[Resource], live: LiveResources, *, adopts_old_policies: bool) -> Adoption:
    """Matches each resource of a plan with at most one live resource; two candidates are ambiguous and named."""
    imports: list[tuple[Resource, str]] = []
    ambiguous: list[str] = []
    for resource in resources:
        candidates = sorted(set(_candidates(resource, live, adopts_old_policies=adopts_old_policies)))
        if len(candidates) == 1:
            imports.append((resource, candidates[0]))
        elif candidates:
            ambiguous.append(f"{resource['name']}: {len(candidates)} live resources match: {', '.join(candidates)}")
    taken = {identity for _, identity in imports}
    notes = (*_notes(live, taken), *_objective_notes(resources, live))
    return Adoption(imports=tuple(imports), notes=notes, ambiguous=tuple(ambiguous))


def import_file(resources: Sequence[Resource], imports: Sequence[tuple[Resource, str]]) -> dict[str, Any]:
    """The file for `pulumi import --file`: the resources, and the components above them, parents first."""
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


def _listed(google: Google, api: str, path: str, key: str) -> Listing:
    try:
        return list(google.items(api, path, key))
    except GoogleError as error:
        # An API that was never enabled has no resources of ours: Google answers 403 with these words.
        if error.status == 403 and "has not been used in project" in str(error):
            return ()
        raise


def _objectives(google: Google, services: Listing, resources: Listing) -> Listing:
    """The live objectives of the services for which the plan declares objectives."""
    wanted = {resource["inputs"]["service"] for resource in resources if resource["type"] == types.OBJECTIVE}
    names = [service["name"] for service in services if service["name"].rpartition("/")[2] in wanted]
    return [
        objective
        for name in names
        for objective in _listed(google, "monitoring", f"{name}/serviceLevelObjectives", "serviceLevelObjectives")
    ]


def _environments(github: GitHub, resources: Listing) -> tuple[Listing, Listing]:
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


def _candidates(resource: Resource, live: LiveResources, *, adopts_old_policies: bool) -> Iterable[str]:
    type_, inputs = resource["type"], resource["inputs"]
    items = live.get(type_, ())
    if type_ == types.ALERT_POLICY:
        return _policy_candidates(inputs, items, adopts_old=adopts_old_policies)
    match = _MATCHES.get(type_)
    return match(inputs, items) if match else ()


def _named(items: Listing, key: str, value: object) -> list[str]:
    """The names of the items that have this value under the key."""
    return [item["name"] for item in items if item.get(key) == value]


def _ending(items: Listing, end: str) -> list[str]:
    """The names that end in this text: Google writes the project's number into some, where a plan has its id."""
    return [item["name"] for item in items if item["name"].endswith(end)]


def _dashboard(inputs: Inputs, dashboards: Listing) -> Iterator[str]:
    """The import id with the project's id: with the number, the provider sees another project and replaces."""
    for name in _named(dashboards, "displayName", json.loads(inputs["dashboardJson"])["displayName"]):
        yield f"projects/{inputs['project']}/dashboards/{name.rpartition('/')[2]}"


def _ruleset(inputs: Inputs, rulesets: Listing) -> Iterator[str]:
    """The import ids of the repository's own rulesets; those of an organization are listed too, and left out."""
    for ruleset in rulesets:
        if ruleset["name"] == inputs["name"] and ruleset.get("source_type", "Repository") == "Repository":
            yield f"{inputs['repository']}:{ruleset['id']}"


def _branch_policy(inputs: Inputs, policies: Listing) -> Iterator[str]:
    wanted = (inputs["environment"], inputs.get("branchPattern"), "branch")
    for policy in policies:
        if (policy["environment"], policy["name"], policy.get("type", "branch")) == wanted:
            yield f"{inputs['repository']}:{inputs['environment']}:{policy['id']}"


# By the type of a resource: a function that yields the import ids of the listed items that the resource could adopt.
_MATCHES: Mapping[str, Callable[[Inputs, Listing], Iterable[str]]] = {
    types.REGISTRY: lambda inputs, items: _named(
        items,
        "name",
        f"projects/{inputs['project']}/locations/{inputs['location']}/repositories/{inputs['repositoryId']}",
    ),
    types.CHANNEL: lambda inputs, items: [item["name"] for item in items if _same_channel(inputs, item)],
    types.UPTIME_CHECK: lambda inputs, items: _named(items, "displayName", inputs["displayName"]),
    types.MONITORED_SERVICE: lambda inputs, items: _ending(items, f"/services/{inputs['serviceId']}"),
    types.DASHBOARD: _dashboard,
    types.LOG_METRIC: lambda inputs, items: _named(items, "name", inputs["name"]),
    types.LOG_SINK: lambda inputs, items: [
        f"projects/{inputs['project']}/sinks/{name}" for name in _named(items, "name", inputs["name"])
    ],
    types.ACCOUNT: lambda inputs, items: [
        item["name"] for item in items if item["email"].partition("@")[0] == inputs["accountId"]
    ],
    types.JOB: lambda inputs, items: _ending(items, f"/jobs/{inputs['name']}"),
    types.RULESET: _ruleset,
    types.ENVIRONMENT: lambda inputs, items: [
        f"{inputs['repository']}:{inputs['environment']}"
        for item in items
        if item["name"].lower() == inputs["environment"]
    ],
    types.BRANCH_POLICY: _branch_policy,
    types.LABEL: lambda inputs, items: [
        f"{inputs['repository']}:{item['name']}"
        for item in items
        if str(item["name"]).lower() == str(inputs["name"]).lower()
    ],
    types.REPOSITORY_SECRET: lambda inputs, items: [
        f"{inputs['repository']}:{name}" for name in _named(items, "name", inputs["secretName"])
    ],
}


def _same_channel(inputs: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    """Whether the type and every declared label are equal; False for a channel with a secret, which Google hides."""
    declared, found = inputs.get("labels") or {}, live.get("labels") or {}
    if inputs["type"] != live.get("type") or inputs.get("sensitiveLabels") or not declared:
        return False
    live_environment = (live.get("userLabels") or {}).get("environment", inputs["userLabels"]["environment"])
    same_labels = all(str(found.get(name, "")).lower() == str(value).lower() for name, value in declared.items())
    return same_labels and live_environment == inputs["userLabels"]["environment"]


def _policy_candidates(inputs: Inputs, policies: Listing, *, adopts_old: bool) -> list[str]:
    ours = _named(policies, "displayName", inputs["displayName"])
    if ours or not adopts_old:
        return ours
    condition = inputs["conditions"][0].get("conditionPrometheusQueryLanguage") or {}
    alert = condition.get("alertRule", "")
    return [policy["name"] for policy in policies if OLD_POLICIES.get(str(policy.get("displayName"))) == alert]


def _objective_notes(resources: Sequence[Resource], live: LiveResources) -> Iterator[str]:
    """A note for each live objective: none can be imported.

    The provider does not read an objective's service back (hashicorp/terraform-provider-google#19994). It would replace
    an imported objective, and Google would refuse the new one, because the id is still taken.
    """
    declared = [resource["inputs"] for resource in resources if resource["type"] == types.OBJECTIVE]
    ends = tuple(f"/services/{inputs['service']}/serviceLevelObjectives/{inputs['sloId']}" for inputs in declared)
    for name in (objective["name"] for objective in live.get(types.OBJECTIVE, ()) if objective["name"].endswith(ends)):
        yield (
            f"{name}: the provider cannot import an objective. It has no data of its own: delete it, and the next "
            "update creates it again: curl -X DELETE "
            '-H "Authorization: Bearer $(gcloud auth application-default print-access-token)" '
            f"{shlex.quote(f'https://monitoring.googleapis.com/v3/{name}')}"
        )


def _notes(live: LiveResources, taken: set[str]) -> Iterator[str]:
    old = (*OLD_POLICIES, *OLD_WITHOUT_SUCCESSOR)
    reasons: dict[str, str] = {
        **dict.fromkeys(_TYPES_WITH_SECRETS, "cannot be imported, because Google hides its token or key"),
        "webhook_tokenauth": "has a type that Slack does not accept; delete it after the update",
    }
    noted = [
        (channel, reasons[channel["type"]]) for channel in live.get(types.CHANNEL, ()) if channel.get("type") in reasons
    ]
    noted += [
        (policy, "was created by the old script and is not declared; delete it after the update")
        for policy in live.get(types.ALERT_POLICY, ())
        if policy.get("displayName") in old
    ]
    noted += [(check, "is an uptime check that is not declared") for check in live.get(types.UPTIME_CHECK, ())]
    for item, reason in noted:
        if item["name"] not in taken:
            yield f"{item['name']} ({item.get('displayName')}): {reason}"
