"""Shared by the requests of all commands: one time limit, the errors of an API, and timed requests to a service."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from readiness import clock
from readiness.delivered.http_client import Answer, send, tls_handshake
from readiness.secret_shapes import one_line

# For all requests of one command to Google and GitHub; `verify` and `audit --url` have their own limits.
COMMAND_SECONDS = 300.0
MAX_PAGES = 100
MAX_BODY_BYTES = 1024 * 1024
# The minimum timeout of a request near the limit: a socket with timeout 0 does not wait at all.
_LEAST_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadline:
    """The time limit that several requests share.

    `ends_at` is a reading of the clock `now_seconds`, which measures everything within the limit. `sleep` waits for a
    number of seconds of that clock.
    """

    seconds: float
    ends_at: float
    now_seconds: Callable[[], float] = clock.monotonic_seconds
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def after(
        cls,
        seconds: float,
        *,
        since: float | None = None,
        now_seconds: Callable[[], float] = clock.monotonic_seconds,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Deadline:
        """A deadline `seconds` after `since`, a reading of `now_seconds`; after now without it."""
        start = now_seconds() if since is None else since
        return cls(seconds=seconds, ends_at=start + seconds, now_seconds=now_seconds, sleep=sleep)

    def earlier(self, seconds: float) -> Deadline:
        """A deadline that many seconds before this one."""
        return replace(self, ends_at=self.ends_at - seconds)

    def seconds_left(self) -> float:
        """The seconds until the deadline; 0 after it."""
        return max(0.0, self.ends_at - self.now_seconds())

    def request_seconds(self) -> float:
        """How long a request may take."""
        return max(_LEAST_SECONDS, self.seconds_left())


class ApiError(Exception):
    """An API refused, or did not answer. `status` is 0 if no answer came. The text never contains a token."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(one_line(message))


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe(Answer):
    """A service's answer and how long it took."""

    seconds: float = 0.0

    @property
    def content_type(self) -> str:
        """The media type alone, `no content type` without one."""
        return self.headers.get("content-type", "").partition(";")[0].strip() or "no content type"

    def field(self, name: str) -> Any:
        """The value of this name in the body, None if the body is not a JSON object."""
        body = self.body
        return body.get(name) if isinstance(body, dict) else None


def probe(
    url: str,
    deadline: Deadline,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    data: bytes | None = None,
) -> Probe:
    """Sends one request, timed by the deadline's clock. It follows no redirect and does not retry.

    Every status is an answer; raises NoAnswerError if none came.
    """
    sent = {"User-Agent": "readiness-verify", **(headers or {})}
    started = deadline.now_seconds()
    answer = send(
        method, url, headers=sent, data=data, timeout_seconds=deadline.request_seconds(), max_bytes=MAX_BODY_BYTES
    )
    seconds = deadline.now_seconds() - started
    return Probe(
        status=answer.status, headers=answer.headers, data=answer.data, complete=answer.complete, seconds=seconds
    )


def handshake(url: str, context: ssl.SSLContext, deadline: Deadline) -> tuple[dict[str, Any], str]:
    """The certificate that an HTTPS address shows, and the version of TLS. Raises as `tls_handshake` does."""
    parts = urlsplit(url)
    return tls_handshake(parts.hostname or "", parts.port or 443, context, timeout_seconds=deadline.request_seconds())


def plain_http(url: str) -> str:
    """The same address without TLS; it keeps a custom port, because other ports are not of this service."""
    parts = urlsplit(url)
    port = "" if parts.port in (None, 443) else f":{parts.port}"
    return f"http://{parts.hostname or ''}{port}{parts.path or '/'}"


def redirect_target(asked: str, answer: Answer) -> str:
    """The address to which an answer redirects, whatever its status; the requested address if it names none."""
    return urljoin(asked, answer.headers.get("location", ""))
