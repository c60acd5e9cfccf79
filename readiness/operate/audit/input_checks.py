"""What the application takes in: files, and texts that mean something to a database or a browser."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

from readiness.managed_files.http_client import NoAnswerError
from readiness.operate.audit.evidence import Evidence, failed, passed
from readiness.operate.audit.visitor import CheckNotPossibleError, Visitor, bearer

_REFUSED_UPLOAD = frozenset({400, 403, 413, 415, 422})
_SQL_ERROR = re.compile(r"syntax error at or near|unterminated quoted string|psycopg2|sqlalchemy", re.IGNORECASE)
_INJECTIONS = ("' OR '1'='1' --", "nobody@example.com'; SELECT pg_sleep(0); --")
_MARKUP = "<script>readiness()</script>"
# The first bytes of a Windows program; nothing that runs.
_PROGRAM = b"MZ" + b"\x00" * 512


def upload_size(visitor: Visitor) -> Iterator[Evidence]:
    """A file over the limit is refused."""
    how = f"upload-size: {visitor.url}"
    size = (visitor.upload_limit_mb + 1) * 1024 * 1024
    try:
        status = _upload(visitor, "readiness-audit.txt", "text/plain", b"x" * size)
    except NoAnswerError as error:
        # A server may hang up in the middle of what it refuses; whether it was that, nobody can tell.
        raise CheckNotPossibleError(f"broken off while sending {visitor.upload_limit_mb + 1} MiB: {error}") from None
    if status in _REFUSED_UPLOAD:
        yield passed(how, f"{visitor.upload_limit_mb + 1} MiB are refused with {status}")
    else:
        yield failed(how, f"{visitor.upload_limit_mb + 1} MiB are answered with {status}{_stored(status)}")


def upload_type(visitor: Visitor) -> Iterator[Evidence]:
    """A program is refused, by its name and by its content."""
    how = f"upload-type: {visitor.url}"
    tried = {
        "a program": ("readiness-audit.exe", "application/octet-stream"),
        "a program that is called a PDF": ("readiness-audit.pdf", "application/pdf"),
    }
    bad = False
    for what, (name, kind) in tried.items():
        status = _upload(visitor, name, kind, _PROGRAM)
        if status not in _REFUSED_UPLOAD:
            bad = True
            yield failed(how, f"{what} is answered with {status}{_stored(status)}")
    if not bad:
        yield passed(how, f"refused: {', '.join(tried)}")


def sql_injection(visitor: Visitor) -> Iterator[Evidence]:
    """Texts that would end a query's own text change nothing, and reach no database as a query."""
    how = f"sql-injection: {visitor.url}"
    bad = False
    for text in _INJECTIONS:
        answer = visitor.post(visitor.paths.login, {"email": text, "password": text})
        if answer.status == 200:
            bad = True
            yield failed(how, "a login with SQL in place of an address succeeds")
        elif answer.status >= 500 or _SQL_ERROR.search(answer.text):
            bad = True
            yield failed(how, f"SQL in place of an address is answered with {answer.status}, as an error of the inside")
    if not bad:
        yield passed(how, f"{len(_INJECTIONS)} texts with SQL are refused as wrong input")


def reflected_markup(visitor: Visitor) -> Iterator[Evidence]:
    """Markup in an address or a field does not come back as markup."""
    how = f"reflected-markup: {visitor.url}"
    encoded = _MARKUP.replace("<", "%3C").replace(">", "%3E")
    answers = [
        visitor.ask(f"/{encoded}"),
        visitor.ask(f"/?q={encoded}"),
        visitor.post(visitor.paths.login, {"email": _MARKUP, "password": "x"}),
    ]
    if any(_MARKUP in each.text and each.content_type == "text/html" for each in answers):
        yield failed(how, "a script in the request comes back in a page, unescaped")
    else:
        yield passed(how, f"{len(answers)} requests with a script in them bring none back")


def _upload(visitor: Visitor, name: str, kind: str, content: bytes) -> int:
    if visitor.paths.upload is None:
        raise CheckNotPossibleError("no `smoke.upload_path` in the settings")
    token = visitor.log_in(visitor.account)["access_token"]
    target = visitor.paths.upload
    if "{id}" in target:
        target = target.replace("{id}", visitor.first_own_id())
    boundary = uuid.uuid4().hex
    part = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {kind}'
    data = f"--{boundary}\r\n{part}\r\n\r\n".encode() + content + f"\r\n--{boundary}--\r\n".encode()
    headers = {**bearer(token), "Content-Type": f"multipart/form-data; boundary={boundary}"}
    return visitor.ask(target, method="POST", headers=headers, data=data).status


def _stored(status: int) -> str:
    return "; delete readiness-audit.* from the test account" if status < 300 else ""
