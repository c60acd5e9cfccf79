"""Passes the texts of managed files from the program to the plan, so that the engine's state needs only their digests.

Code that runs the program for a plan opens a store. A component that declares files puts their texts into the open
store. While the real engine runs the program, no store is open, and no text is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# The texts by path, by the URN of the component that declares them.
Texts = dict[str, dict[str, str]]

_STORE: ContextVar[Texts | None] = ContextVar("declared_texts", default=None)


@contextmanager
def open_store() -> Iterator[Texts]:
    """Keeps every text that is put within the block, in tasks that are started there too, and yields the store."""
    texts: Texts = {}
    token = _STORE.set(texts)
    try:
        yield texts
    finally:
        _STORE.reset(token)


def keep_text(urn: str, path: str, text: str) -> None:
    """Puts the text of one file into the store that is open, if any. Never call it with a secret."""
    texts = _STORE.get()
    if texts is not None:
        texts.setdefault(urn, {})[path] = text
