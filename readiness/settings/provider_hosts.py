"""Where a provider's credentials go: to the official hosts, or to one that a setting names with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from readiness.finding import Finding
from readiness.settings.base import SERVICE_ACCOUNT_PATTERN, Section, Text
from readiness.settings.configuration_keys import decision_of_key, known_keys
from readiness.settings.stack_files import StackConfig
from readiness.settings.view import known

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
            max_length=100,
            description="The provider's key: `github:baseUrl`, `gcp:universeDomain` or `gcp:<API>CustomEndpoint`.",
        ),
    ]
    host: Annotated[Text, Field(description="The value of that key, letter by letter.")]
    reason: Annotated[Text, Field(description="Why credentials may be sent there.")]


def provider_host_problems(config: StackConfig, allowed: Sequence[ProviderHost]) -> Iterator[Finding]:
    """Every provider key by which credentials would go to a host that nobody has given a reason for."""
    for key in sorted({*config.values, *config.secret_keys}):
        if decision_of_key(key).is_host:
            yield from _host_problems(config, allowed, key)
    account = config.values.get("gcp:impersonateServiceAccount")
    if account is not None and not (isinstance(account, str) and re.fullmatch(SERVICE_ACCOUNT_PATTERN, account)):
        hint = "Write it as NAME@PROJECT.iam.gserviceaccount.com"
        message = "is not a service account"
        yield config.error_at_key("settings-provider-account", "gcp:impersonateServiceAccount", message, hint)
    if "github:insecure" in config.secret_keys or config.values.get("github:insecure") not in (None, False, "false"):
        message = "sends the token without looking at the host's certificate"
        hint = "Remove it, and install the host's certificate authority instead"
        yield config.error_at_key("settings-provider-host", "github:insecure", message, hint)


def variable_problems(environment: Mapping[str, str], allowed: Sequence[ProviderHost]) -> list[Finding]:
    """Environment variables by which a provider would send credentials to a host that nobody has given a reason for."""
    problems = []
    for name in sorted(environment):
        key = _key_of_variable(name)
        if key and environment[name] and not _is_allowed(key, environment[name], allowed):
            message = "is set, so that the provider would send its credentials to a host that is not the official one"
            hint = f"Unset it, or name {key}, this host and the reason in {_SETTING}"
            file = f"environment variable {name}"
            problems.append(Finding(rule_id="settings-provider-host", file=file, message=message, hint=hint))
    return problems


def _host_problems(config: StackConfig, allowed: Sequence[ProviderHost], key: str) -> Iterator[Finding]:
    if key in config.secret_keys:
        message = "is stored encrypted, so that no reviewer sees where credentials go"
        hint = "Write it in plain text: an address is no secret"
        yield config.error_at_key("settings-provider-host", key, message, hint)
    elif config.values[key] is not None and not _is_allowed(key, config.values[key], allowed):
        message = "sends the provider's credentials to a host that is not the official one"
        hint = f"Remove it, or name key, host (letter by letter) and reason in {_SETTING}"
        yield config.error_at_key("settings-provider-host", key, message, hint)


def _is_allowed(key: str, value: object, allowed: Sequence[ProviderHost]) -> bool:
    if isinstance(value, str) and re.fullmatch(_OFFICIAL.get(key, _OFFICIAL_ENDPOINT), value):
        return True
    # Whatever the case: the provider has two keys that differ in nothing else, and one variable for both.
    return any(str(known(entry, "key")).lower() == key.lower() and known(entry, "host") == value for entry in allowed)


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
