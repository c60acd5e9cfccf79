"""Links between the documents lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from readiness.markdown_text import anchors
from tests.projects import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|<img[^>]*src=\"([^\"]+)\"")


def broken_links(page: Path) -> list[str]:
    """Targets inside the repository that do not exist: files, folders, and anchors of Markdown pages."""
    broken = []
    for match in _LINK.finditer(page.read_text(encoding="utf-8")):
        target = match.group(1) or match.group(2)
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        missing_anchor = anchor and file.suffix == ".md" and anchor not in anchors(file.read_text(encoding="utf-8"))
        if not file.exists() or missing_anchor:
            broken.append(target)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_inside_the_repository_leads_somewhere(page: Path) -> None:
    """A file that was renamed, or a heading that was reworded, shows here."""
    assert broken_links(page) == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    """The check can fail, for a file and for an anchor."""
    page = tmp_path / "page.md"
    page.write_text("# Here\n[a](#here) [b](#there) [c](gone.md) [d](https://example.com/gone)\n", encoding="utf-8")
    assert broken_links(page) == ["#there", "gone.md"]


def test_every_page_of_the_documents_is_linked_from_the_readme_or_from_a_page_that_is() -> None:
    """A page that nothing leads to is not found by who needs it."""
    reached, queue = set(), [ROOT / "README.md"]
    while queue:
        page = queue.pop()
        if page in reached:
            continue
        reached.add(page)
        for match in _LINK.finditer(page.read_text(encoding="utf-8")):
            target = (page.parent / (match.group(1) or match.group(2)).partition("#")[0]).resolve()
            if target.suffix == ".md" and target.is_file():
                queue.append(target)
    assert [page.relative_to(ROOT).as_posix() for page in PAGES if page not in reached] == []
