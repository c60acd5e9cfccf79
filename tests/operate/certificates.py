"""Certificates for servers on the loopback interface, made by `openssl` for one run of the tests."""

from __future__ import annotations

import ssl
import subprocess
from datetime import UTC, datetime, timedelta
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


def make_certificate(folder: Path, *, days_left: int) -> Path:
    """A self-signed certificate for 127.0.0.1 and its key in one PEM file, whose end is `days_left` days from now."""
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01\n", encoding="utf-8")
    (folder / "ca.cnf").write_text(_CA_CONFIG.format(folder=folder), encoding="utf-8")
    key, request, certificate = folder / "key.pem", folder / "request.pem", folder / "certificate.pem"
    names = "subjectAltName=IP:127.0.0.1"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    _openssl("req", "-new", *curve, "-keyout", key, "-out", request, "-subj", "/CN=loopback", "-addext", names)
    ends = datetime.now(UTC) + timedelta(days=days_left, hours=1)
    starts = min(datetime.now(UTC), ends) - timedelta(days=30)
    signing = ("-selfsign", "-keyfile", key, "-in", request, "-out", certificate, "-notext")
    dates = ("-startdate", f"{starts:%Y%m%d%H%M%SZ}", "-enddate", f"{ends:%Y%m%d%H%M%SZ}")
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
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=20)
