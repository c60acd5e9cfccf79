"""The gcp and github providers, imitated, as the engine's plugin protocol sees them.

It checks inputs by the committed contracts, and imitates what the real providers were seen to do under the real engine
(docs/facts/providers.md#after-a-failure), no more:

- 429, 500 and 503 are tried again by gcp, three times in all, without its pauses; 400, 403, 404 and 409 are final.
- **The trap**: after a PATCH that gcp's API refused, the new values stand in the state's outputs. The next plain `up`
  compares those with the program, finds nothing to send, sends one GET and reports success; the server keeps the old
  value. A refresh before it puts the server's values back into the outputs, and the PATCH is sent. A failed PUT of
  github leaves the state as it was.
- A change of what the API fixes at creation is a replacement, the new one made before the old is deleted.
- What has `deletionProtection` in the state is not deleted, and nothing is sent; a preview says nothing of it.
- What is never read back (tokens, secrets, an objective's service) stays in the state as it was: its drift is not seen.
- A read for an import gives everything that the server has, a refresh only what the program had declared.

It does not imitate the providers' own defaults, their own validation, nor how they word an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any, TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from tests.engine.cloud import ApiError, Cloud, violations
from tests.engine.kinds import kind_of
from tests.engine.properties import Values, from_wire, holds_secret, plain, to_wire, unknown

_TRIED_AGAIN = frozenset({429, 500, 503})
_TRIES = 3
Result = TypeVar("Result")


class _Refused(grpc.Status):
    """How a gRPC handler in Python ends with an error that carries details."""

    def __init__(self, message: str, details: Any = None) -> None:
        self.code = grpc.StatusCode.UNKNOWN
        self.details = message
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message)
        if details is not None:
            status.details.add().Pack(details)
        self.trailing_metadata = (("grpc-status-details-bin", status.SerializeToString()),)


class ContractProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Both providers at once: a resource's type says which of them it imitates."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._project = ""

    def Handshake(self, request: Any, context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo()

    def GetSchema(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetSchemaResponse(schema="{}")

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request: Any, context: Any) -> Any:
        self._project = from_wire(request.args).get("project", self._project)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def Check(self, request: Any, context: Any) -> Any:
        failures = [
            provider_pb2.CheckFailure(property=path, reason=message)
            for path, message in violations(_type(request), plain(from_wire(request.news)))
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(self, request: Any, context: Any) -> Any:
        changes = _changes(request)
        kinds = provider_pb2.DiffResponse
        return provider_pb2.DiffResponse(
            changes=kinds.DIFF_SOME if changes else kinds.DIFF_NONE,
            diffs=sorted(changes),
            replaces=sorted(changes.keys() & kind_of(_type(request)).fixed),
        )

    def Create(self, request: Any, context: Any) -> Any:
        inputs, type_ = from_wire(request.properties), _type(request)
        if request.preview:
            return provider_pb2.CreateResponse(properties=to_wire({**_unknown_of(type_, inputs), **inputs}))
        with _errors_to(context):
            made = self._try(type_, lambda: self._cloud.create(type_, _name(request), plain(inputs)))
        identity = _id_of(type_, made)
        return provider_pb2.CreateResponse(id=identity, properties=to_wire(_outputs(type_, identity, inputs)))

    def Update(self, request: Any, context: Any) -> Any:
        news, type_, changes = from_wire(request.news), _type(request), _changes(request)
        outputs = to_wire(_outputs(type_, request.id, news))
        if request.preview:
            return provider_pb2.UpdateResponse(properties=outputs)
        if not changes:
            return provider_pb2.UpdateResponse(properties=to_wire(self._live(request, from_wire(request.olds))[1]))
        try:
            self._try(type_, lambda: self._cloud.update(type_, _name(request), self._full_name(request), changes))
        except ApiError as error:
            lost = provider_pb2.ErrorResourceInitFailed(id=request.id, properties=outputs, reasons=[str(error)])
            context.abort_with_status(_Refused(str(error), lost if _is_google(type_) else None))
        return provider_pb2.UpdateResponse(properties=outputs)

    def Delete(self, request: Any, context: Any) -> Any:
        type_ = _type(request)
        if from_wire(request.properties).get("deletionProtection") is True:
            message = "cannot destroy job without setting deletion_protection=false and running `pulumi up`"
            context.abort_with_status(_Refused(message))
        with _errors_to(context):
            self._try(type_, lambda: self._cloud.delete(type_, _name(request), self._full_name(request)))
        return empty_pb2.Empty()

    def Read(self, request: Any, context: Any) -> Any:
        with _errors_to(context):
            inputs, outputs = self._live(request, from_wire(request.properties))
        if not outputs:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=_id_of(_type(request), request.id), properties=to_wire(outputs), inputs=to_wire(inputs)
        )

    def _live(self, request: Any, old_outputs: Values) -> tuple[Values, Values]:
        """Inputs and outputs as the server has them; empty where there is nothing."""
        type_ = _type(request)
        found = self._try(type_, lambda: self._cloud.read(type_, _name(request), self._full_name(request)))
        if found is None:
            return {}, {}
        never_given = kind_of(type_).hidden
        kept = {key: value for key, value in old_outputs.items() if key in never_given or holds_secret(value)}
        old_inputs = from_wire(request.inputs) if "inputs" in request.DESCRIPTOR.fields_by_name else {}
        declared = {key: value for key, value in found.items() if not old_inputs or key in old_inputs}
        hidden = {key: value for key, value in old_inputs.items() if key in never_given or holds_secret(value)}
        return {**declared, **hidden}, {**_outputs(type_, request.id, found), **kept}

    def _full_name(self, request: Any) -> str:
        """What the API calls the resource, in the project of the engine's provider."""
        kind, identity = kind_of(_type(request)), _id_of(_type(request), request.id)
        if not kind.short_ids:
            return identity
        return kind.identity.format(project=self._project, name=identity, number=identity)

    def _try(self, type_: str, send: Callable[[], Result]) -> Result:
        for _ in range(_TRIES - 1 if _is_google(type_) else 0):
            try:
                return send()
            except ApiError as error:
                if error.status not in _TRIED_AGAIN:
                    raise
        return send()


def serve(cloud: Cloud) -> tuple[grpc.Server, int]:
    """Starts the provider; the server to stop and its port."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(ContractProvider(cloud), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


@contextmanager
def _errors_to(context: Any) -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        context.abort_with_status(_Refused(str(error)))


def _changes(request: Any) -> Values:
    """What the program declares otherwise than the state's outputs have it; None for what it declares no more."""
    outputs, news = plain(from_wire(request.olds)), plain(from_wire(request.news))
    gone = plain(from_wire(request.old_inputs)).keys() - news.keys()
    changed = {key: value for key, value in news.items() if not _same(outputs.get(key), value)}
    return {**changed, **dict.fromkeys(gone & outputs.keys())}


def _same(output: Any, declared: Any) -> bool:
    """Whether the output has everything that is declared; what the server adds is no difference."""
    if isinstance(output, dict) and isinstance(declared, dict):
        return all(_same(output.get(key), value) for key, value in declared.items())
    return bool(output == declared)


def _outputs(type_: str, identity: str, inputs: Values) -> Values:
    computed = kind_of(type_).computed(identity, plain(inputs))
    return {**inputs, **computed}


def _unknown_of(type_: str, inputs: Values) -> Values:
    return dict.fromkeys(kind_of(type_).computed("", plain(inputs)), unknown())


def _type(request: Any) -> str:
    """The type that a URN ends with, without its parents'."""
    return str(request.urn).split("::")[2].rpartition("$")[2]


def _id_of(type_: str, identity: str) -> str:
    """What the provider calls it, by what the API does or an import says (`REPOSITORY:NUMBER` of a ruleset)."""
    return re.split("[/:]", identity)[-1] if kind_of(type_).short_ids else identity


def _name(request: Any) -> str:
    return str(request.urn).rpartition("::")[2]


def _is_google(type_: str) -> bool:
    return type_.startswith("gcp:")
