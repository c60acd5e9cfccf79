"""Live resources that are not declared: duplicates of declared resources, resources with our labels, grants.

Google assigns the names of alert policies, channels, uptime checks and dashboards. If the answer to a creation is lost,
the next update creates the resource again. Then two live resources exist: one is in the state, and no preview shows the
other. The labels `managed_by` and `environment` name the owner; resources of another stack are left to that stack.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readiness import resource_types as types
from readiness.live.engine_preview import Change, Difference
from readiness.live.google_api import Google, GoogleError
from readiness.secret_shapes import one_line

Resource = Mapping[str, Any]
Item = Mapping[str, Any]

OURS = {"managed_by": "readiness"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kind:
    """How Google lists a type, and the command that deletes a resource of it."""

    api: str
    path: str
    noun: str
    delete: str


# In the order in which duplicates can be deleted: Google refuses to delete a channel that a policy uses.
# https://docs.cloud.google.com/sdk/gcloud/reference/monitoring/policies/delete,
# https://cloud.google.com/sdk/gcloud/reference/beta/monitoring/channels/delete,
# https://cloud.google.com/sdk/gcloud/reference/monitoring/uptime/delete (read 2026-11-30)
_KINDS: Mapping[str, _Kind] = {
    types.ALERT_POLICY: _Kind(
        api="monitoring", path="alertPolicies", noun="alert policy", delete="gcloud monitoring policies delete"
    ),
    types.CHANNEL: _Kind(
        api="monitoring", path="notificationChannels", noun="channel", delete="gcloud beta monitoring channels delete"
    ),
    types.UPTIME_CHECK: _Kind(
        api="monitoring", path="uptimeCheckConfigs", noun="uptime check", delete="gcloud monitoring uptime delete"
    ),
    types.DASHBOARD: _Kind(
        api="dashboards", path="dashboards", noun="dashboard", delete="gcloud monitoring dashboards delete"
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Undeclared:
    """`beside`, for information: resources of the same types without our labels. `not_checked`: what, and why."""

    differences: tuple[Difference, ...] = ()
    beside: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()


def noun_of(type_: str) -> str:
    """The name of a listed type in messages."""
    return _KINDS[type_].noun


def undeclared_resources(google: Google, resources: Sequence[Resource], state: Iterable[Resource]) -> Undeclared:
    """Checks the listed types. `resources` are the plan's, `state` those of the stack's state with their ids."""
    ids = {type_: frozenset[str]() for type_ in _KINDS}
    for resource in state:
        if resource.get("type") in ids and resource.get("id"):
            ids[str(resource["type"])] |= {_last_part(str(resource["id"]))}
    environments = {_labels(resource["inputs"]).get("environment") for resource in resources} - {None}
    differences: list[Difference] = []
    beside: list[str] = []
    not_checked: list[str] = []
    for type_, kind in _KINDS.items():
        declared = {_display_name(type_, entry["inputs"]) for entry in resources if entry["type"] == type_}
        try:
            items = list(google.items(kind.api, f"projects/{google.project}/{kind.path}", kind.path))
        except GoogleError as error:
            # For an API that was never enabled, Google answers 403 with these words: it has no resources.
            if not (error.status == 403 and "has not been used in project" in str(error)):
                not_checked.append(f"whether there are {kind.path} that are not declared: {error}")
            continue
        for item in items:
            if _last_part(str(item.get("name"))) in ids[type_]:
                continue
            found = _judged(
                google, type_, item, declared=declared, environments=environments, is_known=bool(ids[type_])
            )
            if found is not None:
                differences.append(found)
            elif not _labels(item) and type_ != types.DASHBOARD:
                beside.append(f"{kind.noun} {_name(item)} ({one_line(str(item.get('name')))})")
    return Undeclared(differences=tuple(differences), beside=tuple(beside), not_checked=tuple(not_checked))


def undeclared_grants(google: Google, resources: Sequence[Resource]) -> Undeclared:
    """Undeclared grants to the service accounts that the plan declares, and on these accounts."""
    accounts = _accounts(google.project, resources)
    differences: list[Difference] = []
    not_checked: list[str] = []
    for policy in _policies(google, resources, accounts):
        try:
            answer = policy.read()
        except GoogleError as error:
            if error.status != 404:
                not_checked.append(f"grants on {policy.on}: {error}")
            continue
        for binding in answer.get("bindings") or []:
            condition = str((binding.get("condition") or {}).get("expression") or "")
            for member in binding.get("members") or []:
                grant = (str(binding.get("role")), str(member), condition)
                if policy.counts(grant[0], grant[1]) and grant not in policy.declared:
                    differences.append(_grant_difference(policy, binding, str(member)))
    return Undeclared(differences=tuple(differences), not_checked=tuple(not_checked))


def _judged(
    google: Google,
    type_: str,
    item: Item,
    *,
    declared: Iterable[str],
    environments: Iterable[str | None],
    is_known: bool,
) -> Difference | None:
    """The difference for a live resource that is not in the state; None if the resource is not ours."""
    labels, name = _labels(item), _name(item)
    environment = labels.get("environment")
    if "drill" in labels or (environment is not None and environment not in environments):
        return None
    if not is_known and name in declared:
        change, hint = Change.NOT_DECLARED, "it is not in the state: `readiness adopt` writes the import file"
    elif name in declared:
        change, hint = Change.DOUBLE, f"delete this one, which is not in the state: {_delete(google, type_, item)}"
    elif OURS.items() <= labels.items():
        change, hint = Change.NOT_DECLARED, f"declare it, or delete it: {_delete(google, type_, item)}"
    else:
        return None
    return Difference(type=type_, resource=one_line(str(item.get("name"))), change=change, live=name, hint=hint)


def _delete(google: Google, type_: str, item: Item) -> str:
    return shlex.join([*_KINDS[type_].delete.split(), str(item.get("name")), f"--project={google.project}"])


def _labels(values: Item) -> Mapping[str, Any]:
    labels = values.get("userLabels")
    return labels if isinstance(labels, dict) else {}


def _display_name(type_: str, inputs: Item) -> str:
    if type_ == types.DASHBOARD:
        return one_line(str(json.loads(inputs["dashboardJson"]).get("displayName")))
    return one_line(str(inputs.get("displayName")))


def _name(item: Item) -> str:
    return one_line(str(item.get("displayName") or "without a name"))


def _last_part(name: str) -> str:
    """The end of a name: Google writes the project's number into some names, where the state has its id."""
    return name.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Policy:
    """An IAM policy: how to read it, its declared grants, and the command that removes a grant.

    `counts` decides from a role and a member whether the check covers the grant.
    """

    on: str
    type: str
    read: Callable[[], Mapping[str, Any]]
    declared: frozenset[tuple[str, str, str]]
    counts: Callable[[str, str], bool]
    remove: tuple[str, ...]


def _accounts(project: str, resources: Sequence[Resource]) -> frozenset[str]:
    """The addresses of the declared service accounts."""
    ids = (resource["inputs"]["accountId"] for resource in resources if resource["type"] == types.ACCOUNT)
    return frozenset(f"{account}@{project}.iam.gserviceaccount.com" for account in ids)


def _policies(google: Google, resources: Sequence[Resource], accounts: frozenset[str]) -> Iterator[_Policy]:
    if not accounts:
        return
    project = google.project
    members = frozenset(f"serviceAccount:{account}" for account in accounts)
    version = {"options": {"requestedPolicyVersion": 3}}

    def is_to_ours(role: str, member: str) -> bool:
        del role
        return member in members

    yield _Policy(
        on=f"project {project}",
        type=types.PROJECT_MEMBER,
        read=lambda: google.ask("resourceManager", f"projects/{project}:getIamPolicy", version),
        declared=_declared(resources, types.PROJECT_MEMBER),
        counts=is_to_ours,
        remove=("gcloud", "projects", "remove-iam-policy-binding", project),
    )
    for secret in _values(resources, types.SECRET_MEMBER, "secretId"):
        path = f"projects/{project}/secrets/{secret}:getIamPolicy?options.requestedPolicyVersion=3"
        yield _Policy(
            on=f"secret {secret}",
            type=types.SECRET_MEMBER,
            read=lambda path=path: google.get("secretManager", path),
            declared=_declared(resources, types.SECRET_MEMBER, secretId=secret),
            counts=is_to_ours,
            remove=("gcloud", "secrets", "remove-iam-policy-binding", secret, f"--project={project}"),
        )
    registries = {
        (str(resource["inputs"]["location"]), str(resource["inputs"]["repository"]))
        for resource in resources
        if resource["type"] == types.REGISTRY_MEMBER
    }
    for location, registry in sorted(registries):
        path = f"projects/{project}/locations/{location}/repositories/{registry}:getIamPolicy"
        where = (registry, f"--location={location}", f"--project={project}")
        yield _Policy(
            on=f"registry {registry}",
            type=types.REGISTRY_MEMBER,
            read=lambda path=path: google.get("artifactRegistry", f"{path}?options.requestedPolicyVersion=3"),
            declared=_declared(resources, types.REGISTRY_MEMBER, repository=registry, location=location),
            counts=is_to_ours,
            remove=("gcloud", "artifacts", "repositories", "remove-iam-policy-binding", *where),
        )
    # Step 6 of `readiness bootstrap` grants this role: the identity that applies may act as the account.
    expected = ("roles/iam.serviceAccountUser", f"serviceAccount:readiness-apply@{project}.iam.gserviceaccount.com")
    for account in sorted(accounts):
        path = f"projects/{project}/serviceAccounts/{account}:getIamPolicy"
        yield _Policy(
            on=f"account {account}",
            type=types.PROJECT_MEMBER,
            read=lambda path=path: google.ask("iam", path),
            declared=frozenset(),
            counts=lambda role, member: (role, member) != expected,
            remove=("gcloud", "iam", "service-accounts", "remove-iam-policy-binding", account, f"--project={project}"),
        )


def _values(resources: Sequence[Resource], type_: str, key: str) -> list[str]:
    return sorted({str(resource["inputs"][key]) for resource in resources if resource["type"] == type_})


def _declared(resources: Sequence[Resource], type_: str, **where: str) -> frozenset[tuple[str, str, str]]:
    found = [resource["inputs"] for resource in resources if resource["type"] == type_]
    return frozenset(
        (str(inputs["role"]), str(inputs["member"]), str((inputs.get("condition") or {}).get("expression") or ""))
        for inputs in found
        if all(inputs.get(key) == value for key, value in where.items())
    )


def _grant_difference(policy: _Policy, binding: Mapping[str, Any], member: str) -> Difference:
    role, condition = str(binding.get("role")), binding.get("condition") or {}
    limit = _condition_option(condition)
    command = shlex.join([*policy.remove, f"--member={member}", f"--role={role}", f"--condition={limit}"])
    return Difference(
        type=policy.type,
        resource=one_line(f"{role} on {policy.on}"),
        change=Change.NOT_DECLARED,
        field="grant",
        declared="nothing",
        live=one_line(f"{role} for {member}" + (f" if {condition.get('expression')}" if condition else "")),
        hint=one_line(f"declare it, or remove it: {command}"),
    )


def _condition_option(condition: Mapping[str, Any]) -> str:
    """The value of `--condition`, which must name the whole condition; `None` if there is none.

    gcloud splits the value at commas, which an expression can contain. The prefix `^;^` makes it split at semicolons.
    """
    parts = [f"{key}={condition[key]}" for key in ("title", "description", "expression") if condition.get(key)]
    mark = next((mark for mark in ";|~#" if not any(mark in part for part in parts)), "@@")
    return f"^{mark}^{mark.join(parts)}" if parts else "None"
