"""The certificate of a service: trusted, for this name, and not about to expire."""

from __future__ import annotations

import ssl
from datetime import datetime
from urllib.parse import urlsplit

from readiness.delivered.http_client import tls_handshake
from readiness.live.verify.deadline import Deadline
from readiness.live.verify.rows import Row, failed, passed

CHECK = "certificate"
# Ours: certificates of 90 days are renewed 30 days before their end; with 14 left, renewal has stopped working.
LEAST_DAYS = 14


def certificate_rows(name: str, url: str, deadline: Deadline, *, now: datetime) -> list[Row]:
    """One row; the days left are counted from `now`.

    The context is the machine's own: `SSL_CERT_FILE` is honoured, TLS 1.2 is the least version.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    context = ssl.create_default_context()
    try:
        certificate, version = tls_handshake(host, port, context, timeout_seconds=deadline.request_seconds())
    except ssl.SSLCertVerificationError as error:
        return [failed(CHECK, name, f"refused: {error.verify_message}")]
    except OSError as error:
        return [failed(CHECK, name, f"no TLS connection ({type(error).__name__}: {error})")]
    ends = str(certificate.get("notAfter", ""))
    days = (ssl.cert_time_to_seconds(ends) - now.timestamp()) / 86_400
    text = f"valid for {int(days)} days ({version})"
    if days < LEAST_DAYS:
        return [failed(CHECK, name, f"{text}: fewer than {LEAST_DAYS}, so its renewal does not work")]
    return [passed(CHECK, name, text)]
