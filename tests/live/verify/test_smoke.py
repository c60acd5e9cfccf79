"""Trying the application out: bounded, and without a word of the account."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from readiness.live.application import Account
from readiness.live.rows import NotCheckedError, Outcome, Row
from readiness.live.verify.run import Access, Check, checks_of
from readiness.live.verify.service import LOGIN, UPLOAD, smoke_rows
from readiness.live.web import Deadline
from readiness.plan.offline_plan import Plan
from readiness.settings.model import Settings
from readiness.settings.services import Smoke
from tests.live.loopback import Reply, Request, serving
from tests.pinned_clock import NOW
from tests.projects import settings_of

BACKEND = settings_of("prod").services[0]
ACCOUNT = Account(email="smoke@shop.example.net", password="hunter2-hunter2")  # noqa: S106 - of no one
TOKEN = "header.payload.signature"  # noqa: S105 - a made-up one
CANDIDATE = "5d2a7c1e-0000-4000-8000-000000000001"

Answer = Callable[[Request], Reply | None]


def application(request: Request) -> Reply:
    """The customer's application, as far as the smoke test uses it."""
    if request.path == "/api/v1/auth/login":
        known = request.body == {"email": ACCOUNT.email, "password": ACCOUNT.password}
        return Reply(200, {"access_token": TOKEN}) if known else Reply(401, {"error": "Invalid credentials"})
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        return Reply(403)
    if request.path == "/api/v1/candidates/?limit=1":
        return Reply(200, {"candidates": [{"id": CANDIDATE}], "total_count": 1})
    if request.path == f"/api/v1/resume_upload/candidates/{CANDIDATE}/resumes":
        return Reply(200, {"id": "1"})
    return Reply(404)


def tried(change: Answer = lambda _: None) -> tuple[dict[str, Row], list[Request]]:
    """The rows by check, and what was asked, of the application with one thing changed."""
    assert BACKEND.smoke is not None
    with serving(lambda request: change(request) or application(request)) as server:
        service = BACKEND.model_copy(update={"url": server.url})
        rows = smoke_rows(service, ACCOUNT, Deadline.after(60))
    return {row.check: row for row in rows}, server.requests


def instead(path: str, reply: Reply) -> Answer:
    """A change: requests whose path ends so are answered so."""
    return lambda request: reply if request.path.endswith(path) else None


def test_login_and_upload_pass_with_three_requests() -> None:
    """Login, the candidate to upload into, the upload."""
    rows, asked = tried()
    assert {row.outcome for row in rows.values()} == {Outcome.PASS}
    assert [request.method for request in asked] == ["POST", "GET", "POST"]


def test_the_upload_is_a_text_file_of_the_size_that_the_application_takes() -> None:
    """As a browser's form sends it; the customer's least is 100 bytes."""
    upload = tried()[1][-1]
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
    assert [row.outcome for row in rows] == [Outcome.PASS, Outcome.PASS]
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
    ],
    ids=["401", "429", "503", "no token", "HTML", "a line end"],
)
def test_a_login_that_gives_no_token_fails_and_is_not_repeated(reply: Reply) -> None:
    """Five tries in a quarter of an hour lock the account."""
    rows, asked = tried(instead("/login", reply))
    assert rows[LOGIN].outcome is Outcome.FAIL
    assert (rows[UPLOAD].outcome, rows[UPLOAD].detail) == (Outcome.NOT_CHECKED, "nobody is logged in")
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
    rows, asked = tried(change)
    assert rows[LOGIN].outcome is Outcome.PASS
    assert rows[UPLOAD].outcome is Outcome.FAIL
    assert says in rows[UPLOAD].detail
    assert len(asked) == len({request.path for request in asked})


def test_neither_account_nor_token_stands_in_a_row() -> None:
    """Not even when the application repeats it."""
    echo = Reply(401, {"error": f"{ACCOUNT.email} {ACCOUNT.password} {TOKEN}"})
    for change in (instead("/nothing", echo), instead("/login", echo), instead("/resumes", echo)):
        text = str(tried(change)[0])
        assert not any(secret in text for secret in (ACCOUNT.email, ACCOUNT.password, TOKEN))
    assert ACCOUNT.password not in repr(ACCOUNT)


@pytest.mark.parametrize("missing", ["READINESS_SMOKE_EMAIL", "READINESS_SMOKE_PASSWORD"])
def test_without_an_account_nothing_is_tried(missing: str, plans: dict[str, Plan]) -> None:
    """The reason names both variables."""
    environment = {"READINESS_SMOKE_EMAIL": "e", "READINESS_SMOKE_PASSWORD": "p"} | {missing: ""}
    account = Account.from_environment(environment, "READINESS_SMOKE")
    (check,) = smoke_checks(settings_of("staging"), plans["staging"], account)
    with pytest.raises(NotCheckedError, match="set READINESS_SMOKE_EMAIL and READINESS_SMOKE_PASSWORD"):
        check.find(Deadline.after(60))


def smoke_checks(settings: Settings, plan: Plan, account: Account | None) -> list[Check]:
    """The smoke tests among the checks of a stack."""
    access = Access({}, project="p", provider_values={}, owner="o", repository="r")
    checks = checks_of(settings, plan, access, allow_degraded=False, with_smoke=True, account=account, now=NOW)
    return [check for check in checks if check.check == LOGIN]


def test_a_stack_whose_services_have_no_smoke_settings_says_so(plans: dict[str, Plan]) -> None:
    """A row that is counted, not a silent pass."""
    settings = settings_of("staging")
    services = tuple(service.model_copy(update={"smoke": None}) for service in settings.services)
    (check,) = smoke_checks(settings.model_copy(update={"services": services}), plans["staging"], ACCOUNT)
    (row,) = check.find(Deadline.after(60))
    assert row.outcome is Outcome.NOT_CHECKED
    assert row.detail == "no service of this stack has `smoke` in its settings"
