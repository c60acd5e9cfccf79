"""Runs a project's program in a process of its own, and records here what it registers.

Nothing that the program imports or changes reaches this process: it gets registrations over a socket, as data. The
process has no credentials: of the environment only `KEPT_VARIABLES`, and an empty HOME. It is no sandbox: it runs as
the same user. Each program may need another interpreter, and packages of another version; the recorder is always ours.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from readiness.finding import RefusedError
from readiness.plan.offline_plan import (
    PROGRAM,
    Plan,
    engine_values,
    plan_of,
    program_missing,
    program_refusal,
    refused_request,
)
from readiness.plan.plan_file import MAX_PLAN_BYTES, MAX_RESOURCES
from readiness.plan.program_setup import setup_in_folder
from readiness.plan.recorder import RecordingMonitor, UnrecordableError
from readiness.plan.run_program import FAILED
from readiness.settings.stack_files import StackConfig

# Planning a stack takes a second or two.
TIMEOUT_SECONDS = 120
# Of what a program writes to stderr, for the one line that is shown where it ends without an answer.
MAX_ERROR_BYTES = 100_000
# Where programs and a locale are found. No credential has such a name.
KEPT_VARIABLES = ("PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")
_RUNNER = Path(__file__).with_name("run_program.py")
# The file is compiled under its path: with `python FILE` its folder would come first on the import path.
_START = "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')"
# A path of a socket has at most 107 bytes on Linux and 103 elsewhere.
_MAX_SOCKET_PATH_BYTES = 100


class _TooMuchError(Exception):
    """The program registers more than a plan may hold."""


class _Engine(engine_pb2_grpc.EngineServicer):
    """Takes the program's log and forgets it. Any program may ask for the root resource, which is the one it set."""

    def __init__(self) -> None:
        self._root = ""

    def Log(self, request: Any, context: Any) -> Any:  # noqa: N802 - the service's name
        """Keeps nothing."""
        return empty_pb2.Empty()

    def SetRootResource(self, request: Any, context: Any) -> Any:  # noqa: N802 - the service's name
        """Keeps the URN."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def GetRootResource(self, request: Any, context: Any) -> Any:  # noqa: N802 - the service's name
        """The URN that was set."""
        return engine_pb2.GetRootResourceResponse(urn=self._root)


class _Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Gives each request of the program to the recorder, and keeps the first that cannot be recorded.

    A call that the recorder has no method for is refused by the base class.
    """

    def __init__(self, recorder: RecordingMonitor) -> None:
        self.recorder = recorder
        self.refused: UnrecordableError | _TooMuchError | None = None
        self._bytes = 0
        for name in ("GetDeploymentInfo", "Invoke", "ReadResource", "RegisterResource", "RegisterResourceOutputs"):
            setattr(self, name, self._recording(name))
        for name in ("RegisterPackage", "RegisterStackTransform", "RegisterResourceHook", "RegisterErrorHook"):
            setattr(self, name, self._recording(name))
        for name in ("SignalAndWaitForShutdown",):
            setattr(self, name, self._recording(name))

    def SupportsFeature(self, request: Any, context: Any) -> Any:  # noqa: N802 - the service's name
        """The answer of the recorder to an SDK that is too old to ask for everything at once."""
        # The SDK's mock answers with an object of its own.
        answer: Any = self.recorder.SupportsFeature(request)
        return resource_pb2.SupportsFeatureResponse(hasSupport=answer.hasSupport)

    def _recording(self, name: str) -> Any:
        def answer(request: Any, context: Any) -> Any:
            try:
                self._bytes += request.ByteSize()
                if self._bytes > MAX_PLAN_BYTES or len(self.recorder.recording.requests) > MAX_RESOURCES:
                    raise _TooMuchError(f"it registers more than {MAX_RESOURCES} resources, or too many bytes")
                return getattr(self.recorder, name)(request)
            except (UnrecordableError, _TooMuchError) as error:
                self.refused = self.refused or error
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))

        return answer


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningProgram:
    """A program that runs. `folder` is the project's, with links resolved."""

    folder: Path
    config: StackConfig
    process: subprocess.Popen[bytes]
    monitor: _Monitor
    out: IO[bytes]
    err: IO[bytes]

    def plan(self) -> Plan:
        """The plan, waited for. Raises RefusedError where the program makes none."""
        try:
            self.process.wait(timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            raise self._refusal(f"the program has not ended after {TIMEOUT_SECONDS} s") from None
        refused = self.monitor.refused
        if isinstance(refused, UnrecordableError):
            raise refused_request(refused, self.folder)
        if refused is not None:
            raise self._refusal(str(refused))
        answer = self._answer()
        if (error := answer.get("error")) is not None:
            raise program_refusal(*_parts(error), file=self.config.file, root=self.folder)
        recording = self.monitor.recorder.recording
        recording.files = _texts(answer.get("files"))
        declared = plan_of(recording, root=self.folder, project=self.config.project, stack=self.config.stack)
        # By this process and not by the program's: it decides what is compared.
        return replace(declared, setup=setup_in_folder(self.folder, self.config))

    def _answer(self) -> dict[str, Any]:
        """What the program's process answers. Raises RefusedError if that is not an answer."""
        self.out.seek(0)
        data = self.out.read(MAX_PLAN_BYTES + 1)
        with suppress(ValueError, RecursionError):
            answer = json.loads(data) if len(data) <= MAX_PLAN_BYTES else None
            if isinstance(answer, dict) and not self.process.returncode:
                return answer
        self.err.seek(0)
        lines = self.err.read(MAX_ERROR_BYTES).decode("utf-8", "replace").strip().splitlines()
        last = lines[-1].replace(f"{self.folder}/", "") if lines else f"status {self.process.returncode}"
        raise self._refusal(f"the program's process ends without an answer: {last}")

    def _refusal(self, message: str) -> RefusedError:
        return program_refusal(FAILED, message, (), file=self.config.file, root=self.folder)


@contextmanager
def programs(
    started: Sequence[tuple[Path, StackConfig]], *, python: str = sys.executable
) -> Iterator[list[RunningProgram]]:
    """Starts the program of each folder for a stack, all at once. `python` has the packages that they need.

    Raises RefusedError where a folder has no program, or Python cannot be started. What still runs at the end of the
    block is ended.
    """
    with tempfile.TemporaryDirectory(prefix="readiness-program-") as name:
        running: list[RunningProgram] = []
        servers: list[Any] = []
        try:
            for number, (folder, config) in enumerate(started):
                monitor, address = _served(Path(name), number, config, servers)
                running.append(_start(folder, config, monitor, address, python=python, home=Path(name) / f"{number}"))
            yield running
        finally:
            for program in running:
                if program.process.poll() is None:
                    program.process.kill()
                program.process.wait()
                program.out.close()
                program.err.close()
            for server in servers:
                server.stop(None).wait()


def _served(folder: Path, number: int, config: StackConfig, servers: list[Any]) -> tuple[_Monitor, str]:
    """A recorder that listens on a socket in the folder, and its address."""
    monitor = _Monitor(RecordingMonitor(config.project, config.stack))
    # One at a time, as the recorder expects.
    options = [("grpc.max_receive_message_length", MAX_PLAN_BYTES), ("grpc.so_reuseport", 0)]
    server = grpc.server(ThreadPoolExecutor(max_workers=1), options=options)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    engine_pb2_grpc.add_EngineServicer_to_server(_Engine(), server)
    path = folder / f"{number}.socket"
    # A socket's file is reached by nobody else, and needs no network.
    short = len(os.fsencode(path)) <= _MAX_SOCKET_PATH_BYTES
    address = f"unix:{path}" if short else "127.0.0.1:0"
    port = server.add_insecure_port(address)
    server.start()
    servers.append(server)
    return monitor, address if short else f"127.0.0.1:{port}"


def _start(
    folder: Path, config: StackConfig, monitor: _Monitor, address: str, *, python: str, home: Path
) -> RunningProgram:
    folder = Path(os.path.realpath(folder))
    program = folder / PROGRAM
    if not os.path.lexists(program):
        raise program_missing()
    home.mkdir()
    order = {
        "root": str(folder),
        "program": str(program),
        "monitor": address,
        "project": config.project,
        "stack": config.stack,
        "config": engine_values(config),
        "secret_keys": sorted(config.secret_keys),
    }
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - closed by `programs`
    try:
        process = subprocess.Popen(  # noqa: S603 - the given Python with a file of ours
            [shutil.which(python) or python, "-I", "-B", "-c", _START, str(_RUNNER)],
            cwd=folder,
            env=program_environment(os.environ, home),
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=err,
        )
    except OSError as error:
        raise program_refusal(
            FAILED, f"{python} cannot be started ({error.strerror})", (), file=PROGRAM, root=folder
        ) from None
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.write(json.dumps(order).encode())
    with suppress(BrokenPipeError):
        process.stdin.close()
    return RunningProgram(folder=folder, config=config, process=process, monitor=monitor, out=out, err=err)


def program_environment(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """The variables that a program's process has: none with a credential, and an empty home."""
    kept = {name: environment[name] for name in KEPT_VARIABLES if name in environment}
    return {**kept, "HOME": str(home), "NO_COLOR": "1"}


def _parts(error: Any) -> tuple[str, str, list[tuple[str, int | None]]]:
    """Kind, message and frames of an error that another process describes."""
    described = error if isinstance(error, dict) else {}
    kind, message, frames = (described.get(key) for key in ("kind", "message", "frames"))
    known = [
        (frame[0], frame[1] if isinstance(frame[1], int) else None)
        for frame in (frames if isinstance(frames, list) else [])
        if isinstance(frame, list) and len(frame) == 2 and isinstance(frame[0], str)
    ]
    shown = message if isinstance(message, str) and message.strip() else "the program fails and does not say why"
    return kind if isinstance(kind, str) else FAILED, shown, known


def _texts(value: Any) -> dict[str, dict[str, str]]:
    """The texts of files by URN and path; an entry of another form is ignored, as if it were not declared."""
    found = value if isinstance(value, dict) else {}
    return {
        urn: {path: text for path, text in files.items() if isinstance(text, str)}
        for urn, files in found.items()
        if isinstance(files, dict)
    }
