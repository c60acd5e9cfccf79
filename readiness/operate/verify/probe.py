"""One request to a service, timed. Nothing is followed and nothing is repeated: the check decides that."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.parse import urlsplit

from readiness.operate.http import UnreachableError
from readiness.operate.verify.deadline import Deadline

MAX_BODY_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """An answer. `headers` in lower case; `body` is the JSON of `text`, None where it is none."""

    status: int
    headers: Mapping[str, str]
    body: Any
    seconds: float
    text: str = ""

    @property
    def content_type(self) -> str:
        """The media type alone, `no content type` without one."""
        return self.headers.get("content-type", "").partition(";")[0].strip() or "no content type"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def probe(
    url: str,
    deadline: Deadline,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    data: bytes | None = None,
) -> Probe:
    """Sends one request. Every status is an answer; UnreachableError where none came."""
    sent = {"User-Agent": "readiness-verify", **(headers or {})}
    prepared = urllib.request.Request(url, data=data, headers=sent, method=method)  # noqa: S310 - a URL of the settings
    opener = urllib.request.build_opener(_NoRedirects)
    started = time.monotonic()
    try:
        with opener.open(prepared, timeout=deadline.request_seconds()) as response:
            return _probe(response.status, response.headers, response.read(MAX_BODY_BYTES), started)
    except urllib.error.HTTPError as error:
        with error:
            return _probe(error.code, error.headers, error.read(MAX_BODY_BYTES), started)
    except (OSError, ValueError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise UnreachableError(f"no answer ({type(reason).__name__}: {reason})") from None


def plain_http(url: str) -> str:
    """The same address without TLS; a port of its own is kept, because another one is not this service's."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = "" if parts.port in (None, 443) else f":{parts.port}"
    return f"http://{host}{port}{parts.path or '/'}"


def _probe(status: int, headers: Message, data: bytes, started: float) -> Probe:
    seconds = time.monotonic() - started
    try:
        body = json.loads(data) if data else None
    except ValueError:
        body = None
    lower = {name.lower(): value for name, value in headers.items()}
    text = data.decode("utf-8", errors="replace")
    return Probe(status=status, headers=lower, body=body, seconds=seconds, text=text)
