"""Combines outputs of a component's children into one output of the component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

import pulumi

Value = TypeVar("Value")


def by_key(values: Mapping[str, pulumi.Output[Value]]) -> pulumi.Output[Mapping[str, Value]]:
    """Combines outputs into one mapping. `pulumi.Output.all` would turn an empty mapping into a list."""
    # `from_input` also resolves nested outputs, which its annotation does not say.
    return cast("pulumi.Output[Mapping[str, Value]]", pulumi.Output.from_input(dict(values)))
