"""One request to a service, timed. Nothing is followed and nothing is repeated: the check decides that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from readiness.delivered.http_client import send
from readiness.live.verify.deadline import Deadline

MAX_BODY_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """An answer. The names of `headers` in lower case; `body` is the JSON of `text`, None where it is none."""

    status: int
    headers: Mapping[str, str]
    body: Any
    seconds: float
    text: str = ""

    @property
    def content_type(self) -> str:
        """The media type alone, `no content type` without one."""
        return self.headers.get("content-type", "").partition(";")[0].strip() or "no content type"


def probe(
    url: str,
    deadline: Deadline,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    data: bytes | None = None,
) -> Probe:
    """Sends one request, timed by the deadline's clock. Every status is an answer; NoAnswerError where none came."""
    sent = {"User-Agent": "readiness-verify", **(headers or {})}
    started = deadline.now_seconds()
    answer = send(
        method, url, headers=sent, data=data, timeout_seconds=deadline.request_seconds(), max_bytes=MAX_BODY_BYTES
    )
    seconds = deadline.now_seconds() - started
    return Probe(status=answer.status, headers=answer.headers, body=answer.body, seconds=seconds, text=answer.text)


def file_form(name: str, kind: str, content: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and body of a form that uploads one file as the field `file`; `kind` is its media type."""
    boundary = uuid4().hex
    part = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {kind}'
    body = f"--{boundary}\r\n{part}\r\n\r\n".encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return {"Content-Type": f"multipart/form-data; boundary={boundary}"}, body


def plain_http(url: str) -> str:
    """The same address without TLS; a port of its own is kept, because another one is not this service's."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = "" if parts.port in (None, 443) else f":{parts.port}"
    return f"http://{host}{port}{parts.path or '/'}"
