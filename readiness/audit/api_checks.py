"""Calls every operation in the application's OpenAPI document without a token.

An unprotected operation would run when it is called. So the check calls none in a way that could succeed: an id in a
path belongs to no item, and an operation that requires a body gets none. It does not call an operation that changes
something and takes neither an id nor a body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from readiness.delivered.http_client import NoAnswerError
from readiness.json_values import as_list
from readiness.live.application import Visitor
from readiness.live.rows import NotCheckedError, Observation, Outcome
from readiness.settings.base import URL_PATH_CHARACTERS

MAX_OPERATIONS = 150
_METHODS = ("get", "head", "post", "put", "patch", "delete")
_SAFE = frozenset({"GET", "HEAD"})
_REFUSED = frozenset({401, 403})
# Answers of an operation that validates a request before it authenticates it, or of a path that does not exist.
_VALIDATED_FIRST = frozenset({400, 404, 405, 415, 422})
_PATH = re.compile(f"/[{URL_PATH_CHARACTERS}{{}}]*")
_PARAMETER = re.compile(r"\{([^{}/]+)\}")
_NO_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One method of one path. `path` has its parameters in braces, `target` an id of no item in their place."""

    method: str
    path: str
    target: str
    takes_body: bool
    declares_security: bool

    @property
    def name(self) -> str:
        """`GET /api/v1/items/{id}`."""
        return f"{self.method} {self.path}"

    @property
    def is_harmless(self) -> bool:
        """Whether a call without a body cannot succeed, or changes nothing if it succeeds."""
        return self.method in _SAFE or self.takes_body or self.target != self.path


def every_operation(visitor: Visitor) -> Iterator[Observation]:
    """Every operation that is not public in the settings refuses a request without a token."""
    operations = [operation for operation in _operations(visitor) if operation.name not in _public(visitor)]
    if not operations:
        raise NotCheckedError(f"{visitor.paths.openapi} has only public operations")
    # A separate limit: an API can have many more operations than all other checks need requests.
    caller = replace(visitor, requests=0, max_requests=MAX_OPERATIONS)
    refused = []
    for operation in operations[:MAX_OPERATIONS]:
        if not operation.is_harmless:
            yield (
                Outcome.NOT_CHECKED,
                f"{operation.name} is not called: it needs no body and no id, so the call might succeed",
            )
            continue
        try:
            status = caller.ask(operation.target, method=operation.method).status
        except NoAnswerError as error:
            yield Outcome.NOT_CHECKED, f"{operation.name}: {error}"
            continue
        if status in _REFUSED:
            refused.append(operation.name)
        else:
            yield _judged(operation, status)
    if refused:
        yield Outcome.PASS, f"{len(refused)} operations refuse a request without a token: {', '.join(refused)}"
    if len(operations) > MAX_OPERATIONS:
        yield Outcome.NOT_CHECKED, f"{len(operations) - MAX_OPERATIONS} more operations are not called"


def other_kinds_of_data(visitor: Visitor) -> list[Observation]:
    """Whether the API has items with an id that no other check tries to read as a second user."""
    tried = {str(visitor.paths.owned_list).partition("?")[0].rstrip("/")}
    tried |= {_kind(path) for path in (visitor.paths.uploaded_path, visitor.paths.delete_path) if path}
    kinds = {_kind(operation.path) for operation in _operations(visitor) if operation.target != operation.path}
    rest = sorted(kinds - tried)
    if rest:
        message = f"not tried as a second user: items with an id below {', '.join(rest)}"
        return [(Outcome.NOT_CHECKED, message)]
    return [(Outcome.PASS, "every kind of item with an id was tried as a second user")]


def _judged(operation: Operation, status: int) -> Observation:
    """The verdict on an operation that did not answer 401 or 403."""
    if status < 300:
        return Outcome.FAIL, f"{operation.name} answers {status} without a token"
    if status in _VALIDATED_FIRST and not operation.declares_security:
        return Outcome.FAIL, f"{operation.name} declares no security, and answers {status} without a token"
    return Outcome.NOT_CHECKED, f"{operation.name} answers {status} without a token, which proves nothing"


def _public(visitor: Visitor) -> frozenset[str]:
    paths = visitor.paths
    usual = {f"POST {paths.login}", f"POST {paths.refresh}", f"GET {paths.health}", f"GET {paths.openapi}"}
    return frozenset(usual | set(paths.public_operations))


def _operations(visitor: Visitor) -> list[Operation]:
    """The operations of the document. Raises NotCheckedError without a document."""
    answer = visitor.ask(visitor.paths.openapi)
    paths = answer.field("paths")
    if answer.status != 200 or not isinstance(paths, Mapping):
        raise NotCheckedError(
            f"no OpenAPI document at {visitor.paths.openapi} ({answer.status}): set `api.openapi_path` of the "
            "service, or call every operation by hand"
        )
    prefix = _prefix(visitor, answer.body.get("servers"))
    found = []
    for path, item in paths.items():
        if not (isinstance(path, str) and _PATH.fullmatch(path) and isinstance(item, Mapping)):
            raise NotCheckedError(f"{visitor.paths.openapi} has a path of an unknown form")
        for method in _METHODS:
            if isinstance(operation := item.get(method), Mapping):
                security = operation.get("security", answer.body.get("security"))
                found.append(_operation(prefix + path, method.upper(), item, operation, security))
    return found


def _operation(
    path: str, method: str, item: Mapping[str, Any], operation: Mapping[str, Any], security: object
) -> Operation:
    described = [*as_list(item.get("parameters")), *as_list(operation.get("parameters"))]
    numbers = {
        parameter.get("name")
        for parameter in described
        if isinstance(parameter, Mapping)
        and isinstance(schema := parameter.get("schema"), Mapping)
        and schema.get("type") in ("integer", "number")
    }
    body = operation.get("requestBody")
    return Operation(
        method=method,
        path=path,
        target=_PARAMETER.sub(lambda found: "0" if found[1] in numbers else _NO_ID, path),
        takes_body=isinstance(body, Mapping) and body.get("required") is True,
        # An empty requirement among several makes the others optional.
        declares_security=bool(as_list(security)) and {} not in as_list(security),
    )


def _prefix(visitor: Visitor, servers: object) -> str:
    """The path in front of every path of the document. Raises NotCheckedError for a server of another host."""
    first = next(iter(as_list(servers)), None)
    if not isinstance(first, Mapping):
        return ""
    parts = urlsplit(str(first.get("url", "")))
    if parts.netloc and parts.netloc != urlsplit(visitor.url).netloc:
        raise NotCheckedError(f"the OpenAPI document names another host, {parts.netloc}, which is not called")
    return parts.path.rstrip("/")


def _kind(path: str) -> str:
    """The path before the first parameter: the collection of the items with an id."""
    return path.partition("{")[0].rstrip("/")
