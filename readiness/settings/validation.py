"""From configuration values to Settings, or to every problem at once."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from readiness.problems import Problem, looks_like_a_secret
from readiness.settings import provider_keys
from readiness.settings.cross_rules import cross_rule_problems
from readiness.settings.messages import explain
from readiness.settings.model import Settings
from readiness.settings.nearest import nearest
from readiness.settings.secret_names import SECRETS
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath, path_text

# Settings that are the provider's own keys, so that a project or region is written once.
PROVIDER_SETTINGS = {"project": "gcp:project", "region": "gcp:region"}

_SECRET_MEND = "Remove it, revoke it if it was ever committed, and store the new one with `{command}`"  # noqa: S105 - advice


@dataclass(frozen=True, kw_only=True, slots=True)
class Validated:
    """Settings where nothing is wrong, and what was found; warnings may stand beside settings."""

    settings: Settings | None
    problems: tuple[Problem, ...]


def validate(config: StackConfig) -> Validated:
    """Checks names, secrets, types, ranges and the rules across settings; reports all that is wrong."""
    problems = list(config.problems)
    problems += _key_problems(config)
    problems += _plain_secret_problems(config)
    raw = _raw_settings(config)
    settings = None
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        problems += (_model_problem(config, raw, each) for each in found if not _is_echo(raw, each))
    problems += cross_rule_problems(config, raw)
    return Validated(settings=settings, problems=tuple(dict.fromkeys(problems)))


def _raw_settings(config: StackConfig) -> dict[str, Any]:
    known = Settings.model_fields.keys() - PROVIDER_SETTINGS.keys()
    raw = {name: config.values[f"readiness:{name}"] for name in known if f"readiness:{name}" in config.values}
    raw |= {name: config.values[key] for name, key in PROVIDER_SETTINGS.items() if key in config.values}
    return raw


def setting_names() -> list[str]:
    """The names that may follow `readiness:`, secrets included."""
    return [*(Settings.model_fields.keys() - PROVIDER_SETTINGS.keys()), *(secret.name for secret in SECRETS)]


def _key_problems(config: StackConfig) -> Iterator[Problem]:
    every_key = [f"readiness:{name}" for name in setting_names()]
    every_key += [f"gcp:{name}" for name in provider_keys.known_keys("gcp")]
    for key in sorted(config.values.keys() | config.secret_keys):
        namespace, _, name = key.partition(":")
        file, line = config.place(key)
        if namespace not in provider_keys.namespaces():
            meant = nearest(key, every_key) or nearest(f"readiness:{name}", every_key)
            mend = f"Did you mean `{meant}`? " if meant else ""
            message = "has an unknown namespace, which the engine would ignore"
            mend += f"Namespaces: {', '.join(provider_keys.namespaces())}"
            yield Problem(file=file, line=line, key=key, message=message, mend=mend)
            continue
        known = setting_names() if namespace == "readiness" else provider_keys.known_keys(namespace)
        if name not in known:
            meant = nearest(name, sorted(known))
            mend = f"Did you mean `{namespace}:{meant}`? " if meant else ""
            allowed = sorted(known) if namespace == "readiness" else f"the configuration keys of {namespace}'s provider"
            mend += f"Allowed: {', '.join(allowed) if isinstance(allowed, list) else allowed}"
            message = "is an unknown key, which the engine would ignore"
            yield Problem(file=file, line=line, key=key, message=message, mend=mend)
        elif namespace == "readiness" and key in config.secret_keys and key not in {each.key for each in SECRETS}:
            mend = f"Write it in plain text; secrets are {', '.join(each.key for each in SECRETS)}"
            yield Problem(file=file, line=line, key=key, message="is or holds a secret where none belongs", mend=mend)


def _plain_secret_problems(config: StackConfig) -> Iterator[Problem]:
    must_be_secret = {each.key for each in SECRETS} | provider_keys.SECRET_PROVIDER_KEYS
    for key, value in config.values.items():
        command = _SECRET_MEND.format(command=f"pulumi config set --secret {key}")
        if key in must_be_secret:
            file, line = config.place(key)
            yield Problem(file=file, line=line, key=key, message="is a secret in plain text", mend=command)
            continue
        for path, text in _strings(value):
            if looks_like_a_secret(text):
                file, line = config.place(key, path)
                shown = path_text((key, *path))
                message = "holds what looks like a credential in plain text"
                known = " or ".join(each.set_command for each in SECRETS)
                yield Problem(file=file, line=line, key=shown, message=message, mend=_SECRET_MEND.format(command=known))


def _strings(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key), str(key)
            yield from _strings(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, (*path, index))


def _model_problem(config: StackConfig, raw: Mapping[str, Any], error: Any) -> Problem:
    location: KeyPath = error["loc"]
    name, path = str(location[0]), location[1:]
    key = PROVIDER_SETTINGS.get(name, f"readiness:{name}")
    file, line = config.place(key, path)
    holder = _model_at(location[:-1])
    message, mend = explain(
        error,
        value=_value_at(raw, location),
        allowed=tuple(holder.model_fields) if holder else (),
        field=holder.model_fields.get(str(location[-1])) if holder else None,
    )
    return Problem(file=file, line=line, key=path_text((key, *path)), message=message, mend=mend)


def _is_echo(raw: Mapping[str, Any], error: Any) -> bool:
    """Whether a list counts as too short only because its items, each reported by itself, are invalid."""
    return error["type"] == "too_short" and bool(_value_at(raw, error["loc"]))


def _value_at(raw: Any, location: KeyPath) -> Any:
    for part in location:
        try:
            raw = raw[part]
        except (KeyError, IndexError, TypeError):
            return None
    return raw


def _model_at(location: KeyPath) -> type[BaseModel] | None:
    """The settings class that describes the value at `location`, or None where it is no object."""
    model: type[BaseModel] | None = Settings
    for part in location:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part) if model else None
        model = _model_in(field.annotation) if field else None
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The settings class inside `X`, `X | None` or `tuple[X, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (tuple, Union, types.UnionType):
        found = (_model_in(item) for item in get_args(annotation))
        return next((model for model in found if model), None)
    return None
