"""The four systems that are spoken to: GitHub, Cloud Logging, Cloud Monitoring, Slack. JSON over HTTPS."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

GITHUB = "https://api.github.com"
LOGGING = "https://logging.googleapis.com/v2"
MONITORING = "https://monitoring.googleapis.com/v3"

# Method, address, headers, body; answers with status and body. What is out of reach raises OSError.
Transport = Callable[[str, str, Mapping[str, str], bytes | None], tuple[int, bytes]]

TRIES = 3
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


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A webhook that is no more leads to a page, which urllib would read and call a success; and to any host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """A redirect is the answer."""
        return


def send_by_urllib(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
    """The real transport. A refusal is an answer, too."""
    request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310 - https only
    opener = urllib.request.build_opener(_NoRedirects)
    try:
        with opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()


@dataclass(frozen=True, kw_only=True)
class Apis:
    """Every call that the commands make. `sleep` waits so many seconds."""

    access: Access
    transport: Transport = send_by_urllib
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
        """Tries again where the far side is at fault or busy; every write here may be repeated."""
        problem = ""
        for attempt in range(TRIES):
            if attempt:
                self.sleep(2**attempt)
            try:
                status, answer = self.transport(method, url, headers, body)
            except (OSError, HTTPException, ValueError) as error:
                # The text may hold the address: that of a webhook is a secret.
                problem = type(error).__name__
                continue
            if status < 300:
                return answer
            problem = f"{status}: {_first_words(answer)}"
            if status < 500 and status != 429:
                break
        raise ApiError(f"{what}: {problem}")


def _parsed(what: str, answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except ValueError:
        raise ApiError(f"{what}: the answer is no JSON: {_first_words(answer)}") from None


def _first_words(answer: bytes) -> str:
    """Enough of an answer to see why; one line, because a line of the log can be a command to the runner."""
    return " ".join(answer.decode(errors="replace").split())[:300]
