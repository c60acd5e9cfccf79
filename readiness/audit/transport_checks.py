"""How the application is reached: TLS, HTTPS, headers, other origins, and what its errors tell."""

from __future__ import annotations

import re
import ssl
import warnings
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from readiness.audit.evidence import Observation, Verdict, judged
from readiness.audit.visitor import JSON_TYPE, Visitor
from readiness.delivered.http_client import tls_handshake
from readiness.live.verify.probe import Probe, plain_http
from readiness.live.verify.rows import NotCheckedError

ORIGIN = "https://attacker.example"
# A year: what browsers' preload lists ask for (hstspreload.org).
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


def tls_versions(visitor: Visitor) -> Iterator[Observation]:
    """TLS 1.2 or later is spoken, and nothing older."""
    _need_https(visitor)
    spoken = _handshake(visitor, ssl.TLSVersion.TLSv1_2, None)
    if spoken is None:
        yield Verdict.FAIL, "no handshake with TLS 1.2 or later"
        return
    old = _handshake(visitor, ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
    if old:
        yield Verdict.FAIL, f"{old} is accepted"
    else:
        yield Verdict.PASS, f"{spoken}; nothing older than TLS 1.2"


def https_redirect(visitor: Visitor) -> Iterator[Observation]:
    """Without TLS there is a redirect to HTTPS and nothing else."""
    _need_https(visitor)
    asked = plain_http(visitor.url)
    answer = visitor.ask("", base=asked)
    target = urljoin(asked, answer.headers.get("location", ""))
    if 300 <= answer.status < 400 and urlsplit(target).scheme == "https":
        yield Verdict.PASS, f"{answer.status} to HTTPS"
    else:
        yield Verdict.FAIL, f"plain HTTP is answered with {answer.status}"


def strict_transport(visitor: Visitor) -> Iterator[Observation]:
    """Browsers are told to stay with HTTPS for a year."""
    value = visitor.ask("/").headers.get("strict-transport-security", "")
    age = re.search(r"max-age=\"?(\d+)", value)
    if age is None:
        yield Verdict.FAIL, "no Strict-Transport-Security"
    elif int(age.group(1)) < LEAST_MAX_AGE_SECONDS:
        yield Verdict.FAIL, f"Strict-Transport-Security ends after {age.group(1)} s, before a year"
    else:
        yield Verdict.PASS, "Strict-Transport-Security for a year or more"


def content_headers(visitor: Visitor) -> list[Observation]:
    """Browsers do not guess a type, and no page of others frames this one."""
    headers = visitor.ask("/").headers
    missing = []
    if headers.get("x-content-type-options", "").lower() != "nosniff":
        missing.append("X-Content-Type-Options: nosniff")
    if "frame-ancestors" not in headers.get("content-security-policy", "") and not headers.get("x-frame-options"):
        missing.append("Content-Security-Policy with frame-ancestors, or X-Frame-Options")
    return judged([f"missing: {'; '.join(missing)}"] if missing else [], "nosniff, and framing is limited")


def cors(visitor: Visitor) -> list[Observation]:
    """A page of a stranger may not read answers in the name of a user; asked plainly and by a preflight."""
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
    """Errors, and the open health answer, tell nothing of the inside."""
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
    """The version that both sides agree on. The certificate is another check's: `readiness verify`."""
    parts = urlsplit(visitor.url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        # Old versions are what is asked for.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = least
        if most is not None:
            context.maximum_version = most
            # OpenSSL itself would refuse to offer them at its usual level.
            context.set_ciphers("ALL:@SECLEVEL=0")
    seconds = visitor.deadline.request_seconds()
    try:
        _, version = tls_handshake(parts.hostname or "", parts.port or 443, context, timeout_seconds=seconds)
    except OSError:
        return None
    return version
