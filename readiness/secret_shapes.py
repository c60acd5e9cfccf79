"""What a credential looks like in a text, and texts without one: for everything that is printed."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

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


def looks_like_a_secret(text: str) -> bool:
    """Whether the text has the shape of a known kind of credential."""
    return _SECRET_SHAPE.search(text) is not None or _HEX_KEY.fullmatch(text.strip()) is not None


def secrets_in(text: str) -> Iterator[tuple[int, str]]:
    """Everything of a credential's shape in a file's text, with its line; line 1 is the first."""
    for found in _SECRET_SHAPE.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, found.group()


# Two plans that are compared have nearly all their texts in common.
@functools.lru_cache(maxsize=8192)
def mask_secrets(text: str) -> str:
    """The text with anything of a credential's shape replaced by `[secret]`."""
    return _HEX_KEY.sub("[secret]", _SECRET_SHAPE.sub("[secret]", text))


def one_line(text: str) -> str:
    """Without secrets, and on one line: a name in a file must not forge a line of the log or steer the terminal."""
    return "".join(character if character.isprintable() else " " for character in mask_secrets(text))
