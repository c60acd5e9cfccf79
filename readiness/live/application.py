"""Requests to the application as a user sends them: log in with a test account, list its items, upload a file.

`readiness verify --smoke` and `readiness audit --url` share this module. The number of requests is limited.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from readiness.live.rows import FailedError, NotCheckedError
from readiness.live.web import Deadline, Probe, probe
from readiness.settings.services import Api, Service

# For all checks of one address together: what they need, and one more for each request that is repeated.
MAX_REQUESTS = 60
# A host name or an IPv4 or IPv6 address, as urlsplit returns it: in lower case, without brackets.
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]*:[0-9a-f:.]*")
JSON_TYPE = {"Content-Type": "application/json"}


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Account:
    """A test account of the application."""

    email: str
    password: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], prefix: str) -> Account | None:
        """The account of `PREFIX_EMAIL` and `PREFIX_PASSWORD`; None where one of them is missing."""
        email, password = environment.get(f"{prefix}_EMAIL"), environment.get(f"{prefix}_PASSWORD")
        return cls(email=email, password=password) if email and password else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Paths:
    """The application's paths. `owned_list` is None if the settings name no list of the account's own items."""

    login: str = "/api/v1/auth/login"
    upload: str | None = None
    owned_list: str | None = None
    owned_items: str = ""
    health: str = "/health"
    uploaded_list: str | None = None
    uploaded_id: str = "$.id"
    uploaded_path: str | None = None
    delete_path: str | None = None
    openapi: str = "/openapi.json"
    public_operations: tuple[str, ...] = ()

    @classmethod
    def of(cls, service: Service | None) -> Paths:
        """The paths in a service's settings; the defaults for everything else."""
        if service is None:
            return cls()
        api = service.api or Api()
        paths = cls(
            health=service.health_path, openapi=api.openapi_path, public_operations=tuple(api.public_operations)
        )
        if service.smoke is None:
            return paths
        into = service.smoke.upload_into
        return replace(
            paths,
            login=service.smoke.login_path,
            upload=service.smoke.upload_path,
            owned_list=into.list_path if into else None,
            owned_items=into.items if into else "",
            uploaded_list=service.smoke.uploaded.list_path if service.smoke.uploaded else None,
            uploaded_id=service.smoke.uploaded_id,
            uploaded_path=api.uploaded_path,
            delete_path=service.smoke.delete_path,
        )

    @property
    def refresh(self) -> str:
        """The path that exchanges a refresh token: next to the login."""
        return f"{self.login.rpartition('/')[0]}/refresh"

    @property
    def me(self) -> str:
        """The path that returns the token's user: next to the login."""
        return f"{self.login.rpartition('/')[0]}/me"


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleFile:
    """A file that the first account uploaded for the audit: its id in the application, and a word in its text."""

    identity: str
    word: str


@dataclass(kw_only=True)
class Visitor:
    """The requests of all checks to one address. `account` and `other` are test accounts, or None.

    `places` are searches outside the application, by the name of the place: each returns whether the place contains a
    word, and raises ApiError if it cannot search. All checks share `sample_file`, which is the uploaded file or the
    reason why there is none, and `deletion`, the answer to the deletion of that file.
    """

    url: str
    paths: Paths
    deadline: Deadline
    account: Account | None = None
    other: Account | None = None
    upload_limit_mb: int = 30
    places: Mapping[str, Callable[[str], bool]] = field(default_factory=dict)
    requests: int = 0
    max_requests: int = MAX_REQUESTS
    _logins: dict[str, Probe] = field(default_factory=dict)
    sample_file: SampleFile | NotCheckedError | None = None
    deletion: Probe | None = None

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        base: str | None = None,
    ) -> Probe:
        """Sends one request to `path` behind `base`, by default the address of this visitor.

        It does not repeat a request and follows no redirect. Raises NoAnswerError, and FailedError at the limit.
        """
        if self.requests >= self.max_requests:
            raise FailedError(f"stopped after {self.max_requests} requests")
        self.requests += 1
        url = (self.url.rstrip("/") if base is None else base) + path
        return probe(url, self.deadline, method=method, headers=headers, data=data)

    def post(self, path: str, body: Any) -> Probe:
        """Sends `body` as JSON by POST."""
        return self.ask(path, method="POST", headers=JSON_TYPE, data=json.dumps(body).encode())

    def log_in(self, account: Account) -> Probe:
        """The answer to a login, asked once for each account."""
        if account.email not in self._logins:
            body = {"email": account.email, "password": account.password}
            self._logins[account.email] = self.post(self.paths.login, body)
        return self._logins[account.email]

    def tokens(self, account: Account | None, what: str = "test account") -> dict[str, Any]:
        """The body of a login that gave an `access_token`. Raises NotCheckedError for any other."""
        if account is None:
            raise NotCheckedError(f"no {what}")
        answer = self.log_in(account)
        if answer.status != 200 or not isinstance(answer.field("access_token"), str):
            raise NotCheckedError(f"the login of the {what} answered {answer.status} without a token")
        return answer.body

    def owned_items(self, token: str) -> Probe:
        """The answer to the list of the account's own items."""
        return self.ask(self.paths.owned_list or "", headers=bearer(token))

    def first_own_id(self) -> str:
        """The id of an item that the test account owns. Raises NotCheckedError."""
        if self.paths.owned_list is None:
            raise NotCheckedError(
                "the settings have no `smoke.upload_into`, which names a list of the account's own items"
            )
        answer = self.owned_items(self.tokens(self.account)["access_token"])
        identity = first_id(answer.field(self.paths.owned_items))
        if not identity:
            raise NotCheckedError(f"the test account has nothing in {self.paths.owned_items}")
        return identity

    def upload(self, token: str, identity: str, name: str, kind: str, content: bytes) -> Probe:
        """The answer to the upload of one file as the field `file` of a form; `kind` is its media type."""
        boundary = uuid4().hex
        part = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {kind}'
        data = f"--{boundary}\r\n{part}\r\n\r\n".encode() + content + f"\r\n--{boundary}--\r\n".encode()
        headers = {**bearer(token), "Content-Type": f"multipart/form-data; boundary={boundary}"}
        target = (self.paths.upload or "").replace("{id}", identity)
        return self.ask(target, method="POST", headers=headers, data=data)


def is_address(url: str) -> bool:
    """Whether the text is an http or https address without user, query and fragment, so that a path can follow it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    is_host = _HOST.fullmatch(parts.hostname or "") is not None and "@" not in parts.netloc
    return parts.scheme in ("http", "https") and is_host and port != 0 and re.search(r"[?#\s]", url) is None


def bearer(token: str) -> dict[str, str]:
    """The header for a token; no header for an empty token, which some applications issue."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def first_id(items: Any) -> str:
    """The id of the first item of a list; empty if it cannot be a part of a path."""
    first = items[0] if isinstance(items, list) and items else None
    return id_text(first.get("id")) if isinstance(first, dict) else ""


def id_text(value: Any) -> str:
    """An id as text; empty if it cannot be a part of a path."""
    identity = str(value)
    return identity if isinstance(value, str | int) and identity.replace("-", "").isalnum() else ""
