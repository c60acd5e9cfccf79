"""From configuration values to Settings, or to every problem at once: each mistake once, without its echoes.

The engine takes any key silently, so that misspelt keys are found first. Secrets in plain text are found wherever they
are: as a value, inside one, in a key, in a comment. None is ever printed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pydantic import BaseModel, ValidationError

from readiness.finding import Finding, Severity
from readiness.secret_shapes import looks_like_a_secret, secrets_in
from readiness.settings.configuration_keys import NAMESPACES, PROVIDERS, SECRET_PROVIDER_KEYS, SECRETS, known_keys
from readiness.settings.messages import Spot, explain
from readiness.settings.model import Settings, full_key, setting_names
from readiness.settings.nearest import did_you_mean, nearest
from readiness.settings.rules import rule_findings
from readiness.settings.stack_files import PROJECT_FILE, StackConfig
from readiness.settings.strict_yaml import SECRET_FOUND, KeyPath, path_text
from readiness.settings.view import model_in, partial_settings

# pydantic's error, of which type, location and context are read.
Error = Mapping[str, Any]

# `config`, then the key.
_DEPTH_OF_A_KEY = 2
_REMOVE = "Remove it, revoke it if it was ever committed"

# By pydantic's type of error; everything else is a value that does not fit.
_RULE_IDS = {
    "missing": "settings-missing-key",
    "extra_forbidden": "settings-unknown-key",
    "day": "settings-date-unreadable",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Validated:
    """What was found in a stack's files, and the settings where every value is valid.

    Warnings, and errors of the rules between settings, may stand beside settings. `view` has the valid values wherever
    the files can be read (`view.py`).
    """

    settings: Settings | None
    view: Settings | None = None
    problems: tuple[Finding, ...]


def validate(config: StackConfig, *, today: date) -> Validated:
    """Checks names, secrets, types, ranges and the rules across settings; all that is wrong, by file and line.

    `today` is the day in UTC by which the dates in the settings are judged.
    """
    keys = list(_key_problems(config))
    parsed = _parse(config, {name for key in keys for name in key.meant})
    problems = [*config.problems, *_plain_secret_problems(config)]
    problems += _without_echoes((key.finding for key in keys), problems)
    found = [_model_problem(config, error, parsed) for error in parsed.errors]
    problems += (finding for finding in _without_echoes(found, problems) if not _is_refused_inside(finding, problems))
    refused = [finding for finding in problems if finding.severity is Severity.ERROR]
    # A list where a text belongs is refused as such, whatever it repeats.
    repeated = [
        finding
        for finding in _repeated_items(config)
        if not (_is_inside(finding, refused) or _is_refused_inside(finding, problems))
    ]
    problems += _without_echoes(repeated, problems)
    ruled = [finding for finding in rule_findings(config, parsed.view, today) if not _is_inside(finding, repeated)]
    problems += _without_echoes(ruled, problems)
    problems += _lost_keys(config, problems)
    ordered = sorted(dict.fromkeys(problems), key=lambda problem: (problem.file, problem.line or 0))
    return Validated(settings=parsed.settings, view=parsed.view, problems=tuple(ordered))


def view_of(config: StackConfig) -> Settings:
    """The valid values of a stack, without a word on the others."""
    return _parse(config, {name for key in _key_problems(config) for name in key.meant}).view


@dataclass(frozen=True, kw_only=True, slots=True)
class _Parsed:
    """`raw`: the values by setting. `meant`: the name that each unknown key was probably meant to be."""

    raw: Mapping[str, Any]
    settings: Settings | None
    view: Settings
    errors: list[Error]
    meant: Mapping[KeyPath, str | None]


def _parse(config: StackConfig, meant_keys: set[str]) -> _Parsed:
    """`meant_keys` are the keys for which a misspelt one is written."""
    keys = {name: full_key(name) for name in Settings.model_fields}
    raw = {name: config.values[key] for name, key in keys.items() if key in config.values}
    misspelt: set[KeyPath] = {(name,) for name, key in keys.items() if key in meant_keys}
    settings: Settings | None = None
    errors: list[Error] = []
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        # A list counts as too short too when its items, each reported by itself, are invalid.
        errors += (error for error in found if error["type"] != "too_short" or not _value_at(raw, error["loc"]))
    meant = _meant_names(errors)
    misspelt |= {(*path[:-1], name) for path, name in meant.items() if name}
    misspelt = {path for path in misspelt if _value_at(raw, path) is None}
    refused = {error["loc"] for error in errors if error["type"] not in ("missing", "extra_forbidden")} | misspelt
    return _Parsed(
        raw=raw,
        settings=settings,
        view=settings if settings is not None and not refused else partial_settings(Settings, raw, refused),
        # A key that is missing because it is misspelt is reported once.
        errors=[error for error in errors if error["type"] != "missing" or error["loc"] not in misspelt],
        meant=meant,
    )


def _meant_names(errors: list[Error]) -> dict[KeyPath, str | None]:
    """Of each unknown key, the name that it was probably meant to be."""
    unknown: list[KeyPath] = [error["loc"] for error in errors if error["type"] == "extra_forbidden"]
    missing: list[KeyPath] = [error["loc"] for error in errors if error["type"] == "missing"]
    meant: dict[KeyPath, str | None] = {}
    for path in unknown:
        beside = [str(other[-1]) for other in missing if other[:-1] == path[:-1]]
        model = _model_at(path[:-1])
        near = nearest(str(path[-1]), beside) or nearest(str(path[-1]), model.model_fields if model else ())
        # One key is unknown and one is missing: `threshold` for `cpu_ratio`.
        alone = len(beside) == 1 and sum(other[:-1] == path[:-1] for other in unknown) == 1
        meant[path] = near or (beside[0] if alone else None)
    return meant


def _value_at(raw: Any, path: KeyPath) -> Any:
    """The raw value at `path`, None where there is none."""
    for part in path:
        if isinstance(raw, Mapping):
            raw = raw.get(part)
        else:
            raw = raw[part] if isinstance(raw, list) and isinstance(part, int) and part < len(raw) else None
    return raw


def _model_problem(config: StackConfig, error: Error, parsed: _Parsed) -> Finding:
    location: KeyPath = error["loc"]
    key, path = full_key(str(location[0])), location[1:]
    holder, model = _model_at(location[:-1]), _model_at(location)
    spot = Spot(
        value=_value_at(parsed.raw, location),
        field=holder.model_fields.get(str(location[-1])) if holder else None,
        allowed=tuple(holder.model_fields) if holder else (),
        inner=tuple(model.model_fields) if model else (),
        meant=parsed.meant.get(location),
        replaces_project_value=_value_at(config.replaced.get(key), path) is not None,
    )
    message, hint = explain(error, spot)
    rule_id = _RULE_IDS.get(error["type"], "settings-invalid-value")
    return config.error_at_key(rule_id, key, message, hint, path)


def _without_echoes(found: Iterable[Finding], before: Iterable[Finding]) -> list[Finding]:
    """What is not said of a setting that an earlier check has refused already."""
    refused = {(finding.file, finding.key) for finding in before if finding.severity is Severity.ERROR}
    return [finding for finding in found if (finding.file, finding.key) not in refused]


def _is_refused_inside(problem: Finding, before: Iterable[Finding]) -> bool:
    """Whether something in the value is refused already, so that its type is not what is wrong first."""
    inside = (f"{problem.key}.", f"{problem.key}[")
    return any(finding.file == problem.file and finding.key.startswith(inside) for finding in before)


# Steps and paragraphs for people, and pools of the same size.
_MAY_REPEAT = {
    ("notes", "deployment"),
    ("notes", "after_deployment"),
    ("notes", "application_readme"),
    ("services", "connection_pools"),
}


def _is_inside(problem: Finding, others: Iterable[Finding]) -> bool:
    """Whether the problem is one inside of a value that has one of the others: both have the same cause."""
    return any(
        finding.file == problem.file and problem.key.startswith((f"{finding.key}.", f"{finding.key}["))
        for finding in others
    )


def _repeated_items(config: StackConfig) -> Iterator[Finding]:
    """Every item of a list that is the same as an earlier one."""
    pending: list[tuple[KeyPath, Any]] = [
        ((name,), config.values[key]) for name in Settings.model_fields if (key := full_key(name)) in config.values
    ]
    while pending:
        path, value = pending.pop()
        if isinstance(value, dict):
            pending += (((*path, key), inner) for key, inner in value.items())
        elif isinstance(value, list) and tuple(part for part in path if isinstance(part, str)) not in _MAY_REPEAT:
            pending += (((*path, index), inner) for index, inner in enumerate(value))
            for index, item in enumerate(value):
                if item is not None and (first := value.index(item)) < index and type(value[first]) is type(item):
                    message, hint = f"repeats item [{first}]", "Keep one of the two"
                    key, inner = full_key(str(path[0])), (*path[1:], index)
                    yield config.error_at_key("settings-repeated-item", key, message, hint, inner)


def _lost_keys(config: StackConfig, problems: list[Finding]) -> Iterator[Finding]:
    """Warns of optional keys that an object of the project has and the stack's object, which replaces it, has not."""
    reported = {finding.key for finding in problems}
    for key, before in config.replaced.items():
        value = config.values.get(key)
        if not isinstance(before, dict) or not isinstance(value, dict):
            continue
        lost = [name for name in before if name not in value and path_text((key, name)) not in reported]
        if lost:
            message = f"replaces the whole object of {PROJECT_FILE}, which also holds {', '.join(lost)}"
            hint = "Write those here too: the engine does not merge objects"
            found = config.error_at_key("settings-replaced-object", key, message, hint)
            yield replace(found, severity=Severity.WARNING)


def _model_at(location: KeyPath) -> type[BaseModel] | None:
    """The settings class that describes the value at `location`, or None where it is no object."""
    model: type[BaseModel] | None = Settings
    for part in location:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part) if model else None
        model = model_in(field.annotation) if field else None
    return model


@dataclass(frozen=True, kw_only=True, slots=True)
class _KeyFinding:
    """What is wrong with a key, and the keys that were meant by it: they are not missing."""

    finding: Finding
    meant: tuple[str, ...] = ()


def _key_problems(config: StackConfig) -> Iterator[_KeyFinding]:
    """Every key that is unknown, has no value, or holds a secret that is none."""
    secrets = [secret.key for secret in SECRETS]
    for key in (*config.values, *sorted(config.secret_keys)):
        namespace, _, name = key.partition(":")
        if namespace not in NAMESPACES:
            yield _unknown_namespace(config, key, name)
        elif name not in _known_names(namespace):
            yield _unknown_name(config, key, namespace, name)
        elif namespace == "readiness" and key in config.secret_keys and key not in secrets:
            hint = f"Write it in plain text; secrets are {', '.join(secrets)}"
            message = "is or holds a secret where none belongs"
            yield _KeyFinding(
                finding=config.error_at_key("settings-secret-misplaced", key, message, hint), meant=(key,)
            )
        elif key in config.values and config.values[key] is None:
            hint = "Write a value after the colon, or remove the key"
            yield _KeyFinding(finding=config.error_at_key("settings-empty-value", key, "is empty", hint), meant=(key,))


def _unknown_namespace(config: StackConfig, key: str, name: str) -> _KeyFinding:
    every = [f"{namespace}:{own}" for namespace in ("readiness", *PROVIDERS) for own in _known_names(namespace)]
    # A slip in the namespace first, then a setting under somebody else's: `demo:alerts`.
    meant = nearest(key, every) or nearest(f"readiness:{name}", every)
    hint = f"{did_you_mean(meant)}Allowed namespaces: {', '.join(NAMESPACES)}"
    finding = config.error_at_key("settings-unknown-namespace", key, "has an unknown namespace", hint)
    return _KeyFinding(finding=finding, meant=(meant,) if meant else ())


def _unknown_name(config: StackConfig, key: str, namespace: str, name: str) -> _KeyFinding:
    if name == namespace == "readiness":
        value = config.values.get(key)
        inside = tuple(f"readiness:{inner}" for inner in value) if isinstance(value, dict) else ()
        hint = "Write the namespace into every key, as in `readiness:services:`"
        finding = config.error_at_key("settings-unknown-key", key, "is a namespace, not a key", hint)
        return _KeyFinding(finding=finding, meant=inside)
    meant = nearest(name, _known_names(namespace))
    allowed = ", ".join(setting_names()) if namespace == "readiness" else f"the keys of the provider {namespace}"
    hint = f"Did you mean `{namespace}:{meant}`?" if meant else f"Allowed: {allowed}"
    finding = config.error_at_key("settings-unknown-key", key, "is an unknown key", hint)
    return _KeyFinding(finding=finding, meant=(f"{namespace}:{meant}",) if meant else ())


def _known_names(namespace: str) -> list[str]:
    return setting_names() if namespace == "readiness" else sorted(known_keys(namespace))


def _plain_secret_problems(config: StackConfig) -> Iterator[Finding]:
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
