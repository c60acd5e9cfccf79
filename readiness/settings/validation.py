"""From configuration values to Settings, or to every problem at once: each mistake once, without its echoes."""

from __future__ import annotations

import copy
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from readiness.finding import Finding, Severity
from readiness.settings.cross_rules import cross_rule_problems
from readiness.settings.key_names import full_key, key_problems
from readiness.settings.located import value_at
from readiness.settings.messages import Spot, explain
from readiness.settings.model import Settings
from readiness.settings.nearest import nearest
from readiness.settings.plain_secrets import plain_secret_problems
from readiness.settings.stack_files import PROJECT_FILE, StackConfig
from readiness.settings.strict_yaml import KeyPath, path_text

# pydantic's error, of which type, location and context are read.
Error = Mapping[str, Any]

# By pydantic's type of error; everything else is a value that does not fit.
_RULE_IDS = {"missing": "settings-missing-key", "extra_forbidden": "settings-unknown-key"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Validated:
    """Settings where nothing is wrong, and what was found; warnings may stand beside settings."""

    settings: Settings | None
    problems: tuple[Finding, ...]


def validate(config: StackConfig, *, today: date) -> Validated:
    """Checks names, secrets, types, ranges and the rules across settings; all that is wrong, by file and line.

    `today` is the day in UTC by which the dates in the settings are judged.
    """
    keys = list(key_problems(config))
    raw = _raw_settings(config)
    settings, errors = _parse(raw)
    missed = _Missed(errors, meant_keys={meant for each in keys for meant in each.meant})
    problems = [*config.problems, *plain_secret_problems(config)]
    problems += _without_echoes((each.finding for each in keys), problems)
    found = [_model_problem(config, raw, each, missed) for each in missed.real_errors]
    problems += (each for each in _without_echoes(found, problems) if not _is_refused_inside(each, problems))
    problems += _without_echoes(cross_rule_problems(config, _blanked(raw, errors, missed), today), problems)
    problems += _lost_keys(config, problems)
    ordered = sorted(dict.fromkeys(problems), key=lambda each: (each.file, each.line or 0))
    return Validated(settings=settings, problems=tuple(ordered))


def _raw_settings(config: StackConfig) -> dict[str, Any]:
    keys = {name: full_key(name) for name in Settings.model_fields}
    return {name: config.values[key] for name, key in keys.items() if key in config.values}


def _parse(raw: Mapping[str, Any]) -> tuple[Settings | None, list[Error]]:
    try:
        return Settings.model_validate(raw), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        # A list counts as too short too when its items, each reported by itself, are invalid.
        return None, [each for each in found if each["type"] != "too_short" or not value_at(raw, each["loc"])]


def _blanked(raw: dict[str, Any], errors: list[Error], missed: _Missed) -> dict[str, Any]:
    """The settings with None for every value that is refused, so that a rule between settings meets no other type.

    A key that was meant by a misspelt one has None too: it is not missing, and its value is not known.
    """
    blanked = copy.deepcopy(raw)
    for holder, name in missed.misspelt_keys(blanked):
        holder.setdefault(name, None)
    for error in errors:
        if error["type"] not in ("missing", "extra_forbidden") and _holds(blanked, error["loc"][0]):
            _blank(blanked, error["loc"])
    return blanked


def _blank(value: Any, path: KeyPath) -> None:
    """Sets None at `path`, or where the value ends before it."""
    part, rest = path[0], path[1:]
    if rest and _holds(value[part], rest[0]):
        _blank(value[part], rest)
    else:
        value[part] = None


def _holds(value: Any, part: str | int) -> bool:
    if isinstance(value, dict):
        return part in value
    return isinstance(value, list) and isinstance(part, int) and part < len(value)


class _Missed:
    """Which keys are missing, and for which of them a misspelt one stands there: the latter is reported, not both."""

    def __init__(self, errors: list[Error], *, meant_keys: set[str]) -> None:
        self._missing = {each["loc"] for each in errors if each["type"] == "missing"}
        self._meant: dict[KeyPath, str | None] = {}
        self._meant_settings = [name for name in Settings.model_fields if full_key(name) in meant_keys]
        unknown: list[KeyPath] = [each["loc"] for each in errors if each["type"] == "extra_forbidden"]
        for path in unknown:
            alone = sum(each[:-1] == path[:-1] for each in unknown) == 1
            self._meant[path] = self._nearest(path, alone=alone)
        spelt_wrongly = {(*path[:-1], meant) for path, meant in self._meant.items() if meant}
        spelt_wrongly |= {path for path in self._missing if len(path) == 1 and full_key(str(path[0])) in meant_keys}
        self.real_errors = [each for each in errors if each["type"] != "missing" or each["loc"] not in spelt_wrongly]

    def meant(self, path: KeyPath) -> str | None:
        """The name that the unknown key at `path` was probably meant to be."""
        return self._meant.get(path)

    def misspelt_keys(self, raw: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
        """The objects of `raw` that hold a misspelt key, each with the name that was meant."""
        for name in self._meant_settings:
            yield raw, name
        for path, name in self._meant.items():
            holder = value_at(raw, path[:-1])
            if name is not None and isinstance(holder, dict):
                yield holder, name

    def _nearest(self, path: KeyPath, *, alone: bool) -> str | None:
        missing = [str(each[-1]) for each in self._missing if each[:-1] == path[:-1]]
        holder = _model_at(path[:-1])
        near = nearest(str(path[-1]), missing) or nearest(str(path[-1]), holder.model_fields if holder else ())
        # One key is unknown and one is missing: `threshold` for `cpu_ratio`.
        return near or (missing[0] if alone and len(missing) == 1 else None)


def _model_problem(config: StackConfig, raw: Mapping[str, Any], error: Error, missed: _Missed) -> Finding:
    location: KeyPath = error["loc"]
    key, path = full_key(str(location[0])), location[1:]
    file, line = config.place(key, path)
    holder, model = _model_at(location[:-1]), _model_at(location)
    spot = Spot(
        value=value_at(raw, location),
        field=holder.model_fields.get(str(location[-1])) if holder else None,
        allowed=tuple(holder.model_fields) if holder else (),
        inner=tuple(model.model_fields) if model else (),
        meant=missed.meant(location),
        replaces_project_value=value_at(config.replaced.get(key), path) is not None,
    )
    message, hint = explain(error, spot)
    rule_id = _RULE_IDS.get(error["type"], "settings-invalid-value")
    return Finding(rule_id=rule_id, file=file, line=line, key=path_text((key, *path)), message=message, hint=hint)


def _without_echoes(found: Iterable[Finding], before: Iterable[Finding]) -> list[Finding]:
    """What is not said of a setting that an earlier check has refused already."""
    refused = {(each.file, each.key) for each in before if each.severity is Severity.ERROR}
    return [each for each in found if (each.file, each.key) not in refused]


def _is_refused_inside(problem: Finding, before: Iterable[Finding]) -> bool:
    """Whether something in the value is refused already, so that its type is not what is wrong first."""
    inside = (f"{problem.key}.", f"{problem.key}[")
    return any(each.file == problem.file and each.key.startswith(inside) for each in before)


def _lost_keys(config: StackConfig, problems: list[Finding]) -> Iterator[Finding]:
    """Warns of optional keys that an object of the project has and the stack's object, which replaces it, has not."""
    reported = {each.key for each in problems}
    for key, before in config.replaced.items():
        value = config.values.get(key)
        if not isinstance(before, dict) or not isinstance(value, dict):
            continue
        lost = [name for name in before if name not in value and path_text((key, name)) not in reported]
        if lost:
            file, line = config.place(key)
            message = f"replaces the whole object of {PROJECT_FILE}, which also holds {', '.join(lost)}"
            hint = "Write those here too: the engine does not merge objects"
            yield Finding(
                rule_id="settings-replaced-object",
                file=file,
                line=line,
                key=key,
                message=message,
                hint=hint,
                severity=Severity.WARNING,
            )


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
