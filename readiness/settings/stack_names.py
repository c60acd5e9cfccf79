"""Which stacks a project has: a file `Pulumi.<stack>.yaml` makes one, and no list repeats their names.

Standard library only: a job of a workflow lists the stacks before it installs anything (`tools/list_stacks.py`).
"""

from __future__ import annotations

from pathlib import Path


def stack_names(root: Path) -> list[str]:
    """The stacks that have a file in the project's folder, sorted."""
    names = (path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in root.glob("Pulumi.*.yaml"))
    return sorted(name for name in names if name)
