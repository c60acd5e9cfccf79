"""How the application is asked from outside: at an address that was given, with a bounded number of requests."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from readiness.live.verify.deadline import Deadline
from readiness.live.verify.probe import Probe, probe
from readiness.live.verify.rows import NotCheckedError
from readiness.live.verify.smoke import Account

# Over all checks of one address: what they need, and one for each that is repeated.
MAX_REQUESTS = 40
# A name, or an address of version 4 or 6, as urlsplit gives it: in lower case, without brackets.
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]*:[0-9a-f:.]*")
DEFAULT_LOGIN_PATH = "/api/v1/auth/login"
JSON_TYPE = {"Content-Type": "application/json"}


class TooManyRequestsError(Exception):
    """The bound was reached: a check would have gone on asking."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Paths:
    """Where the application has what is asked. `owned_list` is None where no list of one's own things is known."""

    login: str = DEFAULT_LOGIN_PATH
    upload: str | None = None
    owned_list: str | None = None
    owned_items: str = ""
    health: str = "/health"

    @property
    def refresh(self) -> str:
        """Where a refresh token is exchanged: beside the login."""
        return f"{self.login.rpartition('/')[0]}/refresh"

    @property
    def me(self) -> str:
        """Who the token's user is: beside the login."""
        return f"{self.login.rpartition('/')[0]}/me"


@dataclass(kw_only=True)
class Visitor:
    """One visit of one address. `account` and `other` are test accounts; None where there is none."""

    url: str
    paths: Paths
    deadline: Deadline
    account: Account | None = None
    other: Account | None = None
    upload_limit_mb: int = 30
    requests: int = 0
    _tokens: dict[str, dict[str, Any]] = field(default_factory=dict)

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        base: str | None = None,
    ) -> Probe:
        """One request to a path behind `base`, which is the address that was given unless another is named.

        It is never repeated, and no redirect is followed. Raises NoAnswerError, TooManyRequestsError.
        """
        if self.requests >= MAX_REQUESTS:
            raise TooManyRequestsError(f"stopped after {MAX_REQUESTS} requests")
        self.requests += 1
        url = (self.url.rstrip("/") if base is None else base) + path
        return probe(url, self.deadline, method=method, headers=headers, data=data)

    def post(self, path: str, body: Any) -> Probe:
        """JSON by POST."""
        return self.ask(path, method="POST", headers=JSON_TYPE, data=json.dumps(body).encode())

    def log_in(self, account: Account | None, what: str = "test account") -> dict[str, Any]:
        """The answer of a login with its tokens, asked once an account. Raises NotCheckedError."""
        if account is None:
            raise NotCheckedError(f"no {what}")
        if account.email not in self._tokens:
            answer = self.post(self.paths.login, {"email": account.email, "password": account.password})
            body = answer.body if isinstance(answer.body, dict) else {}
            if answer.status != 200 or not isinstance(body.get("access_token"), str):
                raise NotCheckedError(f"the login of the {what} answered {answer.status} without a token")
            self._tokens[account.email] = body
        return self._tokens[account.email]

    def first_own_id(self) -> str:
        """The id of something that the test account has. Raises NotCheckedError."""
        if self.paths.owned_list is None:
            raise NotCheckedError("no `smoke.upload_into` in the settings names a list of one's own things")
        token = self.log_in(self.account)["access_token"]
        answer = self.ask(self.paths.owned_list, headers=bearer(token))
        items = answer.body.get(self.paths.owned_items) if isinstance(answer.body, dict) else None
        identity = str(items[0].get("id")) if isinstance(items, list) and items and isinstance(items[0], dict) else ""
        # It becomes a part of a path: only the form of an id may.
        if not identity.replace("-", "").isalnum():
            raise NotCheckedError(f"the test account has nothing in {self.paths.owned_items}")
        return identity


def is_address(url: str) -> bool:
    """Whether it is an http or https address that paths can be put behind: no user, no query, no fragment."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    is_host = _HOST.fullmatch(parts.hostname or "") is not None and "@" not in parts.netloc
    return parts.scheme in ("http", "https") and is_host and port != 0 and re.search(r"[?#\s]", url) is None


def bearer(token: str) -> dict[str, str]:
    """The header of a token; none for an empty one, as an application may give out."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def claims(token: str) -> dict[str, Any]:
    """The claims of a JWT, unverified; empty for what is none."""
    parts = token.split(".")
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def lifetime_seconds(token: str) -> float | None:
    """`exp` less `iat` of a JWT; None where it has not both."""
    found = claims(token)
    start, end = found.get("iat"), found.get("exp")
    return end - start if isinstance(start, int | float) and isinstance(end, int | float) else None
