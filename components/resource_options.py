"""Resource options: what a component passes to its children, and the former place of a resource that moved."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi


def child_options(
    parent: pulumi.Resource,
    opts: pulumi.ResourceOptions | None,
    *,
    depends_on: Sequence[pulumi.Resource] = (),
) -> pulumi.ResourceOptions:
    """Options of a component's child: its parent, the dependencies in the component's `opts`, and `depends_on`.

    The engine registers a component after its dependencies, and the children after the component. The SDK does not copy
    the dependencies to the children. This function does, so that a plan shows the order, and the state has it for
    `--target`. No other option is copied: the SDK passes providers and protection to the children itself, and an alias
    of the component is not one of its children.
    """
    order = None if opts is None else opts.depends_on
    return pulumi.ResourceOptions.merge(
        pulumi.ResourceOptions(depends_on=order), pulumi.ResourceOptions(parent=parent, depends_on=list(depends_on))
    )


def moved_from(
    former_parent: str, *, former_type: str | None = None, depends_on: Sequence[pulumi.Resource] = ()
) -> pulumi.ResourceOptions:
    """Options of a resource that an earlier release declared below another parent: its state is kept.

    `former_parent` is the end of that parent's URN, its types and its name: `a:b:C$d:e:F::name`. `former_type` is the
    type that the resource had, if it changed. The children of the resource need no alias of their own.
    """
    parent = f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{former_parent}"
    alias = pulumi.Alias(parent=parent) if former_type is None else pulumi.Alias(parent=parent, type_=former_type)
    return pulumi.ResourceOptions(depends_on=list(depends_on), aliases=[alias])
