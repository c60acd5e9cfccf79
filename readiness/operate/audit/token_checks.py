"""Tokens and logins: how long they live, whether they rotate, who gets in, and how often somebody may try."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator

from readiness.operate.audit.evidence import Evidence, failed, passed
from readiness.operate.audit.visitor import CheckNotPossibleError, Visitor, bearer, claims, lifetime_seconds

ACCESS_SECONDS = 30 * 60
REFRESH_SECONDS = 7 * 86_400
ATTEMPTS = 5
WINDOW_SECONDS = 15 * 60
_REFUSED = frozenset({401, 403})


def token_expiry(visitor: Visitor) -> Iterator[Evidence]:
    """The access token ends after 30 minutes at the latest, by its own words."""
    how = f"token-expiry: {visitor.url}"
    seconds = lifetime_seconds(visitor.log_in(visitor.account)["access_token"])
    if seconds is None:
        yield failed(how, "the access token has no exp and iat: nothing says that it ends")
    elif seconds > ACCESS_SECONDS:
        yield failed(how, f"the access token lives {seconds / 60:g} min, more than {ACCESS_SECONDS // 60}")
    else:
        yield passed(how, f"the access token lives {seconds / 60:g} min")


def refresh_rotation(visitor: Visitor) -> Iterator[Evidence]:
    """A refresh token works once, and ends after seven days at the latest."""
    how = f"refresh-rotation: {visitor.url}"
    first = visitor.log_in(visitor.account).get("refresh_token")
    if not isinstance(first, str):
        raise CheckNotPossibleError("the login gives no refresh token")
    answer = visitor.post(visitor.paths.refresh, {"refresh_token": first})
    second = answer.body.get("refresh_token") if isinstance(answer.body, dict) else None
    if answer.status != 200 or not isinstance(second, str):
        yield failed(how, f"{visitor.paths.refresh} answered {answer.status} without a new refresh token")
        return
    again = visitor.post(visitor.paths.refresh, {"refresh_token": first})
    seconds = lifetime_seconds(first)
    if second == first:
        yield failed(how, "the refresh token stays the same")
    elif again.status not in _REFUSED:
        yield failed(how, f"a refresh token that was used is answered with {again.status} the second time")
    elif seconds is not None and seconds > REFRESH_SECONDS:
        yield failed(how, f"the refresh token lives {seconds / 86_400:g} days, more than {REFRESH_SECONDS // 86_400}")
    else:
        life = "" if seconds is None else f", and lives {seconds / 86_400:g} days"
        yield passed(how, f"a refresh token works once{life}")


def endpoint_authentication(visitor: Visitor) -> Iterator[Evidence]:
    """What belongs to a user is refused without a token."""
    how = f"endpoint-authentication: {visitor.url}"
    paths = [path for path in (visitor.paths.me, visitor.paths.owned_list) if path]
    bad = [f"{path} answered {status}" for path in paths if (status := visitor.ask(path).status) not in _REFUSED]
    for each in bad:
        yield failed(how, f"without a token {each}")
    if not bad:
        yield passed(how, f"{', '.join(paths)} refuse to answer without a token")


def forged_token(visitor: Visitor) -> Iterator[Evidence]:
    """A token without a signature, or with another's, is none."""
    how = f"forged-token: {visitor.url}"
    real = visitor.log_in(visitor.account)["access_token"]
    parts = real.split(".")
    if len(parts) != 3:
        raise CheckNotPossibleError("the access token is no JWT")
    signature = ("A" if parts[2][:1] != "A" else "B") + parts[2][1:]
    forged = {
        "alg none": f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{_encoded(claims(real))}.",
        "another signature": ".".join([*parts[:2], signature]),
    }
    if visitor.ask(visitor.paths.me, headers=bearer(real)).status != 200:
        raise CheckNotPossibleError(f"{visitor.paths.me} refuses the real token too")
    bad = False
    for what, token in forged.items():
        status = visitor.ask(visitor.paths.me, headers=bearer(token)).status
        if status not in _REFUSED:
            bad = True
            yield failed(how, f"a token with {what} is answered with {status}")
    if not bad:
        yield passed(how, f"refused: {', '.join(forged)}")


def own_data(visitor: Visitor) -> Iterator[Evidence]:
    """What one user has, another one cannot read."""
    how = f"own-data: {visitor.url}"
    stranger = visitor.log_in(visitor.other, "second test account")["access_token"]
    path = f"{str(visitor.paths.owned_list).partition('?')[0].rstrip('/')}/{visitor.first_own_id()}"
    status = visitor.ask(path, headers=bearer(stranger)).status
    if status in (401, 403, 404):
        yield passed(how, f"what the first account has is answered to the second with {status}")
    else:
        yield failed(how, f"the second account reads what the first one has: {status}")


def login_rate_limit(visitor: Visitor) -> Iterator[Evidence]:
    """Six wrong logins for an address that does not exist: the sixth is put off. No account can be locked by it."""
    how = f"login-rate-limit: {visitor.url}"
    nobody = {"email": f"readiness-audit-{uuid.uuid4().hex[:8]}@example.com", "password": "not-a-password"}
    for attempt in range(1, ATTEMPTS + 2):
        answer = visitor.post(visitor.paths.login, nobody)
        if answer.status == 429:
            wait = answer.headers.get("retry-after", "")
            if wait.isdigit() and int(wait) > WINDOW_SECONDS:
                yield failed(how, f"put off for {wait} s, longer than {WINDOW_SECONDS}")
            else:
                yield passed(how, f"attempt {attempt} is put off (429)")
            return
        if answer.status >= 500:
            yield failed(how, f"attempt {attempt} is answered with {answer.status}")
            return
    yield failed(how, f"{ATTEMPTS + 1} wrong logins in a row, and none is put off")


def _encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
