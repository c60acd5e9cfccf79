"""The Cloud Run services of a stack: their address, what a healthy answer is, and how to try them out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import Field

from readiness.finding import Finding
from readiness.settings.base import URL_PATH_CHARACTERS, HttpsUrl, Listed, MarkdownText, Section, Text
from readiness.settings.dates import Day, expiry_problems
from readiness.settings.logs import ASSUMED_LOGS, ServiceLogs
from readiness.settings.placeholders import is_to_be_filled_in
from readiness.settings.stack_files import StackConfig
from readiness.settings.view import duplicates, findings_of, known, known_items

# A path of plain keys: what Google's uptime checks call a JSONPath, without its filters and wildcards.
JsonPath = Annotated[str, Field(pattern=r"^\$(\.[A-Za-z_][A-Za-z0-9_]*)+$", max_length=1024)]
UrlPath = Annotated[str, Field(pattern=f"^/[?{URL_PATH_CHARACTERS}]*$", max_length=2000)]


class KnownDegraded(Section):
    """A degraded answer that is known to be harmless, for the day of the launch: `verify --allow-degraded`."""

    value: Annotated[MarkdownText, Field(description="The value at `json_path` in that case.")]
    because: Annotated[MarkdownText, Field(description="A text of that answer that names the known mistake.")]
    accept_degraded_until: Annotated[
        Day | None,
        Field(description="Until this day (in quotes; at most 365 days away) the check takes `value` for healthy too."),
    ] = None


class AcceptedValue(NamedTuple):
    """What an uptime check compares the value at a JSON path with, and how."""

    content: str
    match: Literal["EXACT_MATCH", "REGEX_MATCH"]


class HealthAnswer(Section):
    """What the answer of `health_path` must say, besides being a 200."""

    json_path: JsonPath
    healthy: Annotated[Text, Field(description="The value at `json_path` while the service is healthy.")]
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
    items: Annotated[
        str,
        Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100, description="The key of the list in its answer."),
    ]


class UploadedList(Section):
    """Where the application lists what the account has uploaded."""

    list_path: UrlPath
    items: Annotated[
        str,
        Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100, description="The key of the list in its answer."),
    ]


class Smoke(Section):
    """How `verify --smoke` tries the service: log in, upload a small text file, list it, remove it, log out.

    Whatever path is missing, the report calls the step "not declared", which is never a pass.
    """

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
    uploaded_id: Annotated[JsonPath, Field(description="Where the upload's answer has the id of the new file.")] = (
        "$.id"
    )
    uploaded: Annotated[
        UploadedList | None, Field(description="A list that must hold the upload, each item with an `id`.")
    ] = None
    delete_path: Annotated[
        str | None,
        Field(
            pattern=rf"^/[?{URL_PATH_CHARACTERS}]*\{{upload\}}[?{URL_PATH_CHARACTERS}]*$",
            max_length=2000,
            description="Asked by DELETE to remove the upload; `{upload}` is filled with its id.",
        ),
    ] = None
    logout_path: Annotated[UrlPath | None, Field(description="Asked by POST with the token, last of all.")] = None
    refused_after_logout_path: Annotated[
        UrlPath | None,
        Field(description="If the service revokes tokens: a path that must then answer 401 or 403 to the token."),
    ] = None


class Api(Section):
    """What the service's API offers, for `readiness audit`, which calls every operation without a token."""

    openapi_path: Annotated[UrlPath, Field(description="Where the service shows its OpenAPI document.")] = (
        "/openapi.json"
    )
    uploaded_path: Annotated[
        str | None,
        Field(
            pattern=rf"^/[?{URL_PATH_CHARACTERS}]*\{{upload\}}[?{URL_PATH_CHARACTERS}]*$",
            max_length=2000,
            description="Where an upload of `smoke` is shown; `{upload}` is filled with its id.",
        ),
    ] = None
    public_operations: Annotated[
        Listed[
            Annotated[
                str,
                Field(
                    pattern=rf"^(GET|HEAD|POST|PUT|PATCH|DELETE) /[{URL_PATH_CHARACTERS}{{}}]*$",
                    max_length=2000,
                ),
            ]
        ],
        Field(
            description="Operations without a token, beside login, refresh and health: `POST /api/v1/auth/register`."
        ),
    ] = ()


class ConnectionPool(Section):
    """One pool of database connections that an instance of the service opens."""

    size: Annotated[int, Field(ge=1, le=10_000)]
    overflow: Annotated[int, Field(ge=0, le=10_000, description="Connections beyond `size` while all are in use.")] = 0


class Service(Section):
    """One Cloud Run service of the stack. Cloud Run allows 49 characters in a name."""

    name: Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$")]
    role: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="`backend`, `frontend`, …")]
    url: HttpsUrl
    health_path: Annotated[str, Field(pattern=f"^/[{URL_PATH_CHARACTERS}]*$", max_length=2000)] = "/"
    health_answer: HealthAnswer | None = None
    smoke: Smoke | None = None
    api: Api | None = None
    max_instances: Annotated[
        int | None, Field(ge=1, le=1000, description="As the deployment sets it; with it, reaching the limit pages.")
    ] = None
    max_instances_per: Annotated[
        Literal["revision", "service"],
        Field(description="What `max_instances` limits: each revision (`--max-instances`), or all together (`--max`)."),
    ] = "revision"
    connection_pools: Annotated[
        tuple[ConnectionPool, ...], Field(strict=False, description="Database pools that each instance opens.")
    ] = ()
    logs: Annotated[
        ServiceLogs | None, Field(description="How the service logs; plain text of Python is assumed unless given.")
    ] = None

    @property
    def log_settings(self) -> ServiceLogs:
        """How the service logs, or what is assumed of a service that does not say."""
        return ASSUMED_LOGS if self.logs is None else self.logs

    @property
    def host(self) -> str:
        """The host of `url`, without the port."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port of `url`."""
        return urlsplit(self.url).port or 443

    @property
    def health_url_path(self) -> str:
        """The path of the health address, that of `url` included."""
        return urlsplit(self.url).path.rstrip("/") + self.health_path


def service_problems(config: StackConfig, services: tuple[Service, ...], today: date) -> Iterator[Finding]:
    """Services of one name, addresses to be filled in, and degraded answers that were accepted until a day."""
    yield from duplicates(config, ("services",), services, "name")
    for index, service in known_items(services):
        yield from findings_of(
            lambda index=index, service=service: _placeholder_warning(config, index, service.url),
            lambda index=index, service=service: _degraded_problems(config, index, service.health_answer, today),
            lambda index=index, service=service: _smoke_problems(config, index, service.smoke),
        )


def _smoke_problems(config: StackConfig, index: int, smoke: Smoke | None) -> Iterator[Finding]:
    """A path that nothing would ask, since the step before it is missing."""
    if smoke is not None and smoke.refused_after_logout_path is not None and smoke.logout_path is None:
        path = ("services", index, "smoke", "refused_after_logout_path")
        message, hint = "has no effect without `logout_path`", "Write `logout_path`, or remove the line"
        yield config.error("settings-smoke-logout", path, message, hint)


def _placeholder_warning(config: StackConfig, index: int, url: str) -> Iterator[Finding]:
    if is_to_be_filled_in(url.removeprefix("https://")):
        message = "is a placeholder for an address; `pulumi up` refuses it until you replace it"
        hint = "Write what `gcloud run services describe` prints as status.url"
        yield config.warning("settings-placeholder", ("services", index, "url"), message, hint, placeholder=True)


def _degraded_problems(config: StackConfig, index: int, answer: HealthAnswer | None, today: date) -> Iterator[Finding]:
    degraded = answer.known_degraded if answer else None
    until = degraded.accept_degraded_until if degraded else None
    if until is None:
        return
    path = ("services", index, "health_answer", "known_degraded", "accept_degraded_until")
    day = date.fromisoformat(until)
    if day < today:
        message = "has passed; the uptime check still takes the degraded answer, and `pulumi up` refuses that"
        hint = "Remove the line, or decide on a later day"
        yield config.warning("settings-date-passed", path, message, hint, placeholder=True)
        return
    hint = (
        "Remove the line once the service answers as healthy, or decide on a later day; after this day"
        " `pulumi up` refuses it"
    )
    yield from expiry_problems(config, path, day, today, hint)


def connection_problems(
    config: StackConfig, services: tuple[Service, ...], max_connections: int | None
) -> Iterator[Finding]:
    """The pools of all services at their largest, against what the instance takes."""
    wanted = 0
    parts: list[str] = []
    for _, service in known_items(services):
        pools, instances = known(service, "connection_pools"), known(service, "max_instances")
        sizes = [known(pool, name) for pool in pools or () for name in ("size", "overflow")]
        if sizes and instances is not None and None not in sizes:
            wanted += sum(sizes) * instances
            parts.append(f"{instances} instances x {sum(sizes)}")
    if max_connections is not None and wanted > max_connections:
        message = f"is {max_connections}, and the services may open {wanted} connections ({', '.join(parts)})"
        hint = "Lower the pools or `max_instances`, or raise the instance's flag"
        yield config.warning("settings-database-connections", ("database", "max_connections"), message, hint)
