"""Which stacks a project has: a file `Pulumi.<stack>.yaml` makes one, and no list repeats their names.

Standard library only: a job of a workflow lists the stacks before it installs anything (`tools/list_stacks.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path


def stack_names(root: Path) -> list[str]:
    """The stacks that have a file in the project's folder, sorted."""
    return stacks_of(path.name for path in root.glob("Pulumi.*.yaml"))


def stacks_of(files: Iterable[str]) -> list[str]:
    """The stacks whose file is among these names of files, sorted."""
    is_stack = re.compile(r"Pulumi\.(.+)\.yaml")
    return sorted(found.group(1) for file in files if (found := is_stack.fullmatch(file)))
