"""Runs a Pulumi program without engine, plugin or network, and keeps every registration that it makes.

The one file that knows the SDK's internals (`MockMonitor`, `MockSettings`, request field names), hence the pinned SDK.
Differences from the SDK's own mocks, each with its reason:

- It keeps the requests themselves: only they hold parent, protect, dependencies and the source line (`Mocks` does not).
- URNs follow the engine's rule (`generateURN` in pulumi/pulumi's deployment.go); the mock's do not. A URN that is
  registered twice is refused, as the engine does.
- A resource's state is its request's own object, secret wrappers included. The mock deserializes and serializes it
  again in a thread of its own, and leaves an event loop there that complains at exit.
- Function calls and reads are refused: they need the network during a preview and cannot be planned offline.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.config import set_all_config
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_in_stack

STACK_TYPE = "pulumi:pulumi:Stack"


@dataclass(slots=True)
class Recording:
    """Everything a program registered: requests and outputs by URN, in order of registration."""

    requests: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)


class _NoMocks(mocks.Mocks):
    """The base class asks for mocks; the recorder answers by itself and never calls them."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        raise NotImplementedError

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise NotImplementedError


class _RecordingMonitor(mocks.MockMonitor):
    """Keeps each request and gives every resource its inputs as state, and a legible id."""

    def __init__(self, project: str, stack: str) -> None:
        super().__init__(_NoMocks())
        self.recording = Recording()
        self._prefix = f"urn:pulumi:{stack}::{project}"

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The engine's rule: the parents' types in a chain, the root stack left out."""
        chain = parent.split("::")[2] if parent else ""
        qualified_type = type_ if chain in ("", STACK_TYPE) else f"{chain}${type_}"
        return f"{self._prefix}::{qualified_type}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the service's name
        urn = self.make_urn(request.parent, request.type, request.name)
        if urn in self.recording.requests:
            raise ValueError(f"two resources have the URN {urn}; give one of them another name")
        self.recording.requests[urn] = request
        identity = f"<{request.name}.id>" if request.custom else ""
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=request.object)

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - the service's name
        raise LookupError(f"the function {request.tok} is called, which needs the network; make its result a setting")

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - the service's name
        raise LookupError(f"{request.type} {request.name!r} is read, which needs the network; make its id a setting")

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the service's name
        self.recording.outputs[request.urn] = request.outputs
        return super().RegisterResourceOutputs(request)


def record(
    program: Callable[[], None],
    *,
    project: str,
    stack: str,
    config: dict[str, str] | None = None,
    secret_keys: list[str] | None = None,
) -> Recording:
    """Runs `program` to its end, every `apply` included, and returns what it registered.

    Raises whatever the program raises. `config` holds text as the engine passes it: JSON for what is no text.
    """
    monitor = _RecordingMonitor(project, stack)
    logger = logging.getLogger("readiness.recorder")
    # The SDK logs the program's own exception, with a traceback, before it raises it: once is enough.
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    settings.configure(
        mocks.MockSettings(
            monitor=monitor,
            monitor_features=set(monitor.GetDeploymentInfo(None).supportedFeatures),
            engine=mocks.MockEngine(logger),
            project=project,
            stack=stack,
            dry_run=False,
            organization=None,
            root_directory=None,
            callbacks=None,
            parallel=None,
            legacy_apply_enabled=False,
            outputs=set(),
            package_refs={},
            base_providers_by_ref={},
        )
    )

    def run() -> None:
        set_all_config(config or {}, secret_keys or [])
        program()

    asyncio.run(run_in_stack(run))
    return monitor.recording


def is_secret(value: dict[str, Any]) -> bool:
    """Whether a serialized object is a secret's wrapper (which holds the plain text)."""
    return value.get(rpc._special_sig_key) == rpc._special_secret_sig


def is_resource_reference(value: dict[str, Any]) -> bool:
    """Whether a serialized object is a reference to a resource."""
    return value.get(rpc._special_sig_key) == rpc._special_resource_sig


UNKNOWN = rpc.UNKNOWN
RunError = pulumi.RunError
