"""The four systems that are spoken to: GitHub, Cloud Logging, Cloud Monitoring, Slack. JSON over HTTPS."""

from __future__ import annotations

import json
import time
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..http_client import Answer, NoAnswerError, send, send_until_answered

GITHUB = "https://api.github.com"
LOGGING = "https://logging.googleapis.com/v2"
MONITORING = "https://monitoring.googleapis.com/v3"

# Method, address, headers, body. Raises NoAnswerError where no answer came.
SendOnce = Callable[[str, str, Mapping[str, str], bytes | None], Answer]

PAGE_SIZE = 100
# Of log entries: a month of many deployments is some thousands, and a read costs one of 60 a minute.
LOG_PAGE_SIZE = 1000
MAX_PAGES = 10
_TIMEOUT_SECONDS = 20


class ApiError(Exception):
    """A call that failed for good. Never names an address that is a secret."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """Tokens and addresses. `webhook` is empty where the repository stores none."""

    repository: str
    project: str
    github_token: str
    google_token: str
    webhook: str
    log: str


def send_over_http(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    """One real request. A redirect is an answer: a revoked webhook leads to a page, which would look like success."""
    return send(method, url, headers=headers, data=body, timeout_seconds=_TIMEOUT_SECONDS)


@dataclass(frozen=True, kw_only=True)
class Apis:
    """Every call that the commands make. `sleep` waits so many seconds."""

    access: Access
    send_once: SendOnce = send_over_http
    sleep: Callable[[float], None] = time.sleep

    def github(self, path: str) -> Any:
        """Reads below the repository: `actions/runs/1`."""
        url = f"{GITHUB}/repos/{self.access.repository}/{path}"
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.access.github_token}",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        what = f"GitHub, {path}"
        return _parsed(what, self._call(what, "GET", url, headers, None))

    def github_pages(self, path: str, field: str) -> Iterator[Any]:
        """Every item of a list, newest first, page by page as far as the caller reads."""
        mark = "&" if "?" in path else "?"
        for page in range(1, MAX_PAGES + 1):
            items = self.github(f"{path}{mark}per_page={PAGE_SIZE}&page={page}")[field]
            yield from items
            if len(items) < PAGE_SIZE:
                return

    def write_entries(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Writes log entries. One with the insertId and timestamp of an earlier one replaces it."""
        name = f"projects/{self.access.project}/logs/{urllib.parse.quote(self.access.log, safe='')}"
        listed = [{"logName": name, "resource": {"type": "global"}, **entry} for entry in entries]
        if listed:
            self._google("Cloud Logging, entries.write", f"{LOGGING}/entries:write", {"entries": listed})

    def read_entries(self, text: str) -> Iterator[Any]:
        """Log entries that match a filter, newest first: where there are too many, the oldest are left out."""
        body = {
            "resourceNames": [f"projects/{self.access.project}"],
            "filter": text,
            "orderBy": "timestamp desc",
            "pageSize": LOG_PAGE_SIZE,
        }
        for _ in range(MAX_PAGES):
            answer = self._google("Cloud Logging, entries.list", f"{LOGGING}/entries:list", body)
            yield from answer.get("entries", [])
            if not answer.get("nextPageToken"):
                return
            body["pageToken"] = answer["nextPageToken"]

    def write_points(self, series: list[dict[str, Any]]) -> None:
        """Writes the newest point of each time series."""
        if series:
            url = f"{MONITORING}/projects/{self.access.project}/timeSeries"
            self._google("Cloud Monitoring, timeSeries.create", url, {"timeSeries": series})

    def post_to_slack(self, message: Mapping[str, Any]) -> None:
        """Posts to the webhook. Raises ApiError that says what to do when there is none, or Slack refuses it."""
        webhook = self.access.webhook.strip()
        if not webhook.startswith("https://"):
            raise ApiError("Slack: the secret SLACK_WEBHOOK_URL is not set. Store it, or choose no event for Slack.")
        try:
            self._post("Slack", webhook, {}, message)
        except ApiError as error:
            raise ApiError(f"{error} Was the webhook revoked? Make a new one and store it.") from None

    def _google(self, what: str, url: str, body: Mapping[str, Any]) -> Any:
        return _parsed(what, self._post(what, url, {"Authorization": f"Bearer {self.access.google_token}"}, body))

    def _post(self, what: str, url: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> bytes:
        all_headers = {"Content-Type": "application/json; charset=utf-8", **headers}
        return self._call(what, "POST", url, all_headers, json.dumps(body).encode())

    def _call(self, what: str, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
        """The body of the answer. Tries again where the far side is busy: every write here may be repeated."""
        try:
            answer = send_until_answered(
                lambda: self.send_once(method, url, headers, body), may_repeat=True, sleep=self.sleep
            )
        except NoAnswerError as error:
            raise ApiError(f"{what}: {error}") from None
        if answer.status >= 300:
            raise ApiError(f"{what}: {answer.status}: {_first_words(answer.data)}")
        return answer.data


def _parsed(what: str, answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except ValueError:
        raise ApiError(f"{what}: the answer is no JSON: {_first_words(answer)}") from None


def _first_words(answer: bytes) -> str:
    """Enough of an answer to see why; one line, because a line of the log can be a command to the runner."""
    return " ".join(answer.decode(errors="replace").split())[:300]
