"""The documents that are delivered: the runbook and three pages, whose links work where they are delivered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from readiness.alerts.runbook_address import RUNBOOK_PATH, page_path
from readiness.delivered.header import is_as_delivered
from readiness.documents.pages import page_texts
from readiness.files import write_all
from readiness.live.application_documents import (
    DELIVERED_PAGES,
    _with_delivered_links,
    application_documents,
    delivers_documents,
)
from tests.docs.test_links import broken_links
from tests.projects import CUSTOMER_STACKS, EVERY_OPTION, runbook, settings_of

STACKS = [(stack, settings_of(stack)) for stack in CUSTOMER_STACKS]


@pytest.fixture(scope="module")
def documents() -> dict[str, str]:
    """Those of the first customer."""
    return application_documents(STACKS)


def test_the_runbook_and_three_pages_are_delivered_and_nothing_else(documents: dict[str, str]) -> None:
    """Each with its digest. Every alert's page is among them, and the section for the README is not."""
    assert documents.keys() == {*runbook(), *DELIVERED_PAGES}
    assert page_path("RollbackStarted") in documents
    assert page_texts(STACKS).keys() - documents.keys() == {"docs/application-readme-section.md"}
    assert all(is_as_delivered(text) for text in documents.values())
    assert not is_as_delivered(documents[RUNBOOK_PATH] + "edited\n")


def test_a_delivered_page_is_the_page_of_the_stacks_repository(documents: dict[str, str]) -> None:
    """But for the two lines at its top, and for links to what is not delivered."""
    body = documents[RUNBOOK_PATH].split("\n", 2)[2]
    assert body == runbook()[RUNBOOK_PATH]
    assert body.startswith("# Runbook\n")


@pytest.mark.parametrize("stacks", [STACKS, [(EVERY_OPTION, settings_of(EVERY_OPTION))]], ids=["customer", "every"])
def test_no_delivered_page_links_to_a_file_that_is_not_delivered(
    stacks: list[tuple[str, object]], tmp_path: Path
) -> None:
    """Nor to an anchor that the page lacks."""
    written = application_documents(stacks)  # type: ignore[arg-type]
    write_all({tmp_path / path: text for path, text in written.items()})
    broken = {path: found for path in written if (found := broken_links(tmp_path / path))}
    assert broken == {}


def test_a_link_to_a_page_that_is_not_delivered_becomes_its_text_and_path(documents: dict[str, str]) -> None:
    """Whoever reads it knows what to look for."""
    page = documents["docs/TROUBLESHOOTING.md"]
    assert "store it (`docs/github-environment.md` in the repository of the stacks)" in page
    assert "github-environment.md#" not in page


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[a](b.md)", "[a](b.md)"),
        ("[a](b.md#c), [d](gone.md#e)", "[a](b.md#c), d (`docs/gone.md` in the repository of the stacks)"),
        ("[a](../README.md)", "a (`README.md` in the repository of the stacks)"),
        ("[`a[0]`](gone.md)", "`a[0]` (`docs/gone.md` in the repository of the stacks)"),
        ("[a](#b) [c](https://x.dev/y.md) [d](mailto:x@y.dev)", "[a](#b) [c](https://x.dev/y.md) [d](mailto:x@y.dev)"),
        ("```bash\n[a](gone.md)\n```\n[a](gone.md)",
         "```bash\n[a](gone.md)\n```\na (`docs/gone.md` in the repository of the stacks)"),
    ],
)  # fmt: skip
def test_links_of_every_form(text: str, expected: str) -> None:
    """Code is left as it is."""
    assert _with_delivered_links(text, "docs/a.md", {"docs/a.md", "docs/b.md"}) == expected


def test_the_owner_of_shared_resources_delivers_them_where_the_setting_is_on() -> None:
    """The default is off, and another stack delivers nothing."""
    owner, other = settings_of("prod"), settings_of("staging")
    on = owner.managed_files.model_copy(update={"documents": True})
    assert not delivers_documents(owner)
    assert delivers_documents(owner.model_copy(update={"managed_files": on}))
    assert not delivers_documents(other.model_copy(update={"managed_files": on}))


def test_no_document_holds_an_address_of_this_machine(documents: dict[str, str]) -> None:
    """They hold what the settings hold."""
    assert not re.search(r"/(?:home|root|tmp|work)/", "".join(documents.values()))
