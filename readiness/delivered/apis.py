"""The calls of both delivered programs to GitHub, Google Cloud and Slack, as JSON over HTTPS.

Each program has a copy of this file, so it uses only the standard library.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .http_client import Answer, NoAnswerError, request, send

GITHUB = "https://api.github.com"
LOGGING = "https://logging.googleapis.com/v2"
MONITORING = "https://monitoring.googleapis.com/v3"
REGISTRY = "https://artifactregistry.googleapis.com/v1"

PAGE_SIZE = 100
# For log entries: a month with many deployments has some thousands, and the quota is 60 reads a minute.
LOG_PAGE_SIZE = 1000
MAX_PAGES = 200
_TIMEOUT_SECONDS = 20


class ApiError(Exception):
    """A call that failed, also after its repetitions: one line, without a token or the address of a webhook.

    `status` is 0 if no answer came, or none that can be used.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        self.status = status
        # On one line, because a line of the log can be a command to the runner.
        super().__init__(" ".join(message.split()))


@dataclass(frozen=True, kw_only=True, repr=False)
class Apis:
    """Every call of a program; each raises ApiError.

    `project` is the Google project, `log` the program's own log there, `repository` OWNER/NAME on GitHub. `webhook` is
    empty if the repository has none. `send_once` makes one request, and `sleep` waits for a number of seconds.
    """

    project: str
    log: str
    repository: str = ""
    github_token: str = ""
    google_token: str = ""
    webhook: str = ""
    send_once: Callable[..., Answer] = send
    sleep: Callable[[float], None] = time.sleep

    @property
    def log_name(self) -> str:
        """The full name of the program's log."""
        return f"projects/{self.project}/logs/{self.log}"

    def github(self, path: str, body: Any = None, *, method: str = "GET") -> Any:
        """The answer to a request below the repository: `actions/runs/1`."""
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        url = f"{GITHUB}/repos/{self.repository}/{path}"
        return _parsed(url, self._send(method, url, body, token=self.github_token, headers=headers))

    def github_pages(self, path: str, field: str = "") -> Iterator[Any]:
        """Every item of a list, or of the list under `field`, page by page as far as the caller reads."""
        mark = "&" if "?" in path else "?"
        for page in range(1, MAX_PAGES + 1):
            answer = self.github(f"{path}{mark}per_page={PAGE_SIZE}&page={page}")
            items = answer[field] if field else answer
            yield from items
            if len(items) < PAGE_SIZE:
                return
        raise ApiError(f"GitHub has more than {MAX_PAGES} pages of {path}")

    def google(self, url: str, body: Any = None, *, method: str = "GET", may_repeat: bool | None = None) -> Any:
        """The answer of one of Google's APIs. POST is repeated only if `may_repeat` is true."""
        return _parsed(url, self._send(method, url, body, token=self.google_token, may_repeat=may_repeat))

    def newest_entries(self, filter_: str, most: int) -> Iterator[dict[str, Any]]:
        """At most `most` log entries, newest first."""
        return islice(self._entries(filter_, "desc", min(most, LOG_PAGE_SIZE)), most)

    def all_entries(self, filter_: str) -> Iterator[dict[str, Any]]:
        """Every log entry, oldest first."""
        return self._entries(filter_, "asc", LOG_PAGE_SIZE)

    def write_entries(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Writes entries of the program's log. One with the insertId and timestamp of an earlier one replaces it."""
        if entries:
            body = {"logName": self.log_name, "resource": {"type": "global"}, "entries": entries}
            may_repeat = all("insertId" in entry for entry in entries)
            self.google(f"{LOGGING}/entries:write", body, method="POST", may_repeat=may_repeat)

    def write_points(self, series: Sequence[Mapping[str, Any]]) -> None:
        """Writes the newest point of each time series."""
        if series:
            url = f"{MONITORING}/projects/{self.project}/timeSeries"
            self.google(url, {"timeSeries": series}, method="POST", may_repeat=True)

    def post_to_slack(self, message: Mapping[str, Any]) -> None:
        """Posts to the webhook. If there is none or Slack refuses it, the error says what to do."""
        webhook = self.webhook.strip()
        if not webhook.startswith("https://"):
            raise ApiError("Slack: the secret SLACK_WEBHOOK_URL is not set. Store it, or choose no event for Slack.")
        try:
            # The address is secret, so no error contains it.
            self._send("POST", webhook, message, what="Slack", may_repeat=True)
        except ApiError as error:
            raise ApiError(f"{error}. Was the webhook revoked? Create a new one and store it.", error.status) from None

    def _entries(self, filter_: str, order: str, page_size: int) -> Iterator[dict[str, Any]]:
        body: dict[str, Any] = {
            "resourceNames": [f"projects/{self.project}"],
            "filter": filter_,
            "orderBy": f"timestamp {order}",
            "pageSize": page_size,
        }
        for _ in range(MAX_PAGES):
            page = self.google(f"{LOGGING}/entries:list", body, method="POST", may_repeat=True)
            yield from page.get("entries") or ()
            if not page.get("nextPageToken"):
                return
            body["pageToken"] = page["nextPageToken"]
        raise ApiError(f"Cloud Logging has more than {MAX_PAGES} pages of {filter_.splitlines()[0]}")

    def _send(
        self,
        method: str,
        url: str,
        body: Any,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        what: str = "",
        may_repeat: bool | None = None,
    ) -> bytes:
        """The body of the answer. Retries while the server is busy, if a repetition does no harm."""
        what = what or f"{method} {url.partition('?')[0]}"
        try:
            # It follows no redirect: a revoked webhook redirects to a page, which would look like success.
            answer = request(
                method,
                url,
                headers={**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})},
                body=body,
                may_repeat=method != "POST" if may_repeat is None else may_repeat,
                timeout_seconds=_TIMEOUT_SECONDS,
                sleep=self.sleep,
                send_once=self.send_once,
            )
        except NoAnswerError as error:
            raise ApiError(f"{what}: {error}") from None
        if not 200 <= answer.status < 300:
            raise ApiError(f"{what}: {answer.status} {_message(answer)}", answer.status)
        return answer.data


def _parsed(what: str, data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise ApiError(
            f"{what.partition('?')[0]}: the answer is not JSON: {data.decode(errors='replace')[:300]}"
        ) from None


def _message(answer: Answer) -> str:
    """The message of Google's or GitHub's error, or the first characters of another answer."""
    error = answer.body.get("error", answer.body) if isinstance(answer.body, dict) else answer.text
    message = error.get("message", "") if isinstance(error, dict) else error
    return str(message)[:300]
