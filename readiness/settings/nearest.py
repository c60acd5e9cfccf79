"""The nearest valid name to a misspelt one."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name that `name` was probably meant to be, or None: `cpuRatio`, `cpu-ratio`, `cpu_percent`, `cpu_rato`.

    A name that differs in upper case and separators alone comes first: `cpuratio`.
    Names that begin with the same word come next: `latency_seconds` is `latency_ms` rather than `duration_seconds`.
    """
    wanted = _words(name)
    by_words = {_words(value): value for value in valid}
    if wanted in by_words:
        return by_words[wanted]
    joined = {each.replace("_", ""): name for each, name in by_words.items()}
    if wanted.replace("_", "") in joined:
        return joined[wanted.replace("_", "")]
    family = [word for word in by_words if word.split("_")[0] == wanted.split("_")[0]]
    for candidates, cutoff in ((family, 0.4), (list(by_words), 0.6)):
        found = difflib.get_close_matches(wanted, candidates, n=1, cutoff=cutoff)
        if found:
            return by_words[found[0]]
    return None


def suggestion(name: str, valid: Iterable[str]) -> str:
    """`Did you mean X? ` with the nearest valid name, or nothing."""
    return did_you_mean(nearest(name, valid))


def did_you_mean(name: str | None) -> str:
    """`Did you mean X? `, or nothing where there is no name."""
    return f"Did you mean `{name}`? " if name else ""


def _words(name: str) -> str:
    """A name in the house's form: `cpuRatio`, `cpu-ratio` and `CPU ratio` are `cpu_ratio`."""
    return re.sub(r"[\s.-]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())).lower()
