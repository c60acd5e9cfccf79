"""The paths of the runbook in a project, and the address of an alert's page, to which its notification links."""

from __future__ import annotations

from pathlib import Path

from readiness.files import text_of
from readiness.markdown_text import anchors
from readiness.settings.model import Settings

# The common page, and the folder of the alerts' pages, below the project's own folder.
RUNBOOK_PATH = "docs/runbook.md"
RUNBOOK_FOLDER = "docs/runbook"


def page_path(alert: str) -> str:
    """The page of an alert, below the project's folder."""
    return f"{RUNBOOK_FOLDER}/{page_name(alert)}"


def page_name(alert: str) -> str:
    """The name of an alert's page in the folder of all pages."""
    return f"{alert}.md"


def section_anchor(alert: str) -> str:
    """The anchor that GitHub gives to the alert's heading on the common page."""
    return alert.lower()


def runbook_address(alert: str, settings: Settings) -> str:
    """The address of the alert's page where the runbook is published.

    `readiness:runbook.url` is one of three addresses. An address that ends in `.md` is the common page, with the
    alerts' pages in the folder beside it. An address that ends in `/` is that folder. Any other address is a single
    page, for example of a wiki, with a section for each alert.
    """
    url = settings.runbook.url
    if url.endswith(".md"):
        return f"{url.removesuffix('.md')}/{page_name(alert)}"
    if url.endswith("/"):
        return f"{url}{page_name(alert)}"
    return f"{url}#{section_anchor(alert)}"


def link_targets(root: Path) -> frozenset[str]:
    """The ends of an address to which alerts may link: pages of the project at `root`, anchors of its common page."""
    pages = {path.name for path in (root / RUNBOOK_FOLDER).glob("*.md")}
    return frozenset(pages | anchors(text_of(root / RUNBOOK_PATH)))
