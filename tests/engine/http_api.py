"""The store behind HTTP, as Google's and GitHub's APIs answer the commands of `readiness` that ask them.

It has what these commands ask for and no more; `gcloud` in the tier's PATH sends its arguments here.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from tests.engine import gcloud
from tests.engine.cloud import DELETE_REQUESTED, Cloud, Values
from tests.engine.kinds import (
    ACCOUNT_GRANT,
    BRANCH_POLICY,
    BUCKET,
    CHANNEL,
    DASHBOARD,
    ENVIRONMENT,
    POLICY,
    PROJECT_GRANT,
    REPOSITORY_GRANT,
    SECRET_GRANT,
    UPTIME_CHECK,
)
from tests.live.loopback import Loopback, Reply, Request, serving

APIS = ("artifactRegistry", "iam", "logging", "monitoring", "resourceManager", "secretManager", "serviceUsage")
LISTED = {
    "alertPolicies": POLICY,
    "notificationChannels": CHANNEL,
    "uptimeCheckConfigs": UPTIME_CHECK,
    "dashboards": DASHBOARD,
}


@contextmanager
def serving_apis(cloud: Cloud, beside: Callable[[Request], Reply | None] = lambda _: None) -> Iterator[Loopback]:
    """A server of the store until the block ends. `beside` answers what is about something else than the store."""
    with serving(lambda asked: beside(asked) or _answer(cloud, asked)) as server:
        yield server


def endpoints(server: Loopback) -> dict[str, str]:
    """Where the commands find each API."""
    return {api: f"{server.url}/{api}/" for api in APIS}


def _answer(cloud: Cloud, asked: Request) -> Reply:
    path = unquote(urlsplit(asked.path).path)
    if path == "/gcloud":
        status, text = gcloud.run(cloud, asked.body)
        return Reply(200, {"status": status, "text": text})
    for refused in cloud.refused_paths:
        if refused in path:
            return Reply(403, {"error": {"message": f"Permission denied on {path}"}})
    for pattern, answer in _ROUTES:
        if found := re.fullmatch(pattern, path):
            return answer(cloud, *found.groups())
    return Reply(404, {"error": {"message": f"nothing at {path}"}, "message": "Not Found"})


def _list(cloud: Cloud, project: str, collection: str) -> Reply:
    things = cloud.of_type(LISTED[collection]).items()
    return Reply(200, {collection: [_listed(name, thing) for name, thing in things if thing["project"] == project]})


def _listed(name: str, thing: Values) -> Values:
    shown = json.loads(thing["dashboardJson"]) if "dashboardJson" in thing else thing
    return {**{key: value for key, value in shown.items() if key != "sensitiveLabels"}, "name": name}


def _bucket(cloud: Cloud, name: str) -> Reply:
    found = cloud.of_type(BUCKET).get(name)
    return Reply(404, {"error": {"message": name}}) if found is None else Reply(200, {**found, "name": name})


def _undelete(cloud: Cloud, name: str) -> Reply:
    found = cloud.of_type(BUCKET).get(name, {})
    if found.pop("lifecycleState", None) != DELETE_REQUESTED:
        return Reply(400, {"error": {"message": f"{name} is not deleted"}})
    return Reply(200, {})


def _policy(type_: str, *keys: str) -> Callable[..., Reply]:
    def answer(cloud: Cloud, *values: str) -> Reply:
        where = dict(zip(keys, values, strict=True))
        members: dict[tuple[str, str], list[str]] = defaultdict(list)
        for grant in cloud.of_type(type_).values():
            if all(grant[key] == value for key, value in where.items()):
                members[grant["role"], json.dumps(grant.get("condition"))].append(grant["member"])
        bindings = [
            {"role": role, "members": listed, **({} if limit == "null" else {"condition": json.loads(limit)})}
            for (role, limit), listed in members.items()
        ]
        return Reply(200, {"bindings": bindings})

    return answer


def _repository(cloud: Cloud, name: str) -> Reply:
    del cloud
    return Reply(200, {"name": name})


def _environment(cloud: Cloud, repository: str, name: str) -> Reply:
    found = cloud.of_type(ENVIRONMENT).get(f"{repository}:{name}")
    if found is None:
        return Reply(404, {"message": "Not Found"})
    reviewers = [
        {"type": kind, "reviewer": {"id": number}}
        for group in found.get("reviewers", [])
        for kind, key in (("User", "users"), ("Team", "teams"))
        for number in group.get(key, [])
    ]
    flags = found.get("deploymentBranchPolicy")
    review = {"type": "required_reviewers", "reviewers": reviewers, "prevent_self_review": found["preventSelfReview"]}
    body = {
        "name": name,
        "can_admins_bypass": found["canAdminsBypass"],
        "protection_rules": [
            {"type": "wait_timer", "wait_timer": found["waitTimer"]},
            *([review] if reviewers else []),
        ],
        "deployment_branch_policy": flags and {"custom_branch_policies": flags["customBranchPolicies"]},
    }
    return Reply(200, body)


def _branches(cloud: Cloud, repository: str, name: str) -> Reply:
    things = cloud.of_type(BRANCH_POLICY).items()
    named = [
        {"id": identity.rpartition(":")[2], "name": thing["branchPattern"], "type": "branch"}
        for identity, thing in things
        if (thing["repository"], thing["environment"]) == (repository, name)
    ]
    return Reply(200, {"branch_policies": named})


_PROJECT = r"projects/([^/:]+)"
_ROUTES: tuple[tuple[str, Callable[..., Reply]], ...] = (
    (rf"/monitoring/v\d/{_PROJECT}/(\w+)", _list),
    (r"/logging/v2/(projects/[^:]+)", _bucket),
    (r"/logging/v2/(projects/[^:]+):undelete", _undelete),
    (rf"/resourceManager/v1/{_PROJECT}:getIamPolicy", _policy(PROJECT_GRANT, "project")),
    (rf"/secretManager/v1/{_PROJECT}/secrets/([^/:]+):getIamPolicy", _policy(SECRET_GRANT, "project", "secretId")),
    (
        rf"/artifactRegistry/v1/{_PROJECT}/locations/([^/]+)/repositories/([^/:]+):getIamPolicy",
        _policy(REPOSITORY_GRANT, "project", "location", "repository"),
    ),
    (rf"/iam/v1/{_PROJECT}/serviceAccounts/([^/:]+):getIamPolicy", _policy(ACCOUNT_GRANT, "project", "account")),
    (r"/repos/[^/]+/([^/]+)/environments/([^/]+)", _environment),
    (r"/repos/[^/]+/([^/]+)/environments/([^/]+)/deployment-branch-policies", _branches),
    (r"/repos/[^/]+/([^/]+)", _repository),
)
