"""Settings of what a service is asked after a deployment: what a healthy answer is, and how to try it out."""

from __future__ import annotations

import json
import re
from typing import Annotated, Literal, NamedTuple

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


class AcceptedValue(NamedTuple):
    """What an uptime check compares the value at a JSON path with, and how."""

    content: str
    match: Literal["EXACT_MATCH", "REGEX_MATCH"]


class HealthAnswer(Section):
    """What the answer of `health_path` must say, besides being a 200."""

    json_path: JsonPath
    healthy: Annotated[Text, Field(description="What stands at `json_path` while all is well.")]
    known_degraded: KnownDegraded | None = None

    @property
    def accepted(self) -> AcceptedValue:
        """`healthy` and no other value; the known degraded one too while `accept_degraded_until` is set.

        An exact match compares JSON literals, quotes included. Google does not document whether a regular expression
        sees the quotes, so that the expression takes both. It is anchored, because "unhealthy" ends with "healthy".
        The result is the same on any day, so that a plan is: `check` warns about a date that has passed.
        """
        known = self.known_degraded
        if known is None or known.accept_degraded_until is None:
            return AcceptedValue(json.dumps(self.healthy), "EXACT_MATCH")
        values = "|".join(re.escape(value) for value in (self.healthy, known.value))
        return AcceptedValue(f'^"?({values})"?$', "REGEX_MATCH")


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
