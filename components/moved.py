"""Options for a resource that an earlier release declared elsewhere, so that its state is kept and nothing is recreated."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi


def moved_from(
    former_parent: str, *, former_type: str | None = None, depends_on: Sequence[pulumi.Resource] = ()
) -> pulumi.ResourceOptions:
    """`former_parent` is the end of the parent's URN, its types and its name: `a:b:C$d:e:F::name`, or empty.

    `former_type` is the type that the resource itself had, where that changed. Its children follow it by themselves.
    """
    stack = f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::"
    parent = f"{stack}{former_parent}" if former_parent else None
    alias = pulumi.Alias(parent=parent, type_=former_type) if parent else pulumi.Alias(type_=former_type)
    return pulumi.ResourceOptions(depends_on=list(depends_on), aliases=[alias])
