"""Settings of which only the valid values can be read: what the rules between settings and the limits look at.

Pydantic gives no settings at all where one value is refused. Rules must find the other mistakes nevertheless, so
`partial_settings` builds the same classes from the values that are left. None is a setting that is left out; reading a
value that is refused, missing or misspelt raises RefusedValueError, which ends the rule that reads it: the refusal has
been reported already.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Never, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

from readiness.finding import Finding
from readiness.settings.base import Item, RefusedValueError, Section
from readiness.settings.stack_files import StackConfig
from readiness.settings.strict_yaml import KeyPath

Model = TypeVar("Model", bound=BaseModel)


class _PartialList:
    """A list of which some items are refused. Code that reads all of them gets RefusedValueError."""

    def __init__(self, items: dict[int, Any], length: int) -> None:
        self.items = items
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Any:
        if index in self.items:
            return self.items[index]
        raise RefusedValueError(str(index))

    def __iter__(self) -> Never:
        raise RefusedValueError("an item")


def partial_settings(
    model: type[Model], values: Mapping[str, Any], refused: Collection[KeyPath], path: KeyPath = ()
) -> Model:
    """An instance of `model`, which is at `path`, that lacks the values at `refused` and what `values` do not hold."""
    given = {
        name: _partial_value(field.annotation, values[name], refused, (*path, name))
        for name, field in model.model_fields.items()
        if name in values and (*path, name) not in refused
    }
    written = {name for name in model.model_fields if name in values or (*path, name) in refused}
    built = model.model_construct(_fields_set=written, **given)
    for name in written - given.keys():
        built.__dict__.pop(name, None)  # the default, which is not what the file says
    return built


def _partial_value(annotation: Any, value: Any, refused: Collection[KeyPath], path: KeyPath) -> Any:
    model = model_in(annotation)
    if model is not None and isinstance(value, Mapping):
        return partial_settings(model, value, refused, path)
    if not isinstance(value, list):
        return value
    items = {
        index: _partial_value(annotation, item, refused, (*path, index))
        for index, item in enumerate(value)
        if (*path, index) not in refused
    }
    return tuple(items.values()) if len(items) == len(value) else _PartialList(items, len(value))


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The settings class inside `X`, `X | None` or `tuple[X, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (tuple, Union, types.UnionType):
        found = (model_in(item) for item in get_args(annotation))
        return next((model for model in found if model), None)
    return None


def findings_of(*rules: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """What the rules find. A rule that reads a refused value ends there, and the others go on."""
    for rule in rules:
        with suppress(RefusedValueError):
            yield from rule()


def known(section: Section, name: str) -> Any:
    """The value of a field, None where it is refused too."""
    with suppress(RefusedValueError):
        return getattr(section, name)
    return None


def known_items(items: Iterable[Item]) -> Iterator[tuple[int, Item]]:
    """The items of a list that are not refused, each with its index."""
    return iter(items.items.items()) if isinstance(items, _PartialList) else enumerate(items)


def duplicates(config: StackConfig, path: KeyPath, items: Iterable[Any], field: str | None = None) -> Iterator[Finding]:
    """Every item of the list at `path` that repeats an earlier one, by `field` or as it is, whatever its case."""
    first_at: dict[Any, int] = {}
    for index, item in known_items(items):
        value = known(item, field) if field else item
        if value is None:
            continue
        first = first_at.setdefault(value.lower() if isinstance(value, str) else value, index)
        if first != index:
            where = (*path, index, field) if field else (*path, index)
            yield config.error("settings-repeated-item", where, f"repeats item [{first}]", "Keep one of the two")
