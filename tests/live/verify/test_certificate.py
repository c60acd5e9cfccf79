"""The certificate of a service."""

from __future__ import annotations

import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from readiness.live.rows import Outcome, Row
from readiness.live.verify.service import certificate_rows
from readiness.live.web import Deadline
from tests.live.certificates import LONG_AGO, VALID_UNTIL, make_certificate, server_context
from tests.live.loopback import Reply, serving


def row_of(tls: ssl.SSLContext | None, host: str = "127.0.0.1", *, days_left: int = 80) -> Row:
    """The row of a server with that context, asked so many days and an hour before its certificate ends."""
    now = VALID_UNTIL - timedelta(days=days_left, hours=1)
    with serving(lambda _: Reply(200), tls=tls) as server:
        (row,) = certificate_rows("shop", server.url.replace("127.0.0.1", host), Deadline.after(60), now=now)
    return row


def test_a_valid_certificate_passes_with_its_days(tls: ssl.SSLContext) -> None:
    """And with the version of TLS that was agreed."""
    row = row_of(tls)
    assert (row.outcome, row.detail) == (Outcome.PASS, "valid for 80 days (TLSv1.3)")


@pytest.mark.parametrize(("days_left", "outcome"), [(14, Outcome.PASS), (13, Outcome.FAIL), (0, Outcome.FAIL)])
def test_a_certificate_that_soon_ends_fails(days_left: int, outcome: Outcome, tls: ssl.SSLContext) -> None:
    """Within two weeks of the end, its renewal has failed already."""
    row = row_of(tls, days_left=days_left)
    assert row.outcome is outcome
    assert row.detail.startswith(f"valid for {days_left} days (TLSv1.3)")


def test_a_certificate_that_has_ended_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL refuses it."""
    both = make_certificate(tmp_path, ends=LONG_AGO)
    monkeypatch.setenv("SSL_CERT_FILE", str(both))
    row = row_of(server_context(both))
    assert (row.outcome, row.detail) == (Outcome.FAIL, "refused: certificate has expired")


def test_an_untrusted_certificate_fails(certificate: Path) -> None:
    """Self-made, and not trusted by this machine."""
    row = row_of(server_context(certificate))
    assert (row.outcome, row.detail) == (Outcome.FAIL, "refused: self-signed certificate")


def test_a_certificate_for_another_name_fails(tls: ssl.SSLContext) -> None:
    """It is for 127.0.0.1."""
    row = row_of(tls, host="localhost")
    assert row.outcome is Outcome.FAIL
    assert "Hostname mismatch" in row.detail


def test_a_server_without_tls_fails() -> None:
    """One row, no traceback."""
    row = row_of(None)
    assert row.outcome is Outcome.FAIL
    assert row.detail.startswith("no TLS connection")
