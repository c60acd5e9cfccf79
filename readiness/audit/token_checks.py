"""Checks of tokens and logins: lifetime, rotation, authentication, and the limit of login attempts."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from typing import Any

from readiness.live.application import Visitor, bearer
from readiness.live.rows import NotCheckedError, Observation, Outcome, judged

ACCESS_SECONDS = 30 * 60
REFRESH_SECONDS = 7 * 86_400
ATTEMPTS = 5
WINDOW_SECONDS = 15 * 60
_REFUSED = frozenset({401, 403})


def token_expiry(visitor: Visitor) -> Iterator[Observation]:
    """The access token expires after at most 30 minutes, according to its claims."""
    seconds = lifetime_seconds(visitor.tokens(visitor.account)["access_token"])
    if seconds is None:
        yield Outcome.FAIL, "the access token has no exp and iat, so it may never expire"
    elif seconds > ACCESS_SECONDS:
        yield Outcome.FAIL, f"the access token is valid for {seconds / 60:g} min, more than {ACCESS_SECONDS // 60}"
    else:
        yield Outcome.PASS, f"the access token is valid for {seconds / 60:g} min"


def refresh_rotation(visitor: Visitor) -> Iterator[Observation]:
    """A refresh token works once, and expires after at most seven days."""
    first = visitor.tokens(visitor.account).get("refresh_token")
    if not isinstance(first, str):
        raise NotCheckedError("the login returns no refresh token")
    answer = visitor.post(visitor.paths.refresh, {"refresh_token": first})
    second = answer.field("refresh_token")
    if answer.status != 200 or not isinstance(second, str):
        yield Outcome.FAIL, f"{visitor.paths.refresh} answered {answer.status} without a new refresh token"
        return
    again = visitor.post(visitor.paths.refresh, {"refresh_token": first})
    seconds = lifetime_seconds(first)
    life = "" if seconds is None else f"is valid for {seconds / 86_400:g} days"
    if second == first:
        yield Outcome.FAIL, "a refresh returns the same refresh token"
    elif again.status not in _REFUSED:
        yield Outcome.FAIL, f"a used refresh token is answered with {again.status} the second time"
    elif seconds is not None and seconds > REFRESH_SECONDS:
        yield Outcome.FAIL, f"the refresh token {life}, more than {REFRESH_SECONDS // 86_400}"
    else:
        yield Outcome.PASS, f"a refresh token works once{f', and {life}' if life else ''}"


def endpoint_authentication(visitor: Visitor) -> list[Observation]:
    """Paths with data of a user refuse a request without a token."""
    paths = [path for path in (visitor.paths.me, visitor.paths.owned_list) if path]
    statuses = {path: visitor.ask(path).status for path in paths}
    faults = [
        f"without a token {path} answered {status}" for path, status in statuses.items() if status not in _REFUSED
    ]
    return judged(faults, f"{', '.join(paths)} refuse to answer without a token")


def forged_token(visitor: Visitor) -> list[Observation]:
    """The application refuses a token without a signature or with a wrong signature."""
    real = visitor.tokens(visitor.account)["access_token"]
    parts = real.split(".")
    if len(parts) != 3:
        raise NotCheckedError("the access token is not a JWT")
    signature = ("A" if parts[2][:1] != "A" else "B") + parts[2][1:]
    forged = {
        "alg none": f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{_encoded(claims(real))}.",
        "another signature": ".".join([*parts[:2], signature]),
    }
    if visitor.ask(visitor.paths.me, headers=bearer(real)).status != 200:
        raise NotCheckedError(f"{visitor.paths.me} refuses the real token too")
    statuses = {what: visitor.ask(visitor.paths.me, headers=bearer(token)).status for what, token in forged.items()}
    faults = [
        f"a token with {what} is answered with {status}" for what, status in statuses.items() if status not in _REFUSED
    ]
    return judged(faults, f"refused: {', '.join(forged)}")


def own_data(visitor: Visitor) -> Iterator[Observation]:
    """A user cannot read an item of another user."""
    stranger = visitor.tokens(visitor.other, "second test account")["access_token"]
    path = f"{str(visitor.paths.owned_list).partition('?')[0].rstrip('/')}/{visitor.first_own_id()}"
    status = visitor.ask(path, headers=bearer(stranger)).status
    if status in (401, 403, 404):
        yield Outcome.PASS, f"the second account gets {status} for an item of the first"
    else:
        yield Outcome.FAIL, f"the second account can read an item of the first: {status}"


def login_rate_limit(visitor: Visitor) -> Iterator[Observation]:
    """The sixth wrong login within the window is refused. The e-mail address does not exist: no account is locked."""
    nobody = {"email": f"readiness-audit-{uuid.uuid4().hex[:8]}@example.com", "password": "not-a-password"}
    for attempt in range(1, ATTEMPTS + 2):
        answer = visitor.post(visitor.paths.login, nobody)
        if answer.status == 429:
            wait = answer.headers.get("retry-after", "")
            if wait.isdigit() and int(wait) > WINDOW_SECONDS:
                yield Outcome.FAIL, f"blocked for {wait} s, longer than {WINDOW_SECONDS}"
            else:
                yield Outcome.PASS, f"attempt {attempt} is refused (429)"
            return
        if answer.status >= 500:
            yield Outcome.FAIL, f"attempt {attempt} is answered with {answer.status}"
            return
    yield Outcome.FAIL, f"{ATTEMPTS + 1} wrong logins in a row, and none is refused"


def claims(token: str) -> dict[str, Any]:
    """The claims of a JWT, unverified; empty if the text is not a JWT."""
    parts = token.split(".")
    try:
        found = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def lifetime_seconds(token: str) -> float | None:
    """`exp` minus `iat` of a JWT; None if one of them is missing."""
    found = claims(token)
    start, end = found.get("iat"), found.get("exp")
    return end - start if isinstance(start, int | float) and isinstance(end, int | float) else None


def _encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
