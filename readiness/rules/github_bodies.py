"""From the inputs of a `github` resource to the request body that the provider sends.

As the real provider sends it under the real engine (docs/facts/providers.md#requests-to-github). What is not named here
goes through in snake case, misspellings included, so that the schema sees them.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from readiness.rules.placeholders import UNKNOWN, is_placeholder

Body = dict[str, Any]
_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


def environment(inputs: Body) -> Body:
    """The whole body goes with every change, absent fields as the provider's defaults."""
    rest = _snake(
        {key: value for key, value in inputs.items() if key not in ("repository", "environment", "reviewers")}
    )
    defaults = {
        "wait_timer": 0,
        "can_admins_bypass": True,
        "deployment_branch_policy": None,
        "prevent_self_review": False,
    }
    return {**defaults, **rest, "reviewers": _reviewers(inputs.get("reviewers"))}


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


def deployment_policy(inputs: Body) -> Body:
    """A pattern and what it is matched with."""
    for name, type_ in (("branchPattern", "branch"), ("tagPattern", "tag")):
        if name in inputs:
            return {"name": inputs[name], "type": type_}
    return {}


def secret(inputs: Body) -> Body:
    """Encrypted by the provider with a key that it reads, unless the program gives both."""
    return {"encrypted_value": inputs.get("valueEncrypted", UNKNOWN), "key_id": inputs.get("keyId", UNKNOWN)}


def variable(inputs: Body) -> Body:
    """Name and value."""
    names = {"variableName": "name", "value": "value"}
    return {names[key]: value for key, value in inputs.items() if key in names}


def file(inputs: Body) -> Body:
    """Content in base64, and the person as author and committer where one is given."""
    content = inputs.get("content")
    body: Body = {"message": inputs.get("commitMessage", f"Add {inputs.get('file')}")}
    if isinstance(content, str) and not is_placeholder(content):
        content = base64.b64encode(content.encode()).decode()
    body["content"] = content
    if "branch" in inputs:
        body["branch"] = inputs["branch"]
    person = {"name": inputs.get("commitAuthor"), "email": inputs.get("commitEmail")}
    if all(person.values()):
        body |= {"author": person, "committer": dict(person)}
    return body


def label(inputs: Body) -> Body:
    """Name, colour, description."""
    return {key: value for key, value in inputs.items() if key not in ("repository", "etag")}


def ruleset(inputs: Body) -> Body:
    """The object of rules becomes a list of `{type, parameters}`."""
    body = _snake({key: value for key, value in inputs.items() if key not in ("repository", "rules")})
    names = body.get("conditions", {}).get("ref_name")
    if isinstance(names, dict):
        plural = {"includes": "include", "excludes": "exclude"}
        body["conditions"]["ref_name"] = {plural.get(key, key): value for key, value in names.items()}
    rules = dict(inputs.get("rules") or {})
    fetch_and_merge = rules.pop("updateAllowsFetchAndMerge", False)
    body["rules"] = [_rule(key, value, fetch_and_merge) for key, value in rules.items() if value is not False]
    return body


# What the provider adds where the program leaves it out, because GitHub requires it.
_DEFAULT_PARAMETERS: dict[str, Body] = {
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


def _rule(name: str, value: Any, fetch_and_merge: bool) -> Body:
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


def _snake(value: Any) -> Any:
    if isinstance(value, dict):
        return {_snake_name(key): _snake(item) for key, item in value.items()}
    return [_snake(item) for item in value] if isinstance(value, list) else value


def _snake_name(name: str) -> str:
    return _CAPITAL.sub(lambda found: f"_{found[1].lower()}", name)
