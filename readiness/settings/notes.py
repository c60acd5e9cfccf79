"""What a team knows of its own application, for the documents that people read in a hurry. Nothing here is declared."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from readiness.settings.base import FreeText, Listed, Section, links_of_documents, web_links_only

# A cell of a table or a line of a list, in Markdown.
Note = Annotated[FreeText, Field(max_length=400), AfterValidator(web_links_only)]
# Shown in docs/TROUBLESHOOTING.md alone, so that a link to a page beside it leads somewhere.
TroubleNote = Annotated[FreeText, Field(max_length=400), AfterValidator(links_of_documents)]


class KnownTrouble(Section):
    """A row of docs/TROUBLESHOOTING.md."""

    where: Literal["build", "deployment", "health", "database"]
    looks: Annotated[TroubleNote, Field(description="How it looks: the words of the log or of the page.")]
    why: TroubleNote
    action: Annotated[TroubleNote, Field(description="What to do.")]


class Notes(Section):
    """Every text may hold Markdown; a document shows it where it belongs, and nothing where there is none.

    Links lead to https, http, mailto or a `#heading`; those of known troubles also to a `page.md` beside the document.
    """

    known_troubles: Listed[KnownTrouble] = ()
    deployment_inputs: Annotated[
        Listed[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*=[A-Za-z0-9._/-]*$", max_length=200)]],
        Field(description="Inputs of the workflow that deploys to production, as NAME=VALUE."),
    ] = ()
    deployment: Annotated[Listed[Note], Field(description="What to know before a deployment is started.")] = ()
    after_deployment: Annotated[Listed[Note], Field(description="What a person checks afterwards, an item each.")] = ()
    application_readme: Annotated[
        Listed[Note], Field(description="Items for the section of the application's README.")
    ] = ()
