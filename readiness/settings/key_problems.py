"""What is wrong with the configuration keys before anything is validated: misspelt names, and secrets in plain text.

The engine takes any key silently. Secrets are found wherever they stand: as a value, inside one, in a key, in a
comment. None is ever printed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from readiness.finding import Finding
from readiness.secret_shapes import looks_like_a_secret, secrets_in
from readiness.settings.configuration_keys import (
    PROVIDERS,
    SECRET_PROVIDER_KEYS,
    SECRETS,
    known_keys,
    namespaces,
)
from readiness.settings.model import Settings
from readiness.settings.nearest import did_you_mean, nearest
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import SECRET_FOUND, KeyPath

# Settings that are the providers' own keys, so that a project, a region or an owner is written once.
PROVIDER_SETTINGS = {"project": "gcp:project", "region": "gcp:region", "github_owner": "github:owner"}
# `config`, then the key.
_DEPTH_OF_A_KEY = 2
_REMOVE = "Remove it, revoke it if it was ever committed"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyFinding:
    """What is wrong with a key, and the keys that were meant by it: they are not missing."""

    finding: Finding
    meant: tuple[str, ...] = ()


def setting_names() -> list[str]:
    """The names that may follow `readiness:`, secrets included."""
    own = [name for name in Settings.model_fields if name not in PROVIDER_SETTINGS]
    return own + [secret.name for secret in SECRETS]


def full_key(setting: str) -> str:
    """The configuration key that holds a setting of the model."""
    return PROVIDER_SETTINGS.get(setting, f"readiness:{setting}")


def key_problems(config: StackConfig) -> Iterator[KeyFinding]:
    """Every key that is unknown, has no value, or holds a secret that is none."""
    secrets = [secret.key for secret in SECRETS]
    for key in (*config.values, *sorted(config.secret_keys)):
        namespace, _, name = key.partition(":")
        if namespace not in namespaces():
            yield _unknown_namespace(config, key, name)
        elif name not in _known_names(namespace):
            yield _unknown_name(config, key, namespace, name)
        elif namespace == "readiness" and key in config.secret_keys and key not in secrets:
            hint = f"Write it in plain text; secrets are {', '.join(secrets)}"
            message = "is or holds a secret where none belongs"
            yield KeyFinding(finding=config.error_at_key("settings-secret-misplaced", key, message, hint), meant=(key,))
        elif key in config.values and config.values[key] is None:
            hint = "Write a value after the colon, or remove the key"
            yield KeyFinding(finding=config.error_at_key("settings-empty-value", key, "is empty", hint), meant=(key,))


def _unknown_namespace(config: StackConfig, key: str, name: str) -> KeyFinding:
    every = [f"{namespace}:{own}" for namespace in ("readiness", *PROVIDERS) for own in _known_names(namespace)]
    # A slip in the namespace first, then a setting under somebody else's: `demo:alerts`.
    meant = nearest(key, every) or nearest(f"readiness:{name}", every)
    hint = f"{did_you_mean(meant)}Allowed namespaces: {', '.join(namespaces())}"
    finding = config.error_at_key("settings-unknown-namespace", key, "has an unknown namespace", hint)
    return KeyFinding(finding=finding, meant=(meant,) if meant else ())


def _unknown_name(config: StackConfig, key: str, namespace: str, name: str) -> KeyFinding:
    if name == namespace == "readiness":
        value = config.values.get(key)
        inside = tuple(f"readiness:{inner}" for inner in value) if isinstance(value, dict) else ()
        hint = "Write the namespace into every key, as in `readiness:services:`"
        finding = config.error_at_key("settings-unknown-key", key, "is a namespace, not a key", hint)
        return KeyFinding(finding=finding, meant=inside)
    meant = nearest(name, _known_names(namespace))
    allowed = ", ".join(setting_names()) if namespace == "readiness" else f"the keys of the provider {namespace}"
    hint = f"Did you mean `{namespace}:{meant}`?" if meant else f"Allowed: {allowed}"
    finding = config.error_at_key("settings-unknown-key", key, "is an unknown key", hint)
    return KeyFinding(finding=finding, meant=(f"{namespace}:{meant}",) if meant else ())


def _known_names(namespace: str) -> list[str]:
    return setting_names() if namespace == "readiness" else sorted(known_keys(namespace))


def plain_secret_problems(config: StackConfig) -> Iterator[Finding]:
    """Every secret in the values of the stack and in the rest of its files."""
    refused: set[str] = set()
    for key, value in config.values.items():
        problems = _in_value(config, key, value)
        if problems:
            refused.add(key)
        yield from problems
    yield from _in_the_rest(config, {config.place(key) for key in refused})


def _in_value(config: StackConfig, key: str, value: Any) -> list[Finding]:
    texts = list(_texts(value))
    if key in {secret.key for secret in SECRETS} | SECRET_PROVIDER_KEYS:
        file, line = config.place(key, texts[0][0] if texts else ())
        store = f"with `pulumi config set --secret {key}`"
        message, hint = "is a secret in plain text", f"{_REMOVE}, and store a new one {store}"
        if value in (None, ""):
            message, hint = "is empty", f"Store the secret {store}, or remove the key"
        return [Finding(rule_id="settings-plain-secret", file=file, line=line, key=key, message=message, hint=hint)]
    paths = [()] if looks_like_a_secret(key) else [path for path, text in texts if looks_like_a_secret(text)]
    hint = f"{_REMOVE}; secrets are stored with `pulumi config set --secret`"
    return [
        config.error_at_key("settings-plain-secret", key, SECRET_FOUND, hint, path) for path in dict.fromkeys(paths)
    ]


def _texts(value: Any) -> Iterator[tuple[KeyPath, str]]:
    """Every text inside a value, names of keys included, each with its path. Without recursion: JSON may be deep."""
    pending: list[tuple[KeyPath, Any]] = [((), value)]
    while pending:
        path, item = pending.pop()
        if isinstance(item, str):
            yield path, item
        elif isinstance(item, dict):
            for key, inner in reversed(item.items()):
                pending += [((*path, key), inner), ((*path, key), key)]
        elif isinstance(item, list):
            pending += [((*path, index), inner) for index, inner in reversed(list(enumerate(item)))]


def _in_the_rest(config: StackConfig, refused: set[tuple[str, int | None]]) -> Iterator[Finding]:
    """What no value holds: comments, keys that are no configuration. `refused` are the places of keys with a secret."""
    for document in config.documents:
        keys = sorted({1, *(line for path, line in document.lines.items() if len(path) <= _DEPTH_OF_A_KEY)})
        for line in dict.fromkeys(line for line, _ in secrets_in(document.text)):
            key_above = keys[bisect_right(keys, line) - 1]
            if (document.file, key_above) not in refused:
                yield Finding(
                    rule_id="settings-plain-secret", file=document.file, line=line, message=SECRET_FOUND, hint=_REMOVE
                )
