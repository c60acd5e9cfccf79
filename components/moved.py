"""Options for a resource that an earlier release declared elsewhere: its state is kept, and nothing is recreated."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi


def moved_from(
    former_parent: str, *, former_type: str | None = None, depends_on: Sequence[pulumi.Resource] = ()
) -> pulumi.ResourceOptions:
    """`former_parent` is the end of the parent's URN, its types and its name: `a:b:C$d:e:F::name`.

    `former_type` is the type that the resource itself had, where that changed. Its children follow it by themselves.
    """
    parent = f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{former_parent}"
    alias = pulumi.Alias(parent=parent) if former_type is None else pulumi.Alias(parent=parent, type_=former_type)
    return pulumi.ResourceOptions(depends_on=list(depends_on), aliases=[alias])
