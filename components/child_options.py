"""The options of a component's children."""

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

    The SDK gives a component's `depends_on` to none of its children, so that the engine would create them at once, and
    destroy them last. Nothing else of `opts` is handed on here: provider and protection the SDK hands down itself, and
    an alias of the component is not one of its children.
    """
    order = None if opts is None else opts.depends_on
    return pulumi.ResourceOptions.merge(
        pulumi.ResourceOptions(depends_on=order), pulumi.ResourceOptions(parent=parent, depends_on=list(depends_on))
    )
