"""Prints the names of the stacks as a JSON list, for the matrix of a workflow.

Usage: python3 -m tools.list_stacks, in the folder of Pulumi.yaml. Standard library only: the job that runs it installs
nothing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from readiness.settings.stack_names import stack_names


def main() -> int:
    """Returns 1 if there is no stack, because a workflow skips the job of an empty matrix silently."""
    stacks = stack_names(Path())
    if not stacks:
        print("error: no Pulumi.<stack>.yaml is in this folder. Create one.", file=sys.stderr)
        return 1
    print(json.dumps(stacks))
    return 0


if __name__ == "__main__":
    sys.exit(main())
