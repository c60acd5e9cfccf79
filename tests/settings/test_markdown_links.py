"""Links in texts that become Markdown: to the web, to a mailbox, to a heading, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.edits import line_of
from tests.settings.broken import STAGING, add_setting, error_of, errors, in_staging

SAID = (
    "holds a link that leads to no web address. "
    "Link to https://…, http://…, mailto:… or #heading; where `](` or `[…]:` is no link, write a space in it."
)
ALLOWED = [
    "[a](https://example.com/x_(y))",
    "![a](http://example.com/a.png)",
    "[a]( https://example.com 'title')",
    "[a](HTTPS://example.com)",
    "[a](mailto:ops@example.com)",
    "[a](#database)",
    "[a]: https://example.com",
    "a [note] (in brackets)",
    "list[0]: a word",
    "javascript: is a word here",
]
REFUSED = [
    "[a](javascript:alert(1))",
    "[a](JavaScript:alert(1))",
    "[a](java&#115;cript:alert(1))",
    "[a](<javascript:alert(1)>)",
    "[a]( data:text/html,x)",
    "[a](vbscript:x)",
    "[a](file:///etc/passwd)",
    "![a](ftp://example.com/a.png)",
    "[a](//example.com)",
    "[a](/etc)",
    "[a](../other/page.md)",
    "[a](page.txt)",
    "[a](page.md.exe)",
    "[a](page.md:x)",
    "[a](https:page)",
    "[a](\\https://example.com)",
    "[a]()",
    "[a](https://example.com) and [b](tel:1)",
    "`[a](tel:1)`",
    "[a]: javascript:x",
    "- [a]: javascript:x",
    "> 1. [a]: page.md",
]
PAGES = ["[a](page.md)", "[a](folder/page.md)", "[a](some-page.md#a-heading)"]
SETTINGS = {
    "notes.deployment[0]": "readiness:notes:\n  deployment:\n    - {text}\n",
    "notes.after_deployment[0]": "readiness:notes:\n  after_deployment:\n    - {text}\n",
    "notes.application_readme[0]": "readiness:notes:\n  application_readme:\n    - {text}\n",
}
TROUBLE = (
    "readiness:notes:\n  known_troubles:\n    - where: build\n      looks: x\n      why: x\n      action: {text}\n"
)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@pytest.mark.parametrize("text", ALLOWED)
def test_a_link_to_the_web_is_taken(project: Path, text: str) -> None:
    """So is text that only looks like one."""
    assert errors(add_setting(project, SETTINGS["notes.deployment[0]"].format(text=_quoted(text)))) == []


@pytest.mark.parametrize("text", [*REFUSED, *PAGES])
def test_a_link_to_anywhere_else_is_refused_at_its_line(project: Path, text: str) -> None:
    """Whatever form it has; the text itself is not shown."""
    add_setting(project, SETTINGS["notes.deployment[0]"].format(text=_quoted(text)))
    line = line_of(project, "  deployment:", STAGING) + 1
    assert error_of(project) == f"{STAGING}:{line}: readiness:notes.deployment[0]: {SAID}"


@pytest.mark.parametrize("key", SETTINGS)
def test_every_note_is_checked(project: Path, key: str) -> None:
    """Of every list."""
    add_setting(project, SETTINGS[key].format(text=_quoted(REFUSED[0])))
    assert error_of(project).endswith(f"readiness:{key}: {SAID}")


@pytest.mark.parametrize("text", PAGES)
def test_a_known_trouble_may_link_to_a_page_beside_its_document(project: Path, text: str) -> None:
    """Such a row is shown in docs/ alone."""
    assert errors(add_setting(project, TROUBLE.format(text=_quoted(text)))) == []


@pytest.mark.parametrize("text", REFUSED)
def test_a_known_trouble_links_nowhere_else(project: Path, text: str) -> None:
    """A page is a plain name in the same folder."""
    add_setting(project, TROUBLE.format(text=_quoted(text)))
    assert error_of(project).endswith(f"readiness:notes.known_troubles[0].action: {SAID}")


def test_contacts_and_degraded_answers_are_checked(project: Path) -> None:
    """They are shown in the runbook and in the documents."""
    in_staging(project, 'accept_degraded_until: "2027-03-31"', "")
    text = (project / STAGING).read_text(encoding="utf-8")
    because = next(line for line in text.splitlines() if line.strip().startswith("because:"))
    in_staging(project, because, f"{because.split('because:')[0]}because: '[a](page.md)'")
    assert error_of(project).endswith(f"known_degraded.because: {SAID}")
