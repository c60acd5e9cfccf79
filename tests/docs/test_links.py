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


# Texts of links that say nothing about their subject: the sentence around them does.
_SAYS_NO_SUBJECT = frozenset(
    {"as it stands", "below", "by two accounts", "what is known", "contacts", "guide", "procedure"}
)


def misleading_links(page: Path) -> list[str]:
    """Links to a Markdown page whose text does not name the page or its section.

    A text that holds a command (`readiness plan`) leads to where its words are; one that is the name of a page
    (required check, required-checks.md) leads to that page, or to one in its folder; any other has a word in common
    with its target.
    """
    found = []
    for match in re.finditer(r"\[([^\]]+)\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        text, target = match.groups()
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if re.match(r"[a-z]+:", target) or file.suffix != ".md" or not file.is_file():
            continue
        if not _is_about(text, file, anchor):
            found.append(match.group())
    return found


def _is_about(text: str, file: Path, anchor: str) -> bool:
    page = file.read_text(encoding="utf-8")
    section = _section(page, anchor)
    commands = [word for code in re.findall(r"`([^`]+)`", text) for word in code.split() if not word.isupper()]
    if any(word not in section for word in commands):
        return False
    named = [page for page in PAGES if _plain(page.stem) == _plain(text)]
    if named:
        return file in named or any(file.parent == page.with_suffix("") for page in named)
    words = set(re.findall(r"[a-z]{4,}|[0-9]{4}", text.lower())) - {"does", "what", "which", "with"}
    introduction = page.partition("\n## ")[0]
    place = f"{introduction} {section} {file.stem}".lower()
    return not words or text in _SAYS_NO_SUBJECT or any(word[:5] in place for word in words)


def _plain(name: str) -> str:
    """A page's name or a link's text, in the singular, so that both can be compared."""
    return " ".join(word.rstrip("s") for word in re.findall(r"[a-z0-9]+", name.lower()))


def _section(text: str, anchor: str) -> str:
    """The part of a page below the heading of an anchor, with its subsections; the whole page without one."""
    if not anchor:
        return text
    lines: list[str] = []
    level, is_code = 0, False
    for line in text.splitlines():
        is_code ^= line.lstrip().startswith("```")
        heading = None if is_code else re.match(r"(#+) ", line)
        if heading and level and len(heading.group(1)) <= level:
            break
        if heading and not level and anchor in anchors(line):
            level = len(heading.group(1))
        if level:
            lines.append(line)
    return "\n".join(lines)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_what_its_text_says(page: Path) -> None:
    """A page that exists, and is another one than the reader expects, costs as much as one that does not."""
    assert misleading_links(page) == []


@pytest.mark.parametrize(
    "link",
    [
        "[Dependabot](docs/github-environment.md)",
        "[required check](docs/github-environment.md)",
        "[`readiness plan`](docs/costs.md#what-it-declares)",
        "[what the smoke test does](docs/scanning.md#which-versions-and-why)",
    ],
)
def test_a_link_to_another_page_than_its_text_names_is_seen(tmp_path: Path, link: str) -> None:
    """By the name of a page, by a command, and by its words; the same text with the right target passes."""
    (tmp_path / "repository").symlink_to(ROOT)  # the path of a checkout may hold spaces, which end a link's target
    page = tmp_path / "page.md"
    page.write_text(f"{link.replace('](', '](repository/')}\n", encoding="utf-8")
    assert len(misleading_links(page)) == 1
    right = "[Dependabot](docs/dependency-updates.md) [required check](docs/required-checks.md) [how](docs/diff.md)"
    page.write_text(f"{right.replace('](', '](repository/')}\n", encoding="utf-8")
    assert misleading_links(page) == []


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
