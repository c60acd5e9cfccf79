"""What the application takes in: files, and texts that mean something to a database or a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.audit.evidence import Observation, judged
from readiness.audit.visitor import Visitor, bearer
from readiness.delivered.http_client import NoAnswerError
from readiness.live.verify.probe import file_form
from readiness.live.verify.rows import NotCheckedError

_REFUSED_UPLOAD = frozenset({400, 403, 413, 415, 422})
_SQL_ERROR = re.compile(r"syntax error at or near|unterminated quoted string|psycopg2|sqlalchemy", re.IGNORECASE)
_INJECTIONS = ("' OR '1'='1' --", "nobody@example.com'; SELECT pg_sleep(0); --")
_MARKUP = "<script>readiness()</script>"
# The first bytes of a Windows program; nothing that runs.
_PROGRAM = b"MZ" + b"\x00" * 512


def upload_size(visitor: Visitor) -> list[Observation]:
    """A file over the limit is refused."""
    size_mb = visitor.upload_limit_mb + 1
    try:
        status = _upload(visitor, "readiness-audit.txt", "text/plain", b"x" * (size_mb * 1024 * 1024))
    except NoAnswerError as error:
        # A server may hang up in the middle of what it refuses; whether it was that, nobody can tell.
        raise NotCheckedError(f"broken off while sending {size_mb} MiB: {error}") from None
    return judged(_accepted(f"{size_mb} MiB are", status), f"{size_mb} MiB are refused with {status}")


def upload_type(visitor: Visitor) -> list[Observation]:
    """A program is refused, by its name and by its content."""
    tried = {
        "a program": ("readiness-audit.exe", "application/octet-stream"),
        "a program that is called a PDF": ("readiness-audit.pdf", "application/pdf"),
    }
    faults = [
        fault
        for what, (name, kind) in tried.items()
        for fault in _accepted(f"{what} is", _upload(visitor, name, kind, _PROGRAM))
    ]
    return judged(faults, f"refused: {', '.join(tried)}")


def sql_injection(visitor: Visitor) -> list[Observation]:
    """Texts that would end a query's own text change nothing, and reach no database as a query."""
    faults = []
    for text in _INJECTIONS:
        answer = visitor.post(visitor.paths.login, {"email": text, "password": text})
        if answer.status == 200:
            faults.append("a login with SQL in place of an address succeeds")
        elif answer.status >= 500 or _SQL_ERROR.search(answer.text):
            faults.append(f"SQL in place of an address is answered with {answer.status}, as an error of the inside")
    return judged(faults, f"{len(_INJECTIONS)} texts with SQL are refused as wrong input")


def reflected_markup(visitor: Visitor) -> list[Observation]:
    """Markup in an address or a field does not come back as markup."""
    encoded = _MARKUP.replace("<", "%3C").replace(">", "%3E")
    answers = [
        visitor.ask(f"/{encoded}"),
        visitor.ask(f"/?q={encoded}"),
        visitor.post(visitor.paths.login, {"email": _MARKUP, "password": "x"}),
    ]
    reflected = any(_MARKUP in answer.text and answer.content_type == "text/html" for answer in answers)
    faults = ["a script in the request comes back in a page, unescaped"] if reflected else []
    return judged(faults, f"{len(answers)} requests with a script in them bring none back")


def _upload(visitor: Visitor, name: str, kind: str, content: bytes) -> int:
    """The status of the answer to one upload."""
    if visitor.paths.upload is None:
        raise NotCheckedError("no `smoke.upload_path` in the settings")
    token = visitor.log_in(visitor.account)["access_token"]
    target = visitor.paths.upload
    if "{id}" in target:
        target = target.replace("{id}", visitor.first_own_id())
    form_headers, data = file_form(name, kind, content)
    return visitor.ask(target, method="POST", headers={**bearer(token), **form_headers}, data=data).status


def _accepted(what: str, status: int) -> Iterator[str]:
    """The fault of an upload that is not refused, if there is one."""
    if status not in _REFUSED_UPLOAD:
        stored = "; delete readiness-audit.* from the test account" if status < 300 else ""
        yield f"{what} answered with {status}{stored}"
