"""The checks of a running application: quiet on a sound one, loud for each flaw, and bounded in what they ask."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Any

import pytest

from readiness.audit.api_checks import MAX_OPERATIONS, every_operation
from readiness.audit.black_box import BLACK_BOX_CHECKS, black_box_evidence, paths_of
from readiness.audit.token_checks import claims, lifetime_seconds
from readiness.live.application import MAX_REQUESTS, Paths, Visitor
from readiness.live.google_api import GoogleError
from readiness.live.rows import Outcome, Row
from readiness.live.web import Deadline
from tests.audit.application import FIRST, PATHS, SECOND, Application, visit
from tests.live.certificates import make_certificate, server_context
from tests.live.loopback import Reply, Request, serving
from tests.projects import settings_of


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's side of TLS, whose certificate this machine trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = server_context(certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def found(*flaws: str, tls: ssl.SSLContext | None = None) -> dict[str, list[Row]]:
    """What the checks find in an application with these flaws."""
    with visit(*flaws, tls=tls) as (visitor, _):
        return black_box_evidence([visitor])


def failures(evidence: dict[str, list[Row]]) -> dict[str, list[str]]:
    """What failed, by check."""
    return {
        check: texts
        for check, all_ in evidence.items()
        if (texts := [entry.detail for entry in all_ if entry.outcome is Outcome.FAIL])
    }


FLAWS = [
    ("no-hsts", "strict-transport", "no Strict-Transport-Security"),
    ("short-hsts", "strict-transport", "ends after 300 s"),
    ("sniffing", "content-headers", "nosniff"),
    ("framing", "content-headers", "frame-ancestors"),
    ("cors-reflects", "cors", "https://attacker.example is allowed, with credentials"),
    ("cors-star", "cors", "every origin is allowed with credentials"),
    ("cors-null", "cors", "the origin null is allowed"),
    ("trace", "error-bodies", "unknown path (404) shows a stack trace"),
    ("health-tells", "error-bodies", "health answer (200) shows an address of the database"),
    ("unchecked-type", "error-bodies", "a wrong type is answered with 500"),
    ("long-token", "token-expiry", "valid for 1440 min"),
    ("endless-token", "token-expiry", "no exp and iat"),
    ("same-refresh", "refresh-rotation", "returns the same refresh token"),
    ("reusable-refresh", "refresh-rotation", "answered with 200 the second time"),
    ("long-refresh", "refresh-rotation", "valid for 30 days"),
    ("no-limit", "login-rate-limit", "6 wrong logins in a row, and none is refused"),
    ("odd-limit", "login-rate-limit", "the answer has an unknown form (ValueError)"),
    ("long-limit", "login-rate-limit", "blocked for 86400 s"),
    ("open-me", "endpoint-authentication", "/api/v1/auth/me answered 200"),
    ("alg-none", "forged-token", "alg none is answered with 200"),
    ("unsigned", "forged-token", "another signature is answered with 200"),
    ("others-data", "own-data", "the second account can read"),
    ("others-get", "own-data-changes", "GET by the second account succeeds on the first one's file: 200"),
    ("others-put", "own-data-changes", "PUT by the second account succeeds"),
    ("others-delete", "own-data-changes", "DELETE by the second account succeeds"),
    ("undeletable", "deletion", "the deletion is answered with 400; delete readinessaudit"),
    ("kept-file", "deletion", "the file is still shown after its deletion"),
    ("kept-word", "stored-uploads", "a word of the deleted file is in /api/v1/uploads/"),
    ("kept-in-logs", "stored-uploads", "a word of the deleted file is in the logs"),
    ("open-operation", "every-operation", "POST /api/v1/admin/users answers 201 without a token"),
    ("undeclared-operation", "every-operation", "PUT /api/v1/admin/settings declares no security, and answers 422"),
    ("any-size", "upload-size", "2 MiB are answered with 201"),
    ("any-type", "upload-type", "a program is answered with 201"),
    ("by-name", "upload-type", "a program named .pdf"),
    ("injection-logs-in", "sql-injection", "succeeds"),
    ("injection-error", "sql-injection", "an internal error"),
    ("reflects-markup", "reflected-markup", "returns a script"),
]


# An open `/me` takes forged tokens too, and is an operation; what others have deleted is gone for its owner.
ALSO_FAIL = {
    "open-me": {"forged-token", "every-operation"},
    "others-delete": {"deletion"},
    "kept-file": {"stored-uploads"},
}


def test_a_sound_application_passes_every_check(tls: ssl.SSLContext) -> None:
    """Over TLS, with both accounts: none is left out."""
    evidence = found(tls=tls)
    assert evidence.keys() == BLACK_BOX_CHECKS.keys()
    assert {check: rows for check, rows in evidence.items() if {row.outcome for row in rows} != {Outcome.PASS}} == {}


@pytest.mark.parametrize(("flaw", "check", "text"), FLAWS, ids=lambda each: each)
def test_each_flaw_is_found_by_its_check_and_by_no_other(flaw: str, check: str, text: str) -> None:
    """One flaw, one check, but for what follows from it."""
    failed = failures(found(flaw))
    assert text in " ".join(failed.pop(check, [])), failed
    assert failed.keys() <= ALSO_FAIL.get(flaw, set())


def test_plain_http_that_is_answered_is_found(tls: ssl.SSLContext) -> None:
    """A redirect to HTTPS is all that it may say."""
    assert failures(found("plain-http", tls=tls)) == {"https-redirect": ["plain HTTP is answered with 404"]}


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_an_old_version_of_tls_is_found(tls: ssl.SSLContext) -> None:
    """A server that still accepts TLS 1.1."""
    tls.minimum_version = ssl.TLSVersion.TLSv1
    tls.set_ciphers("ALL:@SECLEVEL=0")
    assert failures(found(tls=tls)) == {"tls-versions": ["TLSv1.1 is accepted"]}


def test_without_tls_its_checks_are_not_made() -> None:
    """The address given says how it is asked."""
    evidence = found()
    for check in ("tls-versions", "https-redirect"):
        assert [(entry.outcome, entry.detail) for entry in evidence[check]] == [
            (Outcome.NOT_CHECKED, "the address given is not HTTPS")
        ]


def test_the_requests_are_bounded_and_none_is_repeated(tls: ssl.SSLContext) -> None:
    """One login an account, six wrong ones for an address that nobody has, two files over."""
    with visit("no-limit", tls=tls) as (visitor, server):
        black_box_evidence([visitor])
    operations = [request for request in server.requests if "authorization" not in request.headers]
    assert visitor.requests <= MAX_REQUESTS
    assert len(server.requests) <= visitor.requests + MAX_OPERATIONS
    assert operations
    logins = [
        call.body for call in server.asked("POST") if call.path.endswith("/login") and isinstance(call.body, dict)
    ]
    real = [login["email"] for login in logins if login.get("email") in (FIRST.email, SECOND.email)]
    assert sorted(real) == [FIRST.email, SECOND.email]
    wrong = {login["email"] for login in logins if str(login.get("email")).startswith("readiness-audit-")}
    assert len(wrong) == 1
    assert next(iter(wrong)).endswith("@example.com")


def test_an_application_that_sends_a_check_astray_is_stopped() -> None:
    """The bound holds over all checks."""
    with visit(requests=MAX_REQUESTS) as (visitor, server):
        evidence = black_box_evidence([visitor])
    assert server.requests == []
    assert evidence["cors"][0].detail == f"stopped after {MAX_REQUESTS} requests"


def test_without_accounts_their_checks_are_not_made() -> None:
    """And the rest is."""
    with visit(account=None, other=None) as (visitor, _):
        evidence = black_box_evidence([visitor])
    unmade = {check for check, all_ in evidence.items() if all_[0].detail == "no test account"}
    assert unmade == {
        "token-expiry", "forged-token", "upload-size", "upload-type", "refresh-rotation", "deletion", "stored-uploads",
    }  # fmt: skip
    assert evidence["own-data"][0].detail == evidence["own-data-changes"][0].detail == "no second test account"
    assert evidence["login-rate-limit"][0].outcome is Outcome.PASS


def test_without_known_paths_uploads_and_own_data_are_not_tried() -> None:
    """The settings do not say where they are."""
    with visit(paths=Paths()) as (visitor, _):
        evidence = black_box_evidence([visitor])
    for check in ("upload-size", "upload-type", "own-data", "own-data-changes", "deletion", "stored-uploads"):
        assert evidence[check][0].outcome is Outcome.NOT_CHECKED


def test_an_address_that_does_not_answer_fails() -> None:
    """It was given to be asked."""
    with visit() as (visitor, _):
        pass
    evidence = black_box_evidence([visitor])
    assert evidence["cors"][0].outcome is Outcome.FAIL
    assert "no answer" in evidence["cors"][0].detail


def test_no_evidence_holds_a_password_or_a_token() -> None:
    """Whatever the application says."""
    text = repr(found("long-token", "reusable-refresh", "others-data"))
    assert "planted-password" not in text
    assert "eyJ" not in text


def test_the_paths_are_those_of_the_service_with_that_address() -> None:
    """The customer's settings have them; another address has the usual ones."""
    prod = settings_of("prod")
    paths = paths_of(prod.services[0].url + "/", [prod])
    assert (paths.login, paths.refresh, paths.me) == (
        "/api/v1/auth/login",
        "/api/v1/auth/refresh",
        "/api/v1/auth/me",
    )
    assert paths.owned_items == "candidates"
    assert (paths.openapi, paths.uploaded_id) == ("/openapi.json", "$.id")
    assert paths_of(prod.services[1].url, [prod]) == Paths(health=prod.services[1].health_path)
    assert paths_of("https://elsewhere.example.net", [prod]) == Paths()


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.e30.c", "a.W10.c"])
def test_what_is_no_token_has_no_lifetime(token: str) -> None:
    """A session's number, for one."""
    assert claims(token) == {}
    assert lifetime_seconds(token) is None


def rows_of(check: str, *flaws: str, **changes: Any) -> list[tuple[Outcome, str]]:
    """What one check finds in an application with these flaws."""
    with visit(*flaws, **changes) as (visitor, _):
        return [(row.outcome, row.detail) for row in black_box_evidence([visitor])[check]]


def test_operations_are_named_with_their_result() -> None:
    """What refuses is one line; what is public is not asked."""
    ((outcome, detail),) = rows_of("every-operation")
    assert outcome is Outcome.PASS
    assert detail == (
        "7 operations refuse a request without a token: GET /api/v1/auth/me, GET /api/v1/candidates/, "
        "GET /api/v1/candidates/{id}, GET /api/v1/uploads/, GET /api/v1/uploads/{file_id}, "
        "DELETE /api/v1/uploads/{file_id}, POST /api/v1/admin/users"
    )


def test_an_operation_that_could_succeed_is_not_called() -> None:
    """It changes something and takes neither a body nor an id: unprotected, the call would do it."""
    application = Application(flaws=frozenset({"runs-without-input"}))
    with serving(application.answer) as server:
        visitor = Visitor(url=server.url, paths=PATHS, deadline=Deadline.after(20))
        found = list(every_operation(visitor))
    detail = "POST /api/v1/admin/restart is not called: it needs no body and no id, so the call might succeed"
    assert (Outcome.NOT_CHECKED, detail) in found
    assert application.changed == {"POST /api/v1/admin/users"}
    changing = [request for request in server.requests if request.method not in ("GET", "HEAD")]
    assert [(request.body, request.headers.get("authorization")) for request in changing] == [(None, None)] * 2
    assert [request.path for request in changing] == [
        "/api/v1/uploads/00000000-0000-0000-0000-000000000000",
        "/api/v1/admin/users",
    ]


DOCUMENT = {"paths": {"/a/{n}": {"get": {"parameters": [{"name": "n", "in": "path", "schema": {"type": "integer"}}]}}}}


@pytest.mark.parametrize(
    ("status", "secured", "outcome"),
    [
        (401, False, Outcome.PASS),
        (403, True, Outcome.PASS),
        (200, True, Outcome.FAIL),
        (404, False, Outcome.FAIL),
        (404, True, Outcome.NOT_CHECKED),
        (422, True, Outcome.NOT_CHECKED),
        (302, False, Outcome.NOT_CHECKED),
        (429, False, Outcome.NOT_CHECKED),
        (500, True, Outcome.NOT_CHECKED),
    ],
)
def test_what_an_answer_without_a_token_means(status: int, outcome: Outcome, *, secured: bool) -> None:
    """Only 401 and 403 are a refusal. An id of a number is 0."""
    schemes: list[dict[str, list[str]]] = [{"bearer": []}] if secured else []
    document = {**DOCUMENT, "security": schemes}

    def answer(request: Request) -> Reply:
        return Reply(200, document) if request.path == "/openapi.json" else Reply(status)

    with serving(answer) as server:
        visitor = Visitor(url=server.url, paths=Paths(), deadline=Deadline.after(20))
        assert [found for found, _ in every_operation(visitor)] == [outcome]
    assert server.requests[-1].path == "/a/0"


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(404), "no OpenAPI document at /openapi.json (404)"),
        (Reply(200, "<html>"), "no OpenAPI document at /openapi.json (200)"),
        (Reply(200, [1]), "no OpenAPI document at /openapi.json (200)"),
        (Reply(200, {"paths": []}), "no OpenAPI document at /openapi.json (200)"),
        (Reply(200, {"paths": {}}), "has only public operations"),
        (Reply(200, {"paths": {"@elsewhere.example.net/": {"get": {}}}}), "has a path of an unknown form"),
        (Reply(200, {"paths": {"/a": 1}}), "has a path of an unknown form"),
        (Reply(200, "x" * 2_000_000), "no OpenAPI document at /openapi.json (200)"),
        (Reply(200, {**DOCUMENT, "servers": [{"url": "https://elsewhere.example.net"}]}), "names another host"),
    ],
)
def test_without_a_document_the_operations_are_not_known(reply: Reply, text: str) -> None:
    """And nothing is called that somebody else names."""
    with serving(lambda _request: reply) as server:
        visitor = Visitor(url=server.url, paths=Paths(), deadline=Deadline.after(20))
        for check in ("every-operation", "other-kinds-of-data"):
            rows = black_box_evidence([visitor])[check]
            assert [row.outcome for row in rows if text in row.detail] or check == "other-kinds-of-data", rows
            assert Outcome.FAIL not in {row.outcome for row in rows}
    assert {request.path for request in server.requests if "elsewhere" in request.path} == set()


def test_operations_over_the_limit_are_not_known() -> None:
    """They are counted."""
    paths: dict[str, dict[str, Any]] = {f"/a{number}": {"get": {}} for number in range(MAX_OPERATIONS + 3)}

    def answer(request: Request) -> Reply:
        return Reply(200, {"paths": paths}) if request.path == "/openapi.json" else Reply(401)

    with serving(answer) as server:
        found = list(every_operation(Visitor(url=server.url, paths=Paths(), deadline=Deadline.after(60))))
    assert found[-1] == (Outcome.NOT_CHECKED, "3 more operations are not called")
    assert len(server.requests) == MAX_OPERATIONS + 1


def test_other_kinds_of_data_are_named() -> None:
    """Of which no check has one to try."""
    assert rows_of("other-kinds-of-data", "other-kinds") == [
        (Outcome.NOT_CHECKED, "not tried as a second user: items with an id below /api/v1/reports")
    ]


@pytest.mark.parametrize("check", ["own-data-changes", "deletion", "stored-uploads"])
def test_an_upload_without_an_id_is_named_for_deletion(check: str) -> None:
    """It is uploaded once, not once for each check."""
    ((outcome, detail),) = rows_of(check, "no-id")
    assert outcome is Outcome.NOT_CHECKED
    assert re.search(r"has no id at \$\.id: delete readinessaudit[0-9a-f]{32}\.txt from the test account", detail)


def test_without_credentials_logs_and_buckets_are_not_known() -> None:
    """The application's own list is."""
    found = rows_of("stored-uploads", places={})
    assert [outcome for outcome, _ in found] == [Outcome.PASS, Outcome.NOT_CHECKED]


def test_a_place_that_cannot_be_searched_is_not_known() -> None:
    """Such as a bucket whose objects the login may not list."""

    def refuse(word: str) -> bool:
        raise GoogleError(403, f"storage b/x/o?matchGlob={word}: 403")

    outcomes = [outcome for outcome, _ in rows_of("stored-uploads", places={"the buckets": refuse})]
    assert outcomes == [Outcome.PASS, Outcome.NOT_CHECKED]
