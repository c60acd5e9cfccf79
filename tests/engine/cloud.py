"""Imitates the APIs behind the providers: a store of live resources with conflicts, refusals and planned faults.

It keeps what it is sent, in the providers' terms, and checks each body by the committed contracts. It knows nothing of
permissions, quotas or delays.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from readiness.rules.plan_rules import CONTRACTS, body_remarks
from tests.engine.kinds import BUCKET, CHANNEL, identity_of, kind_of

DELETE_REQUESTED = "DELETE_REQUESTED"

Values = dict[str, Any]
Key = tuple[str, str]  # type and id


class ApiError(Exception):
    """A refusal, with the HTTP status that the real API would answer with."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"Error {status}: {message}")
        self.status = status


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request that came in, and how it was answered: 0 for a lost answer."""

    method: str
    resource: str
    type: str
    status: int


@dataclass(kw_only=True, slots=True)
class Fault:
    """The next `times` requests of that method about that resource are answered with `status`.

    With `done_nevertheless` the server does what it is asked, and only the answer is lost.
    """

    method: str
    resource: str
    status: int
    times: int = 1
    done_nevertheless: bool = False


@dataclass(kw_only=True, slots=True)
class Hold:
    """Stops the next creation of a resource after the server made it and before it answers."""

    resource: str
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


class Cloud:
    """The live things by type and id; one for the whole tier, saved and restored between tests.

    An update of what is in `ignores` is answered with success and not done. The commands' requests about a path that
    holds one of `refused_paths` are refused.
    """

    def __init__(self) -> None:
        self.things: dict[Key, Values] = {}
        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.hold: Hold | None = None
        self.ignores: set[str] = set()
        self.refused_paths: set[str] = set()
        self._last_number = 1000
        self._lock = threading.RLock()

    def saved(self) -> tuple[dict[Key, Values], int]:
        """What `restore` takes."""
        return copy.deepcopy(self.things), self._last_number

    def restore(self, saved: tuple[dict[Key, Values], int]) -> None:
        """Back to that state, with no fault and no request remembered."""
        if self.hold is not None:
            self.hold.released.set()  # of a test that has failed
        self.things, self._last_number = copy.deepcopy(saved[0]), saved[1]
        self.hold = None
        for remembered in (self.requests, self.faults, self.ignores, self.refused_paths):
            remembered.clear()

    def of_type(self, type_: str) -> dict[str, Values]:
        """The live things of a type, by id."""
        return {identity: values for (found_type, identity), values in self.things.items() if found_type == type_}

    def sent(self, method: str, resource: str = "") -> list[Request]:
        """The requests of that method, about that resource if one is named."""
        return [request for request in self.requests if request.method == method and resource in ("", request.resource)]

    def fail(self, method: str, resource: str, status: int, *, times: int = 1, done_nevertheless: bool = False) -> None:
        """Answers the next requests so."""
        fault = Fault(method=method, resource=resource, status=status, times=times, done_nevertheless=done_nevertheless)
        self.faults.append(fault)

    def create(self, type_: str, resource: str, inputs: Values) -> str:
        """POST: the new thing's id."""
        with self._answering("POST", type_, resource):
            kind = kind_of(type_)
            _refuse_invalid(type_, inputs)
            self._last_number += 1
            identity = identity_of(kind, inputs, self._last_number)
            known = self.things.get((type_, identity), {})
            if known and not kind.takes_over:
                raise ApiError(409, f"{identity} exists already")
            if known.get("lifecycleState") == DELETE_REQUESTED:
                raise ApiError(400, f"{identity} is deleted")
            self.things[type_, identity] = copy.deepcopy(inputs)
        self._wait_if_held(resource)
        return identity

    def read(self, type_: str, resource: str, identity: str) -> Values | None:
        """GET: the thing without what is never given back; None where there is none."""
        with self._answering("GET", type_, resource):
            found = self.things.get((type_, identity))
            hidden = kind_of(type_).hidden
            return None if found is None else {key: found[key] for key in found if key not in hidden}

    def update(self, type_: str, resource: str, identity: str, changes: Values) -> None:
        """PATCH of these fields, None taking one away; a PUT of the whole is the same with every field."""
        with self._answering("PATCH", type_, resource):
            if (type_, identity) not in self.things:
                raise ApiError(404, f"{identity} is not there")
            if self.things[type_, identity].get("lifecycleState") == DELETE_REQUESTED:
                raise ApiError(400, f"{identity} is deleted")
            merged = {**self.things[type_, identity], **copy.deepcopy(changes)}
            wanted = {key: value for key, value in merged.items() if value is not None}
            _refuse_invalid(type_, wanted)
            if resource not in self.ignores:
                self.things[type_, identity] = wanted

    def delete(self, type_: str, resource: str, identity: str) -> None:
        """DELETE: what is gone already is no error, as the providers take it."""
        if kind_of(type_).survives:
            return
        with self._answering("DELETE", type_, resource):
            users = [key for key, values in self.things.items() if identity in values.get("notificationChannels", ())]
            if type_ == CHANNEL and users:
                raise ApiError(400, f"{identity} is in use by {', '.join(user for _, user in users)}")
            if type_ == BUCKET:
                self._delete_bucket(identity)
            else:
                self.things.pop((type_, identity), None)

    def _delete_bucket(self, identity: str) -> None:
        """Of Google's own bucket the provider sends no deletion; every other one is kept for seven days."""
        if not identity.endswith("/_Default") and (BUCKET, identity) in self.things:
            self.things[BUCKET, identity]["lifecycleState"] = DELETE_REQUESTED

    def _wait_if_held(self, resource: str) -> None:
        hold = self.hold
        if hold is not None and hold.resource == resource:
            hold.reached.set()
            hold.released.wait(timeout=60)

    @contextmanager
    def _answering(self, method: str, type_: str, resource: str) -> Iterator[None]:
        def note(status: int) -> None:
            self.requests.append(Request(method=method, resource=resource, type=type_, status=status))

        with self._lock:
            fault = self._next_fault(method, resource)
            try:
                if fault is not None and not fault.done_nevertheless:
                    raise ApiError(fault.status, "as the test planned")
                yield
            except ApiError as error:
                note(error.status)
                raise
            note(0 if fault else 200)
            if fault is not None:
                raise ApiError(fault.status, "the answer is lost")

    def _next_fault(self, method: str, resource: str) -> Fault | None:
        for fault in self.faults:
            if fault.method == method and fault.resource == resource and fault.times > 0:
                fault.times -= 1
                return fault
        return None


def violations(type_: str, inputs: Values) -> list[tuple[str, str]]:
    """Path and message of whatever the API would refuse of the body that the inputs become."""
    contract = CONTRACTS.get(type_)
    body = None if contract is None else contract.body(inputs)
    return body_remarks(type_, body)


def _refuse_invalid(type_: str, inputs: Values) -> None:
    found = violations(type_, inputs)
    if found:
        raise ApiError(400, "; ".join(f"{path}: {message}" for path, message in found))
