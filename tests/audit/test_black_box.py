"""The checks of a running application: quiet on a sound one, loud for each flaw, and bounded in what they ask."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from readiness.audit.black_box import BLACK_BOX_CHECKS, black_box_evidence, paths_of
from readiness.audit.token_checks import claims, lifetime_seconds
from readiness.live.application import MAX_REQUESTS, Paths
from readiness.live.rows import Outcome, Row
from tests.audit.application import FIRST, SECOND, visit
from tests.live.certificates import make_certificate, server_context
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
        if (texts := [each.detail for each in all_ if each.outcome is Outcome.FAIL])
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
    ("long-token", "token-expiry", "lives 1440 min"),
    ("endless-token", "token-expiry", "no exp and iat"),
    ("same-refresh", "refresh-rotation", "stays the same"),
    ("reusable-refresh", "refresh-rotation", "answered with 200 the second time"),
    ("long-refresh", "refresh-rotation", "lives 30 days"),
    ("no-limit", "login-rate-limit", "6 wrong logins in a row, and none is put off"),
    ("odd-limit", "login-rate-limit", "the answer has an unknown form (ValueError)"),
    ("long-limit", "login-rate-limit", "put off for 86400 s"),
    ("open-me", "endpoint-authentication", "/api/v1/auth/me answered 200"),
    ("alg-none", "forged-token", "alg none is answered with 200"),
    ("unsigned", "forged-token", "another signature is answered with 200"),
    ("others-data", "own-data", "the second account reads"),
    ("any-size", "upload-size", "2 MiB are answered with 201"),
    ("any-type", "upload-type", "a program is answered with 201"),
    ("by-name", "upload-type", "a program that is called a PDF"),
    ("injection-logs-in", "sql-injection", "succeeds"),
    ("injection-error", "sql-injection", "as an error of the inside"),
    ("reflects-markup", "reflected-markup", "comes back in a page"),
]


def test_a_sound_application_passes_every_check(tls: ssl.SSLContext) -> None:
    """Over TLS, with both accounts: none is left out."""
    evidence = found(tls=tls)
    assert evidence.keys() == BLACK_BOX_CHECKS.keys()
    assert {check: all_ for check, all_ in evidence.items() if [each.outcome for each in all_] != [Outcome.PASS]} == {}


@pytest.mark.parametrize(("flaw", "check", "text"), FLAWS, ids=lambda each: each)
def test_each_flaw_is_found_by_its_check_and_by_no_other(flaw: str, check: str, text: str) -> None:
    """An open `/me` takes forged tokens too; else one flaw, one check."""
    failed = failures(found(flaw))
    assert text in " ".join(failed.pop(check, [])), failed
    assert failed.keys() <= ({"forged-token"} if flaw == "open-me" else set())


def test_plain_http_that_is_answered_is_found(tls: ssl.SSLContext) -> None:
    """A redirect to HTTPS is all that it may say."""
    assert failures(found("plain-http", tls=tls)) == {"https-redirect": ["plain HTTP is answered with 404"]}


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_an_old_version_of_tls_is_found(tls: ssl.SSLContext) -> None:
    """A server that still speaks TLS 1.1."""
    tls.minimum_version = ssl.TLSVersion.TLSv1
    tls.set_ciphers("ALL:@SECLEVEL=0")
    assert failures(found(tls=tls)) == {"tls-versions": ["TLSv1.1 is accepted"]}


def test_without_tls_its_checks_are_not_made() -> None:
    """The address given says how it is asked."""
    evidence = found()
    for check in ("tls-versions", "https-redirect"):
        assert [(each.outcome, each.detail) for each in evidence[check]] == [
            (Outcome.NOT_CHECKED, "the address given is not HTTPS")
        ]


def test_the_requests_are_bounded_and_none_is_repeated(tls: ssl.SSLContext) -> None:
    """One login an account, six wrong ones for an address that nobody has, two files over."""
    with visit("no-limit", tls=tls) as (visitor, server):
        black_box_evidence([visitor])
    assert len(server.requests) == visitor.requests <= MAX_REQUESTS
    logins = [
        each.body for each in server.asked("POST") if each.path.endswith("/login") and isinstance(each.body, dict)
    ]
    real = [each["email"] for each in logins if each.get("email") in (FIRST.email, SECOND.email)]
    assert sorted(real) == [FIRST.email, SECOND.email]
    wrong = {each["email"] for each in logins if str(each.get("email")).startswith("readiness-audit-")}
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
    assert unmade == {"token-expiry", "forged-token", "upload-size", "upload-type", "refresh-rotation"}
    assert evidence["own-data"][0].detail == "no second test account"
    assert evidence["login-rate-limit"][0].outcome is Outcome.PASS


def test_without_known_paths_uploads_and_own_data_are_not_tried() -> None:
    """The settings do not say where they are."""
    with visit(paths=Paths()) as (visitor, _):
        evidence = black_box_evidence([visitor])
    for check in ("upload-size", "upload-type", "own-data"):
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
    assert paths_of(prod.services[1].url, [prod]) == Paths(health=prod.services[1].health_path)
    assert paths_of("https://elsewhere.example.net", [prod]) == Paths()


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.e30.c", "a.W10.c"])
def test_what_is_no_token_has_no_lifetime(token: str) -> None:
    """A session's number, for one."""
    assert claims(token) == {}
    assert lifetime_seconds(token) is None
