"""One module opens connections, and no credential reaches another origin, whichever client sends it."""

from __future__ import annotations

import ast
import dataclasses
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from readiness.cli.main import cli, run
from readiness.delivered.apis import ApiError, Apis
from readiness.delivered.http_client import NoAnswerError, request, send
from readiness.live.application import Paths, Visitor
from readiness.live.github_api import GitHub, GitHubError
from readiness.live.google_api import ENDPOINTS, Google, GoogleError
from readiness.live.google_login import LoginError, access_token
from readiness.live.web import Deadline, probe
from tests.live.google_files import SUBJECT_TOKEN, adc, workload_identity
from tests.live.loopback import Reply, dripping, serving
from tests.projects import ROOT

OWNER = ROOT / "readiness" / "delivered" / "http_client.py"
OPENS_CONNECTIONS = {"urllib.request", "http.client", "socket", "requests", "urllib3", "httpx", "asyncio", "ftplib"}
PLANTED = "planted-credential"


def imported_names(source: str) -> set[str]:
    """The modules that a source imports, wherever in the file it does so."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_one_module_opens_connections() -> None:
    """What is asked of it is bounded in time and size, and keeps its credentials."""
    offenders = {
        str(path.relative_to(ROOT)): sorted(names)
        for path in ROOT.joinpath("readiness").rglob("*.py")
        if path != OWNER and (names := imported_names(path.read_text(encoding="utf-8")) & OPENS_CONNECTIONS)
    }
    # The program runs in the SDK's own event loop, which opens none.
    offenders.pop("readiness/plan/run_program.py", None)
    assert offenders == {}
    assert imported_names(OWNER.read_text(encoding="utf-8")) & OPENS_CONNECTIONS


def _google(url: str) -> Google:
    return Google(project="p", token=PLANTED, endpoints=dict.fromkeys(ENDPOINTS, url))


def _github(url: str) -> GitHub:
    return GitHub(owner="o", repository="r", token=PLANTED, api_url=url)


def _delivered(url: str) -> Apis:
    def to_the_server(method: str, asked: str, **options: Any) -> Any:
        return send(method, f"{url}/{asked.partition('://')[2]}", **options)

    return Apis(
        repository="o/r",
        project="p",
        log="l",
        github_token=PLANTED,
        google_token=PLANTED,
        webhook=f"https://{PLANTED}",
        send_once=to_the_server,
        sleep=lambda _: None,
    )


def _visit(url: str) -> Visitor:
    return Visitor(url=url, paths=Paths(), deadline=Deadline.after(30))


LIMIT_SECONDS = 0.3
SLOW_CALLS: dict[str, Callable[[str, Deadline], object]] = {
    "Google": lambda url, deadline: dataclasses.replace(_google(url), deadline=deadline).ask("logging", "x"),
    "GitHub": lambda url, deadline: dataclasses.replace(_github(url), deadline=deadline).send("PUT", "x", {}),
    "probe": lambda url, deadline: probe(url, deadline),
    "Visitor": lambda url, deadline: dataclasses.replace(_visit(url), deadline=deadline).ask("/"),
}


@pytest.mark.parametrize("call", SLOW_CALLS.values(), ids=SLOW_CALLS)
def test_a_slow_body_does_not_hold_a_command(call: Callable[[str, Deadline], object]) -> None:
    """`comment`, `drill`, `adopt`, `deliver` and `audit --url` use these: the limit is for the whole answer."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    with (
        dripping(answer, forever=b" ") as url,
        # Of a request whose limit is not the deadline it would say 10 s.
        pytest.raises((GoogleError, GitHubError, NoAnswerError), match=r"timed out: not complete after 0\.[0-3]"),
    ):
        call(url, Deadline.after(LIMIT_SECONDS))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "https://github.invalid/x",
            "no answer (the name github.invalid is not found: check the network and the proxy)",
        ),
        ("http://127.0.0.1:9/x", "no answer (127.0.0.1 refuses connections: check the network and the proxy)"),
    ],
)
def test_why_no_connection_came_about_is_said_in_words(monkeypatch: pytest.MonkeyPatch, url: str, said: str) -> None:
    """With the host, and what to check; Python's own names of errors help nobody."""

    def not_found(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    if "invalid" in url:
        monkeypatch.setattr(socket, "getaddrinfo", not_found)
    with pytest.raises(NoAnswerError) as error:
        send("GET", url)
    assert str(error.value) == said


def test_a_request_without_an_answer_is_one_error_of_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wherever in a command it is raised: with its reason, and not with the name of the exception."""

    def unanswered(**_: object) -> None:
        raise NoAnswerError("no answer (the name x is not found: check the network and the proxy)")

    monkeypatch.setattr(cli.commands["schema"], "callback", unanswered)
    assert run(["schema"]) == 1
    assert capsys.readouterr().err == "error: no answer (the name x is not found: check the network and the proxy).\n"


HEADERS = {"Authorization": f"Bearer {PLANTED}"}
CALLS: dict[str, Callable[[str], object]] = {
    "send": lambda url: send("GET", url, headers=HEADERS),
    "send, following": lambda url: send("GET", url, headers=HEADERS, follow_redirects=True),
    "request": lambda url: request("GET", url, headers=HEADERS, follow_redirects=True),
    "Google.get": lambda url: _google(url).get("logging", "x"),
    "Google.ask": lambda url: _google(url).ask("logging", "x"),
    "Google.items": lambda url: list(_google(url).items("logging", "x", "x")),
    "Google.send": lambda url: _google(url).send("PATCH", "logging", "x", {}),
    "GitHub.get": lambda url: _github(url).get("x"),
    "GitHub.items": lambda url: list(_github(url).items("x")),
    "GitHub.send": lambda url: _github(url).send("PUT", "x", {}),
    "probe": lambda url: probe(url, Deadline.after(30), headers=HEADERS),
    "Visitor.ask": lambda url: _visit(url).ask("/", headers=HEADERS),
    "Visitor.post": lambda url: _visit(url).post("/", {"password": PLANTED}),
    "Apis.google": lambda url: _delivered(url).google("https://x"),
    "Apis.google, DELETE": lambda url: _delivered(url).google("https://x", method="DELETE"),
    "Apis.github": lambda url: _delivered(url).github("x"),
    "Apis.all_entries": lambda url: list(_delivered(url).all_entries("x")),
    "Apis.post_to_slack": lambda url: _delivered(url).post_to_slack({}),
}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_no_credential_follows_a_redirect_to_another_origin(call: Callable[[str], object], status: int) -> None:
    """The other origin is asked nothing at all, so it gets neither a header nor a body."""
    with (
        serving(lambda _: Reply(200, {})) as other,
        serving(lambda _: Reply(status, {}, {"Location": f"{other.url}/collect"})) as server,
    ):
        with suppress(GoogleError, GitHubError, ApiError):
            call(server.url)
        assert PLANTED in f"{[(asked.headers, asked.body, asked.path) for asked in server.requests]}"
        assert other.requests == []


@pytest.mark.parametrize("status", [302, 307])
def test_no_credential_of_a_login_follows_a_redirect(tmp_path: Path, status: int) -> None:
    """google-auth's requests go through the same client."""
    with (
        serving(lambda _: Reply(200, {})) as other,
        serving(lambda _: Reply(status, {}, {"Location": f"{other.url}/collect"})) as server,
    ):
        with pytest.raises(LoginError):
            access_token(adc(tmp_path, workload_identity(tmp_path, server)))
        assert SUBJECT_TOKEN in str(server.requests[0].body)
        assert other.requests == []
