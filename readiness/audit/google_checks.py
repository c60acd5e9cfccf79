"""Our own read-only checks of the live project. resource_checks.py has those of accounts, network, data and logs."""

from __future__ import annotations

import hmac
import re
import secrets as secrets_module
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations
from typing import Any

from readiness.audit.live_project import (
    EVERYBODY,
    OF_GOOGLE,
    LiveProject,
    account_of,
    grants,
    secret_variables_of,
    secrets_of,
    short_name,
    variables_of,
)
from readiness.audit.log_checks import LOG_CHECKS
from readiness.audit.resource_checks import RESOURCE_CHECKS
from readiness.live.google_api import GoogleError
from readiness.live.rows import Observation, Outcome, Row, judged, not_checked, observed, row_of_error
from readiness.settings.model import Settings

Check = Callable[[LiveProject, Sequence[Settings]], Iterable[Observation]]

# Our own choice; `_Required` always keeps the Admin Activity log for 400 days.
LEAST_RETENTION_DAYS = 30
_BROAD = re.compile(r"roles/(owner|editor)$|Admin$|\.admin$")
_NEVER_ON_THE_PROJECT = (
    "roles/secretmanager.secretAccessor",
    "roles/iam.serviceAccountUser",
    "roles/iam.serviceAccountTokenCreator",
)
_REPOSITORY = re.compile(r"assertion\.repository\s*==\s*['\"]([^'\"]+)['\"]")
_DEFAULT_ACCOUNT = re.compile(r"-compute@developer\.gserviceaccount\.com$")
_SECRET_VARIABLE = re.compile(r"(^|_)(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_KEY|SECRET_KEY)$")
# Google's words for a call to an API that is not enabled in the project.
_API_IS_OFF = ("has not been used in project", "it is disabled")
_PRODUCTION = frozenset({"prod", "production"})


def project_roles(project: LiveProject, stacks: Sequence[Settings]) -> list[Observation]:
    """No service account has owner, editor or an administrator's role on the project."""
    broad = [f"{member} has {role}" for role, member in _own_grants(project) if _BROAD.search(role)]
    return judged(broad, "no service account has owner, editor or an administrator's role")


def project_wide_grants(project: LiveProject, stacks: Sequence[Settings]) -> list[Observation]:
    """Roles to read secrets or act as accounts are granted on a single secret or account, not on the project."""
    wide = [
        f"{member} has {role} on the whole project"
        for role, member in _own_grants(project)
        if role in _NEVER_ON_THE_PROJECT
    ]
    return judged(wide, f"none of {', '.join(_NEVER_ON_THE_PROJECT)} is granted on the project")


def identity_conditions(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """Every provider of a workload identity pool accepts only the repository of the settings."""
    wanted = {f"{settings.github_owner}/{settings.repository.name}" for settings in stacks}
    for provider in project.identity_providers:
        name, condition = short_name(provider["name"]), provider.get("attributeCondition", "")
        named = _repositories(condition)
        if not condition:
            yield Outcome.FAIL, f"{name} has no condition: every repository on GitHub may act as its accounts"
        elif not named:
            yield Outcome.FAIL, f"{name} does not compare the repository with ==: {condition}"
        elif named <= wanted:
            yield Outcome.PASS, f"{name} accepts {', '.join(sorted(named))}"
        else:
            yield Outcome.FAIL, f"{name} accepts {', '.join(sorted(named - wanted))}"
    if not project.identity_providers:
        yield Outcome.PASS, "the project has no workload identity provider"


def run_accounts(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """Each service of the stacks runs as its own account."""
    accounts: dict[str, list[str]] = {}
    for service in _services(project, stacks):
        name, account = short_name(service["name"]), account_of(service)
        if not account or _DEFAULT_ACCOUNT.search(account):
            yield Outcome.FAIL, f"{name} runs as the project's default account"
        else:
            accounts.setdefault(account, []).append(name)
    for account, users in accounts.items():
        if len(users) > 1:
            yield Outcome.FAIL, f"{', '.join(users)} run as the same account {account}"
        else:
            yield Outcome.PASS, f"{users[0]} runs as {account}"
    yield from _missing(project, stacks)


def run_ingress(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """Only the services of the settings are open to everybody. The text shows the egress, which decides nothing."""
    names = _declared(stacks)
    for service in project.services:
        name = short_name(service["name"])
        ingress = service.get("ingress", "INGRESS_TRAFFIC_ALL")
        is_open = bool(project.invokers(service) & EVERYBODY) and ingress == "INGRESS_TRAFFIC_ALL"
        egress = service.get("template", {}).get("vpcAccess", {}).get("egress", "none through a network")
        text = f"{name}: {ingress}, {'open to everybody' if is_open else 'not open to everybody'}, egress {egress}"
        if is_open and name not in names:
            yield Outcome.FAIL, f"{text}; no stack declares it"
        else:
            yield Outcome.PASS, text
    yield from _missing(project, stacks)


def vpc_connector(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """The connectors are ready, and no service names a connector that does not exist."""
    states = {short_name(connector["name"]): connector.get("state", "unknown") for connector in project.connectors}
    for name, state in states.items():
        yield Outcome.PASS if state == "READY" else Outcome.FAIL, f"connector {name} is {state}"
    for service in project.services:
        connector = service.get("template", {}).get("vpcAccess", {}).get("connector")
        if connector and short_name(connector) not in states:
            service_name = short_name(service["name"])
            yield Outcome.FAIL, f"{service_name} names the connector {short_name(connector)}, which does not exist"
    if not states:
        yield Outcome.FAIL, "there is no connector, which services need to reach a database without a public address"


def secret_variables(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """Variables of services read their secrets from Secret Manager. Values are never printed."""
    for service in project.services:
        name = short_name(service["name"])
        plain = [
            variable["name"]
            for variable in variables_of(service)
            if _SECRET_VARIABLE.search(str(variable.get("name", ""))) and variable.get("value")
        ]
        unknown = sorted(secrets_of(service) - project.secrets)
        faults = [f"{name} has {variable} as plain text" for variable in plain]
        faults += [f"{name} reads the secret {secret}, which does not exist" for secret in unknown]
        yield from judged(faults, f"{name} reads {len(secrets_of(service))} secret(s) from Secret Manager")
    yield from _missing(project, stacks)


def secret_names_differ(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """No secret is read by services of two environments."""
    readers: dict[str, set[str]] = {}
    for settings in stacks:
        for service in _services(project, [settings]):
            for secret in secrets_of(service):
                readers.setdefault(secret, set()).add(settings.environment.name)
    if readers:
        shared = sorted((secret, sorted(names)) for secret, names in readers.items() if len(names) > 1)
        faults = [f"{secret} is read by {' and '.join(names)}" for secret, names in shared]
        yield from judged(faults, f"{len(readers)} secrets, each read by one environment")
    yield from _missing(project, stacks)


def staging_secret_access(project: LiveProject, stacks: Sequence[Settings]) -> list[Observation]:
    """No account of another environment may read a secret that production reads."""
    production = [stack for stack in stacks if {stack.environment.name, stack.environment.short_name} & _PRODUCTION]
    rest = [stack for stack in stacks if stack not in production]
    production_secrets = sorted(
        {secret for service in _services(project, production) for secret in secrets_of(service)}
    )
    others = {f"serviceAccount:{account}" for service in _services(project, rest) if (account := account_of(service))}
    if not production_secrets or not others:
        needed = "this check needs services of production that read secrets, and services of another environment"
        return [(Outcome.NOT_CHECKED, needed)]
    faults = [
        f"{account} may read every secret of the project, including {', '.join(production_secrets)}"
        for account in sorted(others & project.project_wide_secret_readers)
    ]
    for secret in production_secrets:
        faults += [f"{account} may read {secret}" for account in sorted(others & project.secret_readers(secret))]
    return judged(faults, f"none of {', '.join(sorted(others))} may read {', '.join(production_secrets)}")


def secret_values_differ(project: LiveProject, stacks: Sequence[Settings]) -> list[Observation]:
    """No two environments have the same value for one variable of the same role. It shows no value and no digest.

    It reads the newest value of every secret of the stacks, and Secret Manager logs the reads with the user's name.
    """
    secrets: dict[tuple[str, str], dict[str, str]] = {}
    for settings in stacks:
        roles = {service.name: service.role for service in settings.services}
        for service in _services(project, [settings]):
            for variable, secret in secret_variables_of(service):
                key = roles[short_name(service["name"])], variable
                secrets.setdefault(key, {})[settings.environment.name] = secret
    pairs = sorted({pair for names in secrets.values() for pair in combinations(sorted(set(names.values())), 2)})
    if not pairs:
        return [(Outcome.NOT_CHECKED, "no variable of one role reads a secret in two environments")]
    # The key is only for this run, so the digest of a value cannot be looked up anywhere.
    key = secrets_module.token_bytes(32)
    digests = {
        name: hmac.digest(key, project.secret_value(name).strip(), "sha256") for name in sorted({*chain(*pairs)})
    }
    faults = [
        f"{first} and {second} have the same value" for first, second in pairs if digests[first] == digests[second]
    ]
    return judged(faults, f"{len(pairs)} pairs of secrets differ: {', '.join(map(' and '.join, pairs))}")


def secret_access_logged(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """Every read of a secret is logged: DATA_READ is on for Secret Manager, and no member is exempted."""
    reads = [
        log_config
        for config in project.policy.get("auditConfigs", ())
        if config.get("service") in ("secretmanager.googleapis.com", "allServices")
        for log_config in config.get("auditLogConfigs", ())
        if log_config.get("logType") == "DATA_READ"
    ]
    exempted = [member for log_config in reads for member in log_config.get("exemptedMembers", ())]
    if not reads:
        yield Outcome.FAIL, "DATA_READ is off for secretmanager.googleapis.com: reads of secrets are not logged"
    elif exempted:
        yield Outcome.FAIL, f"DATA_READ is on, but not for {', '.join(exempted)}"
    else:
        yield Outcome.PASS, "DATA_READ is on for secretmanager.googleapis.com"


def log_retention(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    """Every log bucket keeps its entries for at least LEAST_RETENTION_DAYS."""
    for bucket in project.log_buckets:
        days = int(bucket.get("retentionDays", LEAST_RETENTION_DAYS))
        verdict = Outcome.PASS if days >= LEAST_RETENTION_DAYS else Outcome.FAIL
        yield verdict, f"{short_name(bucket['name'])} keeps {days} days"


# Reads values of secrets, and runs only on request.
COMPARE_SECRETS = "secret-values-differ"
# By the name of a check: what it reads, and its function.
GOOGLE_CHECKS: Mapping[str, tuple[str, Check]] = {
    "project-roles": ("IAM policy of the project", project_roles),
    "project-wide-grants": ("IAM policy of the project", project_wide_grants),
    "identity-conditions": ("workload identity providers", identity_conditions),
    "run-accounts": ("Cloud Run services", run_accounts),
    "run-ingress": ("Cloud Run services", run_ingress),
    "vpc-connector": ("connectors and Cloud Run services", vpc_connector),
    "secret-variables": ("Cloud Run services", secret_variables),
    "secret-names-differ": ("Cloud Run services", secret_names_differ),
    "staging-secret-access": ("IAM policies of project and secrets", staging_secret_access),
    "secret-access-logged": ("audit configuration of the project", secret_access_logged),
    "log-retention": ("log buckets", log_retention),
    COMPARE_SECRETS: ("newest values of the secrets", secret_values_differ),
    **RESOURCE_CHECKS,
    **LOG_CHECKS,
}


def google_evidence(
    project: LiveProject, stacks: Sequence[Settings], *, compare_secrets: bool = False
) -> dict[str, list[Row]]:
    """Rows by the name of the check. `stacks`: the settings of every stack of the project."""
    found = {
        name: evidence_of_check(name, project, stacks)
        for name in GOOGLE_CHECKS
        if compare_secrets or name != COMPARE_SECRETS
    }
    if not compare_secrets:
        found[COMPARE_SECRETS] = [not_checked(COMPARE_SECRETS, "", "needs the option --compare-secrets")]
    return found


def evidence_of_check(name: str, project: LiveProject, stacks: Sequence[Settings]) -> list[Row]:
    """The rows of one check of GOOGLE_CHECKS; "not checked" if Google refuses a read."""
    reads, check = GOOGLE_CHECKS[name]
    try:
        return observed(name, reads, check(project, stacks))
    except GoogleError as error:
        if any(words in str(error) for words in _API_IS_OFF):
            why = "the API is not enabled"
        else:
            why = "the credentials have no permission to read it" if error.status in (401, 403) else "no answer"
        return [not_checked(name, "", f"{why}: {error}")]
    except Exception as error:
        return [row_of_error(name, "", error)]


def _own_grants(project: LiveProject) -> Iterator[tuple[str, str]]:
    for role, member in grants(project.policy):
        if member.startswith("serviceAccount:") and not OF_GOOGLE.search(member):
            yield role, member


def _repositories(condition: str) -> frozenset[str]:
    """The repositories in a CEL condition; none if one of its `||` alternatives names no repository."""
    named = [_REPOSITORY.findall(part) for part in condition.split("||")]
    return frozenset(name for names in named for name in names) if all(named) else frozenset()


def _declared(stacks: Sequence[Settings]) -> frozenset[str]:
    return frozenset(service.name for settings in stacks for service in settings.services)


def _services(project: LiveProject, stacks: Sequence[Settings]) -> list[dict[str, Any]]:
    """The live services that the stacks declare."""
    names = _declared(stacks)
    return [service for service in project.services if short_name(service["name"]) in names]


def _missing(project: LiveProject, stacks: Sequence[Settings]) -> Iterator[Observation]:
    deployed = {short_name(service["name"]) for service in project.services}
    for name in sorted(_declared(stacks) - deployed):
        yield Outcome.NOT_CHECKED, f"{name} is not deployed in this region"
