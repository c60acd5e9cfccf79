"""Checks of a service from outside: health, response time, certificate, redirect to HTTPS."""

from __future__ import annotations

import ssl
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from readiness.delivered.http_client import NoAnswerError, plain_reason
from readiness.live.rows import Row, failed, passed
from readiness.live.web import Deadline, Probe, handshake, plain_http, probe, redirect_target
from readiness.settings.model import Service
from readiness.settings.services import HealthAnswer

HEALTH, RESPONSE_TIME = "health", "response time"
CERTIFICATE, REDIRECT = "certificate", "redirect to HTTPS"
MAX_TRIES = 3
PAUSE_SECONDS = 1.0
# The check needs this much time left to report the first answer, even if the second one is as slow.
RESERVE_SECONDS = 1.0
# Our own limit: certificates of 90 days are renewed 30 days before their end; with 14 left, the renewal has failed.
LEAST_DAYS = 14
# Statuses that can change a moment later, while traffic moves to the new revision.
_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def service_rows(service: Service, limit_ms: int, deadline: Deadline, *, allow_degraded: bool) -> list[Row]:
    """Health and response time. A slow answer can be a cold start, so a second one is measured then."""
    url = service.url.rstrip("/") + service.health_path
    try:
        first = _settled_answer(url, deadline)
    except NoAnswerError as error:
        return [failed(check, service.name, str(error)) for check in (HEALTH, RESPONSE_TIME)]
    rows = [health_row(service, first, allow_degraded=allow_degraded)]
    seconds = first.seconds
    if first.status == 200 and seconds * 1000 > limit_ms:
        seconds = min(seconds, _second_seconds(url, deadline, seconds))
    text = f"{seconds * 1000:.0f} ms, the limit is {limit_ms} ms"
    rows.append((passed if seconds * 1000 <= limit_ms else failed)(RESPONSE_TIME, service.name, text))
    return rows


def health_row(service: Service, answer: Probe, *, allow_degraded: bool) -> Row:
    """The row for a health answer. With --allow-degraded, the known degraded answer passes too."""
    rule, body = service.health_answer, answer.body
    if answer.status != 200:
        status = answer.field("status")
        said = f", status {status!r}" if rule is not None and isinstance(status, str) else ""
        return failed(HEALTH, service.name, f"answered {answer.status}{said}")
    if rule is None:
        return passed(HEALTH, service.name, "answered 200")
    if body is None:
        return failed(HEALTH, service.name, f"answered 200 without readable JSON ({answer.content_type})")
    found = value_at(body, rule.json_path)
    if found == rule.healthy:
        return passed(HEALTH, service.name, f"answered 200, {rule.json_path} is {found!r}")
    text = f"answered 200, but {rule.json_path} is {found!r} instead of {rule.healthy!r}"
    if not _is_known_degraded(rule, body, found):
        return failed(HEALTH, service.name, text)
    if allow_degraded:
        return passed(HEALTH, service.name, f"the known degraded answer, allowed: {rule.json_path} is {found!r}")
    return failed(HEALTH, service.name, text, "this is the known degraded answer: --allow-degraded accepts it")


def certificate_rows(name: str, url: str, deadline: Deadline, *, now: datetime) -> list[Row]:
    """One row: trusted, for this name, and not about to expire; the days left are counted from `now`.

    The context is the machine's default: it uses `SSL_CERT_FILE`, and TLS 1.2 is the minimum version.
    """
    try:
        certificate, version = handshake(url, ssl.create_default_context(), deadline)
    except ssl.SSLCertVerificationError as error:
        return [failed(CERTIFICATE, name, f"refused: {error.verify_message}")]
    except OSError as error:
        return [failed(CERTIFICATE, name, f"no TLS connection ({plain_reason(error, url)})")]
    days = (ssl.cert_time_to_seconds(str(certificate.get("notAfter", ""))) - now.timestamp()) / 86_400
    text = f"valid for {int(days)} days ({version})"
    if days < LEAST_DAYS:
        return [failed(CERTIFICATE, name, text, f"fewer than {LEAST_DAYS} days: check why it is not renewed")]
    return [passed(CERTIFICATE, name, text)]


def redirect_rows(service: Service, deadline: Deadline) -> list[Row]:
    """One row: a request without TLS must be redirected to the service's HTTPS address."""
    asked = plain_http(service.url)
    answer = probe(asked, deadline)
    target = redirect_target(asked, answer)
    if answer.status not in _REDIRECTS:
        return [failed(REDIRECT, service.name, f"{asked} answered {answer.status} instead of redirecting")]
    if urlsplit(target).scheme != "https":
        return [failed(REDIRECT, service.name, f"{asked} leads to {target}, which is not HTTPS")]
    return [passed(REDIRECT, service.name, f"{answer.status} to {target}")]


def value_at(body: Any, json_path: str) -> Any:
    """The value at `$.a.b` of a JSON body; None where the path leads nowhere."""
    for key in json_path.split(".")[1:]:
        body = body.get(key) if isinstance(body, dict) else None
    return body


def _is_known_degraded(rule: HealthAnswer, body: Any, found: Any) -> bool:
    known = rule.known_degraded
    return known is not None and found == known.value and known.because in _texts(body)


def _texts(body: Any) -> str:
    """Every text of a JSON body, each on its line."""
    if isinstance(body, dict):
        body = list(body.values())
    if isinstance(body, list):
        return "\n".join(_texts(value) for value in body)
    return body if isinstance(body, str) else ""


def _settled_answer(url: str, deadline: Deadline) -> Probe:
    """The first answer that is unlikely to change soon, or the last of `MAX_TRIES`. Raises NoAnswerError."""
    for tries_left in range(MAX_TRIES - 1, -1, -1):
        started = deadline.now_seconds()
        try:
            found = probe(url, deadline)
        except NoAnswerError as error:
            found = error
        # The next try can take as long as this one; keep this answer if the limit would end the next try.
        next_seconds = PAUSE_SECONDS + deadline.now_seconds() - started
        is_last = not tries_left or deadline.seconds_left() < next_seconds
        if isinstance(found, Probe) and (is_last or found.status not in _TRY_AGAIN):
            return found
        if isinstance(found, NoAnswerError) and is_last:
            raise found
        deadline.sleep(PAUSE_SECONDS)
    raise AssertionError("unreachable: the last try returns or raises")


def _second_seconds(url: str, deadline: Deadline, first_seconds: float) -> float:
    """Seconds of a second answer; those of the first if the second one fails or comes too late."""
    try:
        second = probe(url, deadline.earlier(RESERVE_SECONDS))
    except NoAnswerError:
        return first_seconds
    return second.seconds if second.status == 200 else first_seconds
