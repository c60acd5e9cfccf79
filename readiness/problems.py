"""One mistake in a file of the user: where it is, what is wrong, how to mend it. Never the value of a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

# Shapes of credentials, by the prefixes that their issuers publish. A match is never printed.
_SECRET_SHAPE = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+"  # Slack tokens
    r"|hooks\.slack\.com/(?:services|triggers|workflows)/\S+"  # Slack incoming webhooks
    r"|gh[opsru]_\w{16,}|github_pat_\w{16,}"  # GitHub tokens
    r"|ya29\.[\w-]+|AIza[\w-]{30,}|GOCSPX-[\w-]+"  # Google access tokens, API keys, client secrets
    r"|pul-[0-9a-f]{20,}"  # Pulumi access tokens
    r"|sk-(?:proj|svcacct|admin)-[\w-]{20,}|(?<![\w-])sk-[0-9a-z]{32,}"  # OpenAI API keys
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"  # JSON web tokens: what identity and session tokens are
    r"|://[^\s/:@]+:[^\s/@]+@"  # a password in an address
    r"|(?:\"private_key\"|-----BEGIN [A-Z ]*PRIVATE KEY)(?s:.*)",  # service account keys, PEM: the rest is the key
    re.IGNORECASE,
)
# PagerDuty's integration keys have no prefix. As a piece of a longer text this is no sign: addresses hold such digests.
_HEX_KEY = re.compile(r"(?<![0-9a-z])[0-9a-f]{32}(?![0-9a-z])", re.IGNORECASE)

_MAX_KEY_CHARACTERS = 120


def looks_like_a_secret(text: str) -> bool:
    """Whether the text has the shape of a known kind of credential."""
    return _SECRET_SHAPE.search(text) is not None or _HEX_KEY.fullmatch(text.strip()) is not None


def secrets_in(text: str) -> Iterator[tuple[int, str]]:
    """Everything of a credential's shape in a file's text, with its line; line 1 is the first."""
    for found in _SECRET_SHAPE.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, found.group()


def mask_secrets(text: str) -> str:
    """The text with anything of a credential's shape replaced by `[secret]`."""
    return _HEX_KEY.sub("[secret]", _SECRET_SHAPE.sub("[secret]", text))


def one_line(text: str) -> str:
    """Without secrets, and on one line: a name in a file must not forge a line of the log or steer the terminal."""
    return "".join(each if each.isprintable() else " " for each in mask_secrets(text))


class Severity(StrEnum):
    """An error stops every command; a warning is printed and nothing more."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """A mistake, located. `key` is the path of the setting; `line` counts from 1, None where no line can be named.

    `placeholder` marks a value that is known to be missing still: a preview goes on with it, an update does not.
    """

    message: str
    mend: str
    file: str
    line: int | None = None
    key: str = ""
    severity: Severity = Severity.ERROR
    placeholder: bool = False

    def __str__(self) -> str:
        """`FILE:LINE: KEY: what is wrong. How to mend it.`"""
        place = one_line(self.file) if self.line is None else f"{one_line(self.file)}:{self.line}"
        return f"{place}: {self._text}"

    def annotation(self) -> str:
        """The workflow command by which GitHub Actions shows the problem on the line itself.

        Escaped as actions/toolkit does it (core/src/command.ts): a property's value also without `:` and `,`.
        """
        line = "" if self.line is None else f",line={self.line}"
        file = one_line(self.file).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
        return f"::{self.severity} file={file}{line}::{self._text.replace('%', '%25')}"

    @property
    def _text(self) -> str:
        key = one_line(self.key)
        if len(key) > _MAX_KEY_CHARACTERS:
            key = key[:_MAX_KEY_CHARACTERS] + "…"
        subject = f"{key}: " if key else ""
        mend = one_line(self.mend)
        return f"{subject}{one_line(self.message)}. {mend}{'' if mend.endswith('?') else '.'}"


class RefusedError(Exception):
    """Input that the product does not go on with; carries every problem found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def errors_only(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems that stop a command."""
    return tuple(problem for problem in problems if problem.severity is Severity.ERROR)
