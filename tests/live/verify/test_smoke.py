"""The smoke test: bounded, without a word of the account, and nothing that it made is left without being named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from readiness.live.application import Account
from readiness.live.rows import FailedError, Outcome, Row
from readiness.live.verify.run import Access, Check, checks_of
from readiness.live.verify.smoke import FILE_NAME, LISTED, LOGIN, LOGOUT, REFUSED, REMOVED, UPLOAD, smoke_rows
from readiness.live.web import Deadline
from readiness.plan.offline_plan import Plan
from readiness.settings.model import Settings
from readiness.settings.services import Smoke, UploadedList, UploadInto
from tests.live.loopback import Reply, Request, serving
from tests.pinned_clock import NOW
from tests.projects import settings_of

BACKEND = settings_of("prod").services[0]
ACCOUNT = Account(email="smoke@shop.example.net", password="hunter2-hunter2")  # noqa: S106 - of no one
TOKEN = "header.payload.signature"  # noqa: S105 - a made-up one
CANDIDATE = "5d2a7c1e-0000-4000-8000-000000000001"
UPLOADED = "0b6f5a52-0000-4000-8000-000000000002"
# Every step declared, as the customer's application would answer if it could delete an upload and kept revoked tokens.
WHOLE = Smoke(
    login_path="/api/v1/auth/login",
    upload_path="/api/v1/resume_upload/candidates/{id}/resumes",
    upload_into=UploadInto(list_path="/api/v1/candidates/?limit=1", items="candidates"),
    uploaded=UploadedList(list_path="/api/v1/resume_upload/?page_size=50", items="uploads"),
    delete_path="/api/v1/resume_upload/{upload}",
    logout_path="/api/v1/auth/logout",
    refused_after_logout_path="/api/v1/auth/me",
)

Answer = Callable[[Request], Reply | None]


class Application:
    """The application: it keeps the uploads and the tokens that were revoked."""

    def __init__(self) -> None:
        self.uploads: list[str] = []
        self.revoked: list[str] = []

    def __call__(self, request: Request) -> Reply:
        """The answer to a request."""
        if request.path == "/api/v1/auth/login":
            known = request.body == {"email": ACCOUNT.email, "password": ACCOUNT.password}
            return Reply(200, {"access_token": TOKEN}) if known else Reply(401, {"error": "Invalid credentials"})
        authorization = request.headers.get("authorization")
        if authorization != f"Bearer {TOKEN}" or authorization in self.revoked:
            return Reply(401)
        match request.method, request.path:
            case "GET", "/api/v1/candidates/?limit=1":
                return Reply(200, {"candidates": [{"id": CANDIDATE}], "total_count": 1})
            case "POST", path if path == f"/api/v1/resume_upload/candidates/{CANDIDATE}/resumes":
                self.uploads.append(UPLOADED)
                return Reply(200, {"id": UPLOADED})
            case "GET", "/api/v1/resume_upload/?page_size=50":
                return Reply(200, {"uploads": [{"id": "older"}, *({"id": upload} for upload in self.uploads)]})
            case "DELETE", path if path == f"/api/v1/resume_upload/{UPLOADED}":
                self.uploads.remove(UPLOADED)
                return Reply(204)
            case "POST", "/api/v1/auth/logout":
                self.revoked.append(authorization)
                return Reply(200, {"message": "Successfully logged out"})
            case "GET", "/api/v1/auth/me":
                return Reply(200, {"email": ACCOUNT.email})
        return Reply(404)


def tried(change: Answer = lambda _: None, smoke: Smoke = WHOLE) -> tuple[dict[str, Row], list[Request], Application]:
    """The rows by check, what was asked, and the application afterwards, with one thing changed."""
    application = Application()
    with serving(lambda request: change(request) or application(request)) as server:
        service = BACKEND.model_copy(update={"url": server.url, "smoke": smoke})
        rows = smoke_rows(service, ACCOUNT, Deadline.after(60))
    return {row.check: row for row in rows}, server.requests, application


def instead(path: str, reply: Reply) -> Answer:
    """A change: requests whose path ends so are answered so."""
    return lambda request: reply if request.path.endswith(path) else None


def test_every_step_passes_and_nothing_is_left() -> None:
    """Login, the candidate to upload into, the upload, its list, its removal, the log out, the refused token."""
    rows, asked, application = tried()
    assert list(rows) == [LOGIN, UPLOAD, LISTED, REMOVED, LOGOUT, REFUSED]
    assert {row.outcome for row in rows.values()} == {Outcome.PASS}
    assert [request.method for request in asked] == ["POST", "GET", "POST", "GET", "DELETE", "POST", "GET"]
    assert application.uploads == []


def test_what_the_settings_do_not_have_is_not_declared_and_no_pass() -> None:
    """The settings of an earlier version go on working, and what is left behind is named."""
    assert BACKEND.smoke is not None
    smoke = BACKEND.smoke.model_copy(update={"uploaded": None, "logout_path": None})
    rows, asked, _ = tried(smoke=smoke)
    assert [request.method for request in asked] == ["POST", "GET", "POST"]
    assert {check for check, row in rows.items() if row.outcome is Outcome.PASS} == {LOGIN, UPLOAD}
    for check in (LISTED, REMOVED, LOGOUT):
        assert rows[check].outcome is Outcome.NOT_CHECKED
        assert rows[check].detail.startswith("not declared")
    assert f"left behind: {FILE_NAME}, id {UPLOADED}" in rows[REMOVED].detail
    assert f"/candidates/{CANDIDATE}/resumes" in rows[REMOVED].detail


def test_the_first_customer_has_no_removal_and_says_so() -> None:
    """Their application cannot delete an upload, and forgets a log out between instances (docs/verify.md)."""
    assert BACKEND.smoke is not None
    rows, _, application = tried(smoke=BACKEND.smoke)
    assert {check: row.outcome.value for check, row in rows.items()} == {
        LOGIN: "pass",
        UPLOAD: "pass",
        LISTED: "pass",
        REMOVED: "not checked",
        LOGOUT: "pass",
        REFUSED: "not checked",
    }
    assert application.uploads == [UPLOADED]


def test_the_upload_is_a_text_file_of_the_size_that_the_application_takes() -> None:
    """As a browser's form sends it; the customer's least is 100 bytes."""
    upload = tried()[1][2]
    kind, _, boundary = upload.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/form-data"
    head, _, rest = upload.body.partition("\r\n\r\n")
    assert 'name="file"; filename="readiness-smoke-test.txt"' in head
    assert head.endswith("Content-Type: text/plain")
    text, _, end = rest.partition(f"\r\n--{boundary}")
    assert end == "--\r\n"
    assert 100 <= len(text) < 1000


def test_an_upload_without_a_parent_needs_no_list() -> None:
    """Two requests then."""
    with serving(
        lambda request: Reply(200, {"access_token": TOKEN}) if request.path == "/in" else Reply(201)
    ) as server:
        smoke = Smoke(login_path="/in", upload_path="/files")
        service = BACKEND.model_copy(update={"url": server.url, "smoke": smoke})
        rows = smoke_rows(service, ACCOUNT, Deadline.after(60))
    assert [row.outcome for row in rows][:2] == [Outcome.PASS, Outcome.PASS]
    assert [request.path for request in server.requests] == ["/in", "/files"]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(401, {"error": "no"}),
        Reply(429),
        Reply(503),
        Reply(200, {}),
        Reply(200, "<html>"),
        Reply(200, {"access_token": "a\nb"}),
        Reply(200, {"access_token": ""}),
    ],
    ids=["401", "429", "503", "no token", "HTML", "a line end", "empty"],
)
def test_a_login_that_gives_no_token_fails_and_is_not_repeated(reply: Reply) -> None:
    """Five tries in a quarter of an hour lock the account."""
    rows, asked, _ = tried(instead("/login", reply))
    assert rows[LOGIN].outcome is Outcome.FAIL
    assert (rows[UPLOAD].outcome, rows[UPLOAD].detail) == (Outcome.NOT_CHECKED, "the login failed")
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (instead("/resumes", Reply(400, {"detail": "File too small"})), "answered 400"),
        (instead("/resumes", Reply(503)), "answered 503"),
        (instead("limit=1", Reply(500)), "the list candidates answered 500"),
        (instead("limit=1", Reply(200, {"candidates": []})), "has nothing in candidates to upload into"),
        (instead("limit=1", Reply(200, {"candidates": [{"id": "../../admin"}]})), "has no id"),
        (instead("limit=1", Reply(200, {"candidates": [7]})), "has no id"),
    ],
    ids=["refused", "503", "no list", "empty", "a path", "a number"],
)
def test_an_upload_that_is_not_taken_fails_and_is_not_repeated(change: Answer, says: str) -> None:
    """The login's row stays."""
    rows, asked, _ = tried(change)
    assert rows[LOGIN].outcome is Outcome.PASS
    assert rows[UPLOAD].outcome is Outcome.FAIL
    assert says in rows[UPLOAD].detail
    assert len(asked) == len({request.path for request in asked})
    assert "DELETE" not in {request.method for request in asked}
    assert rows[LOGOUT].outcome is Outcome.PASS


def test_an_upload_that_the_server_failed_at_may_be_there() -> None:
    """After a 503 it is not known whether it was stored; after a refusal it was not."""
    unknown = tried(instead("/resumes", Reply(503)))[0][REMOVED]
    assert unknown.outcome is Outcome.FAIL
    assert unknown.detail.startswith("it is not known whether the upload was stored; perhaps left behind:")
    refused = tried(instead("/resumes", Reply(400)))[0][REMOVED]
    assert (refused.outcome, refused.detail) == (Outcome.NOT_CHECKED, "nothing was uploaded")


@pytest.mark.parametrize(
    ("path", "reply", "check", "says"),
    [
        ("page_size=50", Reply(200, {"uploads": [{"id": "older"}]}), LISTED, "is not among the 1 of uploads"),
        ("page_size=50", Reply(200, {"files": []}), LISTED, "without a list"),
        ("page_size=50", Reply(500), LISTED, "answered 500"),
        (UPLOADED, Reply(403), REMOVED, f"answered 403 (application/json); left behind: {FILE_NAME}, id {UPLOADED}"),
        (UPLOADED, Reply(404), REMOVED, "left behind"),
        ("/resumes", Reply(200, {}), REMOVED, "has no id at $.id (`smoke.uploaded_id`); left behind"),
        ("/resumes", Reply(200, {"id": "../../users"}), REMOVED, "has no id at $.id"),
        ("/logout", Reply(500), LOGOUT, "answered 500"),
        ("/me", Reply(200, {}), REFUSED, "answered 200 to the token, instead of 401 or 403"),
        ("/me", Reply(503), REFUSED, "answered 503 to the token"),
    ],
)
def test_a_step_that_fails_says_so(path: str, reply: Reply, check: str, says: str) -> None:
    """What is left behind is named with its place."""
    row = tried(instead(path, reply))[0][check]
    assert row.outcome is Outcome.FAIL
    assert says in row.detail


def test_a_failed_log_out_leaves_the_token_unasked() -> None:
    """That the token still works would say nothing new."""
    rows, asked, _ = tried(instead("/logout", Reply(500)))
    assert (rows[REFUSED].outcome, rows[REFUSED].detail) == (Outcome.NOT_CHECKED, "the log out failed")
    assert asked[-1].path == "/api/v1/auth/logout"


def test_the_id_may_be_deeper_in_the_answer() -> None:
    """As `uploaded_id` says."""
    smoke = WHOLE.model_copy(update={"uploaded_id": "$.file.id"})
    rows, asked, _ = tried(instead("/resumes", Reply(201, {"file": {"id": 7}})), smoke)
    assert asked[4].path == "/api/v1/resume_upload/7"
    assert rows[UPLOAD].outcome is Outcome.PASS


def test_neither_account_nor_token_is_in_a_row() -> None:
    """Not even when the application repeats it."""
    echo = Reply(401, {"error": f"{ACCOUNT.email} {ACCOUNT.password} {TOKEN}"})
    for change in (instead(path, echo) for path in ("/nothing", "/login", "/resumes", UPLOADED, "/logout", "/me")):
        text = str(tried(change)[0])
        assert not any(secret in text for secret in (ACCOUNT.email, ACCOUNT.password, TOKEN))
    assert ACCOUNT.password not in repr(ACCOUNT)


@pytest.mark.parametrize("missing", ["READINESS_SMOKE_EMAIL", "READINESS_SMOKE_PASSWORD"])
def test_without_an_account_it_fails_and_nothing_is_tried(missing: str, plans: dict[str, Plan]) -> None:
    """The reason names both variables."""
    environment = {"READINESS_SMOKE_EMAIL": "e", "READINESS_SMOKE_PASSWORD": "p"} | {missing: ""}
    account = Account.from_environment(environment, "READINESS_SMOKE")
    (check,) = smoke_checks(settings_of("staging"), plans["staging"], account)
    with pytest.raises(FailedError, match="set READINESS_SMOKE_EMAIL and READINESS_SMOKE_PASSWORD"):
        check.find(Deadline.after(60))


def smoke_checks(settings: Settings, plan: Plan, account: Account | None) -> list[Check]:
    """The smoke tests among the checks of a stack."""
    access = Access({}, project="p", provider_values={}, owner="o", repository="r")
    checks = checks_of(settings, plan, access, allow_degraded=False, with_smoke=True, account=account, now=NOW)
    return [check for check in checks if check.check == LOGIN]
