"""The first page is short, and the index leads to every page and says for whom it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.test_links import PAGES
from tests.projects import ROOT

MOST_WORDS = 900
INDEX = ROOT / "docs" / "README.md"
# The runbook and the decisions have indexes of their own.
INDEXED = [page for page in PAGES if page.parent in (INDEX.parent, INDEX.parent / "facts", INDEX.parent / "customer")]
DOCUMENTS = [page for page in PAGES if INDEX.parent in page.parents]


def first_line(text: str) -> str:
    """The first line of a page after its title and its comments."""
    body = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    return next(line for line in body.splitlines() if line and not line.startswith("# "))


def test_the_first_page_is_short() -> None:
    """Code and tables count too."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= MOST_WORDS


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_says_in_its_first_line_for_whom_it_is(page: Path) -> None:
    """So that a reader leaves the wrong page at once."""
    assert re.match(r"For [a-zA-Z' -]+[.:,]", first_line(page.read_text(encoding="utf-8")))


def test_a_page_that_does_not_say_it_is_seen() -> None:
    """After comments too."""
    assert first_line("# Title\n\n<!-- made\nby -->\n\nStack `prod` declares.\n") == "Stack `prod` declares."


def test_the_index_links_to_every_page_but_itself() -> None:
    """Once or more, by role or by task."""
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", INDEX.read_text(encoding="utf-8"))
    linked = {(INDEX.parent / target).resolve() for target in targets}
    assert [page.relative_to(ROOT).as_posix() for page in INDEXED if page not in linked and page != INDEX] == []
