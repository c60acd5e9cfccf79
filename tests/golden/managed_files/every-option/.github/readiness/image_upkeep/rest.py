# Made by readiness from the setting readiness:image_workflows. Edit it there: this file is written over.
# sha256 of what follows: 6a5263ea3f3ecc98ea19de4a5f74aa684a8ae8c23cd8ba04b916fa8a9edf5d23
"""JSON over HTTPS with one token: bounded in time, repeated where a moment later may differ, never redirected."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPMessage
from typing import IO, Any

TIMEOUT_SECONDS = 20.0
MAX_TRIES = 3
MAX_PAGES = 200
_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})


class RestError(Exception):
    """A refusal, or no answer (`status` 0). Holds what was asked and the API's message, never the token."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Answer:
    """The parsed body, and the headers in lower case."""

    body: Any
    headers: Mapping[str, str]


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """urllib would hand the token to wherever a redirect points."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Rest:
    """Requests with one token. POST is repeated on 429 alone: what was refused for its rate has not been done."""

    token: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    sleep: Callable[[float], None] = time.sleep

    def get(self, url: str) -> Any:
        """The body. Raises RestError."""
        return self.send("GET", url).body

    def send(self, method: str, url: str, body: Any = None) -> Answer:
        """The answer. Raises RestError."""
        for tries_left in range(MAX_TRIES - 1, -1, -1):
            try:
                return self._once(method, url, body)
            except RestError as error:
                lost = error.status == 0 or error.status in _TRY_AGAIN
                if not (tries_left and lost and (method != "POST" or error.status == 429)):
                    raise
            self.sleep(1.0)
        raise AssertionError("unreachable: the last try returns or raises")

    def _once(self, method: str, url: str, body: Any) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        headers = {"User-Agent": "readiness", "Content-Type": "application/json", **self.headers}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310 - the caller's own address
        what = f"{method} {url.partition('?')[0]}"
        try:
            with urllib.request.build_opener(_NoRedirects).open(request, timeout=TIMEOUT_SECONDS) as response:
                text = response.read().decode("utf-8", errors="replace")
                received = {name.lower(): value for name, value in response.headers.items()}
        except urllib.error.HTTPError as error:
            with error:
                raise RestError(error.code, f"{what}: {error.code} {_message(error.read())}".rstrip()) from None
        except (OSError, ValueError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise RestError(0, f"{what}: no answer ({type(reason).__name__}: {reason})") from None
        try:
            return Answer(json.loads(text) if text else None, received)
        except ValueError:
            # Slack says "ok" in plain text.
            return Answer(text, received)


def _message(data: bytes) -> str:
    try:
        body = json.loads(data)
    except ValueError:
        return ""
    error = body.get("error", body) if isinstance(body, dict) else {}
    message = error.get("message", "") if isinstance(error, dict) else error
    return str(message)
