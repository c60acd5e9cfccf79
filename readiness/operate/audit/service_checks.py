"""Checks of the live Cloud Run services, of what they read, and of what keeps their logs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from readiness.operate.audit.evidence import Evidence, failed, not_checked, passed
from readiness.operate.audit.live_project import (
    LiveProject,
    account_of,
    secrets_of,
    short_name,
    variables_of,
)
from readiness.settings.model import Settings

EVERYBODY = frozenset({"allUsers", "allAuthenticatedUsers"})
# Ours; `_Required` keeps the Admin Activity log for 400 days whatever is set.
LEAST_RETENTION_DAYS = 30
_DEFAULT_ACCOUNT = re.compile(r"-compute@developer\.gserviceaccount\.com$")
_SECRET_VARIABLE = re.compile(r"(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_KEY|SECRET_KEY)$")
_PRODUCTION = frozenset({"prod", "production"})


def run_accounts(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Evidence]:
    """Each service of the stacks runs as an account of its own."""
    how = "run-accounts: Cloud Run services"
    names = _declared(stacks)
    accounts: dict[str, list[str]] = {}
    for service in project.services:
        name, account = short_name(service["name"]), account_of(service)
        if name not in names:
            continue
        if not account or _DEFAULT_ACCOUNT.search(account):
            yield failed(how, f"{name} runs as the project's default account")
        else:
            accounts.setdefault(account, []).append(name)
    for account, users in accounts.items():
        if len(users) > 1:
            yield failed(how, f"{', '.join(users)} run as the same account {account}")
        else:
            yield passed(how, f"{users[0]} runs as {account}")
    yield from _missing(how, project, names)


def run_ingress(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Evidence]:
    """Only the services of the settings are open to everybody. Egress is told, not judged."""
    how = "run-ingress: Cloud Run services"
    names = _declared(stacks)
    for service in project.services:
        name = short_name(service["name"])
        ingress = service.get("ingress", "INGRESS_TRAFFIC_ALL")
        is_open = bool(project.invokers(service) & EVERYBODY) and ingress == "INGRESS_TRAFFIC_ALL"
        egress = service.get("template", {}).get("vpcAccess", {}).get("egress", "none through a network")
        text = f"{name}: {ingress}, {'open to everybody' if is_open else 'not open to everybody'}, egress {egress}"
        if is_open and name not in names:
            yield failed(how, f"{text}; no stack knows of it")
        else:
            yield passed(how, text)
    yield from _missing(how, project, names)


def vpc_connector(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Evidence]:
    """The connectors are ready, and services that use one name one that exists."""
    how = "vpc-connector: connectors and Cloud Run services"
    states = {short_name(each["name"]): each.get("state", "unknown") for each in project.connectors}
    for name, state in states.items():
        yield (passed if state == "READY" else failed)(how, f"connector {name} is {state}")
    for service in project.services:
        connector = service.get("template", {}).get("vpcAccess", {}).get("connector")
        if connector and short_name(connector) not in states:
            yield failed(
                how, f"{short_name(service['name'])} names the connector {short_name(connector)}, which is gone"
            )
    if not states:
        yield failed(how, "there is no connector: the database has no public address")


def secret_variables(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Evidence]:
    """Variables of services that hold secrets take them from Secret Manager. Values are never printed."""
    how = "secret-variables: Cloud Run services"
    names = _declared(stacks)
    for service in project.services:
        name = short_name(service["name"])
        plain = [each["name"] for each in variables_of(service) if _is_plain_secret(each)]
        unknown = secrets_of(service) - project.secrets
        for variable in plain:
            yield failed(how, f"{name} has {variable} as plain text")
        for secret in sorted(unknown):
            yield failed(how, f"{name} reads the secret {secret}, which does not exist")
        if not plain and not unknown:
            yield passed(how, f"{name} reads {len(secrets_of(service))} secret(s) from Secret Manager")
    yield from _missing(how, project, names)


def secret_names_differ(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Evidence]:
    """No secret is read by services of two environments."""
    how = "secret-names-differ: Cloud Run services"
    readers: dict[str, set[str]] = {}
    for settings in stacks:
        for service in project.services:
            if short_name(service["name"]) in _declared([settings]):
                for secret in secrets_of(service):
                    readers.setdefault(secret, set()).add(settings.environment.name)
    shared = {secret: names for secret, names in readers.items() if len(names) > 1}
    for secret, environments in sorted(shared.items()):
        yield failed(how, f"{secret} is read by {' and '.join(sorted(environments))}")
    if readers and not shared:
        yield passed(how, f"{len(readers)} secrets, each read by one environment")
    yield from _missing(how, project, _declared(stacks))


def staging_secret_access(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Evidence]:
    """No account of another environment may read a secret that production reads."""
    how = "staging-secret-access: IAM policies of project and secrets"
    production = [each for each in stacks if {each.environment.name, each.environment.short_name} & _PRODUCTION]
    guarded = {secret for service in _services(project, production) for secret in secrets_of(service)}
    others = {
        f"serviceAccount:{account_of(service)}"
        for service in _services(project, [each for each in stacks if each not in production])
        if account_of(service)
    }
    if not guarded or not others:
        yield not_checked(how, "needs services of production that read secrets, and services of another environment")
        return
    everywhere = others & project.project_wide_secret_readers
    for account in sorted(everywhere):
        yield failed(how, f"{account} may read every secret of the project, {', '.join(sorted(guarded))} among them")
    by_grant = [(secret, others & project.secret_readers(secret)) for secret in sorted(guarded)]
    for secret, accounts in by_grant:
        for account in sorted(accounts):
            yield failed(how, f"{account} may read {secret}")
    if not everywhere and not any(accounts for _, accounts in by_grant):
        yield passed(how, f"none of {', '.join(sorted(others))} may read {', '.join(sorted(guarded))}")


def log_retention(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Evidence]:
    """Every log bucket keeps its entries for long enough."""
    how = "log-retention: log buckets"
    for bucket in project.log_buckets:
        days = int(bucket.get("retentionDays", LEAST_RETENTION_DAYS))
        text = f"{short_name(bucket['name'])} keeps {days} days"
        yield (passed if days >= LEAST_RETENTION_DAYS else failed)(how, text)


def _declared(stacks: Sequence[Settings]) -> frozenset[str]:
    return frozenset(service.name for settings in stacks for service in settings.services)


def _services(project: LiveProject, stacks: Sequence[Settings]) -> list[dict[str, object]]:
    names = _declared(stacks)
    return [service for service in project.services if short_name(service["name"]) in names]


def _missing(how: str, project: LiveProject, names: frozenset[str]) -> Iterator[Evidence]:
    for name in sorted(names - {short_name(service["name"]) for service in project.services}):
        yield not_checked(how, f"{name} is not deployed in this region")


def _is_plain_secret(variable: dict[str, object]) -> bool:
    return bool(_SECRET_VARIABLE.search(str(variable.get("name", "")))) and bool(variable.get("value"))
