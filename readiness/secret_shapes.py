"""What a credential looks like in a text, and texts without one: for everything that is printed."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

# Shapes of credentials, each after a text that every match of it holds, in lower case. A match is never printed.
_SHAPES = (
    ("xox", r"xox[a-z]-[\w-]+"),  # Slack tokens
    ("xapp-", r"xapp-[\w-]+"),
    ("hooks.slack", r"hooks\.slack\.com/(?:services|triggers|workflows)/\S+"),  # Slack incoming webhooks
    ("gh", r"gh[opsru]_\w{16,}"),  # GitHub tokens
    ("github_pat_", r"github_pat_\w{16,}"),
    ("ya29.", r"ya29\.[\w-]+"),  # Google access tokens, API keys, client secrets
    ("aiza", r"AIza[\w-]{30,}"),
    ("gocspx-", r"GOCSPX-[\w-]+"),
    ("pul-", r"pul-[0-9a-f]{20,}"),  # Pulumi access tokens
    ("sk-", r"sk-(?:proj|svcacct|admin)-[\w-]{20,}|(?<![\w-])sk-[0-9a-z]{32,}"),  # OpenAI API keys
    ("eyj", r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"),  # JSON web tokens: what identity and session tokens are
    ("://", r"://[^\s/:@]+:[^\s/@]+@"),  # a password in an address
    # Service account keys, PEM: the rest is the key.
    ("private", r"(?:\"private_key\"|-----BEGIN [A-Z ]*PRIVATE KEY)(?s:.*)"),
)
# PagerDuty's integration keys have no prefix. As a piece of a longer text this is no sign: addresses hold such digests.
_HEX_KEY_LENGTH = 32
_HEX_KEY = re.compile(rf"(?<![0-9a-z])[0-9a-f]{{{_HEX_KEY_LENGTH}}}(?![0-9a-z])", re.IGNORECASE)


@functools.cache
def _pattern(shapes: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(shapes), re.IGNORECASE)


def _shapes_in(text: str) -> re.Pattern[str] | None:
    """The shapes that the text may hold, since it holds what every match holds: to look for all takes far longer."""
    folded = text.casefold()
    shapes = tuple(shape for held, shape in _SHAPES if held in folded)
    return _pattern(shapes) if shapes else None


def looks_like_a_secret(text: str) -> bool:
    """Whether the text has the shape of a known kind of credential."""
    shapes = _shapes_in(text)
    return (shapes is not None and shapes.search(text) is not None) or _HEX_KEY.fullmatch(text.strip()) is not None


def secrets_in(text: str) -> Iterator[tuple[int, str]]:
    """Everything of a credential's shape in a file's text, with its line; line 1 is the first."""
    if shapes := _shapes_in(text):
        for found in shapes.finditer(text):
            yield text.count("\n", 0, found.start()) + 1, found.group()


def mask_secrets(text: str) -> str:
    """The text with anything of a credential's shape replaced by `[secret]`."""
    if shapes := _shapes_in(text):
        text = shapes.sub("[secret]", text)
    return _HEX_KEY.sub("[secret]", text) if len(text) >= _HEX_KEY_LENGTH else text


def one_line(text: str) -> str:
    """Without secrets, and on one line: a name in a file must not forge a line of the log or steer the terminal."""
    return "".join(character if character.isprintable() else " " for character in mask_secrets(text))
