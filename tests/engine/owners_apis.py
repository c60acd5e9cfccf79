"""What an owner has set up for CI, as Google's and GitHub's APIs tell `readiness doctor --ci`.

Google's projects and the repository are those of tests/live/owners_cloud.py, which the script of `readiness bootstrap`
fills. Every path that is not here is left to the store of the engine tier.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from readiness.live.bootstrap import DRIFT, PREVIEW
from tests.live.loopback import Reply, Request
from tests.live.owners_cloud import OwnersCloud

# A classic token of an administrator: GitHub names the scopes of no other kind.
_SCOPES = {"X-OAuth-Scopes": "repo, workflow"}


def answer(owners: OwnersCloud, asked: Request) -> Reply | None:
    """The answer about what CI uses; None for everything else."""
    path = unquote(urlsplit(asked.path).path)
    for pattern, reply in _ROUTES:
        if found := re.fullmatch(pattern, path):
            return reply(owners, asked, *found.groups())
    return None


def _absent() -> Reply:
    return Reply(404, {"message": "Not Found", "error": {"message": "not found"}})


def _services(owners: OwnersCloud, asked: Request, project: str) -> Reply:
    start = f"{project}/services/"
    names = [name.removeprefix(start) for name in owners.things if name.startswith(start)]
    return Reply(200, {"services": [{"name": f"projects/{project}/services/{name}"} for name in names]})


def _permissions(owners: OwnersCloud, asked: Request, project: str) -> Reply:
    """An owner has all of them."""
    return Reply(200, {"permissions": asked.body["permissions"]}) if project in owners.numbers else _absent()


def _provider(owners: OwnersCloud, asked: Request, number: str, place: str) -> Reply:
    project = next((name for name, found in owners.numbers.items() if found == number), "")
    found = owners.things.get(f"projects/{project}/{place}")
    if found is None:
        return _absent()
    mapping = found["--attribute-mapping"].partition("attribute.identity=")[2]
    return Reply(
        200,
        {
            "state": found["state"],
            "attributeCondition": found["--attribute-condition"],
            "attributeMapping": {"attribute.identity": mapping},
        },
    )


def _account(owners: OwnersCloud, asked: Request, email: str) -> Reply:
    return Reply(200, {"email": email}) if f"accounts/{email}" in owners.things else _absent()


def _repository(owners: OwnersCloud, asked: Request, name: str) -> Reply:
    if name not in owners.repositories:
        return Reply(200, {"permissions": {"admin": True}}, _SCOPES)
    return Reply(200, {"id": owners.repositories[name], "default_branch": "main", "private": False}, _SCOPES)


def _environment(owners: OwnersCloud, asked: Request, repository: str, name: str) -> Reply | None:
    if repository not in owners.repositories:
        return None
    if name not in owners.environments:
        return _absent()
    protected = owners.environments[name]
    rules = [{"type": "required_reviewers"}] if protected and name not in (PREVIEW, DRIFT) else []
    return Reply(200, {"protection_rules": rules, "deployment_branch_policy": {} if protected else None})


def _named(owners: OwnersCloud, asked: Request, repository: str, environment: str, kind: str) -> Reply | None:
    if repository not in owners.repositories:
        return None
    kept = owners.variables if kind == "variables" else dict.fromkeys(owners.secrets, "")
    start = f"{environment}/"
    found = [{"name": key.removeprefix(start), "value": kept[key]} for key in kept if key.startswith(start)]
    return Reply(200, {kind: found})


def _of_the_repository(owners: OwnersCloud, asked: Request, repository: str, kind: str) -> Reply | None:
    return _named(owners, asked, repository, "", kind)


def _of_the_organization(owners: OwnersCloud, asked: Request, repository: str, kind: str) -> Reply | None:
    return Reply(200, {kind: []}) if repository in owners.repositories else None


def _branch(owners: OwnersCloud, asked: Request, repository: str) -> Reply | None:
    return Reply(200, {"protected": True}) if repository in owners.repositories else None


_REPOSITORY = r"/repos/([^/]+/[^/]+)"
_ROUTES: tuple[tuple[str, Callable[..., Reply | None]], ...] = (
    (r"/serviceUsage/v1/projects/([^/]+)/services", _services),
    (r"/resourceManager/v1/projects/([^/:]+):testIamPermissions", _permissions),
    (r"/iam/v1/projects/(\d+)/(locations/global/workloadIdentityPools/.+)", _provider),
    (r"/iam/v1/projects/-/serviceAccounts/(.+)", _account),
    (_REPOSITORY, _repository),
    (rf"{_REPOSITORY}/environments/([^/]+)", _environment),
    (rf"{_REPOSITORY}/environments/([^/]+)/(variables|secrets)", _named),
    (rf"{_REPOSITORY}/actions/(variables|secrets)", _of_the_repository),
    (rf"{_REPOSITORY}/actions/organization-(variables|secrets)", _of_the_organization),
    (rf"{_REPOSITORY}/branches/main", _branch),
)
