"""JSON over HTTPS with one token, by the delivered HTTP client."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..http_client import NoAnswerError, request

TIMEOUT_SECONDS = 20.0
MAX_PAGES = 200


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
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        what = f"{method} {url.partition('?')[0]}"
        try:
            answer = request(
                method,
                url,
                headers={**self.headers, **headers},
                body=body,
                may_repeat=method != "POST",
                timeout_seconds=TIMEOUT_SECONDS,
                sleep=self.sleep,
            )
        except NoAnswerError as error:
            raise RestError(0, f"{what}: {error}") from None
        if not 200 <= answer.status < 300:
            raise RestError(answer.status, f"{what}: {answer.status} {_message(answer.body)}".rstrip())
        if answer.body is None and answer.data != b"null":
            # Slack says "ok" in plain text.
            return Answer(answer.text or None, answer.headers)
        return Answer(answer.body, answer.headers)


def _message(body: Any) -> str:
    error = body.get("error", body) if isinstance(body, dict) else ""
    message = error.get("message", "") if isinstance(error, dict) else error
    return str(message)
