"""The checks of a running application, in an order in which none spoils the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from readiness.audit import input_checks, token_checks, transport_checks
from readiness.audit.evidence import (
    UNKNOWN_FORM,
    Evidence,
    Observation,
    failed,
    not_checked,
    observed,
    unknown_form,
)
from readiness.audit.visitor import Paths, TooManyRequestsError, Visitor
from readiness.delivered.http_client import NoAnswerError
from readiness.live.verify.rows import NotCheckedError
from readiness.settings.model import Settings

Check = Callable[[Visitor], Iterable[Observation]]

# Logins before the login limit is tried: afterwards nobody gets in for a while. Refreshing ends a session: late.
BLACK_BOX_CHECKS: Mapping[str, Check] = {
    "tls-versions": transport_checks.tls_versions,
    "https-redirect": transport_checks.https_redirect,
    "strict-transport": transport_checks.strict_transport,
    "content-headers": transport_checks.content_headers,
    "cors": transport_checks.cors,
    "error-bodies": transport_checks.error_bodies,
    "token-expiry": token_checks.token_expiry,
    "endpoint-authentication": token_checks.endpoint_authentication,
    "forged-token": token_checks.forged_token,
    "own-data": token_checks.own_data,
    "upload-size": input_checks.upload_size,
    "upload-type": input_checks.upload_type,
    "reflected-markup": input_checks.reflected_markup,
    "refresh-rotation": token_checks.refresh_rotation,
    "sql-injection": input_checks.sql_injection,
    "login-rate-limit": token_checks.login_rate_limit,
}


def black_box_evidence(visitors: Sequence[Visitor]) -> dict[str, list[Evidence]]:
    """Evidence by the name of the check, over all addresses. Without an address there is none."""
    return {
        name: [evidence for visitor in visitors for evidence in _run(f"{name}: {visitor.url}", check, visitor)]
        for name, check in BLACK_BOX_CHECKS.items()
    }


def paths_of(url: str, stacks: Sequence[Settings]) -> Paths:
    """The paths of the service that has this address in the settings; the usual ones where none has."""
    services = (service for settings in stacks for service in settings.services)
    service = next((service for service in services if service.url.rstrip("/") == url.rstrip("/")), None)
    if service is None:
        return Paths()
    if service.smoke is None:
        return Paths(health=service.health_path)
    into = service.smoke.upload_into
    return Paths(
        login=service.smoke.login_path,
        upload=service.smoke.upload_path,
        owned_list=into.list_path if into else None,
        owned_items=into.items if into else "",
        health=service.health_path,
    )


def _run(how: str, check: Check, visitor: Visitor) -> list[Evidence]:
    try:
        return observed(how, check(visitor))
    except NotCheckedError as reason:
        return [not_checked(how, str(reason))]
    except (NoAnswerError, TooManyRequestsError) as error:
        return [failed(how, str(error))]
    except UNKNOWN_FORM as error:
        return [unknown_form(how, error)]
