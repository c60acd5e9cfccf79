"""The nearest valid name to a misspelt one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name that `name` was probably meant to be, or None."""
    found = difflib.get_close_matches(name.lower(), list(valid), n=1, cutoff=0.6)
    return found[0] if found else None


def suggestion(name: str, valid: Iterable[str]) -> str:
    """`Did you mean X? ` with the nearest valid name, or nothing."""
    found = nearest(name, valid)
    return f"Did you mean `{found}`? " if found else ""
