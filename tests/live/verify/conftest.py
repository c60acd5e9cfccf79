"""Certificates."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from tests.live.certificates import make_certificate, server_context


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good one."""
    return make_certificate(tmp_path_factory.mktemp("good"))


@pytest.fixture
def tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's context that this test's requests trust."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return server_context(certificate)
