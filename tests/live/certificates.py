"""Certificates for servers on the loopback interface, made by `openssl` for one run of the tests."""

from __future__ import annotations

import ssl
import subprocess
from datetime import UTC, datetime
from pathlib import Path

# `openssl ca` and not `openssl req -x509`: only the first makes one that has ended already.
_CA_CONFIG = """\
[ca]
default_ca = here
[here]
dir = {folder}
database = $dir/index.txt
serial = $dir/serial
new_certs_dir = $dir
default_md = sha256
policy = names
unique_subject = no
copy_extensions = copy
[names]
commonName = supplied
"""


# TLS is checked by OpenSSL, with the machine's own clock: a certificate for tests is valid on any day, or on none.
VALID_FROM, VALID_UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2020, 2, 1, tzinfo=UTC)


def make_certificate(folder: Path, *, ends: datetime = VALID_UNTIL) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key in one PEM file, valid from `VALID_FROM` to `ends`."""
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01\n", encoding="utf-8")
    (folder / "ca.cnf").write_text(_CA_CONFIG.format(folder=folder), encoding="utf-8")
    key, request, certificate = folder / "key.pem", folder / "request.pem", folder / "certificate.pem"
    names = "subjectAltName=IP:127.0.0.1"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    _openssl("req", "-new", *curve, "-keyout", key, "-out", request, "-subj", "/CN=loopback", "-addext", names)
    signing = ("-selfsign", "-keyfile", key, "-in", request, "-out", certificate, "-notext")
    dates = ("-startdate", f"{VALID_FROM:%Y%m%d%H%M%SZ}", "-enddate", f"{ends:%Y%m%d%H%M%SZ}")
    _openssl("ca", "-batch", "-config", folder / "ca.cnf", *signing, *dates)
    both = folder / "both.pem"
    both.write_text(key.read_text(encoding="utf-8") + certificate.read_text(encoding="utf-8"), encoding="utf-8")
    return both


def server_context(both: Path) -> ssl.SSLContext:
    """A server's side of TLS with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)
