"""Outputs of a component that are made of its children's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

import pulumi

Value = TypeVar("Value")


def by_key(values: Mapping[str, pulumi.Output[Value]]) -> pulumi.Output[Mapping[str, Value]]:
    """One output of several, each by its key; `pulumi.Output.all` makes a list of none at all."""
    # `from_input` resolves what is nested, which its annotation does not say.
    return cast("pulumi.Output[Mapping[str, Value]]", pulumi.Output.from_input(dict(values)))
