"""The one HTTP client: a total time limit, a limit on bytes, and no credential for another host.

Every request of this project uses it, including those of the programs in the application's repository. They have a
copy of this file, so it uses only the standard library.

It uses no library, because the time limits of the known clients apply between two bytes. A server that sends one byte
every half second can block `httpx.get(url, timeout=2)` or `urllib.request.urlopen(url, timeout=2)` forever. Here the
limit covers everything: name look-up, TLS, headers and body. The exchange runs in a thread, and its socket is closed
when the time is over.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

TIMEOUT_SECONDS = 10.0
MAX_TRIES = 3
MAX_ANSWER_BYTES = 10 * 1024 * 1024
THREAD_NAME = "http exchange"

# Statuses that can change a moment later.
_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_PAUSE_SECONDS = 5.0

Result = TypeVar("Result")


class NoAnswerError(OSError):
    """No complete answer came: refused, too slow, name not found, or interrupted. The text contains no credential."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """Any answer, including a refusal. The names of `headers` are in lower case. Not `complete` if it was truncated."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    data: bytes = b""
    complete: bool = True

    @property
    def text(self) -> str:
        """The body as UTF-8; invalid bytes become U+FFFD."""
        return self.data.decode("utf-8", errors="replace")

    @property
    def body(self) -> Any:
        """The body parsed as JSON; None if it is empty or not JSON."""
        try:
            return json.loads(self.data) if self.data else None
        except (ValueError, RecursionError):
            return None


class OpenSockets:
    """The sockets of one exchange, which are all closed when its time is over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._over = False

    def add(self, opened: socket.socket) -> None:
        """Adds a socket. Raises TimeoutError if the time is over: nothing more is sent."""
        with self._lock:
            if not self._over:
                self._sockets.append(opened)
                return
        opened.close()
        raise TimeoutError("timed out")

    def close(self) -> None:
        """Closes the sockets, which ends every call that waits for one of them."""
        with self._lock:
            self._over = True
            for opened in self._sockets:
                try:
                    opened.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


def run_within(seconds: float, exchange: Callable[[OpenSockets], Result]) -> Result:
    """What `exchange` returns or raises; NoAnswerError if that takes longer than `seconds`.

    It runs in its own thread, because nothing can interrupt a name look-up.
    """
    sockets = OpenSockets()
    finished: Future[Result] = Future()

    def run() -> None:
        try:
            finished.set_result(exchange(sockets))
        except BaseException as error:
            finished.set_exception(error)

    threading.Thread(target=run, name=THREAD_NAME, daemon=True).start()
    try:
        return finished.result(timeout=max(0.0, seconds))
    except TimeoutError:
        # The exchange has its own time limits, which raise the same error.
        if finished.done():
            raise
        raise NoAnswerError(f"no answer (timed out: not complete after {seconds:.3g} s)") from None
    finally:
        sockets.close()


def send(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    data: bytes | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
    max_bytes: int = MAX_ANSWER_BYTES,
    follow_redirects: bool = False,
) -> Answer:
    """Sends one request. Every status is an answer; raises NoAnswerError if none came.

    `timeout_seconds` is for the whole exchange. If a body is longer than `max_bytes`, the rest is not read, and the
    answer is not `complete`. `follow_redirects` is for GET and HEAD within one origin; it returns other redirects.
    """
    sent = {"User-Agent": "readiness", **(headers or {})}
    try:
        if not all(origin(url)) or urlsplit(url).scheme not in ("http", "https"):
            raise ValueError
        request = urllib.request.Request(url, data=data, headers=sent, method=method)  # noqa: S310 - checked above

        def exchange(sockets: OpenSockets) -> Answer:
            opener = _opener(sockets, follow_redirects=follow_redirects)
            with opener.open(request, timeout=max(0.001, timeout_seconds)) as response:
                return _answer(response, max_bytes)

        return run_within(timeout_seconds, exchange)
    except NoAnswerError:
        raise
    except (ValueError, http.client.InvalidURL):
        # Python's own text repeats the header or the address, and with it the token.
        raise NoAnswerError("no answer (an address or a credential that cannot be sent as it is)") from None
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswerError(f"no answer ({plain_reason(error, url)})") from None


def plain_reason(error: Exception, url: str) -> str:
    """Why a connection to an address failed, in plain words, or in the system's words if they are clear."""
    reason = getattr(error, "reason", None) or error
    host = urlsplit(url).hostname
    if isinstance(reason, socket.gaierror):
        return f"the name {host} is not found: check the network and the proxy"
    if isinstance(reason, ConnectionRefusedError):
        return f"{host} refuses connections: check the network and the proxy"
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"the certificate is refused: {reason.verify_message}"
    if isinstance(reason, ssl.SSLError):
        return f"TLS failed: {str(getattr(reason, 'reason', '') or 'no reason given').replace('_', ' ').lower()}"
    if isinstance(reason, TimeoutError):
        return "timed out"
    if isinstance(reason, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError):
        return "the other side closed the connection"
    if isinstance(reason, http.client.IncompleteRead):
        return "the answer is incomplete"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror.lower()
    return str(reason) or type(reason).__name__


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    may_repeat: bool | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
    follow_redirects: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    send_once: Callable[..., Answer] = send,
) -> Answer:
    """Sends a body as JSON, up to `MAX_TRIES` times, with pauses, while the server is busy or does not answer.

    By default, only GET may be repeated; other methods only after an answer of 429, because a rate limit refuses a
    request before it has an effect. `timeout_seconds` is for one try, which `send_once` makes. Raises NoAnswerError,
    also for an answer that is too large.
    """
    data = None if body is None else json.dumps(body).encode()
    sent = {**({} if data is None else {"Content-Type": "application/json"}), **(headers or {})}
    if may_repeat is None:
        may_repeat = method == "GET"
    for tries_left in range(MAX_TRIES - 1, -1, -1):
        pause_seconds = float(MAX_TRIES - tries_left)
        try:
            answer = send_once(
                method, url, headers=sent, data=data, timeout_seconds=timeout_seconds, follow_redirects=follow_redirects
            )
        except NoAnswerError:
            if not (may_repeat and tries_left):
                raise
        else:
            again = answer.status in _TRY_AGAIN and (may_repeat or answer.status == 429)
            if not (again and tries_left):
                if not answer.complete:
                    raise NoAnswerError(f"no answer (it is larger than {MAX_ANSWER_BYTES // 1024**2} MiB)")
                return answer
            pause_seconds = _asked_pause_seconds(answer) or pause_seconds
        sleep(pause_seconds)
    raise AssertionError("unreachable: the last try returns or raises")


def tls_handshake(
    host: str, port: int, context: ssl.SSLContext, *, timeout_seconds: float
) -> tuple[dict[str, Any], str]:
    """The peer's certificate (empty if the context does not verify it) and the negotiated version of TLS.

    Raises OSError: ssl.SSLCertVerificationError for a refused certificate, NoAnswerError at the time limit.
    """

    def exchange(sockets: OpenSockets) -> tuple[dict[str, Any], str]:
        with socket.create_connection((host, port), timeout=max(0.001, timeout_seconds)) as plain:
            sockets.add(plain)
            with context.wrap_socket(plain, server_hostname=host) as secured:
                return dict(secured.getpeercert() or {}), secured.version() or ""

    return run_within(timeout_seconds, exchange)


def origin(url: str) -> tuple[str, str]:
    """Scheme and host with port, to which a credential belongs."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _opener(sockets: OpenSockets, *, follow_redirects: bool) -> urllib.request.OpenerDirector:
    """An opener only for HTTP and HTTPS, not for files and FTP. It uses the proxies of the environment."""

    class Connection(http.client.HTTPConnection):
        def connect(self) -> None:
            super().connect()
            sockets.add(self.sock)

    class SecureConnection(http.client.HTTPSConnection, Connection):
        def connect(self) -> None:
            super().connect()
            # TLS uses a new socket object.
            sockets.add(self.sock)

    class Plain(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> Any:
            return self.do_open(Connection, req)

    class Secure(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> Any:
            return self.do_open(SecureConnection, req)

    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPRedirectHandler(),
        Plain(),
        Secure(),
        _EveryAnswer(follow_redirects=follow_redirects),
    ):
        opener.add_handler(handler)
    return opener


class _EveryAnswer(urllib.request.HTTPErrorProcessor):
    """Returns refusals and redirects as answers; follows a redirect within one origin only on request.

    urllib alone would raise refusals, and would send the token to the target of every redirect.
    """

    def __init__(self, *, follow_redirects: bool) -> None:
        self._follow_redirects = follow_redirects

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:
        target = urljoin(request.full_url, response.headers.get("Location", ""))
        follow = (
            self._follow_redirects
            and response.status in _REDIRECTS
            and request.get_method() in ("GET", "HEAD")
            and origin(target) == origin(request.full_url)
        )
        return super().http_response(request, response) if follow else response

    https_response = http_response


def _answer(response: http.client.HTTPResponse, max_bytes: int) -> Answer:
    data = response.read(max_bytes + 1)
    if len(data) <= max_bytes and response.length:
        raise http.client.IncompleteRead(data, response.length)
    return Answer(
        status=response.status,
        headers=_lower_case(response.headers),
        data=data[:max_bytes],
        complete=len(data) <= max_bytes,
    )


def _lower_case(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _asked_pause_seconds(answer: Answer) -> float:
    """The seconds in `Retry-After`, within limits; 0 if it is not a number of seconds."""
    asked = answer.headers.get("retry-after", "")
    return min(float(asked), _MAX_PAUSE_SECONDS) if asked.isascii() and asked.isdigit() else 0.0
