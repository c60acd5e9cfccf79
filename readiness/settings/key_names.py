"""Names of configuration keys: which there are, and which of a stack's are misspelt. The engine takes any silently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from readiness.finding import Finding
from readiness.settings import provider_keys
from readiness.settings.model import Settings
from readiness.settings.nearest import did_you_mean, nearest
from readiness.settings.secret_names import SECRETS
from readiness.settings.stack_files import StackConfig

# Settings that are the providers' own keys, so that a project, a region or an owner is written once.
PROVIDER_SETTINGS = {"project": "gcp:project", "region": "gcp:region", "github_owner": "github:owner"}


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyFinding:
    """What is wrong with a key, and the keys that were meant by it: they are not missing."""

    finding: Finding
    meant: tuple[str, ...]


def setting_names() -> list[str]:
    """The names that may follow `readiness:`, secrets included."""
    own = [name for name in Settings.model_fields if name not in PROVIDER_SETTINGS]
    return own + [each.name for each in SECRETS]


def full_key(setting: str) -> str:
    """The configuration key that holds a setting of the model."""
    return PROVIDER_SETTINGS.get(setting, f"readiness:{setting}")


def key_problems(config: StackConfig) -> Iterator[KeyFinding]:
    """Every key that is unknown, has no value, or holds a secret that is none."""
    secrets = [each.key for each in SECRETS]
    for key in (*config.values, *sorted(config.secret_keys)):
        namespace, _, name = key.partition(":")
        if namespace not in provider_keys.namespaces() or name not in _known_names(namespace):
            yield _unknown(config, key)
        elif namespace == "readiness" and key in config.secret_keys and key not in secrets:
            hint = f"Write it in plain text; secrets are {', '.join(secrets)}"
            yield _key_problem(
                config, key, "is or holds a secret where none belongs", hint, key, rule_id="settings-secret-misplaced"
            )
        elif key in config.values and config.values[key] is None:
            hint = "Write a value after the colon, or remove the key"
            yield _key_problem(config, key, "is empty", hint, key, rule_id="settings-empty-value")


def _unknown(config: StackConfig, key: str) -> KeyFinding:
    namespace, _, name = key.partition(":")
    if namespace not in provider_keys.namespaces():
        # A slip in the namespace first, then a setting under somebody else's: `demo:alerts`.
        meant = nearest(key, _every_key()) or nearest(f"readiness:{name}", _every_key())
        hint = f"{did_you_mean(meant)}Allowed namespaces: {', '.join(provider_keys.namespaces())}"
        return _key_problem(config, key, "has an unknown namespace", hint, meant, rule_id="settings-unknown-namespace")
    if name == namespace == "readiness":
        value = config.values.get(key)
        inside = [f"readiness:{each}" for each in value] if isinstance(value, dict) else []
        hint = "Write the namespace into every key, as in `readiness:services:`"
        return _key_problem(config, key, "is a namespace, not a key", hint, *inside, rule_id="settings-unknown-key")
    meant = nearest(name, _known_names(namespace))
    allowed = ", ".join(setting_names()) if namespace == "readiness" else f"the keys of the provider {namespace}"
    hint = f"Did you mean `{namespace}:{meant}`?" if meant else f"Allowed: {allowed}"
    return _key_problem(
        config,
        key,
        "is an unknown key",
        hint,
        f"{namespace}:{meant}" if meant else None,
        rule_id="settings-unknown-key",
    )


def _key_problem(
    config: StackConfig, key: str, message: str, hint: str, *meant: str | None, rule_id: str
) -> KeyFinding:
    file, line = config.place(key)
    finding = Finding(rule_id=rule_id, file=file, line=line, key=key, message=message, hint=hint)
    return KeyFinding(finding=finding, meant=tuple(each for each in meant if each))


def _known_names(namespace: str) -> list[str]:
    return setting_names() if namespace == "readiness" else sorted(provider_keys.known_keys(namespace))


def _every_key() -> list[str]:
    own = [f"readiness:{name}" for name in setting_names()]
    return own + [f"{each}:{name}" for each in provider_keys.PROVIDERS for name in _known_names(each)]
