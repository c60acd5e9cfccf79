"""What a generated document or a message says is true for a team that has the wheel, and no other file of ours."""

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
# Files of a project: what its commands write, and docs/security-audit.md, which the audit asks for.
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


def test_a_document_links_to_generated_ones_alone(pages: dict[str, str]) -> None:
    """A guide of ours is not in the project; anchors exist too."""
    links = [(name, target) for name, text in pages.items() for target in LINK.findall(text)]
    relative = [(name, target) for name, target in links if not re.match(r"[a-z]+:", target)]
    assert len(relative) > 20, "nothing was compared"
    for name, target in relative:
        file, _, anchor = target.partition("#")
        page = posixpath.normpath(f"{posixpath.dirname(name)}/{file}") if file else name
        assert page in pages, f"{name} links to {target}"
        assert not anchor or anchor in anchors(pages[page]), f"{name} links to {target}"


def test_a_document_names_no_checkout_and_no_make(pages: dict[str, str]) -> None:
    """Neither of them is there, and what is edited there is the settings."""
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
    """A team with the wheel cannot open docs/…: the message itself says what to do."""
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")}
    found = [
        place
        for place, text in sentences()
        for page in re.findall(r"(?<![\w/.])docs/[\w/-]+\.md", text)
        # Where a project has a table of detection times, `readiness diff` compares it.
        if page in pages - OWN_PAGES and text != "docs/detection.md"
    ]
    assert found == []


def test_texts_that_are_delivered_point_to_no_page_of_the_checkout() -> None:
    """Workflows and templates too."""
    files = [path for path in (ROOT / "readiness").rglob("*") if path.suffix in (".yml", ".yaml", ".txt", ".md")]
    assert len(files) > 20, "nothing was compared"
    for path in files:
        comment = "#" if path.name == "checklist.yaml" else "\0"
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith(comment)]
        named = set(re.findall(r"(?<![\w/.])docs/[\w/-]+\.md", "\n".join(lines)))
        assert named <= OWN_PAGES, path.relative_to(ROOT)


def test_the_tests_here_see_what_they_look_for() -> None:
    """A message with a page of ours, beside a docstring with one."""
    assert any("docs/runbook.md" in text for _, text in sentences())
    assert not any(text.startswith("Whether somebody has agreed to the change") for _, text in sentences())
