"""A service seen from outside: its health, its response time, and that plain HTTP leads to HTTPS."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin, urlsplit

from readiness.delivered.http_client import NoAnswerError
from readiness.live.verify.deadline import Deadline
from readiness.live.verify.probe import Probe, plain_http, probe
from readiness.live.verify.rows import Row, failed, passed
from readiness.settings.services import HealthAnswer, Service

HEALTH, RESPONSE_TIME, REDIRECT = "health", "response time", "redirect to HTTPS"
MAX_TRIES = 3
PAUSE_SECONDS = 1.0
# A second answer that is as slow as the first must not cost the rows that the first one gave.
RESERVE_SECONDS = 1.0
# What may be different a moment later, while traffic moves to the new revision.
_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def health_url(service: Service) -> str:
    """The address that is asked for the service's health."""
    return service.url.rstrip("/") + service.health_path


def service_rows(service: Service, limit_ms: int, deadline: Deadline, *, allow_degraded: bool) -> list[Row]:
    """Health and response time. A slow answer may be the start of an instance: then a second one is measured."""
    url = health_url(service)
    try:
        first = _ask_until_it_stands(url, deadline)
    except NoAnswerError as error:
        return [failed(check, service.name, str(error)) for check in (HEALTH, RESPONSE_TIME)]
    rows = [health_row(service, first, allow_degraded=allow_degraded)]
    seconds = first.seconds
    if first.status == 200 and seconds * 1000 > limit_ms:
        seconds = min(seconds, _again(url, deadline, seconds))
    text = f"{seconds * 1000:.0f} ms, the limit is {limit_ms} ms"
    rows.append((passed if seconds * 1000 <= limit_ms else failed)(RESPONSE_TIME, service.name, text))
    return rows


def health_row(service: Service, answer: Probe, *, allow_degraded: bool) -> Row:
    """What the answer says. A degraded one passes only on request, and only where it is the known one."""
    if answer.status != 200:
        return failed(HEALTH, service.name, f"answered {answer.status}{_said(service.health_answer, answer)}")
    rule = service.health_answer
    if rule is None:
        return passed(HEALTH, service.name, "answered 200")
    if answer.body is None:
        return failed(HEALTH, service.name, f"answered 200 without readable JSON ({answer.content_type})")
    found = value_at(answer.body, rule.json_path)
    if found == rule.healthy:
        return passed(HEALTH, service.name, f"answered 200, {rule.json_path} is {found!r}")
    text = f"answered 200, but {rule.json_path} is {found!r} instead of {rule.healthy!r}"
    if not _is_known_degraded(rule, answer.body, found):
        return failed(HEALTH, service.name, text)
    if allow_degraded:
        return passed(HEALTH, service.name, f"degraded in the known way, allowed: {rule.json_path} is {found!r}")
    return failed(HEALTH, service.name, f"{text}: the known degraded answer, see docs/health-check-change.md")


def redirect_rows(service: Service, deadline: Deadline) -> list[Row]:
    """One row: asked without TLS, the service must send every visitor to its HTTPS address."""
    asked = plain_http(service.url)
    answer = probe(asked, deadline)
    target = urljoin(asked, answer.headers.get("location", ""))
    if answer.status not in _REDIRECTS:
        return [failed(REDIRECT, service.name, f"{asked} answered {answer.status} instead of redirecting")]
    if urlsplit(target).scheme != "https":
        return [failed(REDIRECT, service.name, f"{asked} leads to {target}, which is not HTTPS")]
    return [passed(REDIRECT, service.name, f"{answer.status} to {target}")]


def value_at(body: Any, json_path: str) -> Any:
    """What stands at `$.a.b` of a JSON body; None where the path leads nowhere."""
    for key in json_path.split(".")[1:]:
        body = body.get(key) if isinstance(body, dict) else None
    return body


def _is_known_degraded(rule: HealthAnswer, body: Any, found: Any) -> bool:
    known = rule.known_degraded
    return known is not None and found == known.value and known.because in _texts(body)


def _texts(body: Any) -> str:
    """Every text of a JSON body, one a line."""
    if isinstance(body, dict):
        return "\n".join(_texts(each) for each in body.values())
    if isinstance(body, list):
        return "\n".join(_texts(each) for each in body)
    return body if isinstance(body, str) else ""


def _said(rule: HealthAnswer | None, answer: Probe) -> str:
    status = answer.body.get("status") if isinstance(answer.body, dict) else None
    return f", status {status!r}" if rule is not None and isinstance(status, str) else ""


def _ask_until_it_stands(url: str, deadline: Deadline) -> Probe:
    """The first answer that is no passing trouble, or the last of `MAX_TRIES`. Raises NoAnswerError."""
    for tries_left in range(MAX_TRIES - 1, -1, -1):
        started = deadline.now_seconds()
        try:
            found = probe(url, deadline)
        except NoAnswerError as error:
            found = error
        # The next try may take as long as this one, and what is known now must not be lost to the limit.
        next_seconds = PAUSE_SECONDS + deadline.now_seconds() - started
        is_last = not tries_left or deadline.seconds_left() < next_seconds
        if isinstance(found, Probe) and (is_last or found.status not in _TRY_AGAIN):
            return found
        if isinstance(found, NoAnswerError) and is_last:
            raise found
        deadline.sleep(PAUSE_SECONDS)
    raise AssertionError("unreachable: the last try returns or raises")


def _again(url: str, deadline: Deadline, first_seconds: float) -> float:
    """Seconds of a second answer; the first one's where the service has stopped answering well, or in time."""
    try:
        second = probe(url, deadline.earlier(RESERVE_SECONDS))
    except NoAnswerError:
        return first_seconds
    return second.seconds if second.status == 200 else first_seconds
