"""The checks of a running application at the address of `--url`: its transport and its input.

They cover TLS, HTTPS, headers, CORS, error messages, uploads, SQL injection and markup. The checks of tokens and logins
are in token_checks.py, those of every operation in api_checks.py, and those of an uploaded file in storage_checks.py.
"""

from __future__ import annotations

import re
import ssl
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from readiness.audit import api_checks, storage_checks, token_checks
from readiness.delivered.http_client import NoAnswerError
from readiness.live.application import JSON_TYPE, Paths, Visitor
from readiness.live.rows import NotCheckedError, Observation, Outcome, Row, cleaned, judged, observed, row_of_error
from readiness.live.web import Probe, handshake, plain_http, redirect_target
from readiness.secret_shapes import mask_secrets
from readiness.settings.model import Settings

Check = Callable[[Visitor], Iterable[Observation]]

ORIGIN = "https://attacker.example"
# A year, as browsers' preload lists require (hstspreload.org).
LEAST_MAX_AGE_SECONDS = 31_536_000
_LEAKS = {
    "a stack trace": re.compile(
        r"Traceback \(most recent call last\)|\bat \S+ \(\S+:\d+:\d+\)|File \"[^\"]+\", line \d+"
    ),
    "a path of the server": re.compile(r"/(usr|app|home|srv|var)/[\w./-]+\.(py|js|ts)\b"),
    "a query": re.compile(r"\b(SELECT .+ FROM|INSERT INTO|UPDATE \w+ SET)\b"),
    "the driver": re.compile(r"psycopg2|asyncpg|sqlalchemy|OperationalError|object has no attribute"),
    "an address of the database": re.compile(r"postgres(ql)?(\+\w+)?://|/cloudsql/"),
}
_REFUSED_UPLOAD = frozenset({400, 403, 413, 415, 422})
_SQL_ERROR = re.compile(r"syntax error at or near|unterminated quoted string|psycopg2|sqlalchemy", re.IGNORECASE)
_INJECTIONS = ("' OR '1'='1' --", "nobody@example.com'; SELECT pg_sleep(0); --")
_MARKUP = "<script>readiness()</script>"
# The first bytes of a Windows program; it cannot run.
_PROGRAM = b"MZ" + b"\x00" * 512


def tls_versions(visitor: Visitor) -> Iterator[Observation]:
    """The server supports TLS 1.2 or later, and no older version."""
    _need_https(visitor)
    spoken = _handshake(visitor, ssl.TLSVersion.TLSv1_2, None)
    if spoken is None:
        yield Outcome.FAIL, "no handshake with TLS 1.2 or later"
        return
    old = _handshake(visitor, ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
    if old:
        yield Outcome.FAIL, f"{old} is accepted"
    else:
        yield Outcome.PASS, f"{spoken}; nothing older than TLS 1.2"


def https_redirect(visitor: Visitor) -> Iterator[Observation]:
    """A request without TLS gets a redirect to HTTPS and nothing else."""
    _need_https(visitor)
    asked = plain_http(visitor.url)
    answer = visitor.ask("", base=asked)
    if 300 <= answer.status < 400 and urlsplit(redirect_target(asked, answer)).scheme == "https":
        yield Outcome.PASS, f"{answer.status} to HTTPS"
    else:
        yield Outcome.FAIL, f"plain HTTP is answered with {answer.status}"


def strict_transport(visitor: Visitor) -> Iterator[Observation]:
    """The application instructs browsers to use HTTPS for a year (Strict-Transport-Security)."""
    value = visitor.ask("/").headers.get("strict-transport-security", "")
    age = re.search(r"max-age=\"?(\d+)", value)
    if age is None:
        yield Outcome.FAIL, "no Strict-Transport-Security"
    elif int(age.group(1)) < LEAST_MAX_AGE_SECONDS:
        yield Outcome.FAIL, f"Strict-Transport-Security ends after {age.group(1)} s, before a year"
    else:
        yield Outcome.PASS, "Strict-Transport-Security for a year or more"


def content_headers(visitor: Visitor) -> list[Observation]:
    """The headers stop browsers from guessing a media type, and pages of others from framing this one."""
    headers = visitor.ask("/").headers
    missing = []
    if headers.get("x-content-type-options", "").lower() != "nosniff":
        missing.append("X-Content-Type-Options: nosniff")
    if "frame-ancestors" not in headers.get("content-security-policy", "") and not headers.get("x-frame-options"):
        missing.append("Content-Security-Policy with frame-ancestors, or X-Frame-Options")
    return judged([f"missing: {'; '.join(missing)}"] if missing else [], "nosniff, and framing is limited")


def cors(visitor: Visitor) -> list[Observation]:
    """Pages of unknown origins may not read answers as a user, in a simple and in a preflight request."""
    plain = visitor.ask(visitor.paths.health, headers={"Origin": ORIGIN})
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    preflight = visitor.ask(visitor.paths.login, method="OPTIONS", headers=asked)
    null = visitor.ask(visitor.paths.health, headers={"Origin": "null"})
    faults = {
        fault
        for answer, origin in ((plain, ORIGIN), (preflight, ORIGIN), (null, "null"))
        for fault in _cors_faults(answer, origin)
    }
    return judged(sorted(faults), "an unknown origin, and `null`, are not allowed")


def error_bodies(visitor: Visitor) -> list[Observation]:
    """Error messages and the public health answer show no internal details."""
    asked = {
        "an unknown path": visitor.ask("/readiness-audit-no-such-path"),
        "broken JSON": visitor.ask(visitor.paths.login, method="POST", headers=JSON_TYPE, data=b'{"email": '),
        "a wrong type": visitor.post(visitor.paths.login, {"email": {"a": 1}, "password": ["x"]}),
        "the health answer": visitor.ask(visitor.paths.health),
    }
    faults: list[str] = []
    for what, answer in asked.items():
        leaks = [leak for leak, pattern in _LEAKS.items() if pattern.search(answer.text)]
        faults += [f"the answer to {what} ({answer.status}) shows {leak}" for leak in leaks]
        if answer.status >= 500 and what != "the health answer":
            faults.append(f"{what} is answered with {answer.status}: the input is not checked first")
    return judged(faults, f"{len(asked)} answers show no trace, path, query, driver or address")


def upload_size(visitor: Visitor) -> list[Observation]:
    """A file over the limit is refused."""
    size_mb = visitor.upload_limit_mb + 1
    try:
        status = _upload(visitor, "readiness-audit.txt", "text/plain", b"x" * (size_mb * 1024 * 1024))
    except NoAnswerError as error:
        # A server may close the connection in the middle of a refused upload; other causes are possible too.
        raise NotCheckedError(f"the connection ended while sending {size_mb} MiB: {error}") from None
    return judged(_accepted(f"{size_mb} MiB are", status), f"{size_mb} MiB are refused with {status}")


def upload_type(visitor: Visitor) -> list[Observation]:
    """A program is refused, by its name and by its content."""
    tried = {
        "a program": ("readiness-audit.exe", "application/octet-stream"),
        "a program named .pdf": ("readiness-audit.pdf", "application/pdf"),
    }
    faults = [
        fault
        for what, (name, kind) in tried.items()
        for fault in _accepted(f"{what} is", _upload(visitor, name, kind, _PROGRAM))
    ]
    return judged(faults, f"refused: {', '.join(tried)}")


def sql_injection(visitor: Visitor) -> list[Observation]:
    """Texts that would end a string of a query are refused as input, and the database does not run them."""
    faults = []
    for text in _INJECTIONS:
        answer = visitor.post(visitor.paths.login, {"email": text, "password": text})
        if answer.status == 200:
            faults.append("a login with SQL instead of an e-mail address succeeds")
        elif answer.status >= 500 or _SQL_ERROR.search(answer.text):
            faults.append(f"SQL instead of an e-mail address is answered with {answer.status}, an internal error")
    return judged(faults, f"{len(_INJECTIONS)} texts with SQL are refused as invalid input")


def reflected_markup(visitor: Visitor) -> list[Observation]:
    """Markup in an address or a field is not returned as markup."""
    encoded = _MARKUP.replace("<", "%3C").replace(">", "%3E")
    answers = [
        visitor.ask(f"/{encoded}"),
        visitor.ask(f"/?q={encoded}"),
        visitor.post(visitor.paths.login, {"email": _MARKUP, "password": "x"}),
    ]
    reflected = any(_MARKUP in answer.text and answer.content_type == "text/html" for answer in answers)
    faults = ["a page returns a script of the request unescaped"] if reflected else []
    return judged(faults, f"{len(answers)} requests with a script: no answer returns it as markup")


# The order matters. The login limit comes last, because it blocks logins for a while. Refreshing ends a session, so it
# comes late.
BLACK_BOX_CHECKS: Mapping[str, Check] = {
    "tls-versions": tls_versions,
    "https-redirect": https_redirect,
    "strict-transport": strict_transport,
    "content-headers": content_headers,
    "cors": cors,
    "error-bodies": error_bodies,
    "token-expiry": token_checks.token_expiry,
    "endpoint-authentication": token_checks.endpoint_authentication,
    "forged-token": token_checks.forged_token,
    "every-operation": api_checks.every_operation,
    "own-data": token_checks.own_data,
    "other-kinds-of-data": api_checks.other_kinds_of_data,
    "own-data-changes": storage_checks.own_data_changes,
    "deletion": storage_checks.deletion,
    "stored-uploads": storage_checks.stored_uploads,
    "upload-size": upload_size,
    "upload-type": upload_type,
    "reflected-markup": reflected_markup,
    "refresh-rotation": token_checks.refresh_rotation,
    "sql-injection": sql_injection,
    "login-rate-limit": token_checks.login_rate_limit,
}


def black_box_evidence(visitors: Sequence[Visitor]) -> dict[str, list[Row]]:
    """Rows by the name of the check, for all addresses. Without an address there are none."""
    return {
        name: [row for visitor in visitors for row in _run(name, check, visitor)]
        for name, check in BLACK_BOX_CHECKS.items()
    }


def paths_of(url: str, stacks: Sequence[Settings]) -> Paths:
    """The paths of the service with this address in the settings; the default paths if no service has it."""
    services = (service for settings in stacks for service in settings.services)
    return Paths.of(next((service for service in services if service.url.rstrip("/") == url.rstrip("/")), None))


def _run(name: str, check: Check, visitor: Visitor) -> list[Row]:
    try:
        return observed(name, visitor.url, check(visitor))
    except Exception as error:
        return [cleaned(row_of_error(name, visitor.url, error), mask_secrets)]


def _cors_faults(answer: Probe, origin: str) -> Iterator[str]:
    allowed = answer.headers.get("access-control-allow-origin", "")
    credentials = answer.headers.get("access-control-allow-credentials", "") == "true"
    if allowed == origin:
        yield f"the origin {origin} is allowed{', with credentials' if credentials else ''}"
    elif allowed == "*" and credentials:
        yield "every origin is allowed with credentials"


def _need_https(visitor: Visitor) -> None:
    if urlsplit(visitor.url).scheme != "https":
        raise NotCheckedError("the address given is not HTTPS")


def _handshake(visitor: Visitor, least: ssl.TLSVersion, most: ssl.TLSVersion | None) -> str | None:
    """The TLS version of a handshake, None if it fails. `readiness verify` checks the certificate, not this."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        # This check offers old versions on purpose.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = least
        if most is not None:
            context.maximum_version = most
            # OpenSSL itself would refuse to offer them at its usual level.
            context.set_ciphers("ALL:@SECLEVEL=0")
    try:
        return handshake(visitor.url, context, visitor.deadline)[1]
    except OSError:
        return None


def _upload(visitor: Visitor, name: str, kind: str, content: bytes) -> int:
    """The status of the answer to one upload."""
    if visitor.paths.upload is None:
        raise NotCheckedError("no `smoke.upload_path` in the settings")
    token = visitor.tokens(visitor.account)["access_token"]
    identity = visitor.first_own_id() if "{id}" in visitor.paths.upload else ""
    return visitor.upload(token, identity, name, kind, content).status


def _accepted(what: str, status: int) -> Iterator[str]:
    """The fault of an upload that is not refused, if there is one."""
    if status not in _REFUSED_UPLOAD:
        stored = "; delete readiness-audit.* from the test account" if status < 300 else ""
        yield f"{what} answered with {status}{stored}"
