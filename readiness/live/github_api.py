"""GitHub's REST API for the commands that read or write the application's repository."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from readiness.delivered.http_client import TIMEOUT_SECONDS, Answer, NoAnswerError, origin, request, send
from readiness.live.web import COMMAND_SECONDS, MAX_PAGES, ApiError, Deadline

API_URL = "https://api.github.com"
API_VERSION = "2022-11-28"
# For a file of a few MB.
DOWNLOAD_SECONDS = 60.0

_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')


class GitHubError(ApiError):
    """GitHub refused, or did not answer."""


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class GitHub:
    """A repository's API. `api_url` is `GITHUB_API_URL` of a runner, or GitHub's own."""

    owner: str
    repository: str
    token: str | None = None
    api_url: str = API_URL
    deadline: Deadline = field(default_factory=lambda: Deadline.after(COMMAND_SECONDS))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], *, owner: str, repository: str) -> GitHub:
        """Uses the token in `GITHUB_TOKEN` or `GH_TOKEN`; without one, the requests are anonymous."""
        return cls(
            owner=owner,
            repository=repository,
            token=environment.get("GITHUB_TOKEN") or environment.get("GH_TOKEN") or None,
            api_url=environment.get("GITHUB_API_URL") or API_URL,
        )

    @property
    def name(self) -> str:
        """`OWNER/REPO`."""
        return f"{self.owner}/{self.repository}"

    def get(self, path: str) -> Any:
        """The body of `/repos/OWNER/REPO/<path>`; None if GitHub answers 404. Raises GitHubError."""
        answer = self._send("GET", self._url(path))
        return None if answer.status == 404 else _json(answer, f"GET {path or self.repository}")

    def scopes(self) -> tuple[str, ...] | None:
        """The scopes of a classic token; None for other kinds of tokens, for which GitHub returns no scopes.

        Raises GitHubError. Source:
        https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
        """
        answer = _accepted(self._send("GET", self._url("")), f"GET {self.repository}")
        named = answer.headers.get("x-oauth-scopes")
        return None if named is None else tuple(scope.strip() for scope in named.split(",") if scope.strip())

    def items(self, path: str, key: str = "") -> Iterator[Any]:
        """The items of a list, or of the list under `key`, from all pages. Raises GitHubError."""
        separator = "&" if "?" in path else "?"
        url: str | None = self._url(f"{path}{separator}per_page=100")
        for _ in range(MAX_PAGES):
            if url is None:
                return
            answer = self._send("GET", url)
            body = _json(answer, f"GET {path}")
            listed = body.get(key) if key and isinstance(body, dict) else body
            if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
                raise GitHubError(0, f"GET {path}: the answer is not a list of objects")
            yield from listed
            following = _NEXT.search(answer.headers.get("link", ""))
            url = urljoin(url, following.group(1)) if following else None
            if url is not None and origin(url) != origin(self.api_url):
                raise GitHubError(0, f"GET {path}: the link to the next page leads to another host")
        raise GitHubError(0, f"GET {path}: more than {MAX_PAGES} pages")

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """Sends a change and returns GitHub's answer. Raises GitHubError."""
        return _accepted(self._send(method, self._url(path), body), f"{method} {path}").body

    def download(self, path: str, *, max_bytes: int) -> bytes | None:
        """The bytes of a file that GitHub stores on another host; None if there are more than `max_bytes`.

        It sends the token only to GitHub, not to the host to which GitHub redirects. Raises GitHubError.
        """
        first = self._send("GET", self._url(path))
        target = urljoin(self._url(path), first.headers.get("location", ""))
        if first.status not in (301, 302, 303, 307, 308) or urlsplit(target).scheme != urlsplit(self.api_url).scheme:
            raise GitHubError(first.status, f"GET {path}: {first.status} without the address of the file")
        try:
            seconds = min(DOWNLOAD_SECONDS, self.deadline.request_seconds())
            answer = send("GET", target, timeout_seconds=seconds, max_bytes=max_bytes)
        except NoAnswerError as error:
            raise GitHubError(0, f"GET {path}: {error}") from None
        if answer.status != 200:
            raise GitHubError(answer.status, f"GET {path}: {answer.status} from the host where GitHub stores it")
        return answer.data if answer.complete else None

    def _url(self, path: str) -> str:
        return f"{self.api_url.rstrip('/')}/repos/{self.name}/{path}".rstrip("/")

    def _send(self, method: str, url: str, body: Any = None) -> Answer:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": API_VERSION}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            seconds = min(TIMEOUT_SECONDS, self.deadline.request_seconds())
            return request(method, url, headers=headers, body=body, timeout_seconds=seconds, follow_redirects=True)
        except NoAnswerError as error:
            raise GitHubError(0, f"{method} {url}: {error}") from None


def _json(answer: Answer, what: str) -> Any:
    """The body of an answer to a read. A proxy's page or an incomplete answer is an error, not an empty result."""
    if _accepted(answer, what).body is None:
        raise GitHubError(0, f"{what}: {answer.status}, and the answer is not JSON")
    return answer.body


def _accepted(answer: Answer, what: str) -> Answer:
    if 200 <= answer.status < 300:
        return answer
    message = answer.body.get("message", "") if isinstance(answer.body, dict) else ""
    hint = {
        401: " (is the token valid?)",
        403: " (does the token have this permission?)",
        404: " (does it exist, and may this token read it?)",
    }
    raise GitHubError(answer.status, f"{what}: {answer.status} {message}{hint.get(answer.status, '')}".rstrip())
