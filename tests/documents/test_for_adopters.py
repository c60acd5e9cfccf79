"""Generated documents and messages are correct for a team that has only the wheel, without this repository."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator

import pytest

from readiness.alerts.runbook_address import RUNBOOK_PATH
from readiness.documents.pages import page_texts
from readiness.documents.runbook import runbook_texts
from readiness.markdown_text import anchors
from readiness.rules.stack import check_stack, require_settings
from tests.projects import EVERY_OPTION, ROOT, SMALL

LINK = re.compile(r"\]\(([^)\s]+)\)")
# Files of a project: those that its commands write, and docs/security-audit.md, which the audit needs.
OWN_PAGES = {
    RUNBOOK_PATH, "docs/ROLLBACK_RUNBOOK.md", "docs/TROUBLESHOOTING.md", "docs/DEPLOYMENT_CHECKLIST.md",
    "docs/application-readme-section.md", "docs/security-audit.md",
}  # fmt: skip


@pytest.fixture(scope="module", params=["small", EVERY_OPTION])
def pages(request: pytest.FixtureRequest) -> dict[str, str]:
    """Every generated document of a project, by its path."""
    folder = SMALL.with_name(request.param)
    names = ["staging", "prod"] if folder == SMALL else [EVERY_OPTION]
    stacks = [(name, require_settings(check_stack(folder, name))) for name in names]
    return {**runbook_texts(stacks), **page_texts(stacks)}


def test_a_generated_document_links_only_to_generated_documents(pages: dict[str, str]) -> None:
    """A guide of this repository is not in the project. Anchors exist too."""
    links = [(name, target) for name, text in pages.items() for target in LINK.findall(text)]
    relative = [(name, target) for name, target in links if not re.match(r"[a-z]+:", target)]
    assert len(relative) > 20, "nothing was compared"
    for name, target in relative:
        file, _, anchor = target.partition("#")
        page = posixpath.normpath(f"{posixpath.dirname(name)}/{file}") if file else name
        assert page in pages, f"{name} links to {target}"
        assert not anchor or anchor in anchors(pages[page]), f"{name} links to {target}"


def test_a_generated_document_names_no_checkout_and_no_make_target(pages: dict[str, str]) -> None:
    """The project has neither of them. Its team edits the settings."""
    for name, text in pages.items():
        found = re.findall(
            r"checkout of this|`make [a-z]+|^ *make [a-z]+|readiness/\w+/|scripts/\S+", text, re.MULTILINE
        )
        assert found == [], name


def sentences() -> Iterator[tuple[str, str]]:
    """Every text of the toolkit and the components that can be printed: all but docstrings and comments."""
    for path in sorted([*(ROOT / "readiness").rglob("*.py"), *(ROOT / "components").rglob("*.py")]):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


def test_no_message_points_to_a_page_that_only_the_checkout_has() -> None:
    """A team with the wheel does not have docs/…, so the message itself contains what to do."""
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")}
    found = [
        place
        for place, text in sentences()
        for page in re.findall(r"(?<![\w/.])docs/[\w/-]+\.md", text)
        # Where a project has a table of detection times, `readiness diff` compares it.
        if page in pages - OWN_PAGES and text != "docs/detection.md"
    ]
    assert found == []


def test_delivered_files_point_to_no_page_that_only_the_checkout_has() -> None:
    """Workflows and templates too."""
    files = [path for path in (ROOT / "readiness").rglob("*") if path.suffix in (".yml", ".yaml", ".txt", ".md")]
    assert len(files) > 20, "nothing was compared"
    for path in files:
        comment = "#" if path.name == "checklist.yaml" else "\0"
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith(comment)]
        named = set(re.findall(r"(?<![\w/.])docs/[\w/-]+\.md", "\n".join(lines)))
        assert named <= OWN_PAGES, path.relative_to(ROOT)


def test_the_search_finds_messages_and_skips_docstrings() -> None:
    """The search of this file can fail."""
    assert any("docs/runbook.md" in text for _, text in sentences())
    assert not any(text.startswith("Whether somebody has agreed to the change") for _, text in sentences())
