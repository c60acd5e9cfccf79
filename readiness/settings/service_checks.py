"""Settings of what a service is asked after a deployment: what a healthy answer is, and how to try it out."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from readiness.settings.base import URL_PATH_CHARACTERS, Section, Text
from readiness.settings.markdown_links import MarkdownText

# A path of plain keys: what Google's uptime checks call a JSONPath, without its filters and wildcards.
JsonPath = Annotated[str, Field(pattern=r"^\$(\.[A-Za-z_][A-Za-z0-9_]*)+$", max_length=1024)]
UrlPath = Annotated[str, Field(pattern=f"^/[?{URL_PATH_CHARACTERS}]*$", max_length=2000)]


class KnownDegraded(Section):
    """A degraded answer that is known to be harmless, for the day of the launch: `verify --allow-degraded`."""

    value: Annotated[MarkdownText, Field(description="What stands at `json_path` then.")]
    because: Annotated[MarkdownText, Field(description="A text of that answer that names the known mistake.")]
    accept_degraded_until: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
            description="Until this day (in quotes; at most 365 days away) the check takes `value` for healthy too.",
        ),
    ] = None


class HealthAnswer(Section):
    """What the answer of `health_path` must say, besides being a 200."""

    json_path: JsonPath
    healthy: Annotated[Text, Field(description="What stands at `json_path` while all is well.")]
    known_degraded: KnownDegraded | None = None


class UploadInto(Section):
    """Where an upload belongs to another thing: a list, of whose first item the id is taken."""

    list_path: UrlPath
    items: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="The key of the list in its answer.")]


class Smoke(Section):
    """How `verify --smoke` tries the service out: it logs in, then uploads a small text file."""

    login_path: UrlPath
    upload_path: Annotated[
        str,
        Field(
            pattern=rf"^/([?{URL_PATH_CHARACTERS}]|\{{id\}})*$",
            max_length=2000,
            description="`{id}` is filled from `upload_into`.",
        ),
    ]
    upload_into: UploadInto | None = None
