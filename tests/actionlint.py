"""actionlint on workflows that a test has made."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tools.find_tool import ACTIONLINT, lint


def actionlint_status(workflows: Sequence[str]) -> int:
    """The exit status of actionlint. Skips the test on a machine that cannot have it; `make test` gets it first."""
    if not ACTIONLINT.can_be_had():
        pytest.skip(f"{ACTIONLINT.how_to_get_it} {ACTIONLINT.without_it}")
    return lint(ACTIONLINT.find(fetch=False), workflows)
