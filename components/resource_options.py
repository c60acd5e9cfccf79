"""Options of resources: what a component hands to its children, and where a resource was declared before."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi


def child_options(
    parent: pulumi.Resource,
    opts: pulumi.ResourceOptions | None,
    *,
    depends_on: Sequence[pulumi.Resource] = (),
) -> pulumi.ResourceOptions:
    """The parent, what the caller's `opts` say the component depends on, and what the child depends on besides.

    The engine registers a component, and waits for what that depends on, before its children. The SDK does not write
    this order at the children: here it is, so that a plan shows it, and so that the state has it for `--target`.
    Nothing else of `opts` is handed on: the SDK hands down provider and protection itself, and an alias of the
    component is not one of its children.
    """
    order = None if opts is None else opts.depends_on
    return pulumi.ResourceOptions.merge(
        pulumi.ResourceOptions(depends_on=order), pulumi.ResourceOptions(parent=parent, depends_on=list(depends_on))
    )


def moved_from(
    former_parent: str, *, former_type: str | None = None, depends_on: Sequence[pulumi.Resource] = ()
) -> pulumi.ResourceOptions:
    """Options of a resource that an earlier release declared elsewhere: its state is kept, and nothing is recreated.

    `former_parent` is the end of the parent's URN, its types and its name: `a:b:C$d:e:F::name`.
    `former_type` is the type that the resource itself had, where that changed. Its children follow it by themselves.
    """
    parent = f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{former_parent}"
    alias = pulumi.Alias(parent=parent) if former_type is None else pulumi.Alias(parent=parent, type_=former_type)
    return pulumi.ResourceOptions(depends_on=list(depends_on), aliases=[alias])
