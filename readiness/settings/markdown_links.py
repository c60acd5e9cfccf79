"""Where a link in a text of the settings may lead: the text becomes Markdown, in documents that people trust."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from readiness.settings.base import Text

# The beginning of a destination, in plain characters: an entity, an escape or `<` never passes for one.
_ADDRESS = re.compile(r"https?://[A-Za-z0-9\[]|mailto:[A-Za-z0-9]|#[A-Za-z0-9_-]", re.IGNORECASE)
# A document beside the one that shows the text, or in a folder below.
_PAGE = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]*/)*[A-Za-z0-9][A-Za-z0-9_-]*\.md(#[A-Za-z0-9_-]+)?\)")
# An inline link or picture, whatever stands around it: text in a code span counts too, because what begins a code span
# depends on the whole paragraph. `<` begins no link: every document writes it as `&lt;`.
_INLINE = re.compile(r"\]\(\s*")
# A definition (github.github.com/gfm, "Link reference definitions"): at the start, behind marks of lists and quotes.
_DEFINITION = re.compile(r"(?:(?:[-*+>]|[0-9]+[.)])\s*)*\[[^\]]*\]:\s*")


def _checked(text: str, *, pages: bool) -> str:
    """Refuses a link that leads anywhere but to the web, to a mailbox, to a heading, or with `pages` to a document."""
    inline = [found.end() for found in _INLINE.finditer(text)]
    definition = _DEFINITION.match(text)
    for start in (*inline, *([definition.end()] if definition else [])):
        if not (_ADDRESS.match(text, start) or (pages and _PAGE.match(text, start))):
            raise PydanticCustomError("link", "holds a link to somewhere else than the web")
    return text


def web_links_only(text: str) -> str:
    """Refuses every link but `https://…`, `http://…`, `mailto:…` and `#heading`. Raises PydanticCustomError."""
    return _checked(text, pages=False)


def links_of_documents(text: str) -> str:
    """Takes `page.md` and `page.md#heading` too: for texts that are shown in `docs/` of this project alone."""
    return _checked(text, pages=True)


MarkdownText = Annotated[Text, AfterValidator(web_links_only)]
