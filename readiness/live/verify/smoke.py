"""Trying the application out as a person would: log in with a test account, upload a small file.

At most three requests, none of them repeated: the application limits logins and uploads, and a repeated upload would
be a second file. Neither the account nor an answer's text ever stands in a row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readiness.delivered.http_client import NoAnswerError
from readiness.live.verify.deadline import Deadline
from readiness.live.verify.probe import Probe, file_form, probe
from readiness.live.verify.rows import NotCheckedError, Row, failed, not_checked, passed
from readiness.settings.services import Service, Smoke, UploadInto

LOGIN, UPLOAD = "smoke: login", "smoke: upload"
EMAIL_VARIABLE, PASSWORD_VARIABLE = "READINESS_SMOKE_EMAIL", "READINESS_SMOKE_PASSWORD"
FILE_NAME = "readiness-smoke-test.txt"
# Over the 100 bytes that an upload of the first customer must have, far under any limit.
FILE_TEXT = "Smoke test of a deployment, made by `readiness verify --smoke`. It may be deleted.\n" * 2


class _StepError(Exception):
    """What a step found instead of what it expected."""


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Account:
    """A test account of the application."""

    email: str
    password: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Account:
        """Raises NotCheckedError where one of the two variables is missing."""
        email, password = environment.get(EMAIL_VARIABLE), environment.get(PASSWORD_VARIABLE)
        if not email or not password:
            raise NotCheckedError(f"no test account: set {EMAIL_VARIABLE} and {PASSWORD_VARIABLE}")
        return cls(email=email, password=password)


def smoke_rows(service: Service, smoke: Smoke, account: Account, deadline: Deadline) -> list[Row]:
    """A row for the login and one for the upload."""
    base = service.url.rstrip("/")
    try:
        token = _log_in(base + smoke.login_path, account, deadline)
    except (_StepError, NoAnswerError) as error:
        return [
            failed(LOGIN, service.name, str(error)),
            not_checked(UPLOAD, service.name, "nobody is logged in"),
        ]
    rows = [passed(LOGIN, service.name, "the test account got a token")]
    bearer = {"Authorization": f"Bearer {token}"}
    try:
        target = smoke.upload_path
        if smoke.upload_into is not None:
            target = target.replace("{id}", _first_id(base, smoke.upload_into, bearer, deadline))
        rows.append(passed(UPLOAD, service.name, _upload(base + target, bearer, deadline)))
    except (_StepError, NoAnswerError) as error:
        rows.append(failed(UPLOAD, service.name, str(error)))
    return rows


def _log_in(url: str, account: Account, deadline: Deadline) -> str:
    body = json.dumps({"email": account.email, "password": account.password}).encode()
    answer = probe(url, deadline, method="POST", headers={"Content-Type": "application/json"}, data=body)
    token = answer.body.get("access_token") if isinstance(answer.body, dict) else None
    if answer.status != 200 or not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise _StepError(f"answered {_status(answer)} without a token")
    return token


def _first_id(base: str, into: UploadInto, bearer: Mapping[str, str], deadline: Deadline) -> str:
    answer = probe(base + into.list_path, deadline, headers=bearer)
    items: Any = answer.body.get(into.items) if isinstance(answer.body, dict) else None
    if answer.status != 200 or not isinstance(items, list):
        raise _StepError(f"the list {into.items} answered {_status(answer)} without a list")
    if not items:
        raise _StepError(f"the test account has nothing in {into.items} to upload into: make one for it, once")
    # It becomes a part of a path: only the form of an id may.
    identity = str(items[0].get("id")) if isinstance(items[0], dict) else ""
    if not identity or not identity.replace("-", "").isalnum():
        raise _StepError(f"the first of {into.items} has no id")
    return identity


def _upload(url: str, bearer: Mapping[str, str], deadline: Deadline) -> str:
    form_headers, data = file_form(FILE_NAME, "text/plain", FILE_TEXT.encode())
    answer = probe(url, deadline, method="POST", headers={**bearer, **form_headers}, data=data)
    if answer.status not in (200, 201):
        raise _StepError(f"answered {_status(answer)}")
    return f"{len(FILE_TEXT)} bytes accepted with {answer.status}"


def _status(answer: Probe) -> str:
    return f"{answer.status} ({answer.content_type})"
