"""One mistake in a file of the user: where it is, what is wrong, how to mend it. Never the value of a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

# Shapes of credentials, by the prefixes that their issuers publish. A match is never printed.
_SECRET_SHAPE = re.compile(
    r"xox[a-z]-[\w-]+"  # Slack tokens
    r"|hooks\.slack\.com/(?:services|triggers|workflows)/\S+"  # Slack incoming webhooks
    r"|gh[opsru]_\w{16,}|github_pat_\w{16,}"  # GitHub tokens
    r"|ya29\.[\w-]+|AIza[\w-]{30,}"  # Google access tokens and API keys
    r"|pul-[0-9a-f]{20,}"  # Pulumi access tokens
    r"|\"private_key\"|-----BEGIN [A-Z ]*PRIVATE KEY",  # service account keys, PEM
    re.IGNORECASE,
)


def looks_like_a_secret(text: str) -> bool:
    """Whether the text has the shape of a known kind of credential."""
    return _SECRET_SHAPE.search(text) is not None


def mask_secrets(text: str) -> str:
    """The text with anything of a credential's shape replaced by `[secret]`."""
    return _SECRET_SHAPE.sub("[secret]", text)


class Severity(StrEnum):
    """An error stops every command; a warning is printed and nothing more."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """A mistake, located. `key` is the path of the setting; `line` counts from 1, None where no line can be named."""

    message: str
    mend: str
    file: str
    line: int | None = None
    key: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        """`FILE:LINE: KEY: what is wrong. How to mend it.`"""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        subject = f"{self.key}: " if self.key else ""
        return mask_secrets(f"{place}: {subject}{self._advice}")

    def annotation(self) -> str:
        """The workflow command by which GitHub Actions shows the problem on the line itself."""
        line = "" if self.line is None else f",line={self.line}"
        subject = f"{self.key}: " if self.key else ""
        escaped = mask_secrets(subject + self._advice).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        return f"::{self.severity} file={self.file}{line}::{escaped}"

    @property
    def _advice(self) -> str:
        return f"{self.message}. {self.mend}."


class RefusedError(Exception):
    """Input that the product does not go on with; carries every problem found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def errors_only(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems that stop a command."""
    return tuple(problem for problem in problems if problem.severity is Severity.ERROR)
