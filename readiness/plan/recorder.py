"""Runs a Pulumi program without engine, plugin or network, and keeps every registration that it makes.

The one file that knows the SDK's internals (`MockMonitor`, `MockSettings`, request field names), hence the pinned SDK.
Differences from the SDK's own mocks, each with its reason:

- It keeps the requests themselves: only they hold parent, protect, dependencies and the source line (`Mocks` does not).
- URNs follow the engine's rule (`generateURN` in pulumi/pulumi's deployment.go); the mock's do not. A URN that is
  registered twice is refused, as the engine does.
- The state of a provider's resource is its request's own object, secret wrappers included. The mock deserializes and
  serializes it again in a thread of its own, and leaves an event loop there that complains at exit.
- Transforms, which the engine calls back, are refused: the plan would hold the resources as they were before.
- Function calls and reads are refused: they need the network during a preview and cannot be planned offline.
"""

from __future__ import annotations

import gc
import inspect
import logging
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CoroutineType
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import resource_pb2

from readiness.delivered.declared_texts import Texts, open_store
from readiness.plan.run_program import run_to_the_end
from readiness.resource_types import STACK_TYPE

# The engine calls such a function back; what it makes of a resource is in no plan.
_TRANSFORMED = "a transform changes {} in the engine, which a plan cannot show; declare what it should be"


class UnrecordableError(Exception):
    """The program does what a plan without an engine cannot hold. `request` is what it asked for."""

    def __init__(self, message: str, request: Any) -> None:
        super().__init__(message)
        self.request = request


@dataclass(slots=True)
class Recording:
    """Everything a program registered: requests and outputs by URN, in order of registration.

    `files` are the texts that components keep out of their inputs (`declared_texts`): by URN, then by path.
    """

    requests: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    files: Texts = field(default_factory=dict)


class NoMocks(mocks.Mocks):
    """The base class asks for mocks; the recorder answers by itself and never calls them."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        """Is never called."""
        raise NotImplementedError

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        """Is never called."""
        raise NotImplementedError


class RecordingMonitor(mocks.MockMonitor):
    """Keeps each request and gives every resource its inputs as state, and a legible id."""

    def __init__(self, project: str, stack: str) -> None:
        super().__init__(NoMocks())
        self.recording = Recording()
        self._prefix = f"urn:pulumi:{stack}::{project}"

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The engine's rule: the parents' types in a chain, the root stack left out."""
        chain = parent.split("::")[2] if parent else ""
        qualified_type = type_ if chain in ("", STACK_TYPE) else f"{chain}${type_}"
        return f"{self._prefix}::{qualified_type}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the service's name
        """Keeps the request. Raises UnrecordableError for a URN that is registered twice."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.transforms:
            raise UnrecordableError(_TRANSFORMED.format(f"{request.type} {request.name!r}"), request)
        if urn in self.recording.requests:
            message = f"two resources have the URN {urn}; give one of them another name"
            raise UnrecordableError(message, request)
        self.recording.requests[urn] = request
        if not request.custom:
            # A component has no state but what it registers itself; the SDK would look up resources among its inputs.
            return resource_pb2.RegisterResourceResponse(urn=urn)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=f"<{request.name}.id>", object=request.object)

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - the service's name
        """Raises UnrecordableError."""
        message = f"the function {request.tok} is called, which needs the network; make its result a setting"
        raise UnrecordableError(message, request)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - the service's name
        """Raises UnrecordableError."""
        message = f"{request.type} {request.name!r} is read, which needs the network; make its id a setting"
        raise UnrecordableError(message, request)

    def RegisterStackTransform(self, request: Any) -> Any:  # noqa: N802 - the service's name
        """Raises UnrecordableError."""
        raise UnrecordableError(_TRANSFORMED.format("every resource"), request)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the service's name
        """Keeps the outputs."""
        self.recording.outputs[request.urn] = request.outputs
        return super().RegisterResourceOutputs(request)


def record(
    program: Callable[[], None],
    *,
    project: str,
    stack: str,
    config: dict[str, str] | None = None,
    secret_keys: list[str] | None = None,
    dry_run: bool = True,
) -> Recording:
    """Runs `program` to its end, every `apply` included, and returns what it registered.

    Raises what the program raises, and logs nothing. `config` contains text as the engine passes it:
    JSON for what is no text. `PULUMI_CONFIG…` variables, from which the SDK would fill in absent keys, are not seen.
    The program gets `dry_run`, because a preview may contain what an update may not.
    """
    monitor = RecordingMonitor(project, stack)
    run_settings = _settings(monitor, project, stack, dry_run=dry_run)
    with open_store() as monitor.recording.files, _without_config_variables(), warnings.catch_warnings():
        # After an exception, what was about to be awaited is not.
        warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
        try:
            run_to_the_end(program, run_settings, config or {}, secret_keys or [])
        except Exception:
            _close_what_never_started()
            raise
    return monitor.recording


def _settings(monitor: RecordingMonitor, project: str, stack: str, *, dry_run: bool) -> mocks.MockSettings:
    logger = logging.getLogger("readiness.recorder")
    # The SDK logs the program's own exception, with a traceback, before it raises it: once is enough.
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return mocks.MockSettings(
        monitor=monitor,
        monitor_features=set(monitor.GetDeploymentInfo(None).supportedFeatures),
        engine=mocks.MockEngine(logger),
        project=project,
        stack=stack,
        dry_run=dry_run,
        organization=None,
        root_directory=None,
        callbacks=None,
        parallel=None,
        legacy_apply_enabled=False,
        outputs=set(),
        package_refs={},
        base_providers_by_ref={},
    )


def _close_what_never_started() -> None:
    """Closes the SDK's coroutines that a failed program leaves unstarted, so that none warns that it was never awaited.

    From Python 3.12 on, the traceback of a cancelled task keeps the coroutines that the task was about to await: they
    would warn long after the recording, when the garbage collector runs.
    """
    sdk = os.path.dirname(pulumi.__file__)
    for thing in gc.get_objects():
        if (
            isinstance(thing, CoroutineType)
            and inspect.getcoroutinestate(thing) == inspect.CORO_CREATED
            and thing.cr_code.co_filename.startswith(sdk)
        ):
            thing.close()


@contextmanager
def _without_config_variables() -> Iterator[None]:
    hidden = {name: value for name, value in os.environ.items() if name.startswith("PULUMI_CONFIG")}
    for name in hidden:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)


def is_secret(value: dict[str, Any]) -> bool:
    """Whether a serialized object is a secret's wrapper (which contains the plain text)."""
    return value.get(rpc._special_sig_key) == rpc._special_secret_sig


def is_resource_reference(value: dict[str, Any]) -> bool:
    """Whether a serialized object is a reference to a resource."""
    return value.get(rpc._special_sig_key) == rpc._special_resource_sig


UNKNOWN = rpc.UNKNOWN
