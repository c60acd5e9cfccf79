"""What the outputs of the components have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

import pulumi

from readiness import __version__

VERSION_OUTPUT = "readiness_version"

Value = TypeVar("Value")


def by_key(values: Mapping[str, pulumi.Output[Value]]) -> pulumi.Output[Mapping[str, Value]]:
    """Combines outputs into one mapping. `pulumi.Output.all` would turn an empty mapping into a list."""
    # `from_input` also resolves nested outputs, which its annotation does not say.
    return cast("pulumi.Output[Mapping[str, Value]]", pulumi.Output.from_input(dict(values)))


def with_version(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs that a component registers, and beside them the version of Readiness that declared it.

    The state then says which version that was. It is no input: the engine compares inputs, and every release would
    update every component. Outputs it only stores.
    """
    return {**outputs, VERSION_OUTPUT: __version__}
