"""What a change of each key of Pulumi.yaml and Pulumi.<stack>.yaml means: where credentials go and which program runs.

Every key that the loader lets pass has its decision here; a test walks all of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from readiness.settings import provider_keys
from readiness.settings.secret_names import SECRETS


class Comparison(StrEnum):
    """What `readiness diff` does with a change of the key."""

    AGREEMENT = "needs agreement"
    SHOWN = "is shown"
    NONE = "is not compared"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyDecision:
    """`why` ends a sentence on a change of the key. `is_host`: the value says which host gets the credentials."""

    comparison: Comparison
    why: str
    is_host: bool = False


def _agreement(why: str, *, is_host: bool = False) -> KeyDecision:
    return KeyDecision(comparison=Comparison.AGREEMENT, why=why, is_host=is_host)


_SHOWN = KeyDecision(comparison=Comparison.SHOWN, why="neither host, account nor program is another one")
_WORDS = KeyDecision(comparison=Comparison.NONE, why="words for people, or for `pulumi new` alone")
_ELSEWHERE = KeyDecision(comparison=Comparison.NONE, why="shows in the plan, or key by key")

_RUNS = "another program may be run"
_PLUGIN = "another program may be given the credentials"
_STATE = "the state, secrets included, may be kept or encrypted elsewhere"
_HOST = "credentials are sent to another host"
_ACCOUNT = "another account, project or organization may be acted on or acted as"

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
    "environment": _agreement("settings and environment variables may come from elsewhere"),
}
# What names the source of the packages that the program runs with.
DEPENDENCY_DECISION = _agreement("packages may be taken from elsewhere")

_SECRET = _agreement("another credential is used")
_STORED_SECRET = KeyDecision(comparison=Comparison.SHOWN, why="the secret was stored anew")
_HOST_KEY = _agreement(_HOST, is_host=True)

# Patterns of whole configuration keys; the first that matches counts.
_CONFIGURATION: tuple[tuple[str, KeyDecision], ...] = (
    ("|".join(sorted(provider_keys.SECRET_PROVIDER_KEYS)), _SECRET),
    (r"gcp:\w+CustomEndpoint|gcp:universeDomain|github:baseUrl", _HOST_KEY),
    (r"github:insecure", _agreement("credentials may be sent to a host whose certificate nobody checks")),
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
