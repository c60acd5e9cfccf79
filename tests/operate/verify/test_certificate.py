"""The certificate of a service."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from readiness.operate.verify.certificate import certificate_rows
from readiness.operate.verify.deadline import Deadline
from readiness.operate.verify.rows import Outcome, Row
from tests.operate.certificates import make_certificate, server_context
from tests.operate.loopback import Reply, serving


def row_of(tls: ssl.SSLContext | None, host: str = "127.0.0.1") -> Row:
    """The row of a server with that context."""
    with serving(lambda _: Reply(200), tls=tls) as server:
        (row,) = certificate_rows("shop", server.url.replace("127.0.0.1", host), Deadline.after(5))
    return row


def test_a_valid_certificate_passes_with_its_days(tls: ssl.SSLContext) -> None:
    """And with the version of TLS that was agreed."""
    row = row_of(tls)
    assert (row.outcome, row.detail) == (Outcome.PASS, "valid for 80 days (TLSv1.3)")


@pytest.mark.parametrize(
    ("days_left", "says"),
    [(-1, "refused: certificate has expired"), (13, "valid for 13 days (TLSv1.3): fewer")],
)
def test_a_certificate_that_has_ended_or_soon_will_fails(
    days_left: int, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within two weeks of the end, its renewal has failed already."""
    both = make_certificate(tmp_path, days_left=days_left)
    monkeypatch.setenv("SSL_CERT_FILE", str(both))
    row = row_of(server_context(both))
    assert row.outcome is Outcome.FAIL
    assert row.detail.startswith(says)


def test_a_certificate_that_nobody_vouches_for_fails(certificate: Path) -> None:
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
