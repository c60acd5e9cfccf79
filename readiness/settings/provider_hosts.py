"""Where a provider's credentials go: to the official hosts, or to one that a setting names with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from readiness.finding import Finding
from readiness.settings.base import SERVICE_ACCOUNT_PATTERN, Section, Text
from readiness.settings.key_decisions import decision_of_key
from readiness.settings.located import items_at
from readiness.settings.provider_keys import known_keys
from readiness.settings.stack_files import StackConfig

_SETTING = "readiness:provider_hosts"
_NOTHING_BEHIND = r"(:443)?(/[A-Za-z0-9._/-]*)?"
# Strict on purpose: `https://googleapis.com@example.com/` and the like are no official hosts.
_OFFICIAL = {
    "gcp:universeDomain": r"googleapis\.com",
    "github:baseUrl": rf"https://(api\.)?github\.com{_NOTHING_BEHIND}",
}
_OFFICIAL_ENDPOINT = rf"https://([a-z0-9-]+\.)*googleapis\.com{_NOTHING_BEHIND}"

_HOST_VARIABLES = {
    "GITHUB_BASE_URL": "github:baseUrl",
    "GOOGLE_UNIVERSE_DOMAIN": "gcp:universeDomain",
    "GOOGLE_CLOUD_UNIVERSE_DOMAIN": "gcp:universeDomain",
}
_ENDPOINT_VARIABLE = re.compile(r"GOOGLE_(\w+)_CUSTOM_ENDPOINT")
# The engine takes a provider's or the language's program from where these say (pulumi/pulumi, env.go).
PROGRAM_VARIABLES = ("PULUMI_DEBUG_PROVIDERS", "PULUMI_DEBUG_LANGUAGES", "PULUMI_PLUGIN_DOWNLOAD_URL_OVERRIDES")


class ProviderHost(Section):
    """A host that is not the provider's official one and is given its credentials nevertheless."""

    key: Annotated[
        str,
        Field(
            pattern=r"^(github:baseUrl|gcp:universeDomain|gcp:[A-Za-z0-9]+CustomEndpoint)$",
            description="The provider's key: `github:baseUrl`, `gcp:universeDomain` or `gcp:<API>CustomEndpoint`.",
        ),
    ]
    host: Annotated[Text, Field(description="The value of that key, letter by letter.")]
    reason: Annotated[Text, Field(description="Why credentials may be sent there.")]


def provider_host_problems(config: StackConfig, raw: Mapping[str, Any]) -> Iterator[Finding]:
    """Every provider key by which credentials would go to a host that nobody has given a reason for."""
    for key in sorted({*config.values, *config.secret_keys}):
        if decision_of_key(key).is_host:
            yield from _host_problems(config, raw, key)
    key = "gcp:impersonateServiceAccount"
    account = config.values.get(key)
    if account is not None and not (isinstance(account, str) and re.fullmatch(SERVICE_ACCOUNT_PATTERN, account)):
        hint = "Write it as NAME@PROJECT.iam.gserviceaccount.com"
        yield _problem(config, key, "is not a service account", hint, rule_id="settings-provider-account")
    key = "github:insecure"
    if key in config.secret_keys or config.values.get(key) not in (None, False, "false"):
        message = "sends the token without looking at the host's certificate"
        yield _problem(
            config,
            key,
            message,
            "Remove it, and install the host's certificate authority instead",
            rule_id="settings-provider-host",
        )


def variable_problems(environment: Mapping[str, str], config: StackConfig) -> list[Finding]:
    """Environment variables by which a provider would send credentials to a host that nobody has given a reason for."""
    raw = {"provider_hosts": config.values.get(_SETTING)}
    problems = []
    for name in sorted(environment):
        key = _key_of_variable(name)
        if key and environment[name] and not _is_allowed(key, environment[name], raw):
            message = "is set, so that the provider would send its credentials to a host that is not the official one"
            hint = f"Unset it, or name {key}, this host and the reason in {_SETTING}"
            problems.append(
                Finding(
                    rule_id="settings-provider-host", file=f"environment variable {name}", message=message, hint=hint
                )
            )
    return problems


def _host_problems(config: StackConfig, raw: Mapping[str, Any], key: str) -> Iterator[Finding]:
    if key in config.secret_keys:
        message = "is stored encrypted, so that no reviewer sees where credentials go"
        yield _problem(
            config, key, message, "Write it in plain text: an address is no secret", rule_id="settings-provider-host"
        )
        return
    value = config.values[key]
    if value is not None and not _is_allowed(key, value, raw):
        message = "sends the provider's credentials to a host that is not the official one"
        hint = f"Remove it, or name key, host (letter by letter) and reason in {_SETTING}"
        yield _problem(config, key, message, hint, rule_id="settings-provider-host")


def _is_allowed(key: str, value: object, raw: Mapping[str, Any]) -> bool:
    if isinstance(value, str) and re.fullmatch(_OFFICIAL.get(key, _OFFICIAL_ENDPOINT), value):
        return True
    entries = [entry for entry in items_at(raw, ("provider_hosts",)) if isinstance(entry, dict)]
    return any(_same_key(entry.get("key"), key) and entry.get("host") == value for entry in entries)


def _same_key(written: object, key: str) -> bool:
    """Whatever the case: the provider has two keys that differ in nothing else, and one variable for both."""
    return isinstance(written, str) and written.lower() == key.lower()


def _key_of_variable(name: str) -> str | None:
    if name in _HOST_VARIABLES:
        return _HOST_VARIABLES[name]
    found = _ENDPOINT_VARIABLE.fullmatch(name)
    if found is None:
        return None
    # A variable names an API in capitals with `_`; the key has the provider's own spelling.
    name = f"{found[1].replace('_', '')}CustomEndpoint"
    own = {key.lower(): key for key in known_keys("gcp")}
    return f"gcp:{own.get(name.lower(), name)}"


def _problem(config: StackConfig, key: str, message: str, hint: str, *, rule_id: str) -> Finding:
    file, line = config.place(key)
    return Finding(rule_id=rule_id, file=file, line=line, key=key, message=message, hint=hint)
