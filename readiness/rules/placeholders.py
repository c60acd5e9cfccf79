"""Values that a plan cannot know: they count as text, and no rule on the form of a text holds for them."""

from __future__ import annotations

import re

UNKNOWN = "<unknown>"
# `<NAME.id>`, `<unknown>` and `<urn:…>` stand for what the engine will know, `[secret]` for what a plan never shows.
_PLACEHOLDER = re.compile(r"<[^<>\n]+>|\[secret\]")


def is_placeholder(value: object) -> bool:
    """Whether the value as a whole stands for another."""
    return isinstance(value, str) and _PLACEHOLDER.fullmatch(value) is not None


def holds_placeholder(value: object) -> bool:
    """Whether a part of the text stands for another."""
    return isinstance(value, str) and _PLACEHOLDER.search(value) is not None
