"""The documents that `readiness deliver` writes into the application's repository; notifications link to them.

The functions of `readiness runbook` and `readiness docs` make them from the settings of all stacks, so they contain
nothing that the repository of the stacks does not contain. They are not part of a plan: a plan covers one stack, and
reviewers of a threshold see the page that changed in the same pull request. Both repositories use the same paths.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection

from readiness.delivered.header import with_page_header
from readiness.documents.pages import page_texts
from readiness.documents.runbook import runbook_texts
from readiness.documents.template import Stacks
from readiness.settings.model import Settings

# Pages of `readiness docs` that are delivered. The section for the README is not: a person copies it.
DELIVERED_PAGES = ("docs/DEPLOYMENT_CHECKLIST.md", "docs/ROLLBACK_RUNBOOK.md", "docs/TROUBLESHOOTING.md")

_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")
_ELSEWHERE = re.compile(r"#|[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


def delivers_documents(settings: Settings) -> bool:
    """Whether this stack delivers them: it owns the shared resources, and the setting is on."""
    return settings.owns_shared_resources and settings.managed_files.documents


def application_documents(stacks: Stacks) -> dict[str, str]:
    """`{path in the application's repository: text}` of the runbook and the pages. `stacks`: all of the project."""
    pages = page_texts(stacks)
    texts = {**runbook_texts(stacks), **{path: pages[path] for path in DELIVERED_PAGES}}
    return {path: with_page_header(_with_delivered_links(text, path, texts)) for path, text in texts.items()}


def _with_delivered_links(text: str, path: str, delivered: Collection[str]) -> str:
    """The text of a page; a link to a page that is not delivered becomes its text and the path of that page."""

    def link(found: re.Match[str]) -> str:
        words, target = found.groups()
        if _ELSEWHERE.match(target):
            return found.group()
        linked = posixpath.normpath(posixpath.join(posixpath.dirname(path), target.partition("#")[0]))
        return found.group() if linked in delivered else f"{words} (`{linked}` in the repository of the stacks)"

    lines: list[str] = []
    in_code = False
    for line in text.split("\n"):
        in_code ^= line.lstrip().startswith("```")
        lines.append(line if in_code else _LINK.sub(link, line))
    return "\n".join(lines)
