"""The customer's application on the loopback interface, as the audit meets it; a test plants one flaw."""

from __future__ import annotations

import base64
import itertools
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from readiness.live.application import Account, Paths, Visitor
from readiness.live.web import Deadline
from tests.live.loopback import Loopback, Reply, Request, serving

PATHS = Paths(
    login="/api/v1/auth/login",
    upload="/api/v1/resume_upload/candidates/{id}/resumes",
    owned_list="/api/v1/candidates/?limit=1",
    owned_items="candidates",
    uploaded_list="/api/v1/uploads/",
    uploaded_path="/api/v1/uploads/{upload}",
    delete_path="/api/v1/uploads/{upload}",
    public_operations=("POST /api/v1/auth/register",),
)
FIRST = Account(email="first@shop.example.net", password="planted-password-1")  # noqa: S106 - a test's
SECOND = Account(email="second@shop.example.net", password="planted-password-2")  # noqa: S106 - a test's
FRONTEND = "https://frontend.example.net"
OWN_ID = "11111111-2222-3333-4444-555555555555"
LIMIT_MB = 1


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@dataclass
class Application:
    """Everything as it should be. `flaws` are names; each changes what one answer is."""

    flaws: frozenset[str] = frozenset()
    has_tls: bool = False
    logins: int = 0
    used: set[str] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def answer(self, request: Request) -> Reply:
        """As the application does."""
        reply = self._route(request)
        headers = {
            "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
        }
        if "short-hsts" in self.flaws:
            headers["Strict-Transport-Security"] = "max-age=300"
        for flaw, name in (
            ("no-hsts", "Strict-Transport-Security"),
            ("sniffing", "X-Content-Type-Options"),
            ("framing", "Content-Security-Policy"),
        ):
            if flaw in self.flaws:
                del headers[name]
        headers |= self._cors(request.headers.get("origin", ""))
        return Reply(reply.status, reply.body, {**headers, **reply.headers})

    def _cors(self, origin: str) -> dict[str, str]:
        if origin and "cors-reflects" in self.flaws and origin != "null":
            return {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
        if origin == "null" and "cors-null" in self.flaws:
            return {"Access-Control-Allow-Origin": "null"}
        if origin and "cors-star" in self.flaws:
            return {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"}
        return {"Access-Control-Allow-Origin": FRONTEND}

    def _route(self, request: Request) -> Reply:
        path = request.path.partition("?")[0]
        if self.has_tls and not request.secure and "plain-http" not in self.flaws:
            return Reply(302, None, {"Location": f"https://{request.headers['host']}{request.path}"})
        if request.method == "OPTIONS":
            return Reply(204)
        routes = {
            PATHS.login: self._login,
            PATHS.refresh: self._refresh,
            PATHS.me: self._me,
            "/api/v1/candidates/": self._list,
            f"/api/v1/candidates/{OWN_ID}": self._one,
            f"/api/v1/resume_upload/candidates/{OWN_ID}/resumes": self._upload,
            "/health": self._health,
        }
        if path in routes:
            return routes[path](request)
        if path == "/openapi.json" and "no-document" not in self.flaws:
            return Reply(200, self.document())
        if path == "/api/v1/uploads/":
            return Reply(200, {"uploads": list(self.files.values())}) if self._user(request) else Reply(401)
        if path.startswith("/api/v1/candidates/") and self._user(request) is None:
            return Reply(401, {"detail": "no"})
        if path.startswith("/api/v1/uploads/"):
            return self._file(request, path.rpartition("/")[2])
        if path.startswith("/api/v1/admin/"):
            return self._admin(request)
        return self._unknown(request)

    def document(self) -> dict[str, Any]:
        """The OpenAPI document."""
        protected = {"security": [{"bearer": []}]}
        body = {"requestBody": {"required": True, "content": {}}}
        paths: dict[str, Any] = {
            PATHS.login: {"post": body},
            PATHS.refresh: {"post": body},
            "/api/v1/auth/register": {"post": body},
            "/health": {"get": {}},
            PATHS.me: {"get": protected},
            "/api/v1/candidates/": {"get": protected},
            "/api/v1/candidates/{id}": {"get": protected},
            "/api/v1/uploads/": {"get": protected},
            "/api/v1/uploads/{file_id}": {"get": protected, "delete": protected},
            "/api/v1/admin/users": {"post": {**protected, **body}, "summary": "not an operation"},
        }
        if "other-kinds" in self.flaws:
            paths["/api/v1/reports/{id}"] = {"get": protected}
        if "undeclared-operation" in self.flaws:
            paths["/api/v1/admin/settings"] = {"put": body}
        if "runs-without-input" in self.flaws:
            paths["/api/v1/admin/restart"] = {"post": protected}
        document: dict[str, Any] = {"openapi": "3.1.0", "paths": paths}
        if "another-host" in self.flaws:
            document["servers"] = [{"url": "https://elsewhere.example.net/api"}]
        if "odd-path" in self.flaws:
            paths["no slash"] = {"get": protected}
        return document

    def _admin(self, request: Request) -> Reply:
        self.changed.add(f"{request.method} {request.path}")
        if request.path.endswith("/settings"):
            return Reply(422, {"detail": "a body is needed"})
        return Reply(201 if "open-operation" in self.flaws else 401, {})

    def _file(self, request: Request, identity: str) -> Reply:
        user = self._user(request)
        if user is None:
            return Reply(401, {"detail": "no"})
        may = user == FIRST.email or f"others-{request.method.lower()}" in self.flaws
        if request.method in ("PUT", "PATCH") and f"others-{request.method.lower()}" not in self.flaws:
            return Reply(405, {"detail": "no such method"})
        if identity not in self.files or not may:
            return Reply(404, {"detail": "Not Found"})
        if request.method == "DELETE":
            if "undeletable" in self.flaws:
                return Reply(400, {"detail": "cannot be cancelled"})
            if "kept-file" not in self.flaws:
                kept = self.files.pop(identity)
                self.files |= {"copy": kept} if "kept-word" in self.flaws else {}
            return Reply(204)
        return Reply(200, {"id": identity})

    def _unknown(self, request: Request) -> Reply:
        if "reflects-markup" in self.flaws:
            page = request.path.replace("%3C", "<").replace("%3E", ">")
            return Reply(404, f"<p>{page} was not found</p>", {"Content-Type": "text/html"})
        if "trace" in self.flaws and "no-such-path" in request.path:
            return Reply(404, {"detail": 'Traceback (most recent call last): File "/app/main.py", line 3'})
        return Reply(404, {"detail": "Not Found"})

    def _health(self, request: Request) -> Reply:
        if "health-tells" in self.flaws:
            return Reply(200, {"url_masked": "postgresql://app:***@/cloudsql/x"})
        return Reply(200, {"status": "healthy"})

    def _login(self, request: Request) -> Reply:
        body = request.body if isinstance(request.body, dict) else {}
        email, password = body.get("email"), body.get("password")
        for known in (FIRST, SECOND):
            if (email, password) == (known.email, known.password):
                return Reply(200, {"access_token": self._token(known.email), "refresh_token": self._new_refresh()})
        if not isinstance(email, str) or not isinstance(password, str):
            return Reply(500 if "unchecked-type" in self.flaws else 422, {"detail": "wrong input"})
        if "'" in email:
            return self._injected()
        if "@" not in email:
            return Reply(422, {"detail": "no address"})
        self.logins += 1
        if self.logins > 5 and "no-limit" not in self.flaws:
            seconds = "86400" if "long-limit" in self.flaws else "\xb2" if "odd-limit" in self.flaws else "900"
            return Reply(429, {"detail": "later"}, {"Retry-After": seconds})
        return Reply(401, {"detail": "wrong"})

    def _injected(self) -> Reply:
        if "injection-logs-in" in self.flaws:
            return Reply(200, {"access_token": "x"})
        if "injection-error" in self.flaws:
            return Reply(400, {"detail": 'syntax error at or near "OR"'})
        return Reply(422, {"detail": "no address"})

    def _token(self, email: str) -> str:
        life = 86_400 if "long-token" in self.flaws else 1800
        claims = {
            "sub": email,
            "iat": 1_000_000,
            **({} if "endless-token" in self.flaws else {"exp": 1_000_000 + life}),
        }
        return f"{_part({'alg': 'HS256'})}.{_part(claims)}.{_part(email)}"

    def _new_refresh(self) -> str:
        days = 30 if "long-refresh" in self.flaws else 7
        claims = {"iat": 1_000_000, "exp": 1_000_000 + days * 86_400, "n": next(self.numbers)}
        return f"{_part({'alg': 'HS256'})}.{_part(claims)}.s"

    def _refresh(self, request: Request) -> Reply:
        token = request.body["refresh_token"]
        if token in self.used and "reusable-refresh" not in self.flaws:
            return Reply(401, {"detail": "used"})
        self.used.add(token)
        return Reply(200, {"refresh_token": token if "same-refresh" in self.flaws else self._new_refresh()})

    def _user(self, request: Request) -> str | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        for known in (FIRST, SECOND):
            if token == self._token(known.email):
                return known.email
        if "alg-none" in self.flaws and token.endswith("."):
            return FIRST.email
        if "unsigned" in self.flaws and token.count(".") == 2 and not token.endswith("."):
            return FIRST.email
        return None

    def _me(self, request: Request) -> Reply:
        user = self._user(request)
        return Reply(200, {"email": user}) if user or "open-me" in self.flaws else Reply(401, {"detail": "no"})

    def _list(self, request: Request) -> Reply:
        if self._user(request) is None:
            return Reply(403, {"detail": "no"})
        return Reply(200, {"candidates": [{"id": OWN_ID}]})

    def _one(self, request: Request) -> Reply:
        if self._user(request) == FIRST.email or "others-data" in self.flaws:
            return Reply(200, {"id": OWN_ID})
        return Reply(404, {"detail": "Not Found"})

    def _upload(self, request: Request) -> Reply:
        text = str(request.body)
        if len(text) > LIMIT_MB * 1024 * 1024:
            return Reply(201 if "any-size" in self.flaws else 413, {})
        if "readinessaudit" in text:
            identity = f"file-{next(self.numbers)}"
            self.files[identity] = text
            return Reply(201, {} if "no-id" in self.flaws else {"id": identity})
        if ".exe" in text:
            return Reply(201 if "any-type" in self.flaws else 415, {})
        return Reply(201 if "by-name" in self.flaws else 415, {})


@contextmanager
def visit(*flaws: str, tls: ssl.SSLContext | None = None, **changes: Any) -> Iterator[tuple[Visitor, Loopback]]:
    """A visitor with two accounts, and the application with these flaws."""
    application = Application(flaws=frozenset(flaws), has_tls=tls is not None)
    with serving(application.answer, tls=tls) as server:
        given: dict[str, Any] = {
            "account": FIRST,
            "other": SECOND,
            "upload_limit_mb": LIMIT_MB,
            "paths": PATHS,
            "places": {"the logs": lambda word: "kept-in-logs" in flaws},
        }
        deadline = Deadline.after(20, sleep=lambda seconds: None)
        yield Visitor(url=server.url, deadline=deadline, **{**given, **changes}), server
        assert not application.files or {"kept-word", "kept-file", "undeletable", "no-id"} & set(flaws), "left behind"
