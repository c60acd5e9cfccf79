"""Servers on the loopback interface that stand for a live system, for one test at a time."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    """What a server was asked. A body that is no JSON is its text."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    secure: bool = False


@dataclass
class Reply:
    """What a server says. A `body` that is no text goes out as JSON."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Loopback:
    """A running server: its address, and all that it was asked."""

    url: str
    requests: list[Request] = field(default_factory=list)

    def asked(self, method: str) -> list[Request]:
        """The requests of a method."""
        return [request for request in self.requests if request.method == method]


def _body(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return data.decode()


class _QuietServer(ThreadingHTTPServer):
    """A client that hangs up, or refuses the certificate, is what some tests are about."""

    # With the library's 5, the kernel drops connections that come at once, and they come again after 1, 3 and 7 s.
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        return


@contextmanager
def serving(answer: Callable[[Request], Reply], *, tls: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    """A server that answers each request with what `answer` returns, until the block ends.

    With `tls` its address is HTTPS, and the same port answers plain HTTP as well, as two ports of one host do.
    """

    class Handler(BaseHTTPRequestHandler):
        secure = False

        def setup(self) -> None:
            # A TLS handshake begins with this byte, a request with a letter.
            if tls is not None and self.request.recv(1, socket.MSG_PEEK) == b"\x16":
                self.request = tls.wrap_socket(self.request, server_side=True)
                self.secure = True
            super().setup()

        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            data = self.rfile.read(length)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, _body(data), self.secure)
            loopback.requests.append(request)
            reply = answer(request)
            text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
            payload = b"" if reply.body is None else text.encode()
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _handle  # noqa: N815 - the server's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            return

    server = _QuietServer(("127.0.0.1", 0), Handler)
    loopback = Loopback(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield loopback
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def dripping(answer: bytes, *, forever: bytes) -> Iterator[str]:
    """The address of a server that sends `answer`, then `forever` byte by byte, until the test ends."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(answer)
                while not over.wait(0.02):
                    connection.sendall(forever)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
