"""The configuration keys that are no settings: secrets, and the providers' own keys; and what a change of a key means.

The engine accepts a misspelt key of a provider silently and uses the default. Which keys there are is read from the
installed SDK's own `config/vars.py`, so that it follows every upgrade; reading the text instead of importing keeps
`import pulumi` out of `readiness check`.

Every key that the loader accepts has a decision here: where credentials go and which program runs. A test checks all.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from readiness.settings.base import SecretName
from readiness.settings.channels import CHANNEL_SECRETS

SLACK_WEBHOOK_URL = SecretName(
    name="slack_webhook_url",
    needed_by=None,
    what="the incoming webhook that the deployment workflows post to",
    form="which begins with `https://hooks.slack.com/` and has no space or line end",
    pattern=r"https://hooks\.slack\.com/(services|workflows|triggers)/[A-Za-z0-9/_-]+",
)
SECRETS = (*CHANNEL_SECRETS, SLACK_WEBHOOK_URL)

# The value of every secret if the program runs without an engine. It is never sent anywhere.
OFFLINE_PLACEHOLDER = "offline-plan-placeholder"

# Keys of the engine itself in the `pulumi:` namespace (workspace and engine packages of pulumi/pulumi, v3.274.1).
_PULUMI_KEYS = frozenset({"tags", "autonaming", "disable-default-providers", "template"})

# Provider keys whose value is a credential, whatever its shape.
SECRET_PROVIDER_KEYS = frozenset(
    {"gcp:credentials", "gcp:accessToken", "gcp:externalCredentials", "github:token", "github:appAuth"}
)

PROVIDERS = {"gcp": "pulumi_gcp", "github": "pulumi_github"}
# Every namespace that a stack of this project may use.
NAMESPACES = ("readiness", *PROVIDERS, "pulumi")

_GET = re.compile(r"__config__\.get(?:_\w+)?\('(\w+)'\)")


@functools.cache
def known_keys(namespace: str) -> frozenset[str]:
    """The keys of a provider's or the engine's namespace; empty for an unknown namespace."""
    if namespace == "pulumi":
        return _PULUMI_KEYS
    package = PROVIDERS.get(namespace)
    spec = find_spec(package) if package else None
    if spec is None or spec.origin is None:
        return frozenset()
    text = (Path(spec.origin).parent / "config" / "vars.py").read_text(encoding="utf-8")
    return frozenset(_GET.findall(text))


class Comparison(StrEnum):
    """What `readiness diff` does with a change of the key."""

    ACKNOWLEDGEMENT = "needs an acknowledgement"
    SHOWN = "is shown"
    NONE = "is not compared"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyDecision:
    """`why` ends a sentence on a change of the key. `is_host`: the value says which host gets the credentials."""

    comparison: Comparison
    why: str
    is_host: bool = False


def _agreement(why: str, *, is_host: bool = False) -> KeyDecision:
    return KeyDecision(comparison=Comparison.ACKNOWLEDGEMENT, why=why, is_host=is_host)


_SHOWN = KeyDecision(comparison=Comparison.SHOWN, why="host, account and program stay the same")
_WORDS = KeyDecision(comparison=Comparison.NONE, why="text for people, or for `pulumi new` only")
_ELSEWHERE = KeyDecision(comparison=Comparison.NONE, why="is in the plan, or compared key by key")

_RUNS = "another program may be run"
_PLUGIN = "another program may be given the credentials"
_STATE = "the state, including secrets, may be stored or encrypted in another way"
_HOST = "credentials are sent to another host"
_ACCOUNT = "another account, project or organization may be used or changed"

PROJECT_FILE_DECISIONS = {
    "name": _ELSEWHERE,  # part of every URN
    "runtime": _agreement(_RUNS),
    "main": _agreement(_RUNS),
    "description": _WORDS,
    "author": _WORDS,
    "website": _WORDS,
    "license": _WORDS,
    "config": _ELSEWHERE,
    "template": _WORDS,
    "backend": _agreement(_STATE),
    "options": _agreement("the engine may refresh or delete in another way"),
    "plugins": _agreement(_PLUGIN),
    "packages": _agreement(_PLUGIN),
    "requiredPulumiVersion": _agreement("another engine may be run"),
}
STACK_FILE_DECISIONS = {
    "config": _ELSEWHERE,
    "encryptionsalt": _agreement(_STATE),
    "secretsprovider": _agreement(_STATE),
    "encryptedkey": _agreement(_STATE),
    "environment": _agreement("settings and environment variables may come from another source"),
}
# What names the source of the packages that the program runs with.
DEPENDENCY_DECISION = _agreement("packages may come from another source")

_SECRET = _agreement("another credential is used")
_STORED_SECRET = KeyDecision(comparison=Comparison.SHOWN, why="the secret was stored again")
_HOST_KEY = _agreement(_HOST, is_host=True)

# Patterns of whole configuration keys; the first that matches counts.
_CONFIGURATION: tuple[tuple[str, KeyDecision], ...] = (
    ("|".join(sorted(SECRET_PROVIDER_KEYS)), _SECRET),
    (r"gcp:\w+CustomEndpoint|gcp:universeDomain|github:baseUrl", _HOST_KEY),
    (r"github:insecure", _agreement("credentials may be sent to a host whose certificate is not checked")),
    (
        r"gcp:(project|billingProject|userProjectOverride|scopes|impersonateServiceAccount"
        r"|impersonateServiceAccountDelegates)|github:(owner|organization)",
        _agreement(_ACCOUNT),
    ),
    (r"gcp:deletionPolicy|pulumi:autonaming", _agreement("resources may be named or deleted in another way")),
    (r"github:(cachePath|legacyClient)|pulumi:disable-default-providers", _agreement(_PLUGIN)),
    (
        r"gcp:(region|zone|defaultLabels|addPulumiAttributionLabel|pulumiAttributionLabelAdditionStrategy|batching"
        r"|requestTimeout|requestReason|pollInterval|skipRegionValidation|disableGlobalProjectWarning|googlePartnerName"
        r"|disableGooglePartnerName|preferGlobalEndpoints|preferRegionalEndpoints)"
        r"|github:(maxPerPage|maxRetries|parallelRequests|readDelayMs|writeDelayMs|retryDelayMs|retryableErrors)"
        r"|pulumi:tags",
        _SHOWN,
    ),
    (r"pulumi:template", _WORDS),
    (r"readiness:provider_hosts", _agreement("another host may be given credentials")),
    ("|".join(secret.key for secret in SECRETS), _STORED_SECRET),
    (r"readiness:\w+", _ELSEWHERE),
)  # fmt: skip
# A key that no line names is one of a newer provider: nobody has looked at it yet.
UNKNOWN = _agreement("what it does is not known")


def decision_of_key(key: str) -> KeyDecision:
    """The decision on a configuration key such as `github:baseUrl`."""
    return next((decision for pattern, decision in _CONFIGURATION if re.fullmatch(pattern, key)), UNKNOWN)
