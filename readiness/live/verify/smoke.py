"""The smoke test: log in with a test account, upload a small file, list it, remove it, log out.

The test repeats no request: the application limits logins and uploads, and a repeated upload would be a second file. A
row never contains the account, a token or an answer's text. A step whose path the settings lack is "not declared".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from readiness.delivered.http_client import NoAnswerError
from readiness.live.application import Account, Paths, Visitor, bearer, first_id, id_text
from readiness.live.rows import FailedError, NotCheckedError, Row, failed, not_checked, passed
from readiness.live.verify.service import value_at
from readiness.live.web import Deadline, Probe
from readiness.settings.model import Service
from readiness.settings.services import Smoke

LOGIN, UPLOAD, LISTED = "smoke: login", "smoke: upload", "smoke: list"
REMOVED, LOGOUT, REFUSED = "smoke: remove", "smoke: log out", "smoke: token after log out"
FILE_NAME = "readiness-smoke-test.txt"
# Over the 100 bytes that an upload of the first customer must have, far under any limit.
FILE_TEXT = "Smoke test of a deployment, made by `readiness verify --smoke`. It may be deleted.\n" * 2
# The first steps leave this much of the time limit, so that the test can still remove what they made.
REMOVAL_SECONDS = 3.0
# The test ends this long before the limit, so that its rows can report what was left behind.
RESERVE_SECONDS = 1.0


def smoke_rows(service: Service, account: Account, deadline: Deadline) -> list[Row]:
    """A row for each step, in the order in which they are made. `service.smoke` must not be None."""
    assert service.smoke is not None
    return _SmokeTest(service, service.smoke, deadline).rows(account)


class _SmokeTest:
    """One test of one service, with its state: the token, and the uploaded file."""

    def __init__(self, service: Service, smoke: Smoke, deadline: Deadline) -> None:
        self._service, self._smoke = service, smoke
        whole = deadline.earlier(RESERVE_SECONDS)
        self._visitor = Visitor(url=service.url, paths=Paths.of(service), deadline=whole.earlier(REMOVAL_SECONDS))
        self._last_visitor = replace(self._visitor, deadline=whole)
        self._token = ""
        self._target = ""
        # Whether the upload may exist, whether it certainly does, and its id (empty if not known).
        self._may_have_uploaded, self._has_uploaded, self._upload_id = False, False, ""

    def rows(self, account: Account) -> list[Row]:
        first = self._row(LOGIN, lambda: self._log_in(account))
        if not self._token:
            later = (UPLOAD, LISTED, REMOVED, LOGOUT)
            return [first, *(not_checked(check, self._service.name, "the login failed") for check in later)]
        rows = [first]
        for check, step in (
            (UPLOAD, self._upload),
            (LISTED, self._list),
            (REMOVED, self._remove),
            (LOGOUT, self._log_out),
        ):
            rows.append(self._row(check, step))
        if self._smoke.logout_path is not None:
            rows.append(self._row(REFUSED, lambda: self._refused(rows[-1])))
        return rows

    def _row(self, check: str, step: Callable[[], str]) -> Row:
        try:
            return passed(check, self._service.name, step())
        except NotCheckedError as reason:
            return not_checked(check, self._service.name, str(reason))
        except (FailedError, NoAnswerError) as error:
            return failed(check, self._service.name, str(error))

    def _log_in(self, account: Account) -> str:
        self._token = _token(self._visitor.log_in(account))
        return "the test account got a token"

    def _upload(self) -> str:
        visitor = self._visitor
        identity = _first_id(visitor, self._token) if visitor.paths.owned_list else ""
        self._target = (visitor.paths.upload or "").replace("{id}", identity)
        self._may_have_uploaded = True
        answer = visitor.upload(self._token, identity, FILE_NAME, "text/plain", FILE_TEXT.encode())
        if answer.status not in (200, 201):
            # After a refusal nothing is stored; after a server error it is not known.
            self._may_have_uploaded = answer.status >= 500
            raise FailedError(f"answered {_status(answer)}")
        self._has_uploaded = True
        self._upload_id = id_text(value_at(answer.body, self._smoke.uploaded_id))
        return f"{len(FILE_TEXT)} bytes accepted with {answer.status}"

    def _list(self) -> str:
        uploaded = self._smoke.uploaded
        if uploaded is None:
            raise NotCheckedError("not declared: set `smoke.uploaded` to look for the upload in its list")
        if not self._has_uploaded:
            raise NotCheckedError("nothing was uploaded")
        self._need_id()
        answer = self._visitor.ask(uploaded.list_path, headers=bearer(self._token))
        items = answer.field(uploaded.items)
        if answer.status != 200 or not isinstance(items, list):
            raise FailedError(f"the list {uploaded.items} answered {_status(answer)} without a list")
        if not any(_id_of(item) == self._upload_id for item in items):
            raise FailedError(f"the upload {self._upload_id} is not among the {len(items)} of {uploaded.items}")
        return f"the upload is among the {len(items)} of {uploaded.items}"

    def _remove(self) -> str:
        if not self._may_have_uploaded:
            raise NotCheckedError("nothing was uploaded")
        if not self._has_uploaded:
            raise FailedError(
                f"it is not known whether the upload was stored; perhaps left behind: {self._left_behind()}"
            )
        if self._smoke.delete_path is None:
            message = "not declared: set `smoke.delete_path` to remove the upload"
            raise NotCheckedError(f"{message}; left behind: {self._left_behind()}")
        self._need_id()
        path = self._smoke.delete_path.replace("{upload}", self._upload_id)
        try:
            answer = self._last_visitor.ask(path, method="DELETE", headers=bearer(self._token))
        except NoAnswerError as error:
            raise FailedError(f"{error}; perhaps left behind: {self._left_behind()}") from None
        if answer.status not in (200, 202, 204):
            raise FailedError(f"answered {_status(answer)}; left behind: {self._left_behind()}")
        return f"the upload is removed, answered {answer.status}"

    def _log_out(self) -> str:
        path = self._smoke.logout_path
        if path is None:
            raise NotCheckedError("not declared: set `smoke.logout_path` to test it; the token stays valid")
        answer = self._last_visitor.ask(path, method="POST", headers=bearer(self._token))
        if answer.status not in (200, 202, 204):
            raise FailedError(f"answered {_status(answer)}")
        return f"accepted with {answer.status}"

    def _refused(self, logged_out: Row) -> str:
        path = self._smoke.refused_after_logout_path
        if path is None:
            raise NotCheckedError(
                "not declared: set `smoke.refused_after_logout_path` to a path that must refuse the token"
            )
        if not isinstance(logged_out.found, str):
            raise NotCheckedError("the log out failed")
        answer = self._last_visitor.ask(path, headers=bearer(self._token))
        if answer.status not in (401, 403):
            raise FailedError(f"{path} answered {answer.status} to the token, instead of 401 or 403")
        return f"{path} refuses the token with {answer.status}"

    def _need_id(self) -> None:
        if not self._upload_id:
            message = f"the upload's answer has no id at {self._smoke.uploaded_id} (`smoke.uploaded_id`)"
            raise FailedError(f"{message}; left behind: {self._left_behind()}")

    def _left_behind(self) -> str:
        identity = f", id {self._upload_id}" if self._upload_id else ""
        return f"{FILE_NAME}{identity}, of the test account, uploaded to {self._target}"


def _token(answer: Probe) -> str:
    token = answer.field("access_token")
    usable = isinstance(token, str) and token != "" and token.isascii() and token.isprintable()
    if answer.status != 200 or not usable:
        raise FailedError(f"answered {_status(answer)} without a token")
    return token


def _first_id(visitor: Visitor, token: str) -> str:
    answer, name = visitor.owned_items(token), visitor.paths.owned_items
    items = answer.field(name)
    if answer.status != 200 or not isinstance(items, list):
        raise FailedError(f"the list {name} answered {_status(answer)} without a list")
    if not items:
        raise FailedError(f"the test account has nothing in {name} to upload into: create one for it, once")
    identity = first_id(items)
    if not identity:
        raise FailedError(f"the first of {name} has no id")
    return identity


def _id_of(item: Any) -> str:
    return id_text(item.get("id")) if isinstance(item, dict) else ""


def _status(answer: Probe) -> str:
    return f"{answer.status} ({answer.content_type})"
