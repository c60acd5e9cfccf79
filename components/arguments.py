"""Refuses wrong arguments of a component with one error, before any of its resources is registered.

Python does not check annotations at run time. Without this check, a misspelt kind or a string in place of a list would
declare the wrong resources: `branch_patterns="main"` would be four patterns of one letter.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, NoReturn, TypeGuard

import pulumi

# The fields that distinguish two Args of one list. Their other fields may be outputs.
_NAMING_FIELDS = ("kind", "key")
_PLAIN_TYPES: dict[Any, tuple[type, ...]] = {str: (str,), int: (int,), float: (int, float), bool: (bool,)}


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where a value is: the component as `RoleGrants "ci"`, and the argument as `grants[0].key`."""

    component: str
    argument: str = ""

    def at(self, step: str) -> Place:
        """The place of a field or an item of this argument."""
        return Place(self.component, (self.argument + step).removeprefix("."))

    def refuse(self, message: str, error: type[Exception] = ValueError) -> NoReturn:
        """Raises the error. `message` must not contain a value that may be a secret."""
        where = f", argument `{self.argument}`" if self.argument else ""
        raise error(f"{self.component}{where}: {message}")


def check_arguments(component: str, args: object, class_: type) -> Place:
    """Checks that `args` is of `class_` and that each field matches its annotation. Returns the place of `args`.

    `component` is the component's name. Where the annotation is `pulumi.Input`, an output is accepted, and its value is
    not checked. A list must not have two Args with the same key, nor the same string twice. Raises TypeError or
    ValueError.
    """
    place = Place(f'{class_.__name__.removesuffix("Args")} "{component}"')
    _check_class(args, (class_,), place)
    return place


def refuse_the_same_names(names: Mapping[str, str], place: Place) -> None:
    """Refuses two values that lead to one resource name. `names` maps each value to its name. Raises ValueError."""
    first: dict[str, str] = {}
    for value, name in names.items():
        if name in first:
            place.refuse(f"{first[name]!r} and {value!r} would both be the resource {name!r}. Change one of them.")
        first[name] = value


def _check(value: object, hint: Any, place: Place) -> None:
    options = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    takes_output = any(typing.get_origin(option) is pulumi.Output for option in options)
    if takes_output and isinstance(value, (pulumi.Output, Awaitable)):
        return
    if value is None and types.NoneType in options:
        return
    wanted = [option for option in options if typing.get_origin(option) not in (pulumi.Output, Awaitable)]
    wanted = [option for option in wanted if option is not types.NoneType]
    if isinstance(value, pulumi.Output):
        place.refuse("takes a plain value and no output, because the program needs it while it runs.", TypeError)
    if typing.get_origin(wanted[0]) is not None:
        _check_generic(value, wanted[0], place)
    elif wanted[0] in _PLAIN_TYPES:
        # A number from another stack's output is a float.
        _check_plain(int(value) if takes_output and _is_whole(value) else value, wanted[0], place)
    else:
        _check_class(value, tuple(wanted), place)


def _is_whole(value: object) -> TypeGuard[float]:
    return isinstance(value, float) and value.is_integer()


def _check_plain(value: object, type_: type, place: Place) -> None:
    # To Python, `True` is an `int`, but nobody who writes it means 1.
    if not isinstance(value, _PLAIN_TYPES[type_]) or (isinstance(value, bool) and type_ is not bool):
        place.refuse(f"takes {type_.__name__}, not {type(value).__name__}.", TypeError)


def _check_class(value: object, classes: tuple[type, ...], place: Place) -> None:
    if not isinstance(value, classes):
        names = " or ".join(class_.__name__ for class_ in classes)
        place.refuse(f"takes {names}, not {type(value).__name__}.", TypeError)
    if dataclasses.is_dataclass(value):
        for name, hint in _hints(type(value)).items():
            _check(getattr(value, name), hint, place.at(f".{name}"))


def _check_generic(value: object, hint: Any, place: Place) -> None:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        if value not in inner:
            place.refuse(f"{value!r} is none of {', '.join(map(repr, inner))}.")
    elif origin is Mapping:
        _check_mapping(value, inner[1], place)
    else:
        _check_list(value, inner[0], place)


def _check_mapping(value: object, hint: Any, place: Place) -> None:
    if not isinstance(value, Mapping):
        place.refuse(f"takes a mapping, not {type(value).__name__}.", TypeError)
    for key, item in value.items():
        if not isinstance(key, str) or not key:
            place.refuse(f"{key!r} is not a key. Use a text that is not empty.", TypeError)
        _check(item, hint, place.at(f"[{key!r}]"))


def _check_list(value: object, hint: Any, place: Place) -> None:
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        place.refuse(f"takes a list, not {type(value).__name__}.", TypeError)
    named: dict[object, int] = {}
    for index, item in enumerate(value):
        here = place.at(f"[{index}]")
        _check(item, hint, here)
        name = _name_of(item, hint)
        if name is not None and not all(part is None or part for part in name):
            here.refuse("is empty." if hint is str else "has an empty key.")
        if name is not None and named.setdefault(name, index) != index:
            text = " ".join(part for part in name if part)
            here.refuse(f"{text!r} is in the list already, at [{named[name]}]. Each is the name of a resource.")


def _name_of(item: object, hint: Any) -> tuple[str | None, ...] | None:
    if hint is str:
        return (str(item),)
    if not dataclasses.is_dataclass(item) or not hasattr(item, "key"):
        return None
    return tuple(getattr(item, field) for field in _NAMING_FIELDS if hasattr(item, field))


@functools.cache
def _hints(class_: type) -> dict[str, Any]:
    # The SDK defines `Input` with names that only its own module has.
    return typing.get_type_hints(class_, localns=vars(pulumi.output))
