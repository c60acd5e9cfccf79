"""Options of test runners and linters that let them pass where nothing was looked at, or whatever was found."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Jest and Vitest, npm, ESLint's and Stylelint's, Flake8, Pylint and Ruff, pytest's plugins, Maven, make.
_OPTION = re.compile(
    r"--(?:passWithNoTests|pass-with-no-tests|pass-on-no-patterns|if-present|exit-zero|suppress-no-test-exit-code"
    r"|allow-empty-input|ignore-errors|fail-never|no-error-on-unmatched-pattern)(?:=(?!false\b).*)?"
    r"|-Dmaven\.test\.failure\.ignore(?:=true)?|--exit-code=0"
)


def lenient_option(words: Sequence[str]) -> str | None:
    """The first such option among the words of a command; None where there is none."""
    found = next((each for each in words if _OPTION.fullmatch(each)), None)
    if found is None and "--exit-code" in words[:-1] and words[list(words).index("--exit-code") + 1] == "0":
        found = "--exit-code 0"
    is_make = bool(words) and words[0] in ("make", "gmake")
    return found or ("-i" if is_make and "-i" in words else None)
