"""Checks of the project's IAM policy and of the identities from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from readiness.operate.audit.evidence import Evidence, failed, passed
from readiness.operate.audit.live_project import LiveProject, grants, short_name
from readiness.settings.model import Settings

# Accounts that Google makes and owns; their roles are not ours to take.
_OF_GOOGLE = re.compile(
    r"@(gcp-sa-[a-z0-9-]+|cloudservices|container-engine-robot|cloudbuild)\.(iam\.)?gserviceaccount\.com$"
)
_BROAD = re.compile(r"roles/(owner|editor)$|Admin$|\.admin$")
_ON_ONE_THING_ONLY = (
    "roles/secretmanager.secretAccessor",
    "roles/iam.serviceAccountUser",
    "roles/iam.serviceAccountTokenCreator",
)


def project_roles(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Evidence]:
    """No service account holds owner, editor or an administrator's role on the project."""
    how = "project-roles: IAM policy of the project"
    broad = [(role, member) for role, member in _own_grants(project) if _BROAD.search(role)]
    for role, member in broad:
        yield failed(how, f"{member} holds {role}")
    if not broad:
        yield passed(how, "no service account holds owner, editor or an administrator's role")


def project_wide_grants(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Evidence]:
    """What opens every secret, or every account, is granted on the single one."""
    how = "project-wide-grants: IAM policy of the project"
    wide = [(role, member) for role, member in _own_grants(project) if role in _ON_ONE_THING_ONLY]
    for role, member in wide:
        yield failed(how, f"{member} holds {role} on the whole project")
    if not wide:
        yield passed(how, f"none of {', '.join(_ON_ONE_THING_ONLY)} is granted on the project")


def identity_conditions(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Evidence]:
    """Every provider of a pool lets the one repository in, and no other."""
    how = "identity-conditions: workload identity providers"
    providers = project.identity_providers
    wanted = {f"{settings.github_owner}/{settings.repository.name}" for settings in stacks}
    for provider in providers:
        name, condition = short_name(provider["name"]), provider.get("attributeCondition", "")
        named = _repositories(condition)
        if not condition:
            yield failed(how, f"{name} has no condition: every repository of GitHub may act as its accounts")
        elif not named:
            yield failed(how, f"{name} names no repository by equality: {condition}")
        elif named <= wanted:
            yield passed(how, f"{name} lets {', '.join(sorted(named))} in")
        else:
            yield failed(how, f"{name} lets {', '.join(sorted(named - wanted))} in")
    if not providers:
        yield passed(how, "the project has no workload identity provider")


def secret_access_logged(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Evidence]:
    """Reading a secret leaves an entry: DATA_READ is on for Secret Manager, and nobody is exempted."""
    how = "secret-access-logged: audit configuration of the project"
    exempted: list[str] = []
    logged = False
    for config in project.policy.get("auditConfigs", ()):
        if config.get("service") not in ("secretmanager.googleapis.com", "allServices"):
            continue
        for each in config.get("auditLogConfigs", ()):
            if each.get("logType") == "DATA_READ":
                logged = True
                exempted += each.get("exemptedMembers", ())
    if not logged:
        yield failed(how, "DATA_READ is off for secretmanager.googleapis.com: who reads a secret is not recorded")
    elif exempted:
        yield failed(how, f"DATA_READ is on, but not for {', '.join(exempted)}")
    else:
        yield passed(how, "DATA_READ is on for secretmanager.googleapis.com")


def _own_grants(project: LiveProject) -> Iterator[tuple[str, str]]:
    for role, member in grants(project.policy):
        if member.startswith("serviceAccount:") and not _OF_GOOGLE.search(member):
            yield role, member


def _repositories(condition: str) -> frozenset[str]:
    """The repositories that a CEL condition names; none where one of its `||` alternatives names no repository."""
    equality = re.compile(r"assertion\.repository\s*==\s*['\"]([^'\"]+)['\"]")
    named = [equality.findall(part) for part in condition.split("||")]
    return frozenset(name for names in named for name in names) if all(named) else frozenset()
