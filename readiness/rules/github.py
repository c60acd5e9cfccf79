"""What GitHub takes of environments, rulesets, secrets, variables, files and labels of a repository.

Sources: the descriptions in GitHub's OpenAPI description, its pages and what the provider accepts
(docs/facts/github.md); requests as the real provider sends them (docs/facts/providers.md#requests-to-github).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

from readiness.resource_types import (
    BRANCH_POLICY,
    ENVIRONMENT,
    ENVIRONMENT_SECRET,
    ENVIRONMENT_VARIABLE,
    LABEL,
    REPOSITORY_FILE,
    REPOSITORY_SECRET,
    REPOSITORY_VARIABLE,
    RULESET,
    SECURITY_UPDATES,
    VULNERABILITY_ALERTS,
)
from readiness.rules import checks
from readiness.rules.contract import UNKNOWN, Contract, Field, Inputs, is_placeholder, no_body
from readiness.rules.rule import Remark, Resource, Surroundings

_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


def _snake(value: Any) -> Any:
    if isinstance(value, dict):
        return {_snake_name(key): _snake(item) for key, item in value.items()}
    return [_snake(item) for item in value] if isinstance(value, list) else value


def _snake_name(name: str) -> str:
    return _CAPITAL.sub(lambda found: f"_{found[1].lower()}", name)


def _environment_body(inputs: Inputs) -> Inputs:
    """The whole body is sent with every change, absent fields as the provider's defaults."""
    given = {key: value for key, value in inputs.items() if key not in ("repository", "environment", "reviewers")}
    return {
        "wait_timer": 0,
        "can_admins_bypass": True,
        "deployment_branch_policy": None,
        "prevent_self_review": False,
        **_snake(given),
        "reviewers": _reviewers(inputs.get("reviewers")),
    }


def _reviewers(groups: Any) -> Any:
    """`[{users: […], teams: […]}]` as one list of `{type, id}`; a kind that is misspelt keeps its name."""
    if not isinstance(groups, list):
        return groups
    types = {"users": "User", "teams": "Team"}
    return [
        {"type": types.get(kind, kind), "id": identity}
        for group in groups
        for kind, identities in group.items()
        for identity in identities
    ]


def _reviewers_once(environment: Field) -> Iterator[Remark]:
    """GitHub's ids start at 1; 0 is a reviewer who is still to be filled in."""
    if environment.field("reviewers").value == []:
        yield environment.remark("reviewers", "is an empty list, so nobody has to approve; leave it out or fill it")
    first: dict[tuple[str | None, float], Field] = {}
    for reviewer in environment.items("reviewers"):
        if identity := reviewer.number("id"):
            other = first.setdefault((reviewer.text("type"), identity), reviewer)
            if other is not reviewer:
                yield reviewer.remark("", f"is the same as {other.path}")


def _branch_flags_differ(policy: Field) -> Iterator[Remark]:
    """`If protected_branches is true, custom_branch_policies must be false` and the reverse; 422 otherwise."""
    flags = [policy.field(name).value for name in ("protected_branches", "custom_branch_policies")]
    if all(isinstance(flag, bool) for flag in flags) and flags[0] == flags[1]:
        message = "must not equal protected_branches; to let every branch deploy leave the policy out"
        yield policy.remark("custom_branch_policies", message)


def _lower_case(inputs: Field) -> Iterator[Remark]:
    """Names match whatever their case, so that a rename of the case alone deletes the gate."""
    name = inputs.text("environment")
    if name is not None and name != name.lower():
        yield inputs.remark("environment", f"{name!r} is not in lower case; GitHub takes both for the same")


def _has_branch_policies(environment: Resource, surroundings: Surroundings) -> Iterator[Remark]:
    policies = [_environment_of(policy) for policy in surroundings.of_type(BRANCH_POLICY)]
    if _asks_for_custom_policies(environment) and _environment_of(environment) not in policies:
        message = "asks for custom branch policies and has none, so that no branch can deploy"
        yield ("deployment_branch_policy", message)


def _follows_its_environment(policy: Resource, surroundings: Surroundings) -> Iterator[Remark]:
    """GitHub takes a pattern only if the environment asks for custom ones."""
    custom = [
        environment
        for environment in surroundings.of_type(ENVIRONMENT)
        if _asks_for_custom_policies(environment) and _environment_of(environment) == _environment_of(policy)
    ]
    if not custom:
        yield ("environment", "names no environment of the plan with customBranchPolicies")
    elif custom[-1].urn not in policy.dependencies:
        yield ("environment", "is given as text; take it from the environment, which has to be there first")


def _asks_for_custom_policies(environment: Resource) -> bool:
    return bool(Field(environment.inputs).field("deploymentBranchPolicy").field("customBranchPolicies").value)


def _environment_of(resource: Resource) -> tuple[Any, Any]:
    return resource.inputs.get("repository"), resource.inputs.get("environment")


def _branch_policy_body(inputs: Inputs) -> Inputs:
    """A pattern and what it is matched with."""
    for name, type_ in (("branchPattern", "branch"), ("tagPattern", "tag")):
        if name in inputs:
            return {"name": inputs[name], "type": type_}
    return {}


def _pattern_not_empty(policy: Field) -> Iterator[Remark]:
    if policy.text("name") == "":
        yield policy.remark("name", "is empty, which matches nothing")


# What the provider adds where the program leaves it out, because GitHub requires it.
_DEFAULT_PARAMETERS: dict[str, Inputs] = {
    "pull_request": {
        "dismiss_stale_reviews_on_push": False,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_approving_review_count": 0,
        "required_review_thread_resolution": False,
    },
    "required_status_checks": {"strict_required_status_checks_policy": False},
}
_RENAMED_PARAMETERS = {
    "required_checks": "required_status_checks",
    "required_code_scanning_tools": "code_scanning_tools",
}


def _ruleset_body(inputs: Inputs) -> Inputs:
    """The object of rules becomes a list of `{type, parameters}`."""
    body = _snake({key: value for key, value in inputs.items() if key not in ("repository", "rules")})
    names = body.get("conditions", {}).get("ref_name")
    if isinstance(names, dict):
        plural = {"includes": "include", "excludes": "exclude"}
        body["conditions"]["ref_name"] = {plural.get(key, key): value for key, value in names.items()}
    rules = dict(inputs.get("rules") or {})
    fetch_and_merge = rules.pop("updateAllowsFetchAndMerge", False)
    body["rules"] = [_ruleset_rule(key, value, fetch_and_merge) for key, value in rules.items() if value is not False]
    return body


def _ruleset_rule(name: str, value: Any, fetch_and_merge: bool) -> Inputs:
    type_ = _snake_name(name)
    type_ = "code_scanning" if type_ == "required_code_scanning" else type_
    if type_ == "update":
        return {"type": type_, "parameters": {"update_allows_fetch_and_merge": fetch_and_merge}}
    if value is True:
        return {"type": type_}
    if not isinstance(value, dict):
        return {"type": type_, "parameters": value}
    given = {_RENAMED_PARAMETERS.get(key, key): item for key, item in _snake(value).items()}
    return {"type": type_, "parameters": {**_DEFAULT_PARAMETERS.get(type_, {}), **given}}


def _refs(ruleset: Field) -> Iterator[Remark]:
    """A bare `main` matches nothing; without conditions the ruleset applies nowhere."""
    target = ruleset.text("target") or "branch"
    if target not in ("branch", "tag"):
        return
    prefix, special = ("refs/heads/", ("~DEFAULT_BRANCH", "~ALL")) if target == "branch" else ("refs/tags/", ("~ALL",))
    names = ruleset.field("conditions").field("ref_name")
    if not names.items("include"):
        yield ruleset.remark("conditions.ref_name.include", "is required: without it the ruleset applies nowhere")
    for ref in (*names.items("include"), *names.items("exclude")):
        if isinstance(ref.value, str) and not ref.value.startswith((prefix, "<")) and ref.value not in special:
            yield ref.remark("", f"{ref.value!r} matches nothing; write {prefix}… or {' or '.join(special)}")


def _status_checks_of_one_app(ruleset: Field) -> Iterator[Remark]:
    """A ruleset without rules shows as active and does nothing; without an app's id, any writer may set a status."""
    if not ruleset.items("rules"):
        yield ruleset.remark("rules", "is empty, so that the ruleset does nothing")
    for rule in ruleset.items("rules"):
        parameters = rule.field("parameters")
        required = parameters.items("required_status_checks")
        if rule.text("type") == "required_status_checks" and not required:
            yield parameters.remark("required_status_checks", "is empty")
        for status_check in required:
            if not status_check.has("integration_id"):
                yield status_check.remark("integration_id", "is required by us: else any writer may set the status")


def _bypass(ruleset: Field) -> Iterator[Remark]:
    """`Required for Integration, RepositoryRole, Team, and User`; `pull_request is not applicable for` deploy keys."""
    for actor in ruleset.items("bypass_actors"):
        type_ = actor.text("actor_type")
        if type_ not in (None, "DeployKey", "OrganizationAdmin") and not actor.has("actor_id"):
            yield actor.remark("actor_id", f"is required for {type_}")
        if type_ == "DeployKey" and actor.has("actor_id"):
            yield actor.remark("actor_id", "must be left out for DeployKey")
        if type_ == "DeployKey" and actor.text("bypass_mode") == "pull_request":
            yield actor.remark("bypass_mode", "pull_request does not go with DeployKey")


_NAME = r"(?!(?i:GITHUB_))[A-Za-z_][A-Za-z0-9_]*"
_NAME_FORM = "a name for GitHub Actions: letters, digits and _, not starting with a digit or GITHUB_"


def _secret_body(inputs: Inputs) -> Inputs:
    """Encrypted by the provider with a key that it reads, unless the program gives both."""
    return {"encrypted_value": inputs.get("valueEncrypted", UNKNOWN), "key_id": inputs.get("keyId", UNKNOWN)}


def _secret_value(inputs: Field) -> Iterator[Remark]:
    """GitHub stores an empty value; a plain one would be readable in plan and state. No message shows it."""
    value = inputs.text("value")
    if value == "":
        yield inputs.remark("value", "is empty, which GitHub stores without an error")
    elif value is not None:
        yield inputs.remark("value", "is plain text; give it as a secret")
    if inputs.text("valueEncrypted") == "":
        yield inputs.remark("valueEncrypted", "is empty")
    if inputs.has("valueEncrypted") and not inputs.has("keyId"):
        yield inputs.remark("keyId", "is required beside valueEncrypted")


def _variable_body(inputs: Inputs) -> Inputs:
    names = {"variableName": "name", "value": "value"}
    return {names[key]: value for key, value in inputs.items() if key in names}


def _file_body(inputs: Inputs) -> Inputs:
    """Content in base64, and the person as author and committer if one is given."""
    content = inputs.get("content")
    body: Inputs = {"message": inputs.get("commitMessage", f"Add {inputs.get('file')}")}
    if isinstance(content, str) and not is_placeholder(content):
        content = base64.b64encode(content.encode()).decode()
    body["content"] = content
    if "branch" in inputs:
        body["branch"] = inputs["branch"]
    person = {"name": inputs.get("commitAuthor"), "email": inputs.get("commitEmail")}
    if all(person.values()):
        body |= {"author": person, "committer": dict(person)}
    return body


def _path_and_author(inputs: Field) -> Iterator[Remark]:
    """The path is part of the address: relative, and inside the repository.

    Without name or e-mail GitHub answers 422; with one of them the provider sends neither.
    """
    path = inputs.text("file")
    if path is not None and (not path or path.startswith("/") or ".." in path.split("/")):
        yield inputs.remark("file", f"{path!r} is no path inside the repository")
    written = inputs.written("commitAuthor", "commitEmail")
    if len(written) == 1:
        yield inputs.remark(written[0], "needs the other of commitAuthor and commitEmail")


def _alerts_first(updates: Resource, surroundings: Surroundings) -> Iterator[Remark]:
    """GitHub refuses the updates while alerts are off (docs/facts/github.md#security-updates-need-alerts)."""
    if not updates.dependencies & {alerts.urn for alerts in surroundings.of_type(VULNERABILITY_ALERTS)}:
        yield ("", "does not depend on the RepositoryVulnerabilityAlerts that it needs switched on first")


_SECRET = Contract(
    schema=("github", "secret"),
    body=_secret_body,
    input_checks=(
        checks.form("secretName", _NAME, _NAME_FORM),
        checks.one_of("value", "valueEncrypted"),
        _secret_value,
    ),
)
_VARIABLE = Contract(
    schema=("github", "variable"), body=_variable_body, checks=(checks.form("name", _NAME, _NAME_FORM),)
)

CONTRACTS = {
    ENVIRONMENT: Contract(
        schema=("github", "environment"),
        body=_environment_body,
        checks=(
            # `You can list up to six users or teams as reviewers.` The provider counts users and teams apart on create.
            checks.count("reviewers", 6, takes="users and teams together are at most"),
            _reviewers_once,
            # `An integer between 0 and 43,200 (30 days).`
            checks.number("wait_timer", 0, 43_200, " minutes", takes="GitHub takes"),
            checks.inside("deployment_branch_policy", _branch_flags_differ),
        ),
        input_checks=(
            _lower_case,
            checks.length("environment", 255, 1, takes="GitHub takes"),
            # The provider's schema has a list of at most one `{users, teams}`.
            checks.count("reviewers", 1, takes="with all users and teams in it, the provider takes"),
        ),
        plan_checks=(_has_branch_policies,),
        # GitHub takes it, and its OpenAPI description lacks it (docs/facts/providers.md#fields-that-no-schema-has).
        not_in_schema=frozenset({"can_admins_bypass"}),
    ),
    BRANCH_POLICY: Contract(
        schema=("github", "deployment-branch-policy"),
        body=_branch_policy_body,
        checks=(_pattern_not_empty,),
        input_checks=(checks.one_of("branchPattern", "tagPattern"),),
        plan_checks=(_follows_its_environment,),
    ),
    RULESET: Contract(
        schema=("github", "ruleset"), body=_ruleset_body, checks=(_refs, _status_checks_of_one_app, _bypass)
    ),
    ENVIRONMENT_SECRET: _SECRET,
    ENVIRONMENT_VARIABLE: _VARIABLE,
    REPOSITORY_SECRET: _SECRET,
    REPOSITORY_VARIABLE: _VARIABLE,
    REPOSITORY_FILE: Contract(schema=("github", "contents"), body=_file_body, input_checks=(_path_and_author,)),
    LABEL: Contract(
        schema=("github", "label"),
        body=lambda inputs: {key: value for key, value in inputs.items() if key not in ("repository", "etag")},
        checks=(
            # `The hexadecimal color code for the label, without the leading #.`
            checks.form("color", r"[0-9a-fA-F]{6}", "six hexadecimal digits without #"),
            checks.length("description", 100),
        ),
    ),
    SECURITY_UPDATES: Contract(schema=None, body=no_body, plan_checks=(_alerts_first,)),
    VULNERABILITY_ALERTS: Contract(schema=None, body=no_body),
}
