"""What code and documents cite can be read by everybody: an address, or a page of docs/facts with its proof."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest

from readiness.markdown_text import anchors
from tests.projects import ROOT

# A document that readers do not have: "monitoring facts, 4a", "facts on GitHub, 4.1", "the seed", "seed 1.3".
UNREADABLE = re.compile(
    r"""\b(?:monitoring|registry|environment|github|providers?|ecosystem)\ facts?\b
    | \bfacts\ on\ (?:the\ )?\w+
    | \bfacts?\ sheets?\b
    | \bthe\ seed\b | \bseed\ (?:document\b|\d+\.\d)""",
    re.IGNORECASE | re.VERBOSE,
)
FACT_LINK = re.compile(r"\bdocs/facts/(\w+\.md)(?:#([\w-]+))?")
DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b")
TRAP = re.compile(r"- (?P<date>20\d\d-\d\d-\d\d) · (?P<trap>.+?) Proof: (?P<proof>.+)")
FACTS = ROOT / "docs" / "facts"
TRAPS = ROOT / "docs" / "TRAPS.md"
# Recorded and made texts, other people's texts, the stack files, what was written of earlier releases, this file.
_NOT_OURS = re.compile(
    r"tests/(answers/recorded/|golden/|fixtures/|docs/test_sources)|CHANGELOG\.md|LICENSE|[^/]+\.yaml|\.git$"
)
_TEXT = frozenset({".py", ".md", ".sh", ".yaml", ".yml", ".toml", ".in", ".mako", ""})


def unreadable(text: str) -> list[str]:
    """The citations in a text whose document readers do not have; one that is broken over two lines is found too."""
    return UNREADABLE.findall(re.sub(r"\s+(?:#\s+)?", " ", text))


def fact_links(text: str) -> list[tuple[str, str]]:
    """Page and anchor of every link to docs/facts; the anchor is empty where a whole page is cited."""
    return [(match.group(1), match.group(2) or "") for match in FACT_LINK.finditer(text)]


def unproved(line: str) -> str:
    """What a line of docs/TRAPS.md lacks, empty where it has a date and a proof that exists."""
    match = TRAP.fullmatch(line)
    if match is None:
        return "not of the form `- DATE · trap Proof: proof`"
    files = re.findall(r"`([\w./-]+\.\w+)(?:::(\w+)|#([\w-]+))?`", match["proof"])
    if not files and "https://" not in match["proof"]:
        return "no file and no address proves it"
    return next((lack for file, test, anchor in files if (lack := _missing(ROOT / file, test, anchor))), "")


def _missing(file: Path, test: str, anchor: str) -> str:
    if not file.is_file():
        return f"there is no {file.name}"
    text = file.read_text(encoding="utf-8")
    if test and f"def {test}(" not in text:
        return f"{file.name} has no {test}"
    return f"{file.name} has no heading {anchor}" if anchor and anchor not in anchors(text) else ""


def our_texts() -> Iterator[tuple[str, str]]:
    """Name and content of every text of the repository that we write."""
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()} | {".git"}
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if name not in ignored)
        for file in (Path(folder) / name for name in sorted(files)):
            name = file.relative_to(ROOT).as_posix()
            if file.suffix in _TEXT and not _NOT_OURS.match(name):
                yield name, file.read_text(encoding="utf-8")


def trap_lines() -> list[str]:
    """The lines of docs/TRAPS.md that hold a trap."""
    return [line for line in TRAPS.read_text(encoding="utf-8").splitlines() if line.startswith("- ")]


def fact_sections(page: Path) -> dict[str, str]:
    """The text under each heading of the second level."""
    parts = re.split(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_nothing_cites_a_document_that_readers_do_not_have() -> None:
    """A reader looks it up in the repository or on the web."""
    found = {name: cited for name, text in our_texts() if (cited := unreadable(text))}
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "one sample (monitoring facts, 4a)",
        "as seen (facts on the providers, section 5)",
        "(facts\n# on GitHub, 4)",
        "provider facts, section 5",
        "The seed's time",
        "(seed 1.3)",
    ],
)
def test_such_a_citation_is_seen(text: str) -> None:
    """The check can fail, also where a comment breaks the citation."""
    assert len(unreadable(text)) == 1


def test_every_link_to_a_fact_leads_to_its_heading() -> None:
    """A heading that was reworded shows here, whoever cites it."""
    links = [(name, *link) for name, text in our_texts() for link in fact_links(text)]
    assert len(links) > 30, "the search finds the links"
    assert [link for link in links if _missing(FACTS / link[1], "", link[2])] == []


def test_a_link_to_a_fact_that_is_not_there_is_seen() -> None:
    """The check can fail, for a page and for a heading."""
    for wrong in ("docs/facts/gone.md", "docs/facts/github.md#gone"):
        ((page, anchor),) = fact_links(f"({wrong}).")
        assert _missing(FACTS / page, "", anchor) != ""


def test_a_page_of_facts_is_dated_and_each_fact_has_its_proof() -> None:
    """What Google and GitHub do changes: a fact without a day and a source cannot be checked again."""
    pages = sorted(FACTS.glob("*.md"))
    assert pages
    for page in pages:
        introduction = page.read_text(encoding="utf-8").partition("\n## ")[0]
        assert DATE.search(introduction), f"{page.name} has no date"
        for heading, text in fact_sections(page).items():
            assert "\nProof: " in text, f"{page.name}: {heading} has no proof"


def test_every_fact_is_cited() -> None:
    """Only what somebody relies on is kept up to date: a fact that nothing cites is deleted."""
    texts = list(our_texts())
    cited = {link for _, text in texts for link in fact_links(text)}
    cited_pages = {
        page for name, text in texts if name.endswith(".py") for page, anchor in fact_links(text) if not anchor
    }
    within = {
        (Path(target).name, anchor)
        for page in FACTS.glob("*.md")
        for target, anchor in re.findall(r"\(([\w./-]*)#([\w-]+)\)", page.read_text(encoding="utf-8"))
    }
    facts = [(page.name, *anchors(f"## {heading}")) for page in FACTS.glob("*.md") for heading in fact_sections(page)]
    assert [fact for fact in facts if fact not in cited | within and fact[0] not in cited_pages] == []


def test_every_trap_has_a_date_and_a_proof_that_exists() -> None:
    """A test that was renamed shows here."""
    lines = trap_lines()
    assert len(lines) > 40
    assert [(line, lack) for line in lines if (lack := unproved(line))] == []


@pytest.mark.parametrize(
    ("line", "lack"),
    [
        ("- It is slow. Proof: `README.md`", "not of the form"),
        ("- 2026-11-30 · It is slow.", "not of the form"),
        ("- 2026-11-30 · It is slow. Proof: everybody knows", "no file and no address"),
        ("- 2026-11-30 · It is slow. Proof: `docs/gone.md`", "there is no gone.md"),
        ("- 2026-11-30 · It is slow. Proof: `tests/docs/test_links.py::test_gone`", "has no test_gone"),
        ("- 2026-11-30 · It is slow. Proof: `README.md#gone`", "has no heading gone"),
    ],
)
def test_a_trap_without_date_or_proof_is_seen(line: str, lack: str) -> None:
    """The check can fail, for each part of a line."""
    assert lack in unproved(line)


def test_output_all_of_nothing_is_a_list() -> None:
    """A component whose children may be none needs another way to a mapping: components/outputs.py."""

    async def values() -> tuple[object, object]:
        return await pulumi.Output.all().future(), await pulumi.Output.all(a=1).future()

    loop = asyncio.new_event_loop()
    try:
        assert loop.run_until_complete(values()) == ([], {"a": 1})
    finally:
        loop.close()
