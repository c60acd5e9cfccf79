"""Templates: commands are repeated for every stack, and unknown or unused parts are errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.documents import template
from readiness.documents.template import fill
from tests.projects import settings_of

STACKS = [("prod", settings_of("prod")), ("staging", settings_of("staging"))]


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> template.Stacks:
    """Reads templates from a folder of the test. Returns the stacks to fill them with."""

    def folder(_: str) -> Path:
        return tmp_path

    monkeypatch.setattr(template, "files", folder)
    (tmp_path / "templates").mkdir()
    return STACKS


def made(folder: Path, text: str, **parts: str) -> str:
    """The template with that text, filled."""
    (folder / "templates" / "page.md").write_text(text, encoding="utf-8")
    return fill("page.md", STACKS, parts)


def test_a_command_for_each_backend_is_shown_for_each_stack(filled: template.Stacks, tmp_path: Path) -> None:
    """The first stack's block is open, the second is folded, and the item of the list continues around both."""
    text = made(tmp_path, "1. Do:\n   ```bash each backend\n   run {service}\n   ```\n2. Then\n")
    assert text == (
        "1. Do:\n\n   prod:\n\n   ```bash\n   run ai-resume-review-v2-backend-prod\n   ```\n\n"
        "   <details><summary>staging</summary>\n\n   ```bash\n   run ai-resume-review-v2-backend-staging\n   ```\n\n"
        "   </details>\n2. Then\n"
    )


def test_the_text_after_a_folded_block_is_rendered_as_markdown(filled: template.Stacks, tmp_path: Path) -> None:
    """An empty line is needed: directly below HTML, Markdown is not rendered."""
    text = made(tmp_path, "1. Do:\n   ```bash each backend\n   run {service}\n   ```\n   With `--more`.\n")
    assert text.endswith("   </details>\n\n   With `--more`.\n")


@pytest.mark.parametrize(("which", "stack"), [("owner", "prod"), ("others", "staging")])
def test_a_command_may_be_for_one_kind_of_stack(
    filled: template.Stacks, tmp_path: Path, which: str, stack: str
) -> None:
    """A single block has no heading."""
    assert made(tmp_path, f"```bash each stack of {which}\nrun {{stack}}\n```\n") == f"```bash\nrun {stack}\n```\n"


def test_braces_of_the_shell_are_not_fields(filled: template.Stacks, tmp_path: Path) -> None:
    """Only a word in lower case in braces is a field."""
    text = made(tmp_path, "```bash each stack of owner\necho ${X} {1..3} '{a: 1}' {stack}\n```\n")
    assert "echo ${X} {1..3} '{a: 1}' prod" in text


@pytest.mark.parametrize("text", ["{{gone}}", "```bash each stack\nrun {gone}\n```\n"], ids=["part", "field"])
def test_an_unknown_name_in_a_template_is_an_error(filled: template.Stacks, tmp_path: Path, text: str) -> None:
    """Otherwise the document would contain the placeholder."""
    with pytest.raises(KeyError, match="gone"):
        made(tmp_path, text)


def test_a_part_that_no_template_uses_is_an_error(filled: template.Stacks, tmp_path: Path) -> None:
    """Nobody would see its text."""
    with pytest.raises(KeyError, match=r"page\.md has no place for contacts"):
        made(tmp_path, "text", contacts="everybody")
