"""JSON over HTTP for the live checks and the GitHub commands: bounded in time, retried where that is safe.

Redirects are followed within one origin only: urllib would hand the token to wherever a redirect points.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import urllib.response
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.parse import urljoin, urlsplit

TIMEOUT_SECONDS = 10.0
MAX_TRIES = 3
MAX_ANSWER_BYTES = 10 * 1024 * 1024
# Answers that may be different a moment later. A request that changes something is repeated on 429 alone: what was
# refused for its rate has not been done.
_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
_MAX_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Status, headers in lower case, and the body: parsed where it is JSON, else None beside its text."""

    status: int
    headers: Mapping[str, str]
    text: str
    body: Any


class UnreachableError(Exception):
    """No answer at all: refused, timed out, name not found, or broken off. Says which, never what was sent."""


class _SameOriginRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if origin(req.full_url) != origin(urljoin(req.full_url, newurl)):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def origin(url: str) -> tuple[str, str]:
    """Scheme and host with port: what a credential is meant for."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """Sends one request, up to `MAX_TRIES` times. Every status is an answer; UnreachableError where none came."""
    data = None if body is None else json.dumps(body).encode()
    sent = {"User-Agent": "readiness", **({"Content-Type": "application/json"} if data else {}), **(headers or {})}
    for tries_left in range(MAX_TRIES - 1, -1, -1):
        try:
            answer = send_once(
                method,
                url,
                headers=sent,
                data=data,
                redirects=_SameOriginRedirects,
                timeout_seconds=timeout_seconds,
                max_bytes=MAX_ANSWER_BYTES,
            )
        except UnreachableError:
            if method != "GET" or not tries_left:
                raise
            sleep(1.0)
            continue
        again = answer.status in _TRY_AGAIN and (method == "GET" or answer.status == 429)
        if not (again and tries_left):
            return answer
        sleep(_pause_seconds(answer))
    raise AssertionError("unreachable: the last try returns or raises")


def send_once(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    data: bytes | None,
    redirects: type[urllib.request.HTTPRedirectHandler],
    timeout_seconds: float,
    max_bytes: int,
) -> Answer:
    """One request. Every status is an answer; raises UnreachableError where none came, or none to its end.

    `timeout_seconds` is how long it waits for the next byte; of a body, `max_bytes` are read.
    """
    opener = urllib.request.build_opener(redirects)
    try:
        prepared = urllib.request.Request(url, data=data, headers=dict(headers), method=method)  # noqa: S310 - the caller's own address
        with _opened(opener, prepared, timeout_seconds) as response:
            return _answer(response.status or 0, response.headers, response.read(max_bytes))
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise UnreachableError(f"no answer ({type(reason).__name__}: {reason})") from None
    except ValueError:
        # Python's text repeats the header, and with it the token.
        raise UnreachableError("no answer (an address or a credential that cannot be sent as it is)") from None


def _opened(
    opener: urllib.request.OpenerDirector, prepared: urllib.request.Request, timeout_seconds: float
) -> urllib.response.addinfourl:
    """The answer, its body unread; urllib raises those of 300 and above, which are answers too."""
    try:
        return opener.open(prepared, timeout=timeout_seconds)
    except urllib.error.HTTPError as error:
        return error


def _answer(status: int, headers: Message, data: bytes) -> Answer:
    try:
        body = json.loads(data) if data else None
    except (ValueError, RecursionError):
        body = None
    text = data.decode("utf-8", errors="replace")
    return Answer(status=status, headers={name.lower(): value for name, value in headers.items()}, text=text, body=body)


def _pause_seconds(answer: Answer) -> float:
    asked = answer.headers.get("retry-after", "")
    return min(float(asked), _MAX_PAUSE_SECONDS) if asked.isascii() and asked.isdigit() else 1.0
