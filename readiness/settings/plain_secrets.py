"""Secrets in plain text, wherever they stand: as a value, inside one, in a key, in a comment. None is ever printed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from readiness.finding import Finding
from readiness.secret_shapes import looks_like_a_secret, secrets_in
from readiness.settings import provider_keys
from readiness.settings.secret_names import SECRETS
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import SECRET_FOUND, KeyPath, path_text

# `config`, then the key.
_DEPTH_OF_A_KEY = 2
_REMOVE = "Remove it, revoke it if it was ever committed"


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
    texts = list(_texts(value, ()))
    if key in {each.key for each in SECRETS} | provider_keys.SECRET_PROVIDER_KEYS:
        file, line = config.place(key, texts[0][0] if texts else ())
        store = f"with `pulumi config set --secret {key}`"
        message, hint = "is a secret in plain text", f"{_REMOVE}, and store a new one {store}"
        if value in (None, ""):
            message, hint = "is empty", f"Store the secret {store}, or remove the key"
        return [Finding(rule_id="settings-plain-secret", file=file, line=line, key=key, message=message, hint=hint)]
    problems = []
    paths = [()] if looks_like_a_secret(key) else [path for path, text in texts if looks_like_a_secret(text)]
    for path in dict.fromkeys(paths):
        file, line = config.place(key, path)
        hint = f"{_REMOVE}; secrets are stored with `pulumi config set --secret`"
        problems.append(
            Finding(
                rule_id="settings-plain-secret",
                file=file,
                line=line,
                key=path_text((key, *path)),
                message=SECRET_FOUND,
                hint=hint,
            )
        )
    return problems


def _texts(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Every text inside a value, names of keys included, each with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key), key
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))


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
